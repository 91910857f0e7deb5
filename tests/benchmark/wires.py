# SPDX-License-Identifier: MPL-2.0
"""What the benchmarks that play servers have in common: sockets on one selector, stanzas, and the
first words of an IRC server."""
import collections
import re
import selectors
import socket

HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
          "xmlns:stream='http://etherx.jabber.org/streams' from='%s' id='1'>")
STANZA = re.compile(rb"<(iq|presence|message)\b[^>]*?(?:/>|(?<!/)>.*?</\1>)", re.S)
PIECE = 65536


def attribute(stanza, name):
    found = re.search(rb"^<\w+[^>]*?\s%s=['\"]([^'\"]*)" % name, stanza)
    return found[1].decode() if found else ""


def registration(user, host, name):
    return ("<iq type='set' id='reg' from='%s/home' to='%s'><query xmlns='jabber:iq:register'>"
            "<username>%s</username></query></iq>" % (user, host, name))


def irc_answers(wire, words, isupport):
    """What every IRC server answers to whom it lets in. False: it was something else."""
    if words[0] == "PING":
        wire.say(":s PONG s %s\r\n" % words[1])
    elif words[0] == "CAP":
        if words[1] == "LS":
            wire.say(":s CAP * LS :\r\n")
    elif words[0] == "USER":
        wire.say("".join(":s %s %s %s\r\n" % (number, wire.nick, text) for number, text in (
            ("001", ":Welcome"), ("004", "s 1 i n"), ("005", isupport + " :are supported"),
            ("422", ":No MOTD"))))
    else:
        return False
    return True


class Wire:
    """A connection, and what it is for. Nobody waits for it: what cannot be sent now is sent
    later."""

    def __init__(self, loop, sock, on_data, on_end=None):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.loop, self.sock, self.on_data, self.on_end = loop, sock, on_data, on_end
        self.input, self.output, self.queued, self.writes = b"", collections.deque(), 0, False
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
            data = data if isinstance(data, bytes) else data.encode()
            self.output.extend(data[at:at + PIECE] for at in range(0, len(data), PIECE))
            self.queued += len(data)
            self.flush()

    def flush(self):
        try:
            while self.output:
                sent = self.sock.send(self.output[0])
                self.queued -= sent
                rest = self.output.popleft()[sent:]
                if rest:
                    self.output.appendleft(rest)
                    break
        except BlockingIOError:
            pass
        except OSError:
            self.output.clear()
            self.queued = 0
        if self.writes != bool(self.output):
            self.writes = bool(self.output)
            self.loop.modify(self.sock, selectors.EVENT_READ | (
                selectors.EVENT_WRITE if self.writes else 0), self.ready)

    def close(self):
        if self.sock:
            self.loop.unregister(self.sock)
            self.sock.close()
            self.sock = None


class Listener:
    def __init__(self, loop, accepted, port=0):
        self.loop, self.accepted = loop, accepted
        self.sock = socket.create_server(("127.0.0.1", port), backlog=4096)
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


def peek(sock, pattern):
    """Waits for what matches among the first bytes, which stay where they are. None: the other
    side has closed before."""
    sock.setblocking(True)
    head = b""
    while not (found := re.search(pattern, head)):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, len(head) + 1)
        before, head = head, sock.recv(4096, socket.MSG_PEEK)      # waits for more than there was
        if len(head) <= len(before):
            break
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
    return found


def readable(sock):
    with selectors.DefaultSelector() as s:
        s.register(sock, selectors.EVENT_READ)
        return bool(s.select(0))


def spread(times):
    """Of times that are sorted."""
    return "p50 %.2f ms, p99 %.2f ms, most %.1f ms, of %d" % (
        times[len(times) // 2] * 1e3, times[len(times) * 99 // 100] * 1e3, times[-1] * 1e3,
        len(times))
