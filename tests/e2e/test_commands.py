# SPDX-License-Identifier: MPL-2.0
"""Commands with a client library that other people wrote (slixmpp of Debian)."""
import library
from e2ebase import GATEWAY, LoopbackTest

ECHO = "echo@" + GATEWAY
ADMIN = "http://jabber.org/protocol/admin#"


@library.needs_slixmpp
class Commands(LoopbackTest):
    def test_slixmpp(self):
        """A slixmpp user lists the commands, registers by one, adds a contact by one, cancels one,
        and is told in the conversation how things stand (G050-01, G050-03, G050-06, G050-17)"""
        self.wait_for_gateway(self.xmpp("rosaline"))
        library.run(self.round())

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

    async def round(self):
        user = await library.log_in(self.prosody.c2s, "romeo", 30, 4, 50)
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
        await library.presence_of(user, GATEWAY)
        _, _, form = await self.step(user, "status")
        self.assertEqual(form.get_values()["state"], "logged in")
        first, _, _ = await self.step(user, "add-contact")
        done, notes, _ = await self.step(user, "add-contact", "complete", first["sessionid"],
                                         address="echo")
        self.assertEqual(done["status"], "completed")
        await library.presence_of(user, ECHO)
        first, _, _ = await self.step(user, "unregister")
        gone, _, _ = await self.step(user, "unregister", "cancel", first["sessionid"])
        self.assertEqual(gone["status"], "canceled")
        user.send_message(GATEWAY, "Status.", mtype="chat")
        await library.message_of(user, GATEWAY, "State: logged in")
        user.send_message(GATEWAY, "unregister yes", mtype="chat")
        await library.message_of(user, GATEWAY, "You are no longer registered")
        await user.disconnect()
