# SPDX-License-Identifier: MPL-2.0
"""End to end: what code that somebody else brings into a running sojournd cannot do
(gateway/confine.c, docs/SECURITY.md). A library that plays the intruder is preloaded."""
import ctypes
import errno
import os
import pathlib
import platform
import select
import signal
import subprocess
import sys
import unittest

from e2ebase import GATEWAY, LoopbackTest

LANDLOCK_CREATE_RULESET, ASK_VERSION = 444, 1
WAIT = 60


def landlock_version():
    """Of this kernel, 0: it has none."""
    return max(ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, ASK_VERSION), 0)


class Confinement(LoopbackTest):
    programs = ("prosody",)
    sanitizer = ":verify_asan_link_order=0"     # of libraries, which the preloaded one disturbs

    @classmethod
    def setUpClass(cls):
        if platform.system() != "Linux" or landlock_version() < 1:
            raise unittest.SkipTest("this kernel has no Landlock")
        super().setUpClass()

    @classmethod
    def prepare(cls, daemon):
        """What the intruder tries; another process of ours is its victim."""
        cls.victim = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        cls.lab.closers.append(cls.end_victim)
        cls.outside = cls.lab.dir / "outside"
        cls.outside.mkdir()
        (cls.outside / "secret").write_text("word")
        cls.report = daemon.dir / "report"
        os.mkfifo(cls.report)
        cls.fifo = os.open(cls.report, os.O_RDWR)
        cls.data = daemon.dir / "data"
        cls.tries = ["read %s" % (cls.data / "data.mdb"), "write %s" % (cls.data / "new"),
                     "read %s" % daemon.config, "write %s" % daemon.config,
                     "read %s" % (cls.outside / "secret"), "write %s" % (cls.outside / "new"),
                     "read /etc/passwd", "read %s" % cls.outside, "exec /bin/true",
                     "exec %s" % sys.executable, "kill %d" % cls.victim.pid, "listen 0",
                     "listen 5269", "know dumpable", "know core", "know umask"]
        daemon.more_env = {"LD_PRELOAD": str(cls.bin / "tests" / "libintruder.so"),
                           "INTRUDER_REPORT": str(cls.report),
                           "INTRUDER_TRIES": "\n".join(cls.tries)}

    @classmethod
    def end_victim(cls):
        cls.victim.kill()
        cls.victim.communicate()

    def intrude(self):
        """What became of each try: its errno, 0: it worked."""
        self.daemon.signal(signal.SIGUSR1)
        text = b""
        while b"end\n" not in text:
            if not select.select([self.fifo], [], [], WAIT)[0]:
                self.fail("the intruder says no more: %r" % text)
            text += os.read(self.fifo, 65536)
        found = dict(line.rsplit(": ", 1) for line in text.decode().splitlines() if ": " in line)
        return {what: int(number) for what, number in found.items()}

    def test_intruder(self):
        """Once it runs, sojournd opens no file outside of its data directory but its configuration
        and certificates, and these to read only; it starts no program, signals no other process
        and listens on no port; it leaves no core, is not to be traced, and what it makes is for
        nobody else; users notice nothing"""
        client = self.go_online("romeo")
        self.daemon.wait_log("confined landlock=%d" % landlock_version(),
                             "system_calls=filtered")
        newer = landlock_version()
        self.assertEqual(self.intrude(), dict(zip(self.tries, [
            0, 0, 0, errno.EACCES, errno.EACCES, errno.EACCES, errno.EACCES, errno.EACCES,
            errno.EPERM, errno.EPERM, errno.EPERM if newer >= 6 else 0, 0,
            errno.EACCES if newer >= 4 else 0, 0, 0, 0o077])))
        self.assertFalse((self.outside / "new").exists())
        (self.data / "new").unlink()
        client.message("echo@" + GATEWAY, "still here")
        self.assertEqual(client.expect_body("echo@" + GATEWAY), "still here")
        threads = list(pathlib.Path("/proc/%d/task" % self.daemon.proc.pid).glob("*/status"))
        self.assertEqual(len(threads), 2, "the loop's and the store's")
        for status in threads:
            self.assertRegex(status.read_text(), r"NoNewPrivs:\s1\nSeccomp:\s2\n")
        self.daemon.signal(signal.SIGHUP)
        self.daemon.wait_log("log level reloaded")
