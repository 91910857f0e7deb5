# SPDX-License-Identifier: MPL-2.0
"""One selector for the scripted servers of a scenario: single-threaded, so that what a test sees
has one order. Nothing here waits by time; a deadline only ends a wait that would never end."""
import collections
import selectors
import socket
import time

HOST = "127.0.0.1"


class Reactor:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.started = time.monotonic()

    def clock(self):
        return time.monotonic() - self.started

    def step(self, timeout):
        for key, mask in self.selector.select(timeout):
            if mask & selectors.EVENT_WRITE and key.data.sock:
                key.data.on_writable()
            if mask & selectors.EVENT_READ and key.data.sock:
                key.data.on_readable()

    def run_until(self, done, seconds):
        """True when done() became true, False at the deadline."""
        end = time.monotonic() + seconds
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.step(min(left, 0.25))
        return True

    def drain(self):
        """Handles what has arrived already."""
        self.step(0)


class Listener:
    """Accepts on an ephemeral loopback port; accept(sock) is called for each connection."""

    def __init__(self, reactor, accept, port=0):
        self.reactor, self.accept, self.sock, self.port = reactor, accept, None, port
        self.open()

    def open(self):
        if self.sock:
            return
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((HOST, self.port))
        self.sock.listen(1024)
        self.sock.setblocking(False)
        self.port = self.sock.getsockname()[1]
        self.reactor.selector.register(self.sock, selectors.EVENT_READ, self)

    def close(self):
        if self.sock:
            self.reactor.selector.unregister(self.sock)
            self.sock.close()
            self.sock = None

    def on_writable(self):
        pass

    def on_readable(self):
        try:
            sock, _ = self.sock.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.accept(sock)


class Connection:
    """A non-blocking stream. Subclasses get received(bytes) and ended()."""

    def __init__(self, reactor, sock):
        self.reactor, self.sock = reactor, sock
        self.out = collections.deque()
        self.paused, self.piece = False, None
        reactor.selector.register(sock, selectors.EVENT_READ, self)

    @property
    def alive(self):
        return self.sock is not None

    def _interest(self):
        mask = (0 if self.paused else selectors.EVENT_READ) | \
               (selectors.EVENT_WRITE if self.out else 0)
        known = self.sock in self.reactor.selector.get_map()
        if mask and known:
            self.reactor.selector.modify(self.sock, mask, self)
        elif mask:
            self.reactor.selector.register(self.sock, mask, self)
        elif known:
            self.reactor.selector.unregister(self.sock)

    def pause(self, paused):
        """While paused nothing is read: the other end sees a full window."""
        self.paused = paused
        if self.sock:
            self._interest()

    def write(self, data):
        if self.sock and data:
            self.out.append(data)
            self.on_writable()

    def on_writable(self):
        while self.out and self.sock:
            data = self.out.popleft()
            if self.piece and len(data) > self.piece:
                self.out.appendleft(data[self.piece:])
                data = data[:self.piece]
            try:
                n = self.sock.send(data)
            except BlockingIOError:
                self.out.appendleft(data)
                break
            except OSError:
                self.drop()
                return
            if n < len(data):
                self.out.appendleft(data[n:])
                break
        if self.sock:
            self._interest()

    def on_readable(self):
        try:
            data = self.sock.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.received(data)
        else:
            self.drop()

    def drop(self, reset=False):
        if not self.sock:
            return
        if self.sock in self.reactor.selector.get_map():
            self.reactor.selector.unregister(self.sock)
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()
        self.sock = None
        self.ended()

    def received(self, data):
        raise NotImplementedError

    def ended(self):
        pass
