# SPDX-License-Identifier: MPL-2.0
"""Those who talk while things break: users of XMPP with a client that does what clients do (comes
back when the server does, asks its room whether it is still in it, asks the archive for what it
missed), and people on IRC. What they write and get is told to the ledger."""
import asyncio
import base64
import itertools
import socket

from fakeirc import Line
from ledger import CHANNEL, find_mark
from wire import forget
from xmlmatch import TreeBuilder, format_node

HOST = "127.0.0.1"
GATEWAY = "network.localhost"
NICK_OF_ROOM = "#verona"
MAM, MUC, REGISTER = "urn:xmpp:mam:2", "http://jabber.org/protocol/muc", "jabber:iq:register"
ROSTER = "jabber:iq:roster"
PING = "<ping xmlns='urn:xmpp:ping'/>"
AGAIN_SECONDS = 0.1
SELF_PING_SECONDS = 2
ANSWER_SECONDS = 15
PAGE = 50


class Person:
    """ident: x0... or i0...; `there` is set while it can talk."""

    def __init__(self, ident, name, port, ledger):
        self.ident, self.name, self.port, self.ledger = ident, name, port, ledger
        self.loop = asyncio.get_running_loop()
        self.sock, self.task, self.closing = None, None, False
        self.there, self.in_room = asyncio.Event(), asyncio.Event()

    def start(self):
        """The task in which it lives until `close`."""
        self.task = self.loop.create_task(self._live())
        return self.task

    async def _live(self):
        """Connects again and again."""
        while not self.closing:
            self.sock = socket.socket()
            self.sock.setblocking(False)
            try:
                await self.loop.sock_connect(self.sock, (HOST, self.port))
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.begin()
                while True:
                    data = await self.loop.sock_recv(self.sock, 65536)
                    if not data:
                        break
                    self.feed(data)
            except OSError:
                pass
            self.there.clear()
            self.in_room.clear()
            self.sock.close()
            self.ended()
            if not self.closing:
                await asyncio.sleep(AGAIN_SECONDS)

    async def may_speak(self, reader):
        """Waits until `say` to this reader writes."""
        await self.there.wait()
        if reader == CHANNEL:
            await self.in_room.wait()

    def send(self, text):
        """All of it or nothing: these lines are short, and their server reads. False: nothing."""
        try:
            return self.sock.send(text.encode()) > 0
        except OSError:
            return False

    async def close(self):
        self.closing = True
        if self.task:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        if self.sock and self.sock.fileno() >= 0:
            forget(self.sock)
            self.sock.close()

    def begin(self):
        raise NotImplementedError

    def feed(self, data):
        raise NotImplementedError

    def ended(self):
        pass


class XmppUser(Person):
    """network: of networks.py; people: gives x0..., i0... for a local part or nickname."""

    def __init__(self, ident, name, port, ledger, password, network, people):
        super().__init__(ident, name, port, ledger)
        self.password, self.network, self.people = password, network, people
        self.ids, self.waiting = itertools.count(1), {}
        self.announced = asyncio.Event()         # the gateway has shown itself as available
        self.step = None
        self.archive_read = None                 # id of the last entry that came
        self.reads = []                          # tasks
        self.roster = {}                         # subscription by address

    # the way in

    def begin(self):
        self._open()
        self.step = "features"

    def _open(self):
        self.builder = TreeBuilder(lambda n: None, self._stanza, lambda: None)
        self.send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' "
                  "xmlns:stream='http://etherx.jabber.org/streams' to='localhost'>")

    def feed(self, data):
        self.builder.feed(data)

    def _stanza(self, node):
        if self.step == "on":
            {"iq": self._iq, "message": self._message, "presence": self._presence}.get(
                node.name, lambda _: None)(node)
        elif node.name == "features" and self.step == "features":
            login = base64.b64encode(("\0%s\0%s" % (self.name, self.password)).encode()).decode()
            self.step = "success"
            self.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>"
                      % login)
        elif node.name == "success":
            self.step = "bind"
            self._open()
        elif node.name == "features":
            self.step = "on"
            self.loop.create_task(self._bound())

    async def _bound(self):
        if await self.iq("set", None, "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>"
                         "test</resource></bind>") is None:
            return
        answer = await self.iq("get", None, "<query xmlns='%s'/>" % ROSTER)
        self.roster.clear()
        self._learn(answer)
        self.send("<presence/>")
        self.there.set()

    async def close(self):
        for task in self.reads:
            task.cancel()
        await asyncio.gather(*self.reads, return_exceptions=True)
        await super().close()

    def ended(self):
        self.step = None
        self.announced.clear()
        for future in self.waiting.values():
            if not future.done():
                future.set_result(None)
        self.waiting.clear()

    # requests

    async def iq(self, kind, to, payload, seconds=ANSWER_SECONDS):
        """The answer; None when the connection or the time is over."""
        ident = "q%d" % next(self.ids)
        self.waiting[ident] = future = self.loop.create_future()
        self.send("<iq type='%s' id='%s'%s>%s</iq>"
                  % (kind, ident, " to='%s'" % to if to else "", payload))
        try:
            return await asyncio.wait_for(future, seconds)
        except asyncio.TimeoutError:
            return None
        finally:
            self.waiting.pop(ident, None)

    async def register(self):
        """With the gateway; until it is logged in there."""
        while True:
            fields = self.network.account(self.name).items()
            answer = await self.iq("set", GATEWAY, "<query xmlns='%s'>%s</query>" % (
                REGISTER, "".join("<%s>%s</%s>" % (k, v, k) for k, v in fields)))
            if answer is not None and answer.get("type") == "result":
                break
            await asyncio.sleep(AGAIN_SECONDS)
        await self.announced.wait()

    async def heard(self):
        """What the gateway had sent is here when this returns True: answers keep their order."""
        return await self.iq("get", GATEWAY, PING) is not None

    def join(self):
        self.send("<presence to='%s/%s'><x xmlns='%s'><history maxstanzas='0'/></x></presence>"
                  % (self.network.room, self.name, MUC))

    async def stay_in_room(self):
        """Joins, and asks from time to time whether it still is in there (XEP-0410)."""
        while True:
            await self.there.wait()
            if not self.in_room.is_set():
                self.join()
            else:
                answer = await self.iq("get", "%s/%s" % (self.network.room, self.name), PING)
                if answer is not None and answer.get("type") == "error":
                    error = answer.find("error")
                    if error.find("item-not-found") is None and \
                            error.find("service-unavailable") is None and \
                            error.find("feature-not-implemented") is None:
                        self.in_room.clear()
                        continue
            await asyncio.sleep(SELF_PING_SECONDS)

    async def read_archive(self, after=None):
        """The room's archive, page by page, all of it or from behind what has that id."""
        while True:
            answer = await self.iq(
                "set", self.network.room, "<query xmlns='%s'><set "
                "xmlns='http://jabber.org/protocol/rsm'><max>%d</max>%s</set></query>"
                % (MAM, PAGE, "<after>%s</after>" % after if after else ""))
            end = answer.find("fin") if answer is not None else None
            if end is None:
                return "no answer" if answer is None else format_node(answer)
            last = end.find("set").find("last") if end.find("set") else None
            if last is not None:
                after = self.archive_read = last.text
            if end.get("complete") == "true" or last is None:
                return None

    async def read_missed(self):
        """What was said while they were out of the room; all that is there when what they have read
        last is gone."""
        if await self.read_archive(self.archive_read) is not None and self.archive_read:
            self.archive_read = None
            await self.read_archive()

    # what comes

    def _iq(self, node):
        kind, ident = node.get("type"), node.get("id")
        future = self.waiting.get(ident)
        if kind in ("result", "error"):
            if future and not future.done():
                future.set_result(node)
        elif kind == "set" and node.find("query", ROSTER):
            self._learn(node)
            self.send("<iq type='result' id='%s'/>" % ident)
        elif kind == "get" and node.find("ping"):
            self.send("<iq type='result' id='%s' to='%s'/>" % (ident, node.get("from")))
        else:
            self.send("<iq type='error' id='%s' to='%s'><error type='cancel'><service-unavailable "
                      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
                      % (ident, node.get("from")))

    def _learn(self, node):
        """Items of the roster, or a push of one."""
        query = node.find("query", ROSTER) if node is not None else None
        for item in query.children if query else []:
            self.roster[item.get("jid")] = item.get("subscription")

    def _presence(self, node):
        sender, kind = node.get("from") or "", node.get("type")
        bare = sender.partition("/")[0]
        if kind == "subscribe":
            self.send("<presence to='%s' type='subscribed'/><presence to='%s' type='subscribe'/>"
                      % (bare, bare))
        elif sender == GATEWAY:
            if kind is None:
                self.announced.set()
            elif kind == "unavailable":
                self.announced.clear()
        elif bare == self.network.room and \
                (sender.endswith("/" + self.name) or self._is_own(node)):
            if kind is None:
                if not self.in_room.is_set():
                    self.reads.append(self.loop.create_task(self.read_missed()))
                self.in_room.set()
            elif kind in ("unavailable", "error") and not self._is_renaming(node):
                self.in_room.clear()

    @staticmethod
    def _codes(node):
        x = node.find("x", MUC + "#user")
        return [s.get("code") for s in x.children if s.name == "status"] if x else []

    def _is_own(self, node):
        return "110" in self._codes(node)

    def _is_renaming(self, node):
        return "303" in self._codes(node)

    def _message(self, node):
        if node.get("type") == "error":
            error = node.find("error")
            text = error.find("text") if error else None
            self.ledger.error(find_mark((node.get("id") or "").encode()),
                              text.text if text else format_node(node))
            return
        result = node.find("result", MAM)
        if result:
            for inner in result.walk():
                if inner.name == "body":
                    self.ledger.archived(self.ident, inner.text.encode())
            return
        body = node.find("body")
        if body is None:
            return
        address, _, resource = (node.get("from") or "").partition("/")
        room = node.get("type") == "groupchat"
        who = resource if room else address.partition("@")[0]
        self.ledger.got(self.ident, body.text.encode(), node.get("id"), self.people(who), room)

    # what goes out

    def say(self, reader, name, words):
        """Whether it was written."""
        if not self.there.is_set() or (reader == CHANNEL and not self.in_room.is_set()):
            return False
        mark = self.ledger.write(self.ident, reader)
        to, kind = (self.network.room, "groupchat") if reader == CHANNEL else \
            (self.network.contact(name), "chat")
        self.send("<message to='%s' type='%s' id='%s'><body>%s %s</body></message>"
                  % (to, kind, mark, mark, words))
        return True


class IrcPerson(Person):
    """Its server is not behind a wire."""

    def __init__(self, ident, name, port, ledger, people):
        super().__init__(ident, name, port, ledger)
        self.people, self.rest = people, b""
        self.refused = set()             # who is not there, since the last PONG

    def begin(self):
        self.rest = b""
        self.refused.clear()
        self.send("NICK %s\r\nUSER %s 0 * :%s\r\n" % (self.name, self.name, self.name))

    def feed(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for raw in lines:
            self._line(Line(raw.rstrip(b"\r").decode("utf-8", "surrogateescape")))

    def _line(self, line):
        sender = (line.source or "").partition("!")[0]
        if line.command == "PING":
            self.send("PONG :%s\r\n" % line.params[-1])
        elif line.command == "001":
            self.there.set()
            self.send("JOIN %s\r\n" % NICK_OF_ROOM)
        elif line.command == "366":
            self.in_room.set()
        elif line.command in ("401", "403", "404", "442"):
            self.refused.add(line.params[1])
        elif line.command == "PONG":
            mark = find_mark(line.params[-1].encode())
            if mark and self.refused:
                self.ledger.error(mark, "no such nickname")
            self.refused.clear()
        elif line.command == "PRIVMSG":
            self.ledger.got(self.ident, line.params[-1].encode("utf-8", "surrogateescape"), None,
                            self.people(sender), line.params[0] == NICK_OF_ROOM)

    def say(self, reader, name, words):
        if not self.there.is_set() or (reader == CHANNEL and not self.in_room.is_set()):
            return False
        mark = self.ledger.write(self.ident, reader)
        self.send("PRIVMSG %s :%s %s\r\nPING :%s\r\n"
                  % (NICK_OF_ROOM if reader == CHANNEL else name, mark, words, mark))
        return True
