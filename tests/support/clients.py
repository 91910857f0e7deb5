# SPDX-License-Identifier: MPL-2.0
"""Bare protocol clients for the end-to-end tests: an XMPP user (SASL PLAIN) and an IRC user, on
blocking sockets. Every wait has a deadline and is a wait for something that arrives."""
import base64
import itertools
import select
import socket
import time

from fakeirc import Line
from xmlmatch import TreeBuilder, format_node, match, pattern

CLIENT = "jabber:client"
WAIT = 30
ISON_EVERY = 0.5                # seconds
_ids = itertools.count(1)


class Gone(Exception):
    """The other end closed the connection, or what was waited for did not come."""


class Socket:
    def __init__(self, port, host="127.0.0.1"):
        self.sock = socket.create_connection((host, port), 10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.seen, self.queue = [], []

    def pump(self, until):
        """Reads once; False at the deadline."""
        left = until - time.monotonic()
        if left <= 0 or not select.select([self.sock], [], [], left)[0]:
            return False
        try:
            data = self.sock.recv(262144)
        except ConnectionError:
            data = b""
        if not data:
            raise Gone("connection closed; the last that came: %s" % self.last())
        self.feed(data)
        return True

    def wait(self, want, what, seconds=WAIT):
        """The first arrival that want() accepts; those before it are dropped."""
        until = time.monotonic() + seconds
        while True:
            while self.queue:
                item = self.queue.pop(0)
                if want(item):
                    return item
            if not self.pump(until):
                raise Gone("nothing came within %d s: %s\nthe last that came: %s"
                           % (seconds, what, self.last()))

    def last(self):
        return "\n  ".join([""] + [self.show(item) for item in self.seen[-8:]])

    def feed(self, data):
        raise NotImplementedError

    def show(self, item):
        return str(item)

    def close(self):
        self.sock.close()


class XmppClient(Socket):
    """A logged-in user. Patterns are those of scenarios, in the namespace jabber:client."""

    def __init__(self, port, jid, password, presence=True):
        super().__init__(port)
        bare, _, resource = jid.partition("/")
        self.bare, (user, _, self.domain) = bare, bare.partition("@")
        self.vars = {}
        self._open()
        login = base64.b64encode(("\0%s\0%s" % (user, password)).encode()).decode()
        self.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>"
                  % login)
        self.wait(lambda n: n.name == "success", "success of the log-in")
        self._open()
        bound = self.iq("set", None, "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                        "<resource>%s</resource></bind>" % (resource or "test"))
        self.full = bound.find("bind").find("jid").text
        # Prosody sends subscription answers on only to clients that asked for their roster
        self.roster()
        if presence:
            self.send("<presence/>")

    def _open(self):
        self.builder = TreeBuilder(lambda n: None, self._arrived, lambda: None)
        self.send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' "
                  "xmlns:stream='http://etherx.jabber.org/streams' to='%s'>" % self.domain)
        self.wait(lambda n: n.name == "features", "stream features")

    def _arrived(self, node):
        self.seen.append(node)
        self.queue.append(node)
        if node.name == "iq" and node.get("type") == "set":          # a roster push
            self.send("<iq type='result' id='%s'/>" % node.get("id"))

    def feed(self, data):
        self.builder.feed(data)

    def show(self, item):
        return format_node(item, CLIENT)

    def send(self, text):
        self.sock.sendall(text.encode())

    def expect(self, text, seconds=WAIT):
        want = pattern(text, CLIENT)
        return self.wait(lambda n: match(want, n, self.vars) is None, text, seconds)

    def heard(self, text, seconds=WAIT):
        """As expect, but what came earlier counts as well."""
        want = pattern(text, CLIENT)
        for node in self.seen:
            if match(want, node, self.vars) is None:
                return node
        return self.expect(text, seconds)

    def iq(self, kind, to, payload, seconds=WAIT):
        """The answer, result or error."""
        ident = "q%d" % next(_ids)
        self.send("<iq type='%s' id='%s'%s>%s</iq>"
                  % (kind, ident, " to='%s'" % to if to else "", payload))
        return self.wait(lambda n: n.name == "iq" and n.get("id") == ident and
                         n.get("type") in ("result", "error"), "answer to " + payload, seconds)

    def roster(self):
        """JID to (subscription, ask)."""
        query = self.iq("get", None, "<query xmlns='jabber:iq:roster'/>").find("query")
        return {i.get("jid"): (i.get("subscription"), i.get("ask")) for i in query.children}

    def presence(self, to=None, kind=None):
        self.send("<presence%s%s/>" % (" to='%s'" % to if to else "",
                                       " type='%s'" % kind if kind else ""))

    def message(self, to, body):
        ident = "m%d" % next(_ids)
        body = body.replace("&", "&amp;").replace("<", "&lt;")
        self.send("<message to='%s' type='chat' id='%s'><body>%s</body></message>"
                  % (to, ident, body))
        return ident

    def expect_body(self, sender, seconds=WAIT):
        got = self.wait(lambda n: n.name == "message" and n.find("body") is not None and
                        (n.get("from") or "").split("/")[0] == sender, "a message from " + sender,
                        seconds)
        return got.find("body").text

    def close(self):
        try:
            self.send("</stream:stream>")
        except OSError:
            pass
        super().close()


class IrcClient(Socket):
    """A plain user on IRC."""

    def __init__(self, port, nick, password=None):
        super().__init__(port)
        self.nick, self.rest = nick, b""
        if password:
            self.send("PASS " + password)
        self.send("NICK " + nick)
        self.send("USER %s 0 * :%s" % (nick, nick))
        until = time.monotonic() + WAIT
        while self.wait(lambda m: m.command in ("376", "422", "433"), "the log-in of " + nick,
                        until - time.monotonic()).command == "433":
            self.pump(min(until, time.monotonic() + ISON_EVERY))     # of one who is about to leave
            self.send("NICK " + nick)

    def send(self, line):
        self.sock.sendall(line.encode("utf-8", "surrogateescape") + b"\r\n")

    def feed(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for raw in lines:
            line = Line(raw.rstrip(b"\r").decode("utf-8", "surrogateescape"))
            if line.command == "PING":
                self.send("PONG :" + line.params[-1])
                continue
            self.seen.append(line)
            self.queue.append(line)

    def show(self, item):
        return item.raw

    def expect(self, command, *params, source=None, seconds=WAIT):
        """The next such line; a parameter None may be anything."""
        def want(m):
            return m.command == command and len(m.params) >= len(params) and \
                all(p is None or p == q for p, q in zip(params, m.params)) and \
                (source is None or (m.source or "").split("!")[0] == source)
        return self.wait(want, "%s %s" % (command, " ".join(map(str, params))), seconds)

    def is_online(self, nick):
        self.send("ISON " + nick)
        return nick.lower() in self.expect("303").params[-1].lower().split()

    def wait_online(self, nick, online=True, seconds=WAIT):
        """Asks until it is so: IRC tells nobody by itself. As slowly as servers want it."""
        until = time.monotonic() + seconds
        while self.is_online(nick) != online:
            if time.monotonic() > until:
                raise Gone("%s is %s for %d s" % (nick, "offline" if online else "online",
                                                  seconds))
            self.pump(time.monotonic() + ISON_EVERY)
