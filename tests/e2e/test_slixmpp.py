# SPDX-License-Identifier: MPL-2.0
"""End to end with a client library that other people wrote (slixmpp of Debian)."""
import library
from e2ebase import GATEWAY, GatewayTest


@library.needs_slixmpp
class Slixmpp(GatewayTest):
    def test_whole_round(self):
        """A slixmpp user finds the gateway, registers by its form, adds a contact, talks, and
        unregisters (G100-01, G100-06, G100-19, G100-37, G100-43, G100-45, G077-10)"""
        first = self.xmpp("rosaline")
        self.wait_for_gateway(first)
        juliet = self.irc("juliet")
        library.run(self.round(juliet))

    async def round(self, juliet):
        from slixmpp.xmlstream import ET
        user = await library.log_in(self.prosody.c2s, "romeo", 30, 4, 77, 199)
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
        await library.presence_of(user, GATEWAY)
        contact = "juliet@" + GATEWAY
        user.send_presence_subscription(pto=contact, ptype="subscribe")
        await library.presence_of(user, contact)
        user.send_message(contact, "from slixmpp", mtype="chat")
        await library.in_thread(lambda: juliet.expect("PRIVMSG", "juliet", "from slixmpp",
                                                      source="romeo"))
        juliet.send("PRIVMSG romeo :to slixmpp")
        self.assertEqual((await library.message_of(user, contact))["body"], "to slixmpp")
        gone = await user["xep_0077"].cancel_registration(jid=GATEWAY)
        self.assertEqual(gone["type"], "result")
        await user.disconnect()
