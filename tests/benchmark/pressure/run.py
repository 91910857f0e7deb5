#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Measures back-pressure: how long the messages of a bystander take, both ways, while others of the
same network flood, are flooded, or have a server that takes nothing, and while the XMPP server
reads slowly; how much memory that takes; and whether all that was not delivered was refused.

    run.py BUILD [SECONDS]

BUILD: a build of type Release. Plays the XMPP server; the IRC server and what answers the bystander
are processes of their own. The store lies in memory (/dev/shm), so that no disk is measured. Status
1 when a bound is missed: of delay, of memory, or when the counts do not add up."""
import multiprocessing
import pathlib
import re
import selectors
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import servers                                   # noqa: E402
from daemon import Daemon                        # noqa: E402
from wires import HEADER, STANZA, attribute, registration, spread     # noqa: E402

HOST, FLOODERS = "irc.test", 20
SLOW = 1 << 20                                   # bytes a second that a slow XMPP server reads
SIP = 2048                                       # no less at once
EACH = 0.010                                     # the bystander says something so often
FLOOR = 0.010                                    # what a p99 may be however quiet it was before
SLOW_MAX = 0.75                                  # and beside a slow server, seconds
BUSY_MAX = 0.100                                 # where the servers of this script take all CPU
MEMORY = 24 * 1024                               # what any of it may take beyond the quiet, KiB
NETWORK = """[irc.test]
backend = irc
secret = s
server = 127.0.0.1
port = %d
tls = no
login-rate = 0
logins-at-once = 1000
send-rate = 0
"""
PAD = "y" * 200
START = re.compile(rb"<(?:message|iq|presence) ")
ANSWER = re.compile(rb"<body>b(\d+) (\d+)</body>")
LINE = re.compile(rb"<body>L(\w+)\.(\d+)\.")
ASKS = re.compile(rb'<iq [^>]*type="get"[^>]*>')
FAILED = re.compile(rb'<message [^>]*type="error"[^>]*>')
CONDITION = re.compile(rb"<([a-z-]+) xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\"")


class Stream:
    """The XMPP server's end. Nothing in here costs more for a stanza than a regular expression."""

    def __init__(self):
        self.listener = socket.socket()
        # A server's own buffers are no part of the gateway.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        self.sock, self.input, self.output = None, b"", bytearray()
        self.rate, self.allowance, self.filled = None, 0, 0
        self.loop, self.events = selectors.DefaultSelector(), 0
        self.registered, self.online, self.entered = set(), set(), set()
        self.refused, self.conditions, self.lines, self.disorder = set(), {}, {}, 0
        self.out, self.back, self.sent, self.lost = [], [], {}, 0
        self.n_in = self.n_bytes = 0

    def attach(self):
        self.sock = self.listener.accept()[0]
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = b""
        while b"<stream:stream" not in data:
            data += self.sock.recv(4096)
        self.sock.sendall((HEADER % HOST).encode())
        while b"</handshake>" not in data:
            data += self.sock.recv(4096)
        self.sock.sendall(b"<handshake/>")
        self.sock.setblocking(False)
        self.watch(selectors.EVENT_READ)

    def say(self, text):
        self.output += text if isinstance(text, bytes) else text.encode()

    def flush(self):
        try:
            while self.output:
                del self.output[:self.sock.send(memoryview(self.output)[:1 << 17].tobytes())]
        except BlockingIOError:
            pass

    def wants(self):
        """Bytes that may be read now."""
        if self.rate is None:
            return 1 << 18
        now = time.monotonic()
        self.allowance = min(self.allowance + (now - self.filled) * self.rate, self.rate / 20)
        self.filled = now
        return int(self.allowance)

    def watch(self, events):
        """None: the selector waits for the time alone."""
        if self.events:
            self.loop.unregister(self.sock)
        if events:
            self.loop.register(self.sock, events)
        self.events = events

    def turn(self, seconds):
        self.flush()
        most = self.wants()
        events = (selectors.EVENT_READ if most >= SIP else 0) | (
            selectors.EVENT_WRITE if self.output else 0)
        if self.rate is not None and most < SIP:         # until enough may be read again
            seconds = min(seconds, (SIP - most) / self.rate)
        if events != self.events:
            self.watch(events)
        for _, mask in self.loop.select(seconds):
            if mask & selectors.EVENT_READ:
                self.read(most)

    def read(self, most):
        data = self.sock.recv(most)
        heard = servers.now_us()
        if not data:
            sys.exit("the gateway has closed the stream")
        self.n_bytes += len(data)
        if self.rate is not None:
            self.allowance -= len(data)
        self.input += data
        cut = max(self.input.rfind(b"<message "), self.input.rfind(b"<iq "),
                  self.input.rfind(b"<presence "))
        whole = STANZA.match(self.input, cut) if cut >= 0 else None
        cut = whole.end() if whole else max(cut, 0)
        data, self.input = self.input[:cut], self.input[cut:]
        self.hear(data, heard)

    def hear(self, data, heard):
        self.n_in += len(START.findall(data))
        for n, over_there in ANSWER.findall(data):
            said = self.sent.pop(int(n))
            self.out.append((int(over_there) - said) / 1e6)
            self.back.append((heard - int(over_there)) / 1e6)
        for nick, n in LINE.findall(data):
            self.disorder += int(n) != self.lines.get(nick, 0)
            self.lines[nick] = int(n) + 1
        for iq in ASKS.findall(data):
            self.say("<iq type='result' from='%s' to='%s' id='%s'/>" % (
                attribute(iq, b"to"), attribute(iq, b"from"), attribute(iq, b"id")))
        for error in FAILED.finditer(data):
            ident = attribute(error[0], b"id")
            if ident.startswith("f"):
                self.refused.add(int(ident[1:]))
            else:
                self.lost += 1
                self.sent.pop(int(ident[1:]), None)
            name = CONDITION.search(data, error.end())[1].decode()
            self.conditions[name] = self.conditions.get(name, 0) + 1
        if b"<presence" in data or b'id="reg"' in data:
            self.others(data)

    def others(self, data):
        for found in STANZA.finditer(data):
            text, kind = found[0], attribute(found[0], b"type")
            user, sender = attribute(text, b"to").split("/")[0], attribute(text, b"from")
            if found[1] == b"iq" and attribute(text, b"id") == "reg":
                if kind != "result":
                    sys.exit("not registered: %r" % text)
                self.registered.add(user)
            elif found[1] == b"presence" and sender == HOST and kind == "subscribe":
                self.say("<presence type='subscribed' from='%s' to='%s'/>" % (user, HOST))
            elif found[1] == b"presence" and sender == HOST and kind == "probe":
                self.say("<presence from='%s/home' to='%s'/>" % (user, HOST))
            elif found[1] == b"presence" and sender == HOST and kind == "":
                self.online.add(user)
            elif found[1] == b"presence" and b"110" in text and kind == "":
                self.entered.add(user)

    def until(self, done, seconds, what):
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                return what
            self.turn(0.02)
        return None


class Bench:
    def __init__(self, build, seconds):
        self.build, self.seconds, self.faults = build, seconds, []
        self.dir = tempfile.TemporaryDirectory(dir="/dev/shm")
        door, inside = socket.socketpair()
        self.orders, theirs = multiprocessing.Pipe()
        self.children = [
            multiprocessing.Process(target=servers.serve, args=(theirs, inside), daemon=True),
            multiprocessing.Process(target=servers.echo, args=(door,), daemon=True)]
        for child in self.children:
            child.start()
        self.irc_port = self.orders.recv()
        self.stream = Stream()
        self.number, self.flooded, self.daemon = 0, 0, None
        self.nicks = ["f%d" % i for i in range(FLOODERS)]

    def order(self, *what):
        self.orders.send(what)
        return self.orders.recv()

    def start(self):
        self.daemon = Daemon(self.build, self.dir.name, self.stream.port,
                             NETWORK % self.irc_port)
        self.stream.attach()

    def wait(self, done, seconds, what):
        if self.stream.until(done, seconds, what):
            self.fault("waited in vain for " + what)
            return False
        return True

    def fault(self, text):
        print("  NOT AS IT SHOULD BE:", text)
        self.faults.append(text)

    def prepare(self):
        stream = self.stream
        for nick in ["bystander"] + self.nicks:
            user = nick + "@montague.lit"
            stream.say(registration(user, HOST, nick))
            self.wait(lambda user=user: user in stream.registered, 30, "registration")
            stream.say("<presence from='%s/home' to='%s'/>" % (user, HOST))
            self.wait(lambda user=user: user in stream.online, 30, "log-in")
        stream.say("<presence from='f0@montague.lit/home' to='#flood@%s/f0'><x xmlns="
                   "'http://jabber.org/protocol/muc'/></presence>" % HOST)
        self.wait(lambda: "f0@montague.lit" in stream.entered, 30, "the room")

    def say(self):
        self.number += 1
        self.stream.sent[self.number] = servers.now_us()
        self.stream.say("<message type='chat' from='bystander@montague.lit/home' to='echo@%s' "
                        "id='b%d'><body>b%d</body></message>" % (HOST, self.number, self.number))

    def flood(self, most):
        """More of the user f0, to several people over there."""
        self.stream.say("".join(
            "<message type='chat' from='f0@montague.lit/home' to='x%d@%s' id='f%d'><body>F%d. %s"
            "</body></message>" % (n % 8, HOST, n, n, PAD)
            for n in range(self.flooded, self.flooded + most)))
        self.flooded += most

    def during(self, seconds, rate=0):
        """Lets the bystander talk. rate: messages a second of f0, or None: what the stream takes.
        Returns the most memory."""
        stream, begin, most = self.stream, time.monotonic(), 0
        due, sample, first = begin, begin, self.flooded
        while (now := time.monotonic()) < begin + seconds:
            if now >= due:
                self.say()
                due = max(due + EACH, now - EACH)
            if now >= sample:
                most, sample = max(most, self.daemon.rss()), now + 0.1
            if rate is None and len(stream.output) < 65536:
                self.flood(100)
            elif rate:
                self.flood(int((now - begin) * rate) - (self.flooded - first))
            stream.turn(max(0, min(due - time.monotonic(), 0.002 if rate else 0.01)))
        return most

    def measure(self, what, quiet, limit=None, rate=0, ways=("out", "back")):
        """One phase. limit: of the p99, where twice the quiet one cannot be had. ways: those
        that are judged."""
        stream = self.stream
        stream.out, stream.back, stream.lost = [], [], 0
        cpu, begin = self.daemon.cpu(), time.monotonic()
        memory = self.during(self.seconds, rate)
        cpu, took = self.daemon.cpu() - cpu, time.monotonic() - begin
        out, back = list(stream.out), list(stream.back)
        out += [time.monotonic() - t / 1e6 for t in stream.sent.values()
                if time.monotonic() - t / 1e6 > 1]
        out.sort()
        back.sort()
        print("%s: CPU %.0f %%, memory %.1f MiB" % (what, 100 * cpu / took, memory / 1024))
        if not back:
            self.fault("the bystander was heard of no more")
            return None
        print("  out   %s\n  back  %s" % (spread(out), spread(back)))
        if stream.lost:
            self.fault("%d messages of the bystander were refused" % stream.lost)
        p99 = [times[len(times) * 99 // 100] for times in (out, back)]
        if quiet:
            print("  p99 to the quiet one: %.1f out, %.1f back" % tuple(
                a / b for a, b in zip(p99, quiet["p99"])))
            for way, a, b in zip(("out", "back"), p99, quiet["p99"]):
                if way in ways and a > max(limit or 2 * b, FLOOR):
                    self.fault("the bystander noticed, %s: %.1f ms" % (way, a * 1e3))
            if memory > quiet["memory"] + MEMORY:
                self.fault("memory: %.1f MiB" % (memory / 1024))
        return {"p99": p99, "memory": memory}

    def account_out(self):
        """What f0 said in the last phase has arrived or was refused, and nothing both ways."""
        stream, all_said = self.stream, set()
        want = set(range(self.first, self.flooded))

        def done():
            all_said.update(self.order("said"))
            return want <= all_said | stream.refused
        self.wait(done, 150, "what was neither delivered nor refused")
        refused = want & stream.refused
        print("  sent %d = arrived %d + refused %d; in doubt and arrived %d; errors: %s" % (
            len(want), len(want & all_said), len(refused - all_said), len(refused & all_said),
            stream.conditions))
        stream.conditions.clear()
        if want - all_said - refused:
            self.fault("%d messages vanished" % len(want - all_said - refused))
        self.first = self.flooded

    def account_back(self):
        stream, counts = self.stream, self.order("enough")
        stream.until(lambda: all(stream.lines.get(nick.encode(), 0) >= n
                                 for nick, n in counts.items()), 60, "")
        came = {nick: stream.lines.get(nick.encode(), 0) for nick in counts}
        print("  sent %d, came %d, gaps %d; of a link %d to %d" % (
            sum(counts.values()), sum(came.values()), stream.disorder,
            min(came.values()), max(came.values())))
        if stream.disorder or came != counts:
            self.fault("lines from IRC were lost")
        stream.lines.clear()
        stream.disorder = 0

    def settle(self):
        """Between phases."""
        self.stream.until(lambda: not self.stream.sent, 30, "")
        self.stream.sent.clear()
        end = time.monotonic() + 1
        self.stream.until(lambda: time.monotonic() > end, 5, "")

    first = 0

    def deaf_server(self, quiet):
        self.order("deaf", "f0")
        self.measure("an IRC server that reads nothing of a user who says 5000 messages a second",
                     quiet, rate=5000)
        self.order("hears", "f0")
        self.account_out()

    def refused_and_slow(self, quiet):
        """Each message of the flood has an error, and errors are larger. What the server has sent
        itself is before the bystander's messages: only the way back is ours."""
        self.order("deaf", "f0")
        self.stream.rate, self.stream.filled = SLOW, time.monotonic()
        self.measure("both at once: a user whose messages are all refused says as many as can be, "
                     "the XMPP server reads 1 MiB/s", quiet, limit=2 * SLOW_MAX, rate=None,
                     ways=("back",))
        self.stream.rate = None
        self.settle()
        self.order("hears", "f0")
        self.account_out()

    def slow_xmpp(self, quiet):
        self.order("flood", "chat", self.nicks, None)
        self.stream.rate, self.stream.filled = SLOW, time.monotonic()
        self.measure("the XMPP server reads 1 MiB/s; %d links bring what they can" % FLOODERS,
                     quiet, limit=SLOW_MAX)
        self.stream.rate = None
        self.account_back()

    def user_floods(self, quiet, rate):
        self.measure("a user says %s messages a second" % (rate or "as many as can be"), quiet,
                     limit=None if rate else BUSY_MAX, rate=rate)
        self.account_out()

    def irc_floods(self, quiet, kind, what, rate):
        self.order("flood", kind, ["f0"], rate)
        self.measure(what % (rate or "as many as can be"), quiet,
                     limit=None if rate else BUSY_MAX)
        if kind == "people":
            self.order("enough")
        else:
            self.account_back()

    def run(self):
        self.start()
        self.prepare()
        self.during(2)
        self.settle()
        quiet = self.measure("quiet", None)
        for phase in (lambda: self.deaf_server(quiet),
                      lambda: self.slow_xmpp(quiet),
                      lambda: self.refused_and_slow(quiet),
                      lambda: self.user_floods(quiet, 5000),
                      lambda: self.user_floods(quiet, None),
                      lambda: self.irc_floods(quiet, "room", "a room with %s lines a second", 5000),
                      lambda: self.irc_floods(quiet, "room", "a room with %s lines", None),
                      lambda: self.irc_floods(quiet, "chat", "somebody says %s lines to a user",
                                              None),
                      lambda: self.irc_floods(quiet, "people",
                                              "a room where %s come, rename, go a second", 3000)):
            self.settle()
            phase()
        self.settle()
        print("in the end: memory %.1f MiB" % (self.daemon.rss() / 1024))


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    bench = Bench(pathlib.Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 10)
    try:
        bench.run()
    finally:
        if bench.faults or sys.exc_info()[0]:
            print(bench.daemon.log() if bench.daemon else "not started")
        if bench.daemon:
            bench.daemon.kill()
        for child in bench.children:
            child.terminate()
    sys.exit(1 if bench.faults else 0)


main()
