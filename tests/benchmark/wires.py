# SPDX-License-Identifier: MPL-2.0
"""What the benchmarks that play servers have in common: sockets on one selector, and stanzas."""
import re
import selectors
import socket

HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
          "xmlns:stream='http://etherx.jabber.org/streams' from='%s' id='1'>")
STANZA = re.compile(rb"<(iq|presence|message)\b[^>]*?(?:/>|(?<!/)>.*?</\1>)", re.S)


def attribute(stanza, name):
    found = re.search(rb"^<\w+[^>]*?\s%s=['\"]([^'\"]*)" % name, stanza)
    return found[1].decode() if found else ""


class Wire:
    """A connection, and what it is for."""

    def __init__(self, loop, sock, on_data, on_end=None):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.loop, self.sock, self.on_data, self.on_end = loop, sock, on_data, on_end
        self.input, self.output = b"", b""
        loop.register(sock, selectors.EVENT_READ, self.ready)

    def ready(self, mask):
        if mask & selectors.EVENT_WRITE:
            self.flush()
        if not mask & selectors.EVENT_READ:
            return
        try:
            data = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            if self.on_end:
                self.on_end(self)
            return
        self.input += data
        self.on_data(self)

    def say(self, data):
        if self.sock:
            self.output += data if isinstance(data, bytes) else data.encode()
            self.flush()

    def flush(self):
        try:
            self.output = self.output[self.sock.send(self.output):]
        except BlockingIOError:
            pass
        except OSError:
            self.output = b""
        if self.sock:
            self.loop.modify(self.sock, selectors.EVENT_READ | (
                selectors.EVENT_WRITE if self.output else 0), self.ready)

    def close(self):
        if self.sock:
            self.loop.unregister(self.sock)
            self.sock.close()
            self.sock = None


class Listener:
    def __init__(self, loop, accepted, port=0):
        self.loop, self.accepted = loop, accepted
        self.sock = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.sock.setblocking(False)
        self.port = self.sock.getsockname()[1]
        loop.register(self.sock, selectors.EVENT_READ, self.ready)

    def ready(self, _mask):
        while True:
            try:
                sock = self.sock.accept()[0]
            except BlockingIOError:
                return
            self.accepted(sock)

    def close(self):
        self.loop.unregister(self.sock)
        self.sock.close()


def readable(sock):
    with selectors.DefaultSelector() as s:
        s.register(sock, selectors.EVENT_READ)
        return bool(s.select(0))


def spread(times):
    return "p50 %.2f ms, p99 %.2f ms, most %.1f ms, of %d" % (
        times[len(times) // 2] * 1e3, times[len(times) * 99 // 100] * 1e3, times[-1] * 1e3,
        len(times))
