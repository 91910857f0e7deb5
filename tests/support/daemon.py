# SPDX-License-Identifier: MPL-2.0
"""The real sojournd as a child process: configuration, log, sanitizer reports, exit."""
import os
import pathlib
import re
import resource
import signal
import subprocess
import threading

LEVELS = ("error", "warn", "info", "debug", "trace")
REPORT_MAX = 20000
_REPORT = re.compile(r"^(?:.*(?:(?:Address|Leak)Sanitizer|runtime error:)|==\d+== ).*", re.M | re.S)
# With SOJOURN_VALGRIND in the environment, for builds without sanitizers (docs/HACKING.md).
VALGRIND = ("valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite")
# Valgrind does not know these system calls, so the daemon under it is not confined.
VALGRIND_LOG = [("warn", "daemon: files are not confined*Function not implemented*")]
_LINE = re.compile(r"^(?:\S+ +){0,2}?(error|warn|info|debug|trace)\b:? +(.*)$")


def ini(sections):
    """sections: {"gateway": {"server": "127.0.0.1"}}; a value of None leaves the key out."""
    out = ["# SPDX-License-Identifier: MPL-2.0"]
    for name, keys in sections.items():
        out.append("[%s]" % name)
        out += ["%s = %s" % (k, v) for k, v in keys.items() if v is not None]
    return "\n".join(out) + "\n"


class Daemon:
    def __init__(self, binary, directory, inherit_descriptors=0):
        self.binary, self.dir = str(binary), pathlib.Path(directory)
        self.config = self.dir / "sojourn.conf"
        self.log_path = self.dir / "sojournd.log"
        self.proc, self.inherit = None, inherit_descriptors
        self.exits, self.sanitizer, self.more_env = [], "", {}
        self.under = VALGRIND if os.environ.get("SOJOURN_VALGRIND") else ()

    def env(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("ASAN_", "UBSAN_",
                                                                        "LSAN_"))}
        # Reports go to stderr, which is the log: a confined process can make no file for them.
        env["ASAN_OPTIONS"] = "detect_leaks=1:exitcode=99%s" % self.sanitizer
        env["UBSAN_OPTIONS"] = "print_stacktrace=1"
        return env

    def write_config(self, sections):
        self.config.write_text(ini(sections))
        self.config.chmod(0o600)

    def start(self):
        assert self.proc is None or self.proc.poll() is not None
        descriptors = []
        if self.inherit:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            want = self.inherit + 4096
            if hard != resource.RLIM_INFINITY and hard < want:
                resource.setrlimit(resource.RLIMIT_NOFILE, (want, want))
            elif soft < want:
                resource.setrlimit(resource.RLIMIT_NOFILE, (want, hard))
            null = os.open("/dev/null", os.O_RDONLY)
            descriptors = [null] + [os.dup(null) for _ in range(self.inherit - 1)]
        with open(self.log_path, "ab") as log:
            self.proc = subprocess.Popen(
                [*self.under, self.binary, "--config", str(self.config)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=self.dir, env={**self.env(), **self.more_env},
                pass_fds=descriptors)
        for fd in descriptors:
            os.close(fd)

    @property
    def running(self):
        return self.proc is not None and self.proc.poll() is None

    def signal(self, number):
        if self.running:
            self.proc.send_signal(number)

    def terminate(self):
        self.signal(signal.SIGTERM)

    def kill(self):
        """kill -9; the exit status of it is not an error."""
        if self.proc is None:
            return
        self.signal(signal.SIGKILL)
        self.proc.wait()
        self.proc = None

    def wait(self, seconds):
        """The exit status, or None when it still runs."""
        try:
            status = self.proc.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return status

    def control(self, binary, *args, seconds=20):
        """Runs sojournctl; (exit status, standard output and error)."""
        done = subprocess.run([str(binary), "--config", str(self.config), *args],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, cwd=self.dir, env=self.env(),
                              timeout=seconds, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def log_text(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_log(self, *words, seconds=120, after=0):
        """The first line of the log, written already or yet to come, that has all these words;
        behind so many bytes of it."""
        with subprocess.Popen(["tail", "-c", "+%d" % (after + 1), "-f", str(self.log_path)],
                              stdout=subprocess.PIPE) as tail:
            limit = threading.Timer(seconds, tail.kill)
            limit.start()
            try:
                for raw in tail.stdout:
                    line = raw.decode("utf-8", "replace")
                    if all(w in line for w in words):
                        return line
            finally:
                limit.cancel()
                tail.kill()
        raise AssertionError("no such line in the log within %d s: %s" % (seconds, words))

    def log_lines(self):
        """(level, rest) for each line; level None for what is no log line."""
        out = []
        for line in self.log_text().splitlines():
            m = _LINE.match(line)
            out.append((m.group(1), m.group(2)) if m else (None, line))
        return out

    def tool_logs(self):
        """(level, pattern): what the daemon says of the tool that it runs under."""
        return VALGRIND_LOG if self.under else []

    def sanitizer_reports(self):
        found = _REPORT.search(self.log_text())
        return found[0][:REPORT_MAX] if found else ""
