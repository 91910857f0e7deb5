#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Measures fair recovery: thousands of users come back after the gateway restarted, after the IRC
server was gone, and after the XMPP server was, while others talk on a second network.

    run.py BUILD [USERS]

BUILD: a build of type Release. Plays the XMPP server and both IRC servers; who talks is played by
a process of its own. Status 1 when log-ins exceed their budget or fall short of it, when users who
are there wait for those who are not, when memory grows, or when the talkers notice."""
import multiprocessing
import pathlib
import re
import selectors
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from daemon import Daemon                                         # noqa: E402
from wires import (HEADER, STANZA, Listener, Wire, attribute, irc_answers, peek,   # noqa: E402
                   readable, registration, spread)

RATE, BURST, AT_ONCE = 100, 20, 20           # log-ins
OUTAGE = 25                                  # seconds without the IRC server
HOST, BY = "irc.test", "by.test"
NETWORKS = """sessions-max = 20000
[irc.test]
backend = irc
secret = s
server = 127.0.0.1
port = %d
tls = no
login-rate = %d
login-burst = %d
logins-at-once = %d
[by.test]
backend = irc
secret = s
server = 127.0.0.1
port = %d
tls = no
login-rate = 0
send-rate = 0
"""


class Irc:
    """An IRC server that lets everybody in. What is written to echo comes back."""

    def __init__(self, loop):
        self.loop, self.wires = loop, set()
        self.accepts, self.logins, self.on_message = [], [], None
        # Not one that the system gives to somebody else while the server is gone.
        for port in range(20000, 30000):
            try:
                self.listener = Listener(loop, self.accepted, port)
                break
            except OSError:
                continue
        self.port = self.listener.port

    def accepted(self, sock):
        self.accepts.append(time.monotonic())
        wire = Wire(self.loop, sock, self.data, self.wires.discard)
        wire.nick = None
        self.wires.add(wire)

    def data(self, wire):
        lines = wire.input.split(b"\n")
        wire.input = lines.pop()
        for line in lines:
            words = line.decode().rstrip("\r").split(" ")
            if words[0] == "USER":
                self.logins.append((time.monotonic(), wire.nick))
            if irc_answers(wire, words, "MONITOR=100"):
                continue
            if words[0] == "NICK":
                wire.nick = words[1].lstrip(":")
            elif words[:2] == ["PRIVMSG", "echo"]:
                wire.say(":echo!e@h PRIVMSG %s %s\r\n" % (wire.nick, " ".join(words[2:])))

    def gone(self):
        self.listener.close()
        for wire in list(self.wires):
            wire.close()
        self.wires.clear()

    def back(self):
        self.listener = Listener(self.loop, self.accepted, self.port)


class World:
    """The XMPP server, its users, and one IRC server."""

    def __init__(self, host):
        self.loop, self.host = selectors.DefaultSelector(), host
        self.irc, self.stream = Irc(self.loop), None
        self.registered, self.online, self.present = set(), set(), set()
        self.bodies, self.handshakes = [], 0

    def attach(self, sock):
        self.stream = Wire(self.loop, sock, self.data)
        self.stream.open = False

    def data(self, wire):
        if not wire.open:
            if b"</handshake>" in wire.input:
                wire.input = wire.input.split(b"</handshake>", 1)[1]
                wire.open = True
                wire.say("<handshake/>")
                self.handshakes += 1
            elif b"<stream:stream" in wire.input and not getattr(wire, "head", False):
                wire.head = True
                wire.say(HEADER % self.host)
            return
        at = 0
        for found in STANZA.finditer(wire.input):
            self.stanza(found[1], found[0])
            at = found.end()
        wire.input = wire.input[at:]

    def stanza(self, name, text):
        user, kind = attribute(text, b"to").split("/")[0], attribute(text, b"type")
        sender = attribute(text, b"from")
        if name == b"iq" and kind == "get":
            self.stream.say("<iq type='result' from='%s' to='%s' id='%s'/>" % (
                attribute(text, b"to"), sender, attribute(text, b"id")))
        elif name == b"iq" and kind == "result" and attribute(text, b"id") == "reg":
            self.registered.add(user)
        elif name == b"iq" and kind == "error" and attribute(text, b"id") == "reg":
            sys.exit("not registered: %r" % text)
        elif name == b"presence" and sender == self.host and kind == "subscribe":
            self.stream.say("<presence type='subscribed' from='%s' to='%s'/>" % (user, self.host))
        elif name == b"presence" and kind == "probe":
            self.answer_probe(user)
        elif name == b"presence" and sender == self.host and kind == "":
            self.online.add(user)
        elif name == b"presence" and sender == self.host and kind == "unavailable":
            self.online.discard(user)
        elif name == b"message" and b"<body>" in text and sender != self.host:
            self.bodies.append(text)

    def answer_probe(self, user):
        kind = "" if user in self.present else " type='unavailable'"
        self.stream.say("<presence%s from='%s%s' to='%s'/>" % (
            kind, user, "/home" if user in self.present else "", self.host))

    def register(self, user, nick):
        self.stream.say(registration(user, self.host, nick))

    def show(self, user, there):
        (self.present.add if there else self.present.discard)(user)
        self.stream.say("<presence%s from='%s/home' to='%s'/>" % (
            "" if there else " type='unavailable'", user, self.host))

    def turn(self, seconds):
        for key, mask in self.loop.select(seconds):
            key.data(mask)

    def until(self, done, seconds, what):
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                sys.exit("waited in vain for " + what)
            self.turn(0.05)

    def during(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn(0.02)


def talker(orders, door):
    """A world of its own: one user who talks to somebody who says it back. Streams come through the
    door; each order is answered by the times since the last one."""
    world, user = World(BY), "bystander@capulet.lit"
    times, number, sent = [], 0, None
    orders.send(world.irc.port)
    while True:
        if readable(door):
            world.attach(socket.socket(fileno=socket.recv_fds(door, 1, 1)[1][0]))
            world.online.clear()
            sent = None
        if orders.poll():
            order = orders.recv()
            if order == "register":
                world.until(lambda: world.handshakes, 60, "a stream of the bystander")
                world.register(user, "bystander")
                world.until(lambda: user in world.registered, 60, "the bystander")
                world.show(user, True)
                world.until(lambda: user in world.online, 60, "the bystander's log-in")
            orders.send(times)
            times = []
            if order == "stop":
                return
        now = time.monotonic()
        if user in world.online and sent is None:
            number, sent = number + 1, now
            world.bodies.clear()
            world.stream.say("<message type='chat' from='%s/home' to='echo@%s' id='m%d'><body>"
                             "word %d</body></message>" % (user, BY, number, number))
        world.turn(0.002)
        if sent and any(b"word %d<" % number in b for b in world.bodies):
            times.append(time.monotonic() - sent)
            sent = None
            world.during(0.005)


class Bench:
    def __init__(self, build, n):
        self.build, self.dir, self.faults = build, tempfile.TemporaryDirectory(), []
        self.users = ["u%d@montague.lit" % i for i in range(n)]
        self.away = set(self.users[n // 2:])         # log in without being there
        self.orders, theirs = multiprocessing.Pipe()
        self.door, inside = socket.socketpair()
        self.child = multiprocessing.Process(target=talker, args=(theirs, inside), daemon=True)
        self.child.start()
        self.by_port = self.orders.recv()
        self.world = World(HOST)         # after the child, which would keep its sockets open
        self.listener = Listener(self.world.loop, self.accepted)
        self.daemon = None

    def accepted(self, sock):
        """Which host's stream it is stands in its first bytes."""
        found = peek(sock, rb"<stream:stream[^>]*>")
        if not found:
            sock.close()
        elif re.search(rb"['\"]by\.test['\"]", found[0]):
            socket.send_fds(self.door, [b"x"], [sock.fileno()])
            sock.close()
        else:
            self.world.attach(sock)

    def start(self, *budget):
        self.daemon = Daemon(self.build, self.dir.name, self.listener.port,
                             NETWORKS % (self.world.irc.port, *budget, self.by_port))

    def stop(self):
        self.daemon.proc.terminate()
        while self.daemon.proc.poll() is None:
            self.world.turn(0.05)

    def talk(self):
        """The talker's times since the last call."""
        self.orders.send("times")
        while not self.orders.poll():
            self.world.turn(0.01)
        return sorted(self.orders.recv())

    def prepare(self):
        world = self.world
        self.start(0, 10000, 10000)
        world.until(lambda: world.handshakes, 60, "the stream")
        for i, user in enumerate(self.users):
            world.register(user, "u%d" % i)
            world.until(lambda i=i: len(world.registered) > i - 64, 60, "registrations")
        world.until(lambda: len(world.registered) == len(self.users), 120, "registrations")
        for user in self.users:
            world.show(user, True)
        world.until(lambda: len(world.online) == len(self.users), 120, "log-ins")
        for user in self.away:
            world.stream.say("<message type='chat' from='%s/home' to='%s' id='p'><body>set "
                             "stay-online yes</body></message>" % (user, HOST))
        world.during(3)
        for user in self.away:
            world.show(user, False)
        self.orders.send("register")
        while not self.orders.poll():
            world.turn(0.01)
        self.orders.recv()
        world.during(2)

    def fault(self, text):
        print("  NOT AS IT SHOULD BE:", text)
        self.faults.append(text)

    def back(self, what, start, quiet):
        """Waits until everybody is back on IRC; judges how."""
        world, most = self.world, 0
        n, irc = len(self.users), world.irc
        world.until(lambda: len({nick for _, nick in irc.logins}) == n, 1800, "everybody on IRC")
        most = max(most, self.daemon.rss())
        times = [t for t in irc.accepts if t >= start]
        over = max(self.burst_of(times, window) - (BURST + RATE * window)
                   for window in (0.1, 1, 10))
        took = times[-1] - start
        order = [nick for _, nick in irc.logins]
        first = [i for i, nick in enumerate(order) if int(nick[1:]) < n // 2]
        late = sum(i >= n // 2 * 1.05 for i in first)
        talk = self.talk()
        print("%s: %d log-ins (%d connections) in %.1f s, %.0f a second; at most %+d beyond the "
              "budget; of %d users who are there %d came after others"
              % (what, n, len(times), took, n / took, over, len(first), late))
        print("  memory %.1f MiB; talker: %s" % (most / 1024, spread(talk)))
        if over > 2:
            self.fault("a burst above the budget")
        if took > 1.5 * n / RATE + 10:
            self.fault("slower than the budget allows: %.0f s expected" % (n / RATE))
        if late > len(first) // 20:
            self.fault("users who are there waited for others")
        if talk[len(talk) * 99 // 100] > max(2 * quiet[len(quiet) * 99 // 100], 0.010):
            self.fault("the talker noticed")
        return most

    @staticmethod
    def burst_of(times, window):
        """The most within any such window."""
        most = low = 0
        for high, t in enumerate(times):
            while t - times[low] > window:
                low += 1
            most = max(most, high - low + 1)
        return most

    def forget(self):
        self.world.irc.accepts.clear()
        self.world.irc.logins.clear()

    def restart_gateway(self, quiet):
        self.stop()
        self.forget()
        self.world.online.clear()
        self.start(RATE, BURST, AT_ONCE)
        start = time.monotonic()
        handshakes = self.world.handshakes
        self.world.until(lambda: self.world.handshakes > handshakes, 60, "the stream")
        return self.back("sojournd restarted", start, quiet)

    def restart_irc(self, quiet, seconds):
        self.world.during(3)
        self.talk()
        self.world.irc.gone()
        self.forget()
        self.world.during(seconds)
        self.world.irc.back()
        self.forget()
        return self.back("IRC server gone for %d s" % seconds, time.monotonic(), quiet)

    def restart_xmpp(self, quiet):
        world = self.world
        world.during(3)
        self.talk()
        self.forget()
        self.listener.close()
        world.stream.close()
        world.online.clear()
        world.during(5)
        self.listener = Listener(world.loop, self.accepted, self.listener.port)
        start = time.monotonic()
        here = set(self.users) - self.away
        world.until(lambda: here <= world.online, 120, "the presence of everybody")
        talk = self.talk()
        print("XMPP server gone for 5 s: all %d shown %.1f s after it was back; %d log-ins\n"
              "  memory %.1f MiB; talker: %s"
              % (len(here), time.monotonic() - start, len(world.irc.accepts),
                 self.daemon.rss() / 1024, spread(talk)))
        if world.irc.accepts:
            self.fault("users were logged in anew")
        if talk[len(talk) * 99 // 100] > max(2 * quiet[len(quiet) * 99 // 100], 0.010):
            self.fault("the talker noticed")
        return self.daemon.rss()


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    bench = Bench(pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2000)
    try:
        bench.prepare()
        bench.talk()
        bench.world.during(5)
        quiet = bench.talk()
        print("%d users, half of them there; budget %d a second, %d more at first, %d at once"
              % (len(bench.users), RATE, BURST, AT_ONCE))
        print("quiet: memory %.1f MiB; talker: %s" % (bench.daemon.rss() / 1024, spread(quiet)))
        first = bench.restart_gateway(quiet)
        last = [bench.restart_irc(quiet, OUTAGE), bench.restart_irc(quiet, 5 * OUTAGE),
                bench.restart_xmpp(quiet)]
        if max(last) > first * 1.1 + 2048:
            bench.fault("memory grew from %d to %d KiB" % (first, max(last)))
        bench.stop()
    finally:
        if bench.faults or sys.exc_info()[0]:
            print(bench.daemon.log() if bench.daemon else "not started")
        if bench.daemon:
            bench.daemon.kill()
        bench.child.terminate()
    sys.exit(1 if bench.faults else 0)


main()
