# SPDX-License-Identifier: MPL-2.0
"""End to end with a client library that other people wrote (slixmpp of Debian)."""
import asyncio
import importlib.util
import unittest

from e2ebase import GATEWAY, PASSWORD, GatewayTest

HAVE = importlib.util.find_spec("slixmpp") is not None


@unittest.skipUnless(HAVE, "python3-slixmpp is not installed")
class Slixmpp(GatewayTest):
    def test_whole_round(self):
        """A slixmpp user finds the gateway, registers by its form, adds a contact, talks, and
        unregisters (G100-01, G100-06, G100-19, G100-37, G100-43, G100-45, G077-10)"""
        first = self.xmpp("rosaline")
        self.wait_for_gateway(first)
        juliet = self.irc("juliet")
        self.assertIsNone(asyncio.run(asyncio.wait_for(self.round(juliet), 60)))

    async def round(self, juliet):
        import slixmpp
        from slixmpp.xmlstream import ET
        user = slixmpp.ClientXMPP("romeo@localhost/slixmpp", PASSWORD)
        for plugin in ("xep_0030", "xep_0004", "xep_0077", "xep_0199"):
            user.register_plugin(plugin)
        user["feature_mechanisms"].unencrypted_plain = True
        user["feature_mechanisms"].unencrypted_scram = True
        user.auto_authorize = user.auto_subscribe = True
        started, presence, messages = asyncio.Event(), asyncio.Queue(), asyncio.Queue()
        user.add_event_handler("session_start", lambda _: started.set())
        user.add_event_handler("presence_available", presence.put_nowait)
        user.add_event_handler("message", messages.put_nowait)
        user.connect(("127.0.0.1", self.prosody.c2s), disable_starttls=True)
        await started.wait()
        user.send_presence()
        await user.get_roster()
        info = await user["xep_0030"].get_info(GATEWAY)
        self.assertIn(("gateway", "irc"), [i[:2] for i in info["disco_info"]["identities"]])
        self.assertIn("jabber:iq:register", info["disco_info"]["features"])
        form = await user["xep_0077"].get_registration(jid=GATEWAY)
        self.assertIsNotNone(form["register"].xml.find("{jabber:x:data}x"))
        iq = user.make_iq_set(ito=GATEWAY)
        query = ET.SubElement(iq.xml, "{jabber:iq:register}query")
        answer = user["xep_0004"].make_form("submit")
        answer.addField(var="FORM_TYPE", ftype="hidden", value="jabber:iq:register")
        answer.addField(var="username", value="romeo")
        query.append(answer.xml)
        self.assertEqual((await iq.send())["type"], "result")
        await self.presence_of(presence, GATEWAY)
        contact = "juliet@" + GATEWAY
        user.send_presence_subscription(pto=contact, ptype="subscribe")
        await self.presence_of(presence, contact)
        user.send_message(contact, "from slixmpp", mtype="chat")
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, lambda: juliet.expect("PRIVMSG", "juliet",
                                                               "from slixmpp", source="romeo"))
        juliet.send("PRIVMSG romeo :to slixmpp")
        while True:
            message = await messages.get()
            if message["from"].bare == contact and message["body"]:
                break
        self.assertEqual(message["body"], "to slixmpp")
        gone = await user["xep_0077"].cancel_registration(jid=GATEWAY)
        self.assertEqual(gone["type"], "result")
        await user.disconnect()

    @staticmethod
    async def presence_of(queue, jid):
        while (await queue.get())["from"].bare != jid:
            pass
