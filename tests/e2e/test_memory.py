# SPDX-License-Identifier: MPL-2.0
"""End to end: what a running sojournd keeps in memory of what users have typed
(docs/SECURITY.md, "Secrets")."""
import re
import unittest

from e2ebase import LoopbackTest

PART = 1 << 20
SHADOW = 1 << 30                         # a sanitizer's own mappings are larger than that


def pieces(pid):
    """What can be read of the memory of a process, in pieces that overlap by a little."""
    with open("/proc/%d/maps" % pid, encoding="utf-8") as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as memory:
        for line in maps:
            at, end = (int(s, 16) for s in line.split(" ", 1)[0].split("-"))
            rest = b""
            while at < end <= at + SHADOW and line.split()[1].startswith("r"):
                try:
                    memory.seek(at)
                    data = memory.read(min(PART, end - at))
                except (OSError, ValueError, OverflowError):
                    break                # the kernel's own pages
                if not data:
                    break
                yield rest + data
                rest, at = data[-200:], at + len(data)


def kept(pid, word):
    """Where the word stands: what is around it."""
    return [piece[max(0, m.start() - 60):m.end() + 20] for piece in pieces(pid)
            for m in re.finditer(re.escape(word), piece)]


class Memory(LoopbackTest):
    def test_password(self):
        """The password that a user has registered with is nowhere in the memory of sojournd once
        they are logged in; their name is"""
        pid = self.daemon.proc.pid
        try:
            open("/proc/%d/mem" % pid, "rb").close()
        except PermissionError as e:
            raise unittest.SkipTest("no right to read the memory of sojournd") from e
        self.go_online("romeo", username="montague", password="wherefore-art-thou")
        self.assertNotEqual(kept(pid, b"montague"), [])
        self.assertEqual(kept(pid, b"wherefore-art"), [])
