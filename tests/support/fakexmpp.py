# SPDX-License-Identifier: MPL-2.0
"""A scripted XMPP server: the component port (XEP-0114) and nothing behind it.

It does the handshake and checks what must hold of every stanza, whatever the scenario is about:
nothing before the handshake (G114-03), from and to present and from in the stream's own domain
(G114-05, G114-06), iq with id and type (G114-07), default namespace (G114-08), localparts that
hold no character XEP-0106 escapes (G106-09), an answer for each iq get or set, once, from the
address that was asked (R6120-01), no error for an error (R6120-03), no <error/> without
type='error' (R6120-04), sound answers of service discovery whose hash fits their node (G030-02,
G115-02, G128-01). A breach is kept in `breaches` and fails the scenario."""
import hashlib
import re
import secrets
from xml.parsers import expat

import entity
from reactor import Connection, Listener
from xmlmatch import COMPONENT, Node, TreeBuilder, format_node, parse

STREAMS = "http://etherx.jabber.org/streams"
STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
IQ_TYPES = ("get", "set", "result", "error")
PRESENCE_TYPES = (None, "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed",
                  "probe", "error")
FORBIDDEN_LOCAL = re.compile(r"[\s\"&'/:<>@]")


def escape_attr(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;")


class Stream(Connection):
    """One component's connection."""

    def __init__(self, server, sock):
        super().__init__(server.reactor, sock)
        self.server, self.host, self.id, self.attached = server, None, None, False
        self.builder = TreeBuilder(self._header, self._stanza, self._closed)
        self.said_goodbye = self.had_raw = False

    def received(self, data):
        try:
            self.builder.feed(data)
        except expat.ExpatError as e:
            self.server.breach("the stream is not well-formed (%s): %r" % (e, data[-300:]))
            self.drop()

    def _header(self, node):
        server = self.server
        if (node.ns, node.name) != (STREAMS, "stream"):
            server.breach("stream header is <%s xmlns='%s'>" % (node.name, node.ns))
        self.host = node.get("to")
        server.note("C", "<", "stream header to='%s'" % self.host)
        if self.host not in server.hosts:
            server.breach("stream for %s, which nobody configured" % self.host)
            return
        self.id = server.stream_id or secrets.token_hex(8)
        server.streams.setdefault(self.host, [])
        server.streams[self.host].append(self)
        if self.host in server.mute:
            return
        self.write(("<?xml version='1.0'?><stream:stream xmlns='%s' xmlns:stream='%s' "
                    "from='%s' id='%s'>" % (COMPONENT, STREAMS, self.host,
                                            escape_attr(self.id))).encode())

    def _stanza(self, node):
        server = self.server
        if node.name == "handshake" and not self.attached:
            server.tried.add(self.host)
            want = hashlib.sha1((self.id + server.hosts[self.host]).encode()).hexdigest()
            if self.host in server.refuse:
                self.fail(server.refuse[self.host])
            elif node.text != want:
                server.note("C", "<", "handshake with a wrong digest")
                self.fail("not-authorized")
            elif self.host not in server.withhold:
                self.accept()
            return
        if not self.attached:
            server.breach("before the handshake was answered: %s" % format_node(node))
        server.arrived(self, node)

    def accept(self):
        self.attached = True
        self.server.note("C", ">", "handshake accepted for %s" % self.host)
        self.write(b"<handshake/>")

    def fail(self, condition):
        self.server.note("C", ">", "stream error %s for %s" % (condition, self.host))
        self.attached = False
        self.write(("<stream:error><%s xmlns='%s'/></stream:error></stream:stream>"
                    % (condition, STREAM_ERRORS)).encode())
        self.drop()

    def _closed(self):
        self.said_goodbye = True
        self.server.note("C", "<", "end of stream %s" % self.host)
        for text in self.server.late.pop(self.host, ()):
            self.server.send(self, text)
        self.write(b"</stream:stream>")

    def ended(self):
        self.attached = False
        if self in self.server.streams.get(self.host, []):
            self.server.streams[self.host].remove(self)
        self.server.note("C", "<", "connection of %s ended" % self.host)


class Arrival:
    """A stanza that came, and whether a scenario may pass over it."""
    __slots__ = ("node", "auto", "stream")

    def __init__(self, node, stream, auto):
        self.node, self.stream, self.auto = node, stream, auto


def not_forwarded(node):
    """All elements but stanzas within <forwarded/> (XEP-0297) and <privileged_iq/> (XEP-0356):
    these are in jabber:client."""
    yield node
    for child in node.children:
        if (node.name, node.ns) not in (("forwarded", "urn:xmpp:forward:0"),
                                        ("privileged_iq", "urn:xmpp:privilege:2")):
            yield from not_forwarded(child)


class XmppServer:
    def __init__(self, reactor, hosts, note):
        """hosts: component hostname to secret. note(side, direction, text) keeps the transcript."""
        self.reactor, self.hosts, self.note = reactor, dict(hosts), note
        self.streams, self.queue, self.breaches = {}, [], []
        self.asked, self.iq_ids = {}, {}
        self.mute, self.withhold, self.refuse = set(), set(), {}
        self.tried = set()             # hosts whose handshake came
        self.late = {}                 # host: what it is sent behind its goodbye
        self.stream_id = None
        self.features = {}             # full JID: features it answers disco#info with
        self.manual = set()            # kinds of request that are left to the scenario
        self.errors_sent = set()
        self.listener = Listener(reactor, lambda sock: Stream(self, sock))

    @property
    def port(self):
        return self.listener.port

    def breach(self, text):
        self.note("C", "!", text)
        self.breaches.append(text)

    def stream(self, host):
        """The attached stream of host, or None."""
        for stream in reversed(self.streams.get(host, [])):
            if stream.attached:
                return stream
        return None

    def close(self):
        self.listener.close()
        for streams in list(self.streams.values()):
            for stream in list(streams):
                stream.drop()

    def forget_questions(self):
        """The daemon died: nobody will answer what it was asked."""
        self.asked.clear()

    # what the daemon sends

    def arrived(self, stream, node):
        self.note("C", "<", format_node(node))
        self._check(stream, node)
        auto = self._answer(stream, node)
        self.queue.append(Arrival(node, stream, auto))

    def _check(self, stream, node):
        what = format_node(node)[:300]
        if (node.ns, node.name) == (STREAMS, "error") and stream.had_raw:
            return                     # it says what the scenario did wrong
        if node.ns != COMPONENT or node.name not in ("iq", "message", "presence"):
            self.breach("not a stanza: %s" % what)
            return
        sender, to, kind = node.get("from"), node.get("to"), node.get("type")
        if not sender or not to:
            self.breach("from or to is missing: %s" % what)
            return
        if self.domain(sender) != stream.host:
            self.breach("from is not in %s: %s" % (stream.host, what))
        local = sender.split("/", 1)[0].rpartition("@")[0]
        ends = local.startswith("\\20") or local.endswith("\\20")
        if FORBIDDEN_LOCAL.search(local) or ends and kind != "error":
            self.breach("localpart of from is not escaped: %s" % what)
        if (node.find("error") is not None) != (kind == "error"):
            self.breach("type='error' and <error/> do not go together: %s" % what)
        if kind == "error" and node.get("id") and (node.get("id"), to) in self.errors_sent:
            self.breach("an error was answered with an error: %s" % what)
        if node.name == "presence" and kind not in PRESENCE_TYPES:
            self.breach("presence type: %s" % what)
        if node.name == "iq":
            self._check_iq(node, sender, to, kind, what)
        for child in not_forwarded(node):
            if child.ns == "" or child.ns == "jabber:client":
                self.breach("<%s> is in the wrong namespace: %s" % (child.name, what))

    def _check_iq(self, node, sender, to, kind, what):
        if kind not in IQ_TYPES or not node.get("id"):
            self.breach("iq without type or id: %s" % what)
        elif kind in ("get", "set"):
            if self.iq_ids.setdefault(node.get("id"), node) is not node:
                self.breach("iq id used twice: %s" % what)
        else:
            key = (node.get("id"), to)
            if key not in self.asked:
                self.breach("answer to nothing that was asked: %s" % what)
            elif self.asked[key][0].lower() != sender.lower():
                self.breach("answer from an address that was not asked: %s" % what)
            else:
                self.asked[key][1] += 1
                if self.asked[key][1] > 1:
                    self.breach("second answer to one request: %s" % what)
            for child in node.children if kind == "result" else ():
                for fault in entity.faults(child):
                    self.breach("%s: %s" % (fault, what))

    def _answer(self, stream, node):
        """What any server and client do by themselves; True when it was such a thing."""
        kind, to = node.get("type"), node.get("to")
        if node.name == "presence":
            return kind == "probe" and "probe" not in self.manual
        if node.name != "iq" or kind != "get" or not node.children:
            return False
        child = node.children[0]
        if child.ns == "urn:xmpp:ping" and "ping" not in self.manual:
            self.send(stream, "<iq type='result' id='%s' from='%s' to='%s'/>" % (
                escape_attr(node.get("id")), escape_attr(to), escape_attr(node.get("from"))))
            return True
        if child.ns == "http://jabber.org/protocol/disco#info" and "disco" not in self.manual:
            features = "".join("<feature var='%s'/>" % escape_attr(f) for f in
                               self.features.get(to, []))
            node_attr = " node='%s'" % escape_attr(child.get("node")) if child.get("node") else ""
            self.send(stream, "<iq type='result' id='%s' from='%s' to='%s'><query xmlns='%s'%s>"
                      "<identity category='client' type='pc'/><feature var='%s'/>%s</query></iq>"
                      % (escape_attr(node.get("id")), escape_attr(to),
                         escape_attr(node.get("from")), child.ns, node_attr, child.ns, features))
            return True
        return False

    # what the scenario sends

    @staticmethod
    def domain(jid):
        return jid.split("/", 1)[0].rpartition("@")[2]

    def send(self, stream, text, raw=False):
        self.note("C", ">", text if len(text) < 3000 else text[:3000] + "... (%d characters)"
                  % len(text))
        if raw:
            stream.had_raw = True
        else:
            self._remember(text)
        stream.write(text.encode("utf-8", "surrogateescape"))

    def _remember(self, text):
        try:
            node = parse(text)
        except (expat.ExpatError, ValueError):
            return                     # the scenario is about broken XML
        if node.get("type") == "error":
            self.errors_sent.add((node.get("id"), node.get("from")))
        elif node.name == "iq" and node.get("type") in ("get", "set") and node.get("id"):
            self.asked[(node.get("id"), node.get("from"))] = [node.get("to"), 0]

    def unanswered(self):
        return ["%s from %s" % key for key, (_, n) in self.asked.items() if n == 0]
