# SPDX-License-Identifier: MPL-2.0
"""The IRC server of run.py, in two processes: one for who floods and is flooded, one for the
bystander, who is answered with the time."""
import re
import selectors
import socket
import time

from wires import Listener, Wire, irc_answers, peek, readable

SAID = re.compile(rb"PRIVMSG \S+ :(?:\x01ACTION )?F(\d+)\.")
PAD = "x" * 200
ISUPPORT = "MONITOR=100 CHANTYPES=#"


def now_us():
    return int(time.monotonic() * 1e6)


class Irc:
    """Lets everybody in; floods on order."""

    def __init__(self, orders, door):
        self.loop, self.orders, self.door = selectors.DefaultSelector(), orders, door
        self.wires, self.said, self.floods = {}, set(), []
        self.listener = Listener(self.loop, self.accepted)
        orders.send(self.listener.port)

    def accepted(self, sock):
        """Which user it is stands in the first bytes."""
        found = peek(sock, rb"NICK :?(\S+)\r\n")
        if not found:
            sock.close()
            return
        if found[1] == b"bystander":
            socket.send_fds(self.door, [b"x"], [sock.fileno()])
            sock.close()
            return
        wire = Wire(self.loop, sock, self.data)
        wire.nick = found[1].decode()
        self.wires[wire.nick] = wire

    def data(self, wire):
        cut = wire.input.rfind(b"\n") + 1
        lines, wire.input = wire.input[:cut], wire.input[cut:]
        self.said.update(map(int, SAID.findall(lines)))
        if not re.search(rb"^(PING|CAP|USER|JOIN)", lines, re.M):
            return
        for line in re.findall(rb"^(?:PING|CAP|USER|JOIN)[^\r\n]*", lines, re.M):
            words = line.decode().split(" ")
            if not irc_answers(wire, words, ISUPPORT) and words[0] == "JOIN":
                wire.say(":%s!u@h JOIN %s\r\n:s 353 %s = %s :%s x\r\n:s 366 %s %s :End\r\n" % (
                    wire.nick, words[1], wire.nick, words[1], wire.nick, wire.nick, words[1]))

    def line(self, kind, nick, n):
        if kind == "people":                     # one comes, has a new nickname, and goes
            who = "p%d" % (n // 3)
            return (":%s!u@h JOIN #flood\r\n" % who, ":%s!u@h NICK %sb\r\n" % (who, who),
                    ":%sb!u@h PART #flood\r\n" % who)[n % 3]
        return ":x!u@h PRIVMSG %s :L%s.%d. %s\r\n" % (
            "#flood" if kind == "room" else nick, nick, n, PAD)

    def feed(self, flood):
        """What is due, as far as the link takes it."""
        wire, due = self.wires[flood["nick"]], flood["most"]
        if flood["rate"]:
            due = min(due, int((time.monotonic() - flood["start"]) * flood["rate"]))
        while flood["n"] < due and wire.queued < 65536:
            last = min(due, flood["n"] + 64)
            wire.say("".join(self.line(flood["kind"], flood["nick"], n)
                             for n in range(flood["n"], last)))
            flood["n"] = last

    def turn(self):
        for key, mask in self.loop.select(0.005 if self.floods else 0.05):
            key.data(mask)
        for flood in self.floods:
            self.feed(flood)

    def obey(self, order, *what):
        """Each order is answered."""
        if order == "deaf":                      # reads nothing from that user any more
            self.loop.unregister(self.wires[what[0]].sock)
        elif order == "hears":
            wire = self.wires[what[0]]
            self.loop.register(wire.sock, selectors.EVENT_READ, wire.ready)
        elif order == "flood":
            kind, nicks, rate = what
            self.floods = [{"kind": kind, "nick": nick, "rate": rate, "n": 0, "most": 1 << 40,
                            "start": time.monotonic()} for nick in nicks]
        elif order == "enough":
            counts = {flood["nick"]: flood["n"] for flood in self.floods}
            self.floods = []
            return counts
        elif order == "said":
            said, self.said = self.said, set()
            return said
        return None

    def run(self):
        while True:
            self.turn()
            while self.orders.poll():
                order = self.orders.recv()
                if order[0] == "stop":
                    return
                self.orders.send(self.obey(*order))


def serve(orders, door):
    Irc(orders, door).run()


class Echo:
    """The bystander's side of the IRC server: what is said comes back with the time at which it
    was heard."""

    def __init__(self, door):
        self.loop, self.door = selectors.DefaultSelector(), door

    def data(self, wire):
        heard = now_us()
        lines = wire.input.split(b"\n")
        wire.input = lines.pop()
        for line in lines:
            words = line.decode().rstrip("\r").split(" ")
            if not irc_answers(wire, words, ISUPPORT) and words[:2] == ["PRIVMSG", "echo"]:
                wire.say(":echo!e@h PRIVMSG bystander %s %d\r\n" % (words[2], heard))

    def run(self):
        while True:
            if readable(self.door):
                Wire(self.loop, socket.socket(fileno=socket.recv_fds(self.door, 1, 1)[1][0]),
                     self.data).nick = "bystander"
            for key, mask in self.loop.select(0.02 if self.loop.get_map() else 0.2):
                key.data(mask)


def echo(door):
    Echo(door).run()
