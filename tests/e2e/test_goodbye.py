# SPDX-License-Identifier: MPL-2.0
"""What users ask and say while sojournd is being stopped, with a real XMPP server: its goodbye is
held on the way, so the server goes on as if it had not been said."""
import asyncio

from e2eworld import WorldTest          # which knows where the next ones are
import ledger
from people import GATEWAY, PING
from xmlmatch import format_node

WAIT = 60
REMOVE = "<query xmlns='jabber:iq:register'><remove/></query>"


class Goodbye(WorldTest):
    def test_late(self):
        """Who asks and writes behind the goodbye is told after the next start that it came to
        nothing, and is registered still"""
        async def steps(w):
            w.xmpp.hold(True, (False,))
            w.daemon.terminate()
            self.assertTrue(await w.until(lambda: "state=up->ending" in w.daemon.log_text(), WAIT))
            asked = [asyncio.ensure_future(user.iq(kind, GATEWAY, payload, WAIT))
                     for user in w.users for kind, payload in (("get", PING), ("set", REMOVE))]
            await asyncio.sleep(0)                   # they are written; messages go behind them
            for i, user in enumerate(w.users):
                self.assertTrue(user.say("i%d" % i, "juliet", "too late"))
            said = list(w.ledger.messages.values())[-len(w.users):]
            self.assertTrue(await w.until(
                lambda: all(any(not hop.eaten for hops in m.into.values() for hop in hops)
                            for m in said), WAIT))
            w.xmpp.hold(False)
            status = await w.loop.run_in_executor(None, w.daemon.wait, WAIT)
            self.assertEqual(status, 0)
            w.daemon.begin()
            for answer in await asyncio.gather(*asked):
                self.assertIsNotNone(answer)
                self.assertIsNotNone(answer.find("error") and
                                     answer.find("error").find("remote-server-timeout"),
                                     format_node(answer))
            self.assertTrue(await w.until(w.is_well, WAIT), w.state())
            self.assertTrue(all(await asyncio.gather(*(user.heard() for user in w.users))))
            for m in said:
                self.assertEqual(len(m.errors), 1, m.mark)
        counts = self.run_world(steps)
        self.assertEqual(counts[ledger.TO_NETWORK], {"refused": 5})
