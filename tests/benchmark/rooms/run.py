#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Measures rooms from end to end, on the loopback network: how long a bystander's messages take
while somebody enters a room of 5000, and what a page of an archive of 100,000 messages costs.

    run.py BUILD [MESSAGES]

BUILD: a build of type Release. Plays the XMPP server by itself. Status 1 when a bystander's
message takes more than 50 ms, or the median page of 50 costs 5 ms of CPU or more."""
import pathlib
import re
import select
import socket
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from daemon import Daemon                    # noqa: E402
from wires import HEADER, spread             # noqa: E402

PEOPLE, ROUNDS, PAGES = 5000, 5, 200
DELAY_MAX, PAGE_MAX = 0.050, 0.005           # seconds
ROMEO, JULIET = "romeo@montague.lit/orchard", "juliet@capulet.lit/balcony"
NETWORK = """archive-messages = 1000000
[lo.test]
backend = loopback
secret = component-secret
big-room = %d
residents-period = 1h
"""


class Server:
    """The XMPP server's component port."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.stream, self.seen = None, b""

    def attach(self):
        self.stream = self.listener.accept()[0]
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.until(rb"<stream:stream[^>]*>")
        self.say(HEADER % "lo.test")
        self.until(rb"</handshake>")
        self.say("<handshake/>")

    def say(self, text):
        self.stream.sendall(text.encode())

    def read(self, seconds):
        """Waits for at most `seconds`, and keeps what came."""
        if select.select([self.stream], [], [], seconds)[0]:
            data = self.stream.recv(1 << 20)
            if not data:
                sys.exit("the gateway has closed the stream")
            self.seen += data

    def until(self, pattern):
        """Passes everything up to the end of the first match."""
        end = time.monotonic() + 60
        while not (found := re.search(pattern, self.seen)):
            if time.monotonic() > end:
                sys.exit("waited in vain for %r; seen: %r" % (pattern, self.seen[-500:]))
            self.read(1)
        self.seen = self.seen[found.end():]
        return found

    def register(self, user, name):
        self.say("<iq type='set' from='%s' to='lo.test' id='r-%s'><query "
                 "xmlns='jabber:iq:register'><username>%s</username></query></iq>"
                 % (user, name, name))
        self.until(rb"id=.r-%s." % name.encode())
        self.say("<presence from='%s' to='lo.test'/>" % user)
        self.until(rb"<presence [^>]*from=.lo.test.")

    def join(self, user, room, nick):
        self.say("<presence from='%s' to='%s@lo.test/%s'>"
                 "<x xmlns='http://jabber.org/protocol/muc'/></presence>" % (user, room, nick))


class Bystander:
    """Says something in a quiet room each millisecond, and waits for it to come back."""

    def __init__(self, server):
        self.server, self.number, self.times, self.sent = server, 0, [], {}

    def talk(self, seconds, shown=rb"<never/>"):
        """For so long, or until the pattern was seen; the times, and when that was."""
        server, start = self.server, time.monotonic()
        self.times, following, when = [], start, None
        while when is None or self.sent:
            now = time.monotonic()
            if when is None and now - start > seconds:
                when = now - start
            if when is None and now >= following:
                self.number += 1
                self.sent[self.number] = now
                server.say("<message type='groupchat' from='%s' to='#lobby@lo.test' id='by-%d'>"
                           "<body>word</body></message>" % (JULIET, self.number))
                following = now + 0.001
            server.read(0.001)
            if when is None and re.search(shown, server.seen):
                when = time.monotonic() - start
            self._take()
        return self.times, when

    def _take(self):
        now, end = time.monotonic(), self.server.seen.rfind(b"<message ")
        for found in re.finditer(rb" id=.by-(\d+).", self.server.seen):
            self.times.append(now - self.sent.pop(int(found[1])))
            end = max(end, found.end())
        self.server.seen = self.server.seen[max(end, 0):] if end >= 0 else b""


def measure_delay(server):
    server.join(JULIET, "#lobby", "Juliet")
    server.until(rb"<subject")
    person = Bystander(server)
    print("bystander, quiet:         ", spread(sorted(person.talk(2)[0])))
    most = 0
    for _ in range(ROUNDS):
        server.join(ROMEO, "#big", "Romeo")
        times, when = person.talk(20, rb"<presence [^>]*from=.#big@lo.test/Romeo.")
        most = max(most, *times)
        print("while %d are shown:     %s; all after %.0f ms" % (
            PEOPLE, spread(sorted(times)), when * 1e3))
        server.say("<presence type='unavailable' from='%s' to='#big@lo.test/Romeo'/>" % ROMEO)
        server.until(rb"<presence [^>]*type=.unavailable.[^>]*>")
    return most


def fill(server, messages):
    text = ("<message type='groupchat' from='%s' to='#lobby@lo.test' id='f-%%d'><body>%s %%d"
            "</body></message>" % (JULIET, "a word and another one " * 4))
    for first in range(0, messages, 100):
        server.say("".join(text % (i, i) for i in range(first, first + 100)))
        server.until(rb" id=.f-%d." % (first + 99))


def page(server, daemon, number, before):
    start = daemon.loop_cpu()
    server.say("<iq type='set' from='%s' to='#lobby@lo.test' id='p-%d'>"
               "<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'>"
               "<max>50</max><before>%s</before></set></query></iq>" % (JULIET, number, before))
    found = server.until(rb"<iq [^>]*id=.p-%d.[^>]*>.*?<first[^>]*>([^<]*)</first>" % number)
    return daemon.loop_cpu() - start, found[1].decode()


def measure_pages(server, daemon, messages):
    fill(server, messages)
    times, before = [], ""
    pages = min(PAGES, messages // 50)
    for number in range(pages):
        took, before = page(server, daemon, number, before)
        times.append(took)
    print("page of 50 out of %d: CPU median %.2f ms, most %.2f ms, of %d"
          % (messages, statistics.median(times) * 1e3, max(times) * 1e3, pages))
    return statistics.median(times)


def main():
    build = pathlib.Path(sys.argv[1])
    messages = int(sys.argv[2]) if len(sys.argv) > 2 else 100000
    with tempfile.TemporaryDirectory() as folder:
        server = Server()
        daemon = Daemon(build, folder, server.port, NETWORK % PEOPLE)
        try:
            server.attach()
            server.register(ROMEO, "romeo")
            server.register(JULIET, "juliet")
            late = measure_delay(server) > DELAY_MAX
            slow = measure_pages(server, daemon, messages) >= PAGE_MAX
        finally:
            daemon.stop()
    return int(late or slow)


if __name__ == "__main__":
    sys.exit(main())
