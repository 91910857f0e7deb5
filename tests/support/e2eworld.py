# SPDX-License-Identifier: MPL-2.0
"""What those end-to-end test classes share that have a world of tests/faults: Prosody, ngIRCd,
people on both, and wires around sojournd."""
import asyncio
import collections
import os
import pathlib
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
import world                                                         # noqa: E402
from e2ebase import needs                                            # noqa: E402


class WorldTest(unittest.TestCase):
    def setUp(self):
        reason = needs("prosody", "ngircd")
        if reason:
            self.skipTest(reason)

    def run_world(self, steps):
        """Runs the coroutine `steps` of a world in which everybody is where they belong. What
        became of messages: how many of each verdict, by direction. Nothing else went wrong."""
        async def run():
            w = world.World("ngircd", os.environ["SOJOURN_BIN"], asyncio.get_running_loop().time())
            try:
                await w.start()
                await steps(w)
            finally:
                await w.close(bool(os.environ.get("SOJOURN_KEEP")))
            return w
        w = asyncio.run(run())
        self.assertEqual(w.trouble + w.ledger.disorder, [])
        counts = collections.defaultdict(collections.Counter)
        for _, direction, _, verdict in w.ledger.verdicts():
            counts[direction][verdict] += 1
        return counts
