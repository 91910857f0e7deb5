# SPDX-License-Identifier: MPL-2.0
"""Commands with a client library that other people wrote (slixmpp of Debian)."""
import asyncio
import importlib.util
import unittest

from e2ebase import GATEWAY, PASSWORD, GatewayTest

HAVE = importlib.util.find_spec("slixmpp") is not None
ECHO = "echo@" + GATEWAY
ADMIN = "http://jabber.org/protocol/admin#"


@unittest.skipUnless(HAVE, "python3-slixmpp is not installed")
class Commands(GatewayTest):
    programs = ("prosody",)

    @classmethod
    def network(cls, lab):
        return None, {}

    @classmethod
    def section(cls, keys):
        return {"backend": "loopback", "name": "Loopback"}

    def test_slixmpp(self):
        """A slixmpp user lists the commands, registers by one, adds a contact by one, cancels one,
        and is told in the conversation how things stand (G050-01, G050-03, G050-06, G050-17)"""
        self.wait_for_gateway(self.xmpp("rosaline"))
        self.assertIsNone(asyncio.run(asyncio.wait_for(self.round(), 60)))

    @staticmethod
    async def login():
        import slixmpp
        user = slixmpp.ClientXMPP("romeo@localhost/slixmpp", PASSWORD)
        for plugin in ("xep_0030", "xep_0004", "xep_0050"):
            user.register_plugin(plugin)
        user["feature_mechanisms"].unencrypted_plain = True
        user["feature_mechanisms"].unencrypted_scram = True
        user.auto_authorize = user.auto_subscribe = True
        started = asyncio.Event()
        user.presences, user.messages = asyncio.Queue(), asyncio.Queue()
        user.add_event_handler("session_start", lambda _: started.set())
        user.add_event_handler("presence_available", user.presences.put_nowait)
        user.add_event_handler("message", user.messages.put_nowait)
        user.connect(("127.0.0.1", Commands.prosody.c2s), disable_starttls=True)
        await started.wait()
        user.send_presence()
        await user.get_roster()
        return user

    async def step(self, user, node, action=None, session=None, **fields):
        """One step; its status, session, notes and fields."""
        form = None
        if fields:
            form = user["xep_0004"].make_form("submit")
            for var, value in fields.items():
                form.add_field(var=var, value=value)
        iq = await user["xep_0050"].send_command(GATEWAY, node, action=action or "execute",
                                                 payload=form, sessionid=session)
        command = iq["command"]
        return command, [text for _, text in command["notes"]], command["form"]

    async def heard(self, user, part):
        while True:
            message = await user.messages.get()
            if message["from"].bare == GATEWAY and part in message["body"]:
                return

    async def round(self):
        user = await self.login()
        items = await user["xep_0050"].get_commands(jid=GATEWAY)
        nodes = {i[1] for i in items["disco_items"]["items"]}
        self.assertIn("register", nodes)
        self.assertNotIn("unregister", nodes)
        self.assertFalse([n for n in nodes if n.startswith(ADMIN)])
        first, _, form = await self.step(user, "register")
        self.assertEqual(first["status"], "executing")
        self.assertIn("username", form.get_fields())
        done, notes, _ = await self.step(user, "register", "complete", first["sessionid"],
                                         username="romeo")
        self.assertEqual(done["status"], "completed")
        self.assertIn("You are registered", notes[0])
        while (await user.presences.get())["from"].bare != GATEWAY:
            pass
        _, _, form = await self.step(user, "status")
        self.assertEqual(form.get_values()["state"], "logged in")
        first, _, _ = await self.step(user, "add-contact")
        done, notes, _ = await self.step(user, "add-contact", "complete", first["sessionid"],
                                         address="echo")
        self.assertEqual(done["status"], "completed")
        while (await user.presences.get())["from"].bare != ECHO:
            pass
        first, _, _ = await self.step(user, "unregister")
        gone, _, _ = await self.step(user, "unregister", "cancel", first["sessionid"])
        self.assertEqual(gone["status"], "canceled")
        user.send_message(GATEWAY, "Status.", mtype="chat")
        await self.heard(user, "State: logged in")
        user.send_message(GATEWAY, "unregister yes", mtype="chat")
        await self.heard(user, "You are no longer registered")
        await user.disconnect()
