# SPDX-License-Identifier: MPL-2.0
"""A TCP proxy between sojournd and a server that misbehaves when it is told to, and that knows of
every marked message what became of it: passed on, or eaten by the fault.

Faults: cut (an end on both sides), reset, half-open (what is connected now is swallowed, without an
end, both ways), refuse (no new connections), hold (nothing is passed on, nothing is lost), delay,
throttle, chop (single bytes). A tap (IrcTap, StreamTap) reads along; it sees the bytes before the
fault does. `edit` changes lines on purpose: the self-check of the harness."""
import asyncio
import re
import socket
import struct

from ledger import Hop, find_mark

HOST = "127.0.0.1"
CHUNK = 65536
CUT_SECONDS = 2                     # how long a cut connection is read for what is eaten
THROTTLE_STEP = 0.05
TCP_CLOSE = 7                       # of the kernel's states of a connection


class Tap:
    """Reads one direction of one connection: feed() gives (end of the unit, Hop) for each marked
    message; offsets count from the beginning of the connection."""

    def __init__(self, wire, inward):
        self.wire, self.ledger, self.inward = wire, wire.ledger, inward
        self.buffer, self.offset = b"", 0

    def hop(self, data, user):
        """A Hop of the message whose mark data holds; None without one."""
        message = self.ledger.find(find_mark(data))
        if message is None or user is None:
            return None
        hop = Hop(self.ledger.clock())
        (message.into if self.inward else message.out)[self.wire.name, user].append(hop)
        return hop


class IrcTap(Tap):
    """inward: from the IRC server to sojournd. What goes out is confirmed by the PONG for a PING
    behind it, or by its echo."""

    def __init__(self, wire, inward, pair):
        super().__init__(wire, inward)
        self.pair = pair

    def feed(self, data):
        self.buffer += data
        hops = []
        while True:
            line, newline, rest = self.buffer.partition(b"\n")
            if not newline:
                return hops
            self.offset += len(line) + 1
            self.buffer = rest
            hop = self.line(line.rstrip(b"\r"))
            if hop:
                hops.append((self.offset, hop))

    def line(self, line):
        words = line.split(b" ")
        if words and words[0].startswith(b"@"):
            words.pop(0)
        if self.inward:
            return self.from_server(line, words)
        command = words[0].upper()
        if command == b"PING":
            self.pair.pings.append((words[-1].lstrip(b":"), len(self.pair.sent)))
        elif command == b"NICK":
            self.pair.user = self.wire.user_of(words[1].lstrip(b":").decode("utf-8", "replace"))
        elif command == b"PRIVMSG":
            hop = self.hop(line, self.pair.user)
            if hop:
                self.pair.sent.append((find_mark(line), hop))
            return hop
        return None

    def from_server(self, line, words):
        command = words[1].upper() if len(words) > 1 else b""
        if command == b"PONG":
            self.pair.confirm_ping(words[-1].lstrip(b":"), self.ledger.clock())
        elif command == b"001":
            self.pair.nick = words[2].decode("utf-8", "replace")
            self.pair.user = self.wire.user_of(self.pair.nick)
            self.named()
        elif command == b"NICK" and self.pair.nick and \
                words[0].lstrip(b":").split(b"!")[0] == self.pair.nick.encode():
            self.pair.nick = words[2].lstrip(b":").decode("utf-8", "replace")
            self.named()
        elif command == b"PRIVMSG":
            mark = find_mark(line)
            if mark and mark[0] == self.pair.user:
                self.pair.confirm_mark(mark, self.ledger.clock())
                return None
            return self.hop(line, self.pair.user)
        return None


    def named(self):
        """A link counts as its user's when it carries the user's own name."""
        self.pair.names = {self.pair.user} if self.wire.is_own(self.pair.nick) else set()


class StreamTap(Tap):
    """inward: from the XMPP server to sojournd. What goes out is confirmed by the answer to a query
    behind it."""
    UNIT = re.compile(rb"<(?:message|iq)\b[^>]*?/>|<message\b.*?</message>|<iq\b.*?</iq>", re.S)
    BEGIN = re.compile(rb"<(?:message|iq)\b")
    TO = re.compile(rb"""\bto=["']([^"'@/]+)@""")
    FROM = re.compile(rb"""\bfrom=["']([^"'@/]+)@""")
    ID = re.compile(rb"""\bid=["']([^"']+)["']""")
    KIND = re.compile(rb"""\btype=["'](\w+)["']""")

    def __init__(self, wire, inward, pair):
        super().__init__(wire, inward)
        self.pair = pair

    def feed(self, data):
        self.buffer += data
        if self.inward and not self.pair.attached:
            self.pair.attached = b"<handshake" in self.buffer
        hops, done = [], 0
        for m in self.UNIT.finditer(self.buffer):
            done = m.end()
            hop = self.unit(m.group())
            if hop:
                hops.append((self.offset + done, hop))
        if done == 0 and not self.BEGIN.search(self.buffer):
            done = max(0, len(self.buffer) - 16)
        self.offset += done
        self.buffer = self.buffer[done:]
        return hops

    def unit(self, text):
        head = text[:text.find(b">") + 1]
        kind, ident = self.KIND.search(head), self.ID.search(head)
        kind = kind.group(1) if kind else b""
        if head.startswith(b"<iq"):
            if ident and not self.inward and kind in (b"get", b"set"):
                self.pair.pings.append((ident.group(1), len(self.pair.sent)))
            elif ident and self.inward and kind in (b"result", b"error"):
                self.pair.confirm_ping(ident.group(1), self.ledger.clock())
            return None
        if kind == b"error" or b"<forwarded" in text:
            return None
        whose = (self.FROM if self.inward else self.TO).search(head)
        user = self.wire.user_of(whose.group(1).decode()) if whose else None
        hop = self.hop(text, user)
        if hop and not self.inward:
            self.pair.sent.append((find_mark(text), hop))
        return hop


def forget(sock):
    """Before it is closed: a task that is cancelled gives it up too late, when the number may be
    another's already."""
    loop = asyncio.get_running_loop()
    loop.remove_reader(sock)
    loop.remove_writer(sock)


def is_reset(sock):
    """The other end is closed, and did not take what came last: on one machine a write has been
    answered when it returns."""
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE


class Pair:
    """One connection of sojournd (near) and the one to the server (far) that belongs to it."""

    def __init__(self, near, far):
        self.near, self.far = near, far
        self.user = None                 # whose link it is; a component stream is everybody's
        self.nick = None                 # what the IRC server calls it
        self.names = set()               # of users who are logged in over it (x0...)
        self.attached = False            # a component stream after its handshake
        self.dead = False                # half-open: what comes is swallowed
        self.slow = 0                    # bytes a second that go to this server; 0: as to others
        self.cutting = False
        self.tasks = []
        self.sent, self.pings = [], []   # what went out; pings with how much was before them

    def confirm(self, n, at):
        for _, hop in self.sent[:n]:
            if hop.confirmed is None and not hop.eaten:
                hop.confirmed = at
        del self.sent[:n]
        self.pings = [(text, max(0, before - n)) for text, before in self.pings]

    def confirm_ping(self, text, at):
        for i, (asked, before) in enumerate(self.pings):
            if asked == text:
                del self.pings[:i + 1]
                self.confirm(before, at)
                return

    def confirm_mark(self, mark, at):
        for i, (sent, _) in enumerate(self.sent):
            if sent == mark:
                self.confirm(i + 1, at)
                return

    def close(self, reset):
        for sock in (self.near, self.far):
            if sock.fileno() < 0:
                continue
            forget(sock)
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()


class Wire:
    """sojournd connects to `port`; the server is at `target`."""

    def __init__(self, name, port, target, ledger, tap, user_of, is_own=lambda name: True):
        self.name, self.port, self.target, self.ledger, self.tap = name, port, target, ledger, tap
        self.user_of = user_of           # local part or nickname to x0..., i0..., or None
        self.is_own = is_own             # of a nickname: not one to which something was added
        self.loop = asyncio.get_running_loop()
        self.pairs, self.listener, self.accepting = set(), None, None
        self.delay, self.rate, self.piece = 0, 0, 0
        self.flows = {True: asyncio.Event(), False: asyncio.Event()}     # by inward
        self.hold(False)
        self.edit = None                 # (inward, line) to the lines in its place

    # connections

    def listen(self):
        if self.listener:
            return
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((HOST, self.port))
        self.listener.listen(128)
        self.listener.setblocking(False)
        self.accepting = self.loop.create_task(self._accept(self.listener))

    def refuse(self):
        """New connections are refused; those that there are stay."""
        if self.listener:
            self.accepting.cancel()
            forget(self.listener)
            self.listener.close()
            self.listener = None

    async def _accept(self, listener):
        while True:
            near, _ = await self.loop.sock_accept(listener)
            near.setblocking(False)
            far = socket.socket()
            far.setblocking(False)
            try:
                await self.loop.sock_connect(far, (HOST, self.target))
            except OSError:
                Pair(near, far).close(True)
                continue
            for sock in (near, far):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = Pair(near, far)
            self.pairs.add(pair)
            pair.tasks = [self.loop.create_task(self._pump(pair, far, near, True)),
                          self.loop.create_task(self._pump(pair, near, far, False))]
            self.loop.create_task(self._watch(pair))

    async def _watch(self, pair):
        await asyncio.gather(*pair.tasks, return_exceptions=True)
        pair.close(False)
        self.pairs.discard(pair)

    async def _read(self, sock):
        try:
            return await self.loop.sock_recv(sock, CHUNK)
        except OSError:
            return b""

    async def _pump(self, pair, source, sink, inward):
        tap = self.tap(self, inward, pair)
        held = b""                       # for `edit`: an unfinished line
        offset = 0
        hops = []
        while True:
            data = await self._read(source)
            if not data:
                break
            hops += tap.feed(data)
            if self.edit:
                data, held = self._edited(inward, held + data)
                for _, hop in hops:
                    hop.eaten = False
                hops.clear()
            await self._hindered(pair, inward)
            async for passed in self._write(pair, sink, data if sink else b""):
                if passed == 0:
                    sink = None          # nobody reads there any more
                    break
                offset += passed
                while hops and hops[0][0] <= offset:
                    hops.pop(0)[1].eaten = False
            if pair.dead or pair.cutting or not sink:
                hops.clear()             # as they are: eaten
        await self._hindered(pair, inward)
        if not pair.dead and sink:
            self._end(sink)

    def _edited(self, inward, data):
        whole, newline, rest = data.rpartition(b"\n")
        out = b"".join(piece for line in (whole + newline).splitlines(True)
                       for piece in self.edit(inward, line))
        return out, rest

    @staticmethod
    def _end(sock):
        try:
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    async def _hindered(self, pair, inward):
        if self.delay:
            await asyncio.sleep(self.delay)
        while not self.flows[inward].is_set() and not pair.dead and not pair.cutting:
            await self.flows[inward].wait()

    async def _write(self, pair, sink, data):
        """Gives the sizes of the pieces that were passed on; 0: they cannot be."""
        at = 0
        while at < len(data) and not pair.dead and not pair.cutting:
            rate = pair.slow if pair.slow and sink is pair.far else self.rate
            n = self.piece or (max(1, int(rate * THROTTLE_STEP)) if rate else len(data))
            piece = data[at:at + n]
            try:
                await self.loop.sock_sendall(sink, piece)
            except OSError:
                yield 0
                return
            if is_reset(sink):           # by what was just written: nobody reads there
                yield 0
                return
            at += n
            yield len(piece)
            if rate:
                await asyncio.sleep(THROTTLE_STEP)
            elif self.piece:
                await asyncio.sleep(0)

    def living(self):
        """Connections that a fault has not ended."""
        return [pair for pair in self.pairs if not pair.dead and not pair.cutting]

    # faults

    def hold(self, held, directions=(True, False)):
        """directions: inward or not."""
        for inward in directions:
            if held:
                self.flows[inward].clear()
            else:
                self.flows[inward].set()

    def cut(self):
        """Both sides see the end of the connection; what they still send is read and thrown
        away."""
        for pair in list(self.pairs):
            pair.cutting = True
            self._end(pair.near)
            self._end(pair.far)
            self.loop.call_later(CUT_SECONDS, self._stop, pair)
        self._pulse()

    def reset(self):
        for pair in list(self.pairs):
            pair.cutting = True
            self._stop(pair, reset=True)

    def half_open(self):
        for pair in self.pairs:
            pair.dead = True
        self._pulse()

    def _pulse(self):
        """Those who wait while the wire is held look again."""
        for flow in self.flows.values():
            if not flow.is_set():
                flow.set()
                flow.clear()

    def bury(self):
        """Connections that are half-open end with a reset, as behind a router that came back."""
        for pair in [p for p in self.pairs if p.dead]:
            self._stop(pair, reset=True)

    def _stop(self, pair, reset=False):
        if pair not in self.pairs:
            return
        pair.cutting = True
        for task in pair.tasks:
            task.cancel()
        self._drain(pair)
        pair.close(reset)
        self.pairs.discard(pair)

    def _drain(self, pair):
        """What had arrived here and goes no further."""
        for sock, inward in ((pair.far, True), (pair.near, False)):
            try:
                data = sock.recv(CHUNK * 16)
            except OSError:
                continue
            for _, hop in self.tap(self, inward, pair).feed(data):
                hop.eaten = True

    def heal(self):
        self.delay = self.rate = self.piece = 0
        self.hold(False)
        self.bury()
        self.listen()

    def close(self):
        self.refuse()
        for pair in list(self.pairs):
            self._stop(pair, reset=True)
