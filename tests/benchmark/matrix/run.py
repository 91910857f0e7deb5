#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Measures the Matrix backend with a stub of a home server: users in long polls (memory for each,
CPU for each sync with nothing new), syncs that bring 50 messages, and how long others wait while
somebody's first sync is 20 MB.

    run.py BUILD [USERS] [--http2] [--answers]

BUILD: a build of type Release. Plays the XMPP server and the home server by itself, over HTTP/1.1.
With --http2 nghttpx (Debian: nghttp2-proxy) stands before the home server, with TLS and HTTP/2.
With --answers it measures other large answers in place of that: syncs with news and pages of what a
sync left out, plain and compressed, and how long others wait beside them.
Status 1 when a user takes more than 96 KiB (HTTP/2: 32), or a bystander waits longer than 50 ms."""
import gzip
import json
import pathlib
import re
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "support")]
from daemon import Daemon                                             # noqa: E402
from servers import certificate_authority                             # noqa: E402
from wires import HEADER, Listener, Wire                              # noqa: E402

PAGES, PAGE_EVENTS, PAGE_BYTES = 10, 100, 3_900_000
KIB_MAX, KIB_MAX_HTTP2, DELAY_MAX = 96, 32, 0.050
ROUNDS, MESSAGES, LARGE = 20, 50, 20_000_000
HOST, SERVER = "127.0.0.1", "hs.test"
NETWORK = """[matrix.test]
backend = matrix
secret = component-secret
homeserver = %s
poll-time = 120s
login-rate = 0
"""


class World:
    """One selector, the component port, and the home server."""

    def __init__(self):
        self.loop = selectors.DefaultSelector()
        self.xmpp = Listener(self.loop, self.component)
        self.web = Listener(self.loop, lambda sock: Wire(self.loop, sock, self.requests))
        self.stream, self.attached, self.registered, self.seen = None, False, 0, []
        self.polls, self.syncs, self.first, self.events = {}, 0, {}, 0
        self.pages = []
        self.address = "http://%s:%d" % (HOST, self.web.port)

    def turn(self, seconds):
        for key, mask in self.loop.select(seconds):
            key.data(mask)

    def until(self, done, what, seconds=120):
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                sys.exit("waited in vain: %s (%d messages, %d polls)" % (what, len(self.seen),
                                                                         len(self.polls)))
            self.turn(0.2)

    # the XMPP server

    def component(self, sock):
        self.stream = Wire(self.loop, sock, self.stanzas)
        self.say = self.stream.say

    def stanzas(self, wire):
        if b"<stream:stream" in wire.input:
            wire.input = b""
            self.say(HEADER % "matrix.test")
        if b"</handshake>" in wire.input:
            wire.input = wire.input.split(b"</handshake>", 1)[1]
            self.say("<handshake/>")
            self.attached = True
        end = max(wire.input.rfind(e) + len(e) for e in
                  (b"</iq>", b"</message>", b"</presence>", b"/>"))
        done, now = wire.input[:end], time.monotonic()
        for found in re.finditer(rb"<iq ([^>]*)type=.(get|set|result|error).([^>]*)>", done):
            attrs = found[1] + found[3]
            ident = re.search(rb"\bid=['\"]([^'\"]*)", attrs)[1].decode()
            if found[2] in (b"get", b"set"):
                sender, to = (re.search(rb"\b%s=['\"]([^'\"]*)" % a, attrs)[1].decode()
                              for a in (b"from", b"to"))
                self.say("<iq type='%s' id='%s' from='%s' to='%s'/>" % (
                    "result" if b"urn:xmpp:ping" in done else "error", ident, to, sender))
            elif ident.startswith("r-"):
                if found[2] == b"error":
                    sys.exit("registration failed: %s" % done.decode())
                self.registered += 1
                self.say("<presence from='%s@montague.lit/x' to='matrix.test'/>" % ident[2:])
        self.seen += [(now, int(n)) for n in re.findall(rb"<body>word (\d+)<", done)]
        wire.input = wire.input[end:]

    def register(self, name):
        self.say("<iq type='set' from='%s@montague.lit/x' to='matrix.test' id='r-%s'><query "
                 "xmlns='jabber:iq:register'><username>@%s:hs.test</username><password>secret-word"
                 "</password></query></iq>" % (name, name, name))

    # the home server

    def requests(self, wire):
        while True:
            head, end, rest = wire.input.partition(b"\r\n\r\n")
            if not end:
                return
            length = re.search(rb"(?i)content-length: (\d+)", head)
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return
            wire.input = rest[size:]
            self.request(wire, head.decode(), rest[:size])

    def request(self, wire, head, body):
        method, target = head.split(" ", 2)[:2]
        token = re.search(r"(?i)authorization: bearer (\S+)", head)
        name = token[1] if token else None
        if "/sync" in target and "since=" in target:
            self.polls[name] = wire
        elif "/sync" in target:
            self.answer(wire, self.first_sync(name))
        elif method == "POST" and target.endswith("/login"):
            user = json.loads(body)["identifier"]["user"].lstrip("@").split(":")[0]
            self.answer(wire, {"user_id": "@%s:%s" % (user, SERVER), "access_token": user,
                               "device_id": "D"})
        elif target.endswith("/login"):
            self.answer(wire, {"flows": [{"type": "m.login.password"}]})
        elif target.endswith("/versions"):
            self.answer(wire, {"versions": ["v1.11"]})
        elif target.endswith("/filter"):
            self.answer(wire, {"filter_id": "f"})
        elif "/messages?" in target:
            number = re.search(r"from=p(\d+)", target)
            wire.say(self.pages[int(number[1]) if number else 0])
        else:
            self.answer(wire, {})

    def answer(self, wire, value):
        wire.say(self.response(value, False))

    @staticmethod
    def response(value, packed):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        if packed:
            data = gzip.compress(data, 1)
        return (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%s"
                b"Content-Length: %d\r\n\r\n" % (
                    b"Content-Encoding: gzip\r\n" if packed else b"", len(data)) + data)

    def batch(self):
        self.syncs += 1
        return "s%d" % self.syncs

    def first_sync(self, name):
        own, room = "@%s:%s" % (name, SERVER), "!%s:%s" % (name, SERVER)
        if name in self.first:
            return self.first[name]
        return {"next_batch": self.batch(), "rooms": {"join": {room: {
            "summary": {"m.joined_member_count": 2, "m.heroes": ["@juliet:" + SERVER]},
            "state": {"events": [self.member(own), self.member("@juliet:" + SERVER)]},
            "timeline": {"events": [], "limited": False, "prev_batch": "p"}}}},
            "account_data": {"events": [{"type": "m.direct", "content": {
                "@juliet:" + SERVER: [room]}}]}}

    def event(self, kind, sender, content, **more):
        self.events += 1
        return {"type": kind, "sender": sender, "content": content, "event_id": "$%d" % self.events,
                "origin_server_ts": int(time.time() * 1000), **more}

    def member(self, user):
        return self.event("m.room.member", user, {"membership": "join",
                                                  "displayname": user[1:].split(":")[0]},
                          state_key=user)

    def push(self, name, events):
        """Answers the poll of that user."""
        body = {"next_batch": self.batch()}
        if events:
            body["rooms"] = {"join": {"!%s:%s" % (name, SERVER): {"timeline": {
                "events": events, "limited": False, "prev_batch": "p"}}}}
        self.answer(self.polls.pop(name), body)

    def words(self, first, n):
        return [self.event("m.room.message", "@juliet:" + SERVER,
                           {"msgtype": "m.text", "body": "word %d" % (first + i)})
                for i in range(n)]

    def filler(self, n, size):
        """Events that nobody is shown: what is measured is reading them."""
        return [self.event("m.reaction", "@juliet:" + SERVER, {"m.relates_to": {
            "rel_type": "m.annotation", "event_id": "$none", "key": ""}, "more": "%s %d" % (
                "word " * (size // 5), i)}) for i in range(n)]

    def page(self, number, packed):
        """Of what a sync left out; the last one says that it is. Made beforehand, as this program
        is the bystander, too."""
        end = {} if number + 1 >= PAGES else {"end": "p%d" % (number + 1)}
        return self.response({"chunk": self.filler(PAGE_EVENTS, PAGE_BYTES // PAGE_EVENTS),
                              "start": "p", **end}, packed)

    def settle(self, names):
        self.until(lambda: len(self.polls) >= len(names), "polls of all users")


class Front:
    """nghttpx before the home server: TLS and HTTP/2 outside, HTTP/1.1 inside."""

    def __init__(self, directory, world):
        files = certificate_authority(directory / "ca")
        with socket.create_server((HOST, 0)) as found:
            port = found.getsockname()[1]
        self.proc = subprocess.Popen([
            "nghttpx", "--frontend=%s,%d" % (HOST, port), "--workers=1",
            "--log-level=NOTICE",
            "--backend=%s,%d;;proto=http/1.1" % (HOST, world.web.port),
            "--backend-connections-per-host=10000", "--backend-read-timeout=300s",
            "--frontend-http2-read-timeout=300s", "--no-ocsp", "--conf=/dev/null",
            str(files / "good.key"), str(files / "good.crt")], stderr=subprocess.PIPE)
        world.address = "https://%s:%d\ntls-ca = %s" % (HOST, port, files / "ca.crt")
        if not any(b"Listening on" in line for line in self.proc.stderr):
            sys.exit("nghttpx ended")
        threading.Thread(target=self.proc.stderr.read, daemon=True).start()


def measure_idle(world, gateway, names, kib_max):
    before = gateway.private()
    for at in range(0, len(names), 50):
        for name in names[at:at + 50]:
            world.register(name)
        world.until(lambda n=min(at + 50, len(names)): world.registered >= n, "registrations")
    world.settle(names)
    kib = (gateway.private() - before) / len(names)
    print("memory for each of %d users: %.1f KiB (at most %d)" % (len(names), kib, kib_max))
    start = gateway.cpu()
    for _ in range(ROUNDS):
        for name in names:
            world.push(name, [])
        world.settle(names)
    print("CPU for each sync with nothing new: %.0f us" % (
        (gateway.cpu() - start) * 1e6 / ROUNDS / len(names)))
    return kib


def measure_messages(world, gateway, names):
    few, number = names[:100], 0
    start, world.seen = gateway.cpu(), []
    for name in few:
        world.push(name, world.words(number, MESSAGES))
        number += MESSAGES
    world.until(lambda: len(world.seen) >= number, "all messages")
    world.settle(names)
    print("CPU for each sync with %d messages: %.0f us" % (
        MESSAGES, (gateway.cpu() - start) * 1e6 / len(few)))


def large_sync():
    """An initial state of 20 MB: rooms of a thousand members each."""
    join, size, rooms = {}, 0, 0
    while size < LARGE:
        events = [{"type": "m.room.member", "sender": "@m%d:hs.test" % i,
                   "state_key": "@m%d:hs.test" % i, "event_id": "$m%d-%d" % (rooms, i),
                   "origin_server_ts": 1, "content": {
                       "membership": "join", "displayname": "Member %d" % i,
                       "avatar_url": "mxc://hs.test/abcdefghijklmnopqrstuvwx"}}
                  for i in range(1000)]
        join["!large%d:hs.test" % rooms] = {"state": {"events": events}, "timeline": {
            "events": [], "limited": False, "prev_batch": "p"}}
        size += len(json.dumps(events))
        rooms += 1
    return json.dumps({"next_batch": "large", "rooms": {"join": join}}).encode()


def measure_delay(world, name):
    """The longest way of a bystander's message, quiet and while the large sync is worked off."""
    times, number, start = {}, 1_000_000, time.monotonic()
    world.first["glutton"] = large_sync()
    world.seen, world.registered, shown = [], 0, None
    longest = [0.0, 0.0]
    while shown is None or time.monotonic() < shown + 1 or times:
        now = time.monotonic()
        if now > start + 2 and "glutton" in world.first:
            world.register("glutton")
            world.started = now
            world.first["glutton-asked"] = world.first.pop("glutton")
            world.first["glutton"] = world.first.pop("glutton-asked")
            start = float("inf")
        if shown is None and "glutton" in world.polls:
            shown = now
        if name in world.polls and (shown is None or now < shown + 1):
            number += 1
            times[number] = now
            world.push(name, world.words(number, 1))
        world.turn(0.001)
        for when, n in world.seen:
            if n in times:
                took = when - times.pop(n)
                busy = start == float("inf")
                longest[busy] = max(longest[busy], took)
        world.seen = []
    print("longest way of a message: quiet %.1f ms, beside a first sync of %d MB %.1f ms "
          "(at most %d); that sync took %.1f s" % (longest[0] * 1e3, LARGE // 1_000_000,
                                                   longest[1] * 1e3, DELAY_MAX * 1e3,
                                                   shown - world.started))
    return longest[1]


def measure_beside(world, gateway, name, what, begin, done):
    """The longest way of a bystander's message beside an answer, and how long that took."""
    times, number, longest = {}, 2_000_000, 0.0
    world.seen = []
    start, cpu = time.monotonic(), gateway.cpu()
    begin()
    ended = None
    while ended is None or times:
        now = time.monotonic()
        if ended is None and done():
            ended, cpu = now, gateway.cpu() - cpu
        if now > start + 200:
            sys.exit("waited in vain: %s" % what)
        if ended is None and name in world.polls:
            number += 1
            times[number] = now
            world.push(name, world.words(number, 1))
        world.turn(0.001)
        for when, n in world.seen:
            longest = max(longest, when - times.pop(n, when))
        world.seen = []
    print("%s: %.1f s, %.0f ms of CPU, a bystander waited %.1f ms at most" % (
        what, ended - start, cpu * 1e3, longest * 1e3))
    return longest


def measure_answers(world, gateway, names):
    """Large answers that are no first syncs, to the last user; the first one is the bystander."""
    name, worst = names[-1], 0.0
    room = "!%s:%s" % (name, SERVER)
    for packed in (False, True):
        for size in (2_000_000, 20_000_000):
            body = json.dumps({"next_batch": world.batch(), "rooms": {"join": {room: {
                "timeline": {"events": world.filler(size // 20_000, 20_000), "limited": False,
                             "prev_batch": "p"}}}}}).encode()
            body = world.response(body, packed)
            world.settle(names)
            worst = max(worst, measure_beside(
                world, gateway, names[0], "sync with %d MB of news%s" % (
                    size // 1_000_000, ", gzip" if packed else ""),
                lambda body=body: world.polls.pop(name).say(body),
                lambda: name in world.polls))
        world.settle(names)
        world.pages = [world.page(n, packed) for n in range(PAGES)]
        gap = {"next_batch": world.batch(), "rooms": {"join": {room: {"timeline": {
            "events": world.filler(1, 10), "limited": True, "prev_batch": "p0"}}}}}
        worst = max(worst, measure_beside(
            world, gateway, names[0], "%d pages of %.1f MB%s" % (
                PAGES, PAGE_BYTES / 1e6, ", gzip" if packed else ""),
            lambda gap=gap: world.answer(world.polls.pop(name), gap),
            lambda: name in world.polls))
    return worst


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    numbers = [a for a in sys.argv[2:] if not a.startswith("--")]
    names = ["user%d" % i for i in range(int(numbers[0]) if numbers else 1000)]
    http2 = "--http2" in sys.argv
    kib_max, front = KIB_MAX_HTTP2 if http2 else KIB_MAX, None
    with tempfile.TemporaryDirectory() as directory:
        world = World()
        if http2:
            front = Front(pathlib.Path(directory), world)
        gateway = Daemon(sys.argv[1], directory, world.xmpp.port, NETWORK % world.address)
        try:
            world.until(lambda: world.attached, "the gateway")
            world.register("first")
            world.until(lambda: "first" in world.polls, "the first user")
            world.registered = 0
            world.polls.pop("first")
            kib = measure_idle(world, gateway, names, kib_max)
            measure_messages(world, gateway, names)
            delay = (measure_answers(world, gateway, names) if "--answers" in sys.argv
                     else measure_delay(world, names[0]))
        finally:
            gateway.stop()
            if front:
                front.proc.terminate()
                front.proc.wait(20)
    few = "--answers" in sys.argv        # as many as can share a connection: not for memory
    return int((kib > kib_max and not few) or delay > DELAY_MAX)


if __name__ == "__main__":
    sys.exit(main())
