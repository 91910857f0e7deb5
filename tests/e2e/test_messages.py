# SPDX-License-Identifier: MPL-2.0
"""Messages that are more than text with a client library that other people wrote (slixmpp of
Debian), on a network in memory that has everything."""
import asyncio

import library
from e2ebase import GATEWAY, LoopbackTest

ECHO = "echo@" + GATEWAY
PLUGINS = (30, 85, 184, 308, 333, 424, 444)


@library.needs_slixmpp
class Messages(LoopbackTest):
    def test_conversation_with_echo(self):
        """slixmpp writes, gets a receipt and a marker, corrects, reacts and takes back; echo does
        the same to its own messages (G085-02, G184-02, G333-04, G308-02, G444-04, G424-01)"""
        self.wait_for_gateway(self.xmpp("rosaline"))
        library.run(self.talk())

    async def talk(self):
        import slixmpp
        user = await library.log_in(self.prosody.c2s, "romeo", *PLUGINS)
        user["xep_0184"].auto_request = True
        self.stanzas = asyncio.Queue()
        user.register_handler(slixmpp.xmlstream.handler.Callback(
            "all", slixmpp.xmlstream.matcher.StanzaPath("message"), self.stanzas.put_nowait))
        await library.register(user)
        user.send_presence_subscription(pto=ECHO, ptype="subscribe")
        await library.presence_of(user, ECHO)
        await self.say(user)
        await user.disconnect()

    async def next(self, name, ns):
        """The next message of echo's with that payload, and the payload."""
        while True:
            message = await self.stanzas.get()
            found = message.xml.find("{%s}%s" % (ns, name))
            if message["from"].bare == ECHO and found is not None:
                return message, found

    async def say(self, user):
        first = user.make_message(ECHO, "helo", mtype="chat")
        first["id"] = "first"
        first["chat_state"] = "active"
        first.enable("markable")
        first.send()
        theirs, _ = await self.next("body", "jabber:client")
        self.assertEqual(theirs["body"], "helo")
        _, receipt = await self.next("received", "urn:xmpp:receipts")
        self.assertEqual(receipt.get("id"), "first")
        _, marker = await self.next("displayed", "urn:xmpp:chat-markers:0")
        self.assertEqual(marker.get("id"), "first")
        state = user.make_message(ECHO, mtype="chat")
        state["chat_state"] = "composing"
        state.send()
        await self.next("composing", "http://jabber.org/protocol/chatstates")
        better = user.make_message(ECHO, "hello", mtype="chat")
        better["replace"]["id"] = "first"
        better.send()
        message, replace = await self.next("replace", "urn:xmpp:message-correct:0")
        self.assertEqual((message["body"], replace.get("id")), ("hello", theirs["id"]))
        user["xep_0444"].send_reactions(ECHO, theirs["id"], {"\N{ROSE}"}, store=True)
        _, reactions = await self.next("reactions", "urn:xmpp:reactions:0")
        self.assertEqual(reactions.get("id"), "first")
        self.assertEqual([r.text for r in reactions], ["\N{ROSE}"])
        gone = user.make_message(ECHO, "taken back", mtype="chat")
        gone.append(slixmpp_element("{urn:xmpp:message-retract:1}retract", id="first"))
        gone.send()
        _, retract = await self.next("retract", "urn:xmpp:message-retract:1")
        self.assertEqual(retract.get("id"), theirs["id"])


def slixmpp_element(name, **attributes):
    from slixmpp.xmlstream import ET
    return ET.Element(name, attributes)
