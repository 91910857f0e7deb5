# SPDX-License-Identifier: MPL-2.0
"""Matrix in a round of faults: people with a client that does what clients do (sends again with the
same transaction id until the home server has answered, and syncs from where it was), the rooms
in which they talk, and the tap that reads HTTP on its wire."""
import asyncio
import collections
import concurrent.futures
import itertools
import queue
import re
import threading
import urllib.error

import synapse
from ledger import CHANNEL, MARK, find_mark
from matrixclient import MatrixClient, Refused, quote
from wire import Tap

AGAIN_SECONDS, POLL_SECONDS = 0.1, 5
NETWORK_ERRORS = (urllib.error.URLError, OSError, ValueError)


# --- people and rooms -----------------------------------------------------------------------------

class Setting:
    """Accounts of everybody, a direct chat of each user with each person, and a room of all: made
    with the users' accounts from elsewhere, before sojournd logs in to them."""
    password = "matrix-password-faults"

    def __init__(self, home, users, people):
        self.home = home
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            clients = dict(zip(users + people, pool.map(self._client, users + people)))
            self.people = {name: clients[name] for name in people}
            self.room = self.people[people[0]].create(name="Verona", preset="public_chat")
            list(pool.map(lambda name: clients[name].join(self.room),
                          [n for n in users + people if n != people[0]]))
            self.direct = dict(zip(itertools.product(users, people), pool.map(
                lambda pair: self._direct(clients, *pair), itertools.product(users, people))))
        for user in users:
            clients[user].set_account_data("m.direct", {
                self.address(p): [self.direct[user, p]] for p in people})
            clients[user].logout()

    def address(self, name):
        return "@%s:%s" % (name, synapse.NAME)

    def _client(self, name):
        return self.home.client(name, self.password)

    def _direct(self, clients, user, person):
        room = clients[person].create(invite=[self.address(user)], is_direct=True,
                                      preset="trusted_private_chat")
        return clients[user].join(room)


class MatrixPerson:
    """Two threads: one syncs, one sends. Their client is not behind a wire."""

    def __init__(self, ident, name, setting, ledger, people):
        self.ident, self.name, self.setting, self.ledger = ident, name, setting, ledger
        self.people, self.loop = people, asyncio.get_running_loop()
        self.there, self.in_room = asyncio.Event(), asyncio.Event()
        self.client = setting.people[name]
        self.sender = MatrixClient(self.client.base, self.client.server_name)
        self.sender.token = self.client.token
        self.rooms = {room: pair[0] for pair, room in setting.direct.items() if pair[1] == name}
        self.to_send, self.closing = queue.Queue(), threading.Event()
        self.threads = [threading.Thread(target=work, daemon=True)
                        for work in (self._listen, self._send)]

    def start(self):
        self.client.sync()               # what was before is of the setting
        self.client.queue.clear()
        self._are_there(True)
        for thread in self.threads:
            thread.start()

    def _are_there(self, there):
        for event in (self.there, self.in_room):
            if there:
                event.set()
            else:
                event.clear()

    def _tell(self, function, *args):
        if not self.closing.is_set():
            self.loop.call_soon_threadsafe(function, *args)

    def _again(self):
        """Between two requests of a client whose server is away or refuses. A server tells nobody
        when it is back, so clients ask again; only the end comes as an event."""
        self.closing.wait(AGAIN_SECONDS)

    def _listen(self):
        while not self.closing.is_set():
            try:
                self.client.sync(POLL_SECONDS)
            except (Refused, *NETWORK_ERRORS):
                self._tell(self._are_there, False)
                self._again()
                continue
            self._tell(self._are_there, True)
            for room, part, event in self.client.queue:
                if part == "timeline" and event.get("type") == "m.room.message" and \
                        event["sender"] != self.client.user_id:
                    self._tell(self._got, room, event)
            self.client.queue.clear()
            del self.client.seen[:]

    def _got(self, room, event):
        body = event["content"].get("body", "").encode()
        self.ledger.got(self.ident, body, event["event_id"],
                        self.people(event["sender"][1:].partition(":")[0]),
                        room == self.setting.room)

    def _send(self):
        while True:
            item = self.to_send.get()
            if item is None:
                return
            while not self.closing.is_set() and not self._sent(*item):
                self._again()

    def _sent(self, room, mark, words):
        """Whether it has its end."""
        try:
            self.sender.call("PUT", "/rooms/%s/send/m.room.message/%s" % (quote(room), mark),
                             {"msgtype": "m.text", "body": "%s %s" % (mark, words)})
        except Refused as e:
            if e.status >= 500 or e.status == 429:
                return False
            self._tell(self.ledger.error, find_mark(mark.encode()), str(e))
        except NETWORK_ERRORS:
            return False
        return True

    async def may_speak(self, _):
        await self.there.wait()

    def say(self, reader, name, words):
        if not self.there.is_set():
            return False
        room = self.setting.room if reader == CHANNEL else self.setting.direct[name, self.name]
        self.to_send.put((room, self.ledger.write(self.ident, reader), words))
        return True

    async def close(self):
        self.closing.set()
        self.to_send.put(None)
        for thread in self.threads:
            if thread.is_alive():
                await self.loop.run_in_executor(None, thread.join, 2 * POLL_SECONDS)


# --- the wire -------------------------------------------------------------------------------------

class HttpTap(Tap):
    """inward: answers of the home server. What goes out is confirmed by a good answer; who it is of
    is known by the token, which the answer to a log-in gives."""
    CHUNK = re.compile(rb"([0-9a-fA-F]+)[^\r\n]*\r\n")
    LOGIN = re.compile(rb'"(access_token|user_id)"\s*:\s*"([^"]+)"')

    def __init__(self, wire, inward, pair):
        super().__init__(wire, inward)
        self.pair = pair
        self.tokens = wire.__dict__.setdefault("tokens", {})     # of all connections
        self.requests = pair.__dict__.setdefault("requests", collections.deque())

    def feed(self, data):
        self.buffer += data
        hops = []
        while True:
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return hops
            lines = head.split(b"\r\n")
            headers = {name.strip().lower(): value.strip() for name, _, value in
                       (line.partition(b":") for line in lines[1:])}
            body, used = self._body(headers, rest, lines[0])
            if body is None:
                return hops
            size = len(head) + len(end) + used
            self.offset += size
            self.buffer = self.buffer[size:]
            whole = self.answer if self.inward else self.request
            hops += [(self.offset, hop) for hop in whole(lines[0].split(b" "), headers, body)]

    def _body(self, headers, data, first):
        """(body, bytes that it takes); None: it is not whole."""
        if self.inward and first.split(b" ")[1:2] in ([b"204"], [b"304"], [b"100"]):
            return b"", 0
        if headers.get(b"transfer-encoding", b"").lower() != b"chunked":
            size = int(headers.get(b"content-length", 0))
            return (data[:size], size) if len(data) >= size else (None, 0)
        at, body = 0, b""
        while True:
            m = self.CHUNK.match(data, at)
            if not m:
                return None, 0
            size = int(m.group(1), 16)
            at = m.end() + size + 2
            if len(data) < at:
                return None, 0
            if size == 0:
                return body, at
            body += data[m.end():at - 2]

    def request(self, first, headers, body):
        token = headers.get(b"authorization", b"").partition(b" ")[2]
        user, hops = self.tokens.get(token), []
        sends = first[0] == b"PUT" and b"/send/" in first[1]
        if sends:
            hop = self.hop(body, user)
            hops = [hop] if hop else []
        if b"/sync" in first[1]:
            self.pair.names.add(user)
        self.requests.append((user, b"/login" in first[1], hops))
        return hops

    def answer(self, first, _, body):
        if not self.requests or first[1] == b"100":
            return []
        user, login, sent = self.requests.popleft()
        if first[1] != b"200":
            return []
        if login:
            got = {k: v.decode() for k, v in self.LOGIN.findall(body)}
            if b"access_token" in got and b"user_id" in got:
                name = got[b"user_id"][1:].partition(":")[0]
                self.tokens[got[b"access_token"].encode()] = self.wire.user_of(name)
        for hop in sent:
            hop.confirmed = self.ledger.clock()
        marks = {m.group() for m in MARK.finditer(body)}
        return [hop for hop in (self.hop(mark, user) for mark in sorted(marks)) if hop]
