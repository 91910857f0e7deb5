# SPDX-License-Identifier: MPL-2.0
"""Results of tests: one line each on standard output, and, for tests/run, one line each in a file:
pass, fail or skip, the name, and the reason's first line, divided by tabs."""
import sys


for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(encoding="utf-8", errors="backslashreplace")


class Results:
    def __init__(self, path=None, part=None):
        """part: what finish() notes in the file as having come to its end."""
        self.part = part
        self.path, self.counts = path, {"pass": 0, "fail": 0, "skip": 0}

    def _add(self, kind, name, reason=""):
        self.counts[kind] += 1
        if self.path:
            first = reason.strip().split("\n", 1)[0].replace("\t", " ")
            with open(self.path, "a", encoding="utf-8",
                      errors="backslashreplace") as out:
                out.write("%s\t%s\t%s\n" % (kind, name.replace("\t", " "), first))

    def passed(self, name):
        self._add("pass", name)
        print("ok      %s" % name, flush=True)

    def failed(self, name, reason):
        self._add("fail", name, reason)
        print("FAILED  %s" % name, flush=True)
        for line in reason.rstrip().split("\n"):
            print("        %s" % line, flush=True)

    def skipped(self, name, reason):
        self._add("skip", name, reason)
        print("skip    %s: %s" % (name, reason), flush=True)

    def finish(self):
        """The exit status of the program."""
        if self.path and self.part:
            with open(self.path, "a", encoding="utf-8") as out:
                out.write("done\t%s\n" % self.part)
        return 1 if self.counts["fail"] else 0
