# SPDX-License-Identifier: MPL-2.0
"""Tests of the fault harness (tests/faults): its account finds what is wrong, its wires break as
they are told to and know what they ate. With a server that sends everything back, without
sojournd; the whole harness is checked in tests/e2e/test_faults.py."""
import asyncio
import pathlib
import socket
import sys
import types
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
import ledger                                                        # noqa: E402
import matrix                                                        # noqa: E402
import networks                                                      # noqa: E402
import plan                                                          # noqa: E402
import wire                                                          # noqa: E402

WAIT = 10


class Account(unittest.TestCase):
    def setUp(self):
        self.now = 0
        self.book = ledger.Ledger(lambda: self.now)

    def write(self, writer, reader):
        text = self.book.write(writer, reader)
        return text.encode(), self.book.find(ledger.find_mark(text.encode()))

    def hop(self, message, way, which, user, **known):
        hop = ledger.Hop(self.now)
        hop.eaten = False
        for name, value in known.items():
            setattr(hop, name, value)
        getattr(message, way)[which, user].append(hop)

    def verdict(self, direction):
        return [v for _, d, _, v in self.book.verdicts() if d == direction]

    def test_delivered_once(self):
        mark, _ = self.write("x0", "i1")
        self.book.got("i1", mark + b" hello", None, "x0", False)
        self.assertEqual(self.verdict(ledger.TO_NETWORK), ["delivered"])

    def test_silence_is_a_loss(self):
        _, m = self.write("x0", "i1")
        self.hop(m, "into", "xmpp", "x0")
        self.assertEqual(self.verdict(ledger.TO_NETWORK), ["lost"])

    def test_what_never_came_in_is_no_loss_of_ours(self):
        _, m = self.write("x0", "i1")
        self.assertEqual(self.verdict(ledger.TO_NETWORK), ["outside"])
        self.hop(m, "into", "xmpp", "x0", eaten=True)
        self.assertEqual(self.verdict(ledger.TO_NETWORK), ["outside"])

    def test_a_kill_explains_what_was_open_then_and_nothing_else(self):
        _, m = self.write("i0", "x1")
        self.hop(m, "into", "net", "x1")
        self.book.kills.append(ledger.KILL_SECONDS + 1)
        self.assertEqual(self.verdict(ledger.FROM_NETWORK), ["lost"])
        self.book.kills.append(1)
        self.assertEqual(self.verdict(ledger.FROM_NETWORK), ["unknown"])
        self.hop(m, "out", "xmpp", "x1", confirmed=0.5)
        self.assertEqual(self.verdict(ledger.FROM_NETWORK), ["lost"])

    def test_a_server_that_took_it_and_restarted(self):
        _, m = self.write("x0", "i1")
        self.hop(m, "into", "xmpp", "x0")
        self.hop(m, "out", "net", "x0", confirmed=1)
        self.assertEqual(self.verdict(ledger.TO_NETWORK), ["lost"])
        self.book.restarts["net"].append(2)
        self.assertEqual(self.verdict(ledger.TO_NETWORK), ["outside"])

    def test_twice(self):
        mark, _ = self.write("i0", "x1")
        for ident in ("a", "a"):
            self.book.got("x1", mark, ident, "i0", False)
        self.assertEqual(self.verdict(ledger.FROM_NETWORK), ["repeated"])
        self.book.got("x1", mark, "b", "i0", False)
        self.assertEqual(self.verdict(ledger.FROM_NETWORK), ["doubled"])

    def test_errors(self):
        mark, m = self.write("x0", "i1")
        self.book.error(ledger.find_mark(mark), "nobody is there")
        self.assertEqual(self.verdict(ledger.TO_NETWORK), ["refused"])
        self.book.got("i1", mark, None, "x0", False)
        self.assertEqual(self.verdict(ledger.TO_NETWORK), ["wrong"])
        m.errors[:] = ["it may or may not have arrived"]
        self.assertEqual(self.verdict(ledger.TO_NETWORK), ["unsure"])

    def test_order_and_readers(self):
        first, second = self.write("x0", "i1")[0], self.write("x0", "i1")[0]
        self.book.got("i1", second, None, "x0", False)
        self.assertEqual(self.book.disorder, [])
        self.book.got("i1", first, None, "x0", False)
        self.assertEqual(len(self.book.disorder), 1)
        for person, sender, room in (("i2", "x0", False), ("i1", "x1", False), ("i1", "x0", True)):
            self.book.got(person, first, None, sender, room)
        self.assertEqual(len(self.book.find(ledger.find_mark(first)).misrouted), 3)
        self.book.got("i1", b"x0i1n00009e", None, "x0", False)
        self.assertEqual(self.book.strays, [("x0", "i1", 9)])

    def test_a_room_by_its_archive(self):
        mark, m = self.write("i0", "ch")
        self.hop(m, "into", "net", "x1")
        self.assertEqual(self.verdict(ledger.FROM_NETWORK), ["lost"])
        self.book.archived("x1", mark)
        self.assertEqual(self.verdict(ledger.FROM_NETWORK), ["delivered"])


class Plan(unittest.TestCase):
    def test_a_seed_is_a_schedule(self):
        self.assertEqual(list(plan.schedule(7, plan.FAULTS)), list(plan.schedule(7, plan.FAULTS)))
        self.assertNotEqual(list(plan.schedule(7, plan.FAULTS)),
                            list(plan.schedule(8, plan.FAULTS)))
        self.assertEqual(sorted(f.name for f in plan.schedule(7, plan.FAULTS)),
                         sorted(plan.FAULTS))


class Wires(unittest.TestCase):
    """An IRC link whose server sends every line back from another name."""

    def run_wire(self, steps):
        async def run():
            server = await asyncio.start_server(self.echo, "127.0.0.1", 0)
            self.book = ledger.Ledger(asyncio.get_running_loop().time)
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            self.wire = wire.Wire("net", port, server.sockets[0].getsockname()[1], self.book,
                                  wire.IrcTap, {"romeo": "x0", "juliet": "i0"}.get)
            self.wire.listen()
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
            self.writer.write(b"NICK romeo\r\n")
            try:
                await asyncio.wait_for(steps(), WAIT)
            finally:
                self.wire.close()
                self.writer.close()
                server.close()
        asyncio.run(run())

    async def echo(self, reader, writer):
        self.server = writer
        try:
            while line := await reader.readline():
                writer.write(b":server PONG server" + line[4:] if line.startswith(b"PING")
                             else b":a!b@c " + line)
        except ConnectionError:
            pass
        writer.close()

    def say(self, *lines):
        self.writer.write(b"".join(line + b"\r\n" for line in lines))

    def message(self):
        mark = self.book.write("x0", "i0").encode()
        return b"PRIVMSG juliet :" + mark, self.book.find(ledger.find_mark(mark))

    async def until(self, text):
        while text not in await self.reader.readline():
            pass

    def test_passes_and_confirms(self):
        async def steps():
            line, m = self.message()
            self.say(line, b"PING :1")
            await self.until(b"PONG")
            hop, = m.out["net", "x0"]
            self.assertEqual((hop.eaten, hop.confirmed is None), (False, False))
        self.run_wire(steps)

    def test_single_bytes(self):
        async def steps():
            self.wire.piece = 1
            line, m = self.message()
            self.say(line, b"PING :1")
            await self.until(b"PONG")
            self.assertFalse(m.out["net", "x0"][0].eaten)
        self.run_wire(steps)

    def test_half_open_eats_both_ways_and_says_nothing(self):
        async def steps():
            self.say(b"PING :1")
            await self.until(b"PONG")
            self.wire.half_open()
            line, m = self.message()
            self.say(line)
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(self.reader.readline(), 0.3)
            self.assertTrue(m.out["net", "x0"][0].eaten)
            self.wire.bury()
            with self.assertRaises(ConnectionError):
                await self.reader.readline()
        self.run_wire(steps)

    def test_hold_loses_nothing(self):
        async def steps():
            self.wire.hold(True)
            line, m = self.message()
            self.say(line, b"PING :1")
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(self.reader.readline(), 0.3)
            self.wire.hold(False)
            await self.until(b"PONG")
            self.assertFalse(m.out["net", "x0"][0].eaten)
        self.run_wire(steps)

    def test_what_is_let_go_when_nobody_reads_any_more_is_eaten(self):
        async def steps():
            self.say(b"PING :1")
            await self.until(b"PONG")
            mark = self.book.write("i0", "x0").encode()
            self.wire.hold(True)
            self.server.write(b":a!b@c PRIVMSG romeo :" + mark + b"\r\n")
            hops = self.book.find(ledger.find_mark(mark)).into
            while not hops:
                await asyncio.sleep(0.01)
            self.writer.close()
            await self.writer.wait_closed()
            self.wire.hold(False)
            while self.wire.pairs:
                await asyncio.sleep(0.01)
            self.assertTrue(all(hop.eaten for hop in hops["net", "x0"]))
        self.run_wire(steps)

    def test_ends(self):
        for reset in (False, True):
            async def steps(reset=reset):
                self.say(b"PING :1")
                await self.until(b"PONG")
                self.wire.reset() if reset else self.wire.cut()
                try:
                    self.assertEqual((await self.reader.readline(), reset), (b"", False))
                except ConnectionError:
                    self.assertTrue(reset)
                self.wire.refuse()
                with self.assertRaises(ConnectionError):
                    await asyncio.open_connection("127.0.0.1", self.wire.port)
            self.run_wire(steps)

    def test_a_line_that_vanishes_on_purpose_is_no_fault(self):
        async def steps():
            self.wire.edit = lambda inward, line: [] if b"PRIVMSG" in line else [line]
            line, m = self.message()
            self.say(line, b"PING :1")
            await self.until(b"PONG")
            self.assertFalse(m.out["net", "x0"][0].eaten)
        self.run_wire(steps)

    def test_stanzas_are_found_in_pieces(self):
        async def steps():
            pair = wire.Pair(None, None)
            taps = [wire.StreamTap(self.wire, inward, pair) for inward in (False, True)]
            mark = self.book.write("i0", "x0")
            out = ("<presence from='juliet@irc' to='romeo@localhost'/><message to='romeo@localhost'"
                   " type='chat'><body>%s a</body></message><iq type='get' id='p'><ping/></iq>"
                   % mark).encode()
            hops = [hop for i in range(len(out)) for hop in taps[0].feed(out[i:i + 1])]
            self.assertEqual([offset for offset, _ in hops], [out.index(b"<iq")])
            hop = hops[0][1]
            self.assertIsNone(hop.confirmed)
            hop.eaten = False            # it went through
            taps[1].feed(b"<iq type='result' id='other'/>")
            self.assertIsNone(hop.confirmed)
            taps[1].feed(b"<iq type='result' id='p'/>")
            self.assertIsNotNone(hop.confirmed)
        self.run_wire(steps)


class Http(unittest.TestCase):
    """The tap of networks over HTTP, fed with single bytes."""

    def setUp(self):
        self.book = ledger.Ledger(lambda: 1)
        self.wire = types.SimpleNamespace(name="net", ledger=self.book,
                                          user_of={"romeo": "x0"}.get)
        self.pair = wire.Pair(None, None)
        self.taps = {inward: matrix.HttpTap(self.wire, inward, self.pair)
                     for inward in (False, True)}

    def feed(self, inward, data):
        """(end, hop) of what is whole; the ends count from the beginning of data."""
        before = self.taps[inward].offset
        return [(end - before, hop) for i in range(len(data))
                for end, hop in self.taps[inward].feed(data[i:i + 1])]

    def ask(self, method, path, body=b""):
        return self.feed(False, b"%s %s HTTP/1.1\r\nAuthorization: Bearer tok\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (method, path, len(body), body))

    def answer(self, status, body):
        return self.feed(True, b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s"
                         % (status, len(body), body))

    def log_in(self):
        self.ask(b"POST", b"/_matrix/client/v3/login", b"{}")
        self.answer(200, b'{"user_id":"@romeo:hs.test","access_token":"tok"}')

    def send(self):
        mark = self.book.write("x0", "i0").encode()
        (_, hop), = self.ask(b"PUT", b"/rooms/r/send/m.room.message/t1", b'{"body":"%s"}' % mark)
        return hop, self.book.find(ledger.find_mark(mark))

    def test_who_sends_is_known_by_the_token(self):
        self.log_in()
        hop, m = self.send()
        self.assertEqual(m.out, {("net", "x0"): [hop]})
        self.assertIsNone(hop.confirmed)
        self.answer(200, b'{"event_id":"$1"}')
        self.assertEqual(hop.confirmed, 1)

    def test_an_error_confirms_nothing(self):
        self.log_in()
        hop, _ = self.send()
        self.answer(502, b"")
        self.assertIsNone(hop.confirmed)

    def test_a_sync_in_chunks_has_each_message_once(self):
        self.log_in()
        marks = [self.book.write("i0", "x0").encode() for _ in range(2)]
        self.ask(b"GET", b"/_matrix/client/v3/sync?since=s1")
        self.assertEqual(self.pair.names, {"x0"})
        body = b'{"body":"%s","more":"%s %s"}' % (marks[0], marks[1], marks[0])
        out = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
            b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7])
            for i in range(0, len(body), 7)) + b"0\r\n\r\n"
        hops = self.feed(True, out)
        self.assertEqual([end for end, _ in hops], [len(out)] * 2)
        for mark in marks:
            self.assertEqual(len(self.book.find(ledger.find_mark(mark)).into["net", "x0"]), 1)

    def test_what_the_server_keeps_has_no_excuse(self):
        for keeps, verdict in ((False, "outside"), (True, "lost")):
            book = ledger.Ledger(lambda: 1, keeps)
            book.write("i0", "x0")
            book.kills.append(1)
            self.assertEqual([v for _, _, _, v in book.verdicts()], [verdict])

    def test_addresses(self):
        self.assertEqual(networks.escaped("@juliet:hs.test"), "juliet\\3ahs.test")
        self.assertEqual(networks.escaped("!Ab^c:hs.test"), "!^ab^^c\\3ahs.test")
