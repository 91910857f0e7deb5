# SPDX-License-Identifier: MPL-2.0
"""A terminal in which a program runs as people run it: a private tmux, keys in, screen out. A
screen is looked at whenever the program has written something, until a deadline."""
import os
import re
import select
import shlex
import subprocess
import time

from servers import program

WAIT = 40


class Screen(Exception):
    """The screen does not show what it should."""


class Terminal:
    def __init__(self, directory, argv, env=None, columns=120, lines=40):
        self.socket = str(directory / "tmux.sock")
        variables = {"HOME": str(directory), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
                     "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TERM": "screen",
                     **(env or {})}
        # Where no terminal is given tmux does not start a server of its own accord.
        self._tmux("-f", "/dev/null", "new-session", "-d", "-s", "main", "-x", str(columns),
                   "-y", str(lines), *map(str, argv), env=variables)
        # What the program writes goes through this pipe as well: it says when to look. Opened for
        # both ways, since neither side waits for the other then.
        written = directory / "written"
        os.mkfifo(written)
        self.written = os.open(written, os.O_RDWR | os.O_NONBLOCK)
        self._tmux("pipe-pane", "-t", "main", "exec cat >" + shlex.quote(str(written)))

    def _tmux(self, *args, env=None):
        return subprocess.run([program("tmux"), "-S", self.socket, "-u", *args], check=True,
                              env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=WAIT).stdout.decode()

    def screen(self):
        return self._tmux("capture-pane", "-p", "-t", "main")

    def type(self, text):
        """A line, and Enter."""
        self._tmux("send-keys", "-t", "main", "-l", text)
        self._tmux("send-keys", "-t", "main", "Enter")

    def key(self, name):
        self._tmux("send-keys", "-t", "main", name)

    def shows(self, *patterns, without=(), seconds=WAIT):
        """The screen, once it shows all these (regular expressions), and nothing of `without`."""
        end = time.monotonic() + seconds
        while True:
            screen = self.screen()
            missing = [p for p in patterns if not re.search(p, screen)]
            there = [p for p in without if re.search(p, screen)]
            if not missing and not there:
                return screen
            if not self._wait_written(end - time.monotonic()):
                raise Screen("the screen does not show %r and shows %r:\n%s" % (missing, there,
                                                                               screen))

    def _wait_written(self, seconds):
        """Whether the program has written something since the last call, or does so in time."""
        if not select.select([self.written], [], [], max(seconds, 0))[0]:
            return False
        os.read(self.written, 65536)
        return True

    def close(self):
        os.close(self.written)
        try:
            self._tmux("kill-server")
        except subprocess.CalledProcessError:
            pass                         # the program has ended by itself
