# SPDX-License-Identifier: MPL-2.0
"""A short round of faults with a fixed seed, and that the harness finds what it is to find. The
long rounds are tests/soak; what is in them stands in tests/faults."""
import asyncio
import json
import os
import signal
import types
import unittest

from e2ebase import needs
from e2eworld import WorldTest          # which knows where these are
import clock
import ledger
import networks
import plan
import round as one_round
import world

SEED = 3


class Spoiler:
    """Of the messages between two people each way: the first vanishes, the second comes twice. The
    wire says nothing of it, as if sojournd had done it."""

    def __init__(self):
        self.seen = {True: 0, False: 0}

    def __call__(self, inward, line):
        mark = ledger.find_mark(line)
        if mark is None or mark[1] == ledger.CHANNEL or (mark[0][0] == "x") == inward:
            return [line]
        self.seen[inward] += 1
        return {1: [], 2: [line, line]}.get(self.seen[inward], [line])


class Faults:
    """What is done with every network; a mixin of the classes below."""
    network = ""
    faults = ()

    def setUp(self):
        network = networks.NETWORKS[self.network]()
        reason = needs("prosody", *network.programs) or network.missing()
        if reason:
            self.skipTest(reason)

    def run_round(self, names, patience, edit=None):
        said = []
        report = asyncio.run(one_round.Round(types.SimpleNamespace(
            seed=SEED, server="prosody", network=self.network, calm=1,
            binaries=os.environ["SOJOURN_BIN"], patience=patience, edit=edit,
            faults=plan.schedule(SEED, names), seconds=None, say=said.append,
            keep=bool(os.environ.get("SOJOURN_KEEP")))).run())
        return report, "\n".join(["seed %d, network %s" % (SEED, self.network), *said,
                                  *report.lines()])

    def test_round(self):
        """Nothing is lost, doubled or out of order while links break and servers restart"""
        report, text = self.run_round(self.faults, 15)
        print(text)
        self.assertTrue(report.passed, text)
        self.assertGreater(report.total("delivered"), 100, text)


class NgIrcd(Faults, unittest.TestCase):
    network = "ngircd"
    faults = ("link half-open", "component held", "component cut", "sojournd killed")

    def test_harness(self):
        """One message that vanishes each way, and one that comes twice, are found"""
        report, text = self.run_round((), 1, Spoiler())
        for direction in (ledger.TO_NETWORK, ledger.FROM_NETWORK):
            count = sum((c for (d, _), c in report.counts.items() if d == direction),
                        ledger.collections.Counter())
            self.assertEqual((count["lost"], count["doubled"]), (1, 1), text)
        self.assertEqual((report.total("lost"), report.total("doubled")), (2, 2), text)
        self.assertFalse(report.passed)


class Clock(Faults, unittest.TestCase):
    network = "ngircd"
    faults = ("clock ahead", "clock back")

    def setUp(self):
        super().setUp()
        if clock.missing():
            self.skipTest(clock.missing())


class Journal(WorldTest):
    """sojournd is killed with SIGKILL while its journal holds messages."""
    EACH = 4

    def say(self, w):
        for user in w.users:
            for i, name in enumerate(world.PEOPLE[:self.EACH]):
                self.assertTrue(user.say("i%d" % i, name, "what is kept"))
        return len(w.users) * self.EACH

    @staticmethod
    async def committed(w, n):
        """The journal on the disk has n messages, as another process sees it."""
        def look():
            _, text = w.daemon.control(w.binaries / "sojournctl", "check-store", "--json")
            tables = {t["table"]: t["records"] for t in json.loads(text)["tables"]}
            return tables["journal"] == n
        while not await w.loop.run_in_executor(None, look):
            pass

    async def again(self, w):
        """After the kill, until everybody is back, everything has its end, and has been told."""
        w.daemon.signal(signal.SIGKILL)
        await w.loop.run_in_executor(None, w.daemon.proc.wait)
        w.net.heal()
        w.daemon.begin()
        self.assertTrue(await w.until(w.is_well, 60), w.state())
        self.assertTrue(await w.until(lambda: not w.ledger.open_pairs(), 20))
        await self.committed(w, 0)
        self.assertTrue(all(await asyncio.gather(*(user.heard() for user in w.users))))

    def test_what_a_link_had_is_answered(self):
        """What a link had been given and nobody confirmed: its writers are told, once"""
        async def steps(w):
            w.net.hold(True)
            await self.committed(w, self.say(w))
            await self.again(w)
            for m in w.ledger.messages.values():
                self.assertEqual(len(m.errors), 1, m.mark)
        count = self.run_world(steps)[ledger.TO_NETWORK]
        self.assertEqual(count["unsure"] + count["refused"], 20, count)

    def test_what_waited_for_a_link_is_sent(self):
        """What waits for a link is sent after the next start, once, in order"""
        async def steps(w):
            w.net.refuse()
            w.net.cut()
            self.assertTrue(await w.until(lambda: not w.net.living(), 20))
            self.assertTrue(await w.until(
                lambda: w.daemon.log_text().count("state=online->waiting") >= len(w.users), 20))
            await self.committed(w, self.say(w))
            await self.again(w)
        self.assertEqual(self.run_world(steps)[ledger.TO_NETWORK], {"delivered": 20})


class InspIrcd(Faults, unittest.TestCase):
    network = "inspircd"
    faults = ("component chopped", "foreign server restarted", "disk full", "store full",
              "descriptors used up", "sojournd stopped")
