#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Runs the end-to-end tests (tests/e2e): real servers, real clients, the real sojournd.

    e2e.py --bin DIRECTORY [--only PATTERN] [--jobs N] [--keep] [--list]

A test class has its own servers; classes run side by side. A home server of Matrix, which takes
seconds to start, is one for all of them (`synapse = True`)."""
import argparse
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
import report                                                        # noqa: E402
import synapse                                                       # noqa: E402
from servers import Lab                                              # noqa: E402


def load(only):
    """Class name to its tests."""
    classes = {}
    for path in sorted((HERE.parent / "e2e").glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        for suite in unittest.defaultTestLoader.loadTestsFromModule(module):
            for test in suite:
                if re.search(only, name_of(test)):
                    classes.setdefault("%s.%s" % (path.stem, type(test).__name__), []).append(test)
    return classes


def name_of(test):
    doc = (getattr(test, test._testMethodName).__doc__ or "").strip().split("\n\n")[0]
    return "e2e %s.%s.%s: %s" % (type(test).__module__, type(test).__name__,
                                 test._testMethodName, " ".join(doc.split()))


class Result(unittest.TestResult):
    """A class whose servers cannot be had or do not start costs all its tests, by name."""

    def __init__(self, results, tests):
        super().__init__()
        self.report, self.tests, self.broken = results, tests, set()

    def addSuccess(self, test):
        if test.id() not in self.broken:         # a part of it failed
            self.report.passed(name_of(test))

    def _failed(self, test, err):
        text = self._exc_info_to_string(err, test)
        logs = getattr(type(test), "failure_logs", None)
        names = self._names(test)
        self.report.failed(names[0], text + ("\n" + logs() if logs else ""))
        for name in names[1:]:
            self.report.failed(name, "as the one before: %s" % err[1])

    addFailure = addError = _failed

    def addSubTest(self, test, subtest, err):
        if err:
            self._failed(test, err)
            self.broken.add(test.id())

    def addSkip(self, test, reason):
        for name in self._names(test):
            self.report.skipped(name, reason)

    def _names(self, test):
        """The test's own name; for setUpClass all of the class."""
        if hasattr(test, "_testMethodName"):
            return [name_of(test)]
        if "tearDownClass" in test.id():
            return ["e2e %s" % test.id()]
        return [name_of(t) for t in self.tests]


def run_class(tests, options):
    results = report.Results(options.results)
    unittest.TestSuite(tests).run(Result(results, tests))
    return results.finish()


def start_shared(classes):
    """Starts what the classes share, and says in the environment where it is; None, or its lab.
    A server that does not start is left to the classes: their tests fail by name."""
    if synapse.missing() or not any(getattr(type(tests[0]), "synapse", False)
                                    for tests in classes.values()):
        return None
    lab = Lab()
    try:
        os.environ["SOJOURN_SYNAPSE"] = synapse.start(lab).words()
    except RuntimeError:
        lab.close()
        return None
    return lab


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    ap.add_argument("--bin", default="build-tests")
    ap.add_argument("--only", default="")
    ap.add_argument("--jobs", type=int, default=3)
    ap.add_argument("--keep", action="store_true")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--results")
    ap.add_argument("--class", dest="one", help="run this class in this process")
    options = ap.parse_args()
    os.environ["SOJOURN_BIN"] = str(pathlib.Path(options.bin).resolve())
    os.environ["SOJOURN_KEEP"] = "yes" if options.keep else ""
    classes = load(options.only)
    if options.list:
        for tests in classes.values():
            print("\n".join(name_of(t) for t in tests))
        return 0
    if options.one:
        return run_class(classes[options.one], options)
    shared = start_shared(classes)
    try:
        return run_all(classes, options)
    finally:
        if shared:
            shared.close(options.keep)


def run_all(classes, options):
    """A process for each class: a crash of one costs only its own tests."""
    waiting, running, status = list(classes), [], 0
    while waiting or running:
        while waiting and len(running) < options.jobs:
            name = waiting.pop(0)
            argv = [sys.executable, __file__, "--bin", options.bin, "--only", options.only,
                    "--class", name] + (["--keep"] if options.keep else []) + \
                (["--results", options.results] if options.results else [])
            running.append((name, subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                                                   stdout=subprocess.PIPE)))
        name, proc = running.pop(0)
        out = proc.communicate()[0].decode("utf-8", "replace")
        sys.stdout.write(out)
        sys.stdout.flush()
        if proc.returncode not in (0, 1):
            report.Results(options.results).failed("e2e " + name, "the test program died")
        status |= proc.returncode != 0
    report.Results(options.results, "e2e").finish()
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
