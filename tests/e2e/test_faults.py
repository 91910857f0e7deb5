# SPDX-License-Identifier: MPL-2.0
"""A short round of faults with a fixed seed, and that the harness finds what it is to find. The
long rounds are tests/soak; what is in them stands in tests/faults."""
import asyncio
import os
import pathlib
import sys
import types
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
import ledger                                                        # noqa: E402
import plan                                                          # noqa: E402
import round as one_round                                            # noqa: E402
import world                                                         # noqa: E402
from e2ebase import needs                                            # noqa: E402

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
        reason = needs("prosody", *world.NETWORKS[self.network])
        if reason:
            self.skipTest(reason)

    def run_round(self, names, patience, edit=None):
        said = []
        report = asyncio.run(one_round.Round(types.SimpleNamespace(
            seed=SEED, network=self.network, binaries=os.environ["SOJOURN_BIN"], calm=1,
            patience=patience, faults=plan.schedule(SEED, names), seconds=None, edit=edit,
            say=said.append, keep=bool(os.environ.get("SOJOURN_KEEP")))).run())
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
    faults = ("irc link half-open", "component held", "component cut", "sojournd killed")

    def test_harness(self):
        """One message that vanishes each way, and one that comes twice, are found"""
        report, text = self.run_round((), 1, Spoiler())
        for direction in (ledger.TO_IRC, ledger.FROM_IRC):
            count = sum((c for (d, _), c in report.counts.items() if d == direction),
                        ledger.collections.Counter())
            self.assertEqual((count["lost"], count["doubled"]), (1, 1), text)
        self.assertEqual((report.total("lost"), report.total("doubled")), (2, 2), text)
        self.assertFalse(report.passed)


class InspIrcd(Faults, unittest.TestCase):
    network = "inspircd"
    faults = ("component chopped", "irc server restarted", "disk full", "descriptors used up",
              "sojournd stopped")
