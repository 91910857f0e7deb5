# SPDX-License-Identifier: MPL-2.0
"""Tests of the fault harness (tests/faults): its account finds what is wrong, its wires break as
they are told to and know what they ate. With a server that sends everything back, without
sojournd; the whole harness is checked in tests/e2e/test_faults.py."""
import asyncio
import pathlib
import socket
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
import ledger                                                        # noqa: E402
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
        self.assertEqual(self.verdict(ledger.TO_IRC), ["delivered"])

    def test_silence_is_a_loss(self):
        _, m = self.write("x0", "i1")
        self.hop(m, "into", "xmpp", "x0")
        self.assertEqual(self.verdict(ledger.TO_IRC), ["lost"])

    def test_what_never_came_in_is_no_loss_of_ours(self):
        _, m = self.write("x0", "i1")
        self.assertEqual(self.verdict(ledger.TO_IRC), ["outside"])
        self.hop(m, "into", "xmpp", "x0", eaten=True)
        self.assertEqual(self.verdict(ledger.TO_IRC), ["outside"])

    def test_a_kill_explains_what_was_open_then_and_nothing_else(self):
        _, m = self.write("i0", "x1")
        self.hop(m, "into", "irc", "x1")
        self.book.kills.append(ledger.KILL_SECONDS + 1)
        self.assertEqual(self.verdict(ledger.FROM_IRC), ["lost"])
        self.book.kills.append(1)
        self.assertEqual(self.verdict(ledger.FROM_IRC), ["unknown"])
        self.hop(m, "out", "xmpp", "x1", confirmed=0.5)
        self.assertEqual(self.verdict(ledger.FROM_IRC), ["lost"])

    def test_a_server_that_took_it_and_restarted(self):
        _, m = self.write("x0", "i1")
        self.hop(m, "into", "xmpp", "x0")
        self.hop(m, "out", "irc", "x0", confirmed=1)
        self.assertEqual(self.verdict(ledger.TO_IRC), ["lost"])
        self.book.restarts["irc"].append(2)
        self.assertEqual(self.verdict(ledger.TO_IRC), ["outside"])

    def test_twice(self):
        mark, _ = self.write("i0", "x1")
        for ident in ("a", "a"):
            self.book.got("x1", mark, ident, "i0", False)
        self.assertEqual(self.verdict(ledger.FROM_IRC), ["repeated"])
        self.book.got("x1", mark, "b", "i0", False)
        self.assertEqual(self.verdict(ledger.FROM_IRC), ["doubled"])

    def test_errors(self):
        mark, m = self.write("x0", "i1")
        self.book.error(ledger.find_mark(mark), "nobody is there")
        self.assertEqual(self.verdict(ledger.TO_IRC), ["refused"])
        self.book.got("i1", mark, None, "x0", False)
        self.assertEqual(self.verdict(ledger.TO_IRC), ["wrong"])
        m.errors[:] = ["it may or may not have arrived"]
        self.assertEqual(self.verdict(ledger.TO_IRC), ["unsure"])

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
        self.hop(m, "into", "irc", "x1")
        self.assertEqual(self.verdict(ledger.FROM_IRC), ["lost"])
        self.book.archived("x1", mark)
        self.assertEqual(self.verdict(ledger.FROM_IRC), ["delivered"])


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
            self.wire = wire.Wire("irc", port, server.sockets[0].getsockname()[1], self.book,
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
            hop, = m.out["irc", "x0"]
            self.assertEqual((hop.eaten, hop.confirmed is None), (False, False))
        self.run_wire(steps)

    def test_single_bytes(self):
        async def steps():
            self.wire.piece = 1
            line, m = self.message()
            self.say(line, b"PING :1")
            await self.until(b"PONG")
            self.assertFalse(m.out["irc", "x0"][0].eaten)
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
            self.assertTrue(m.out["irc", "x0"][0].eaten)
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
            self.assertFalse(m.out["irc", "x0"][0].eaten)
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
            self.assertTrue(all(hop.eaten for hop in hops["irc", "x0"]))
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
            self.assertFalse(m.out["irc", "x0"][0].eaten)
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
