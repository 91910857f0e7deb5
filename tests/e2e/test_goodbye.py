# SPDX-License-Identifier: MPL-2.0
"""What users ask and say while sojournd is being stopped, with a real XMPP server: its goodbye is
held on the way, so the server goes on as if it had not been said."""
import asyncio

from e2eworld import WorldTest          # which knows where the next ones are
import ledger
from people import GATEWAY, PING, ROSTER
from xmlmatch import format_node

WAIT = 60
REMOVE = "<query xmlns='jabber:iq:register'><remove/></query>"


class Goodbye(WorldTest):
    async def stop_held(self, w):
        """sojournd has said goodbye, and the server has not heard it."""
        w.xmpp.hold(True, (False,))
        w.daemon.terminate()
        self.assertTrue(await w.until(lambda: "state=up->ending" in w.daemon.log_text(), WAIT))

    async def start_again(self, w):
        w.xmpp.hold(False)
        status = await w.loop.run_in_executor(None, w.daemon.wait, WAIT)
        self.assertEqual(status, 0)
        w.daemon.begin()

    async def came_through(self, w, said):
        """The last messages have reached sojournd, and so has what was said before them."""
        self.assertTrue(await w.until(
            lambda: all(any(not hop.eaten for hops in m.into.values() for hop in hops)
                        for m in said), WAIT))

    async def subscribed(self, w, user, contact):
        """The server has told the user's client so."""
        self.assertTrue(await w.until(lambda: user.roster.get(contact) == "both", WAIT),
                        "%s of %s: %s" % (contact, user.name, user.roster))

    def test_subscriptions(self):
        """Who adds a contact behind the goodbye has it after the next start, and who removes one
        is rid of it"""
        async def steps(w):
            first, second = w.users[:2]
            contact = w.network.contact("juliet")
            first.send("<presence to='%s' type='subscribe'/>" % contact)
            await self.subscribed(w, first, contact)
            await self.stop_held(w)
            await first.iq("set", None, "<query xmlns='%s'><item jid='%s' subscription='remove'/>"
                           "</query>" % (ROSTER, contact))
            second.send("<presence to='%s' type='subscribe'/>" % contact)
            for i, user in enumerate((first, second)):
                self.assertTrue(user.say("i%d" % i, "juliet", "too late"))
            await self.came_through(w, list(w.ledger.messages.values())[-2:])
            await self.start_again(w)
            await self.subscribed(w, second, contact)
            self.assertTrue(await w.until(w.is_well, WAIT), w.state())
            self.assertIn(first.roster.get(contact), (None, "remove"))
            self.assertIn("answered=0 subscriptions=2", w.daemon.log_text())
        counts = self.run_world(steps)
        self.assertEqual(counts[ledger.TO_NETWORK], {"refused": 2})

    def test_late(self):
        """Who asks and writes behind the goodbye is told after the next start that it came to
        nothing, and is registered still"""
        async def steps(w):
            await self.stop_held(w)
            asked = [asyncio.ensure_future(user.iq(kind, GATEWAY, payload, WAIT))
                     for user in w.users for kind, payload in (("get", PING), ("set", REMOVE))]
            await asyncio.sleep(0)                   # they are written; messages go behind them
            for i, user in enumerate(w.users):
                self.assertTrue(user.say("i%d" % i, "juliet", "too late"))
            said = list(w.ledger.messages.values())[-len(w.users):]
            await self.came_through(w, said)
            await self.start_again(w)
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
