# SPDX-License-Identifier: MPL-2.0
"""Back-pressure with real servers: what sojournd does when one side is slow and the other is not.
The servers, wires and people are those of tests/faults; tests/bench --only pressure measures."""
import pathlib
import re

from e2eworld import WorldTest          # which knows where the next one is
import ledger
from ledger import CHANNEL

LINE = "He jests at scars that never felt a wound. " * 8
RATE = 1_500_000                     # bytes a second that the wire lets through
ROUNDS, EACH = 12, 200               # so often as many lines of each of the three who flood
MEMORY_MAX = 16 << 20                # what it may grow by: 7 MiB; 32 without back-pressure
SAID, SLOW = 6000, 150_000           # what a user says; bytes a second that the server takes
SAID_MEMORY_MAX = 8 << 20            # 4 MiB; 11 without a limit of open operations
REFUSED = "Too many messages are waiting for the network; try again later."
WAIT = 90


class Pressure(WorldTest):
    @staticmethod
    def memory(w):
        """Bytes of sojournd in memory, without the mapped pages of its store."""
        status = pathlib.Path("/proc/%d/status" % w.daemon.proc.pid).read_text()
        return int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.M).group(1)) << 10

    async def frugal(self, w):
        """The sanitizer keeps what was freed, 256 MiB of it; it is to keep little."""
        await w.end_daemon()
        w.daemon.sanitizer += ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
        w.daemon.begin()
        self.assertTrue(await w.until(w.is_well, WAIT), w.state())

    async def out_of_the_room(self, w, user):
        """So that nothing of the flood comes over the user's link."""
        w.tasks[w.users.index(user)].cancel()
        user.send("<presence type='unavailable' to='%s/%s'/>" % (w.network.room, user.name))
        self.assertTrue(await w.until(lambda: not user.in_room.is_set(), WAIT))

    @staticmethod
    async def flood(w, people, other):
        """The last message. Further lines come when the IRC server has passed on those before."""
        for _ in range(ROUNDS):
            for person in people:
                for _ in range(EACH):
                    person.say(CHANNEL, None, LINE)
            last = next(reversed(w.ledger.messages.values()))
            await w.until(lambda m=last: other.ident in m.got, WAIT)
        return last

    async def exchange(self, w, pairs, flooded):
        """Who does not flood says something, and gets it while the others flood. pairs: writers
        and readers."""
        for _ in range(3):
            for person, reader in pairs:
                person.say(reader.ident, reader.name, "Hist!")
                number = w.ledger.numbers[person.ident, reader.ident]
                m = w.ledger.messages[person.ident, reader.ident, number]
                self.assertTrue(await w.until(lambda m=m, r=reader: flooded() or
                                              r.ident in m.got, WAIT), m.mark)
                self.assertIn(reader.ident, m.got, "it waited for the flood")

    def test_room_floods(self):
        """A room floods while the XMPP server is slow: others' messages pass meanwhile, memory
        stays small, and nothing is lost"""
        async def steps(w):
            *users, paris = w.users
            *people, helena = w.people
            await self.frugal(w)
            await self.out_of_the_room(w, paris)
            before, most = self.memory(w), 0
            w.xmpp.rate = RATE
            flood = w.loop.create_task(self.flood(w, people[:3], helena))

            def flooded():
                nonlocal most
                most = max(most, self.memory(w))
                return flood.done() and all(u.ident in flood.result().got for u in users)
            self.assertTrue(await w.until(
                lambda: "server is slow, the network waits" in w.daemon.log_text(), WAIT))
            await self.exchange(w, ((helena, paris), (paris, helena)), flooded)
            self.assertTrue(await w.until(flooded, WAIT))
            w.xmpp.rate = 0
            self.assertTrue(await w.until(lambda: not w.ledger.open_pairs(), WAIT))
            self.assertLess(most - before, MEMORY_MAX)
        counts = self.run_world(steps)
        self.assertEqual(set(counts[ledger.FROM_NETWORK]), {"delivered"})
        self.assertGreaterEqual(sum(counts[ledger.FROM_NETWORK].values()), 3 * ROUNDS * EACH * 4)

    @staticmethod
    async def flood_out(w, user, reader):
        """The messages. Further ones go out when the gateway has heard those before."""
        for _ in range(SAID // EACH):
            for _ in range(EACH):
                user.say(reader.ident, reader.name, LINE)
            await user.heard()
        return [m for m in w.ledger.messages.values()
                if (m.writer, m.reader) == (user.ident, reader.ident)]

    def test_user_floods(self):
        """A user floods somebody on an IRC server that is slow for this user's link alone: what is
        too much is refused, each message once, the rest arrives in order; others' messages pass
        meanwhile, and memory stays small"""
        async def steps(w):
            romeo, *_, paris = w.users
            juliet, *_, helena = w.people
            await self.frugal(w)
            link = next(p for p in w.net.living() if romeo.ident in p.names)
            before, most, link.slow = self.memory(w), 0, SLOW
            flood = w.loop.create_task(self.flood_out(w, romeo, juliet))

            def flooded():
                nonlocal most
                most = max(most, self.memory(w))
                return flood.done()
            self.assertTrue(await w.until(
                lambda: any(m.errors for m in w.ledger.messages.values()), WAIT))
            await self.exchange(w, ((helena, paris), (paris, helena)), flooded)
            self.assertTrue(await w.until(flooded, WAIT))
            said = flood.result()
            self.assertTrue(await w.until(lambda: all(m.got or m.errors for m in said), WAIT))
            self.assertIn(link, w.net.living())
            arrived = sum(len(m.got[juliet.ident]) for m in said if m.got)
            errors = [text for m in said for text in m.errors]
            self.assertEqual((len(said), arrived + len(errors)), (SAID, SAID))
            self.assertEqual(set(errors), {REFUSED})
            self.assertLess(most - before, SAID_MEMORY_MAX)
        counts = self.run_world(steps)
        self.assertEqual(set(counts[ledger.TO_NETWORK]), {"delivered", "refused"})
