# SPDX-License-Identifier: MPL-2.0
"""Rooms with a client library that other people wrote (slixmpp of Debian), Prosody and ngIRCd."""
import asyncio

import library
from e2ebase import GATEWAY, GatewayTest
from occupant import MUC_PLUGINS, Occupant, codes, is_presence

MAM = "urn:xmpp:mam:2"


@library.needs_slixmpp
class SlixmppRooms(GatewayTest):
    def enter(self, coroutine):
        self.wait_for_gateway(self.xmpp("sampson"))
        library.run(coroutine, 120)

    async def member(self, name, **more):
        """A registered user who is logged in to the network."""
        user = await library.log_in(self.prosody.c2s, name, *MUC_PLUGINS, **more)
        await library.register(user)
        return user

    @staticmethod
    async def expect(client, *args, **more):
        """A line that reaches somebody on IRC, while slixmpp goes on."""
        return await library.in_thread(lambda: client.expect(*args, **more))

    async def channel(self, owner, name, *lines):
        """Somebody on IRC makes a channel, and says these lines."""
        owner.send("JOIN " + name)
        await self.expect(owner, "366", None, name)
        for line in lines:
            owner.send(line)

    def test_conversation(self):
        """A slixmpp user joins a channel, everything comes in order; talks, sets the topic, sees
        others come, change nick and go, and changes nick (G045-12, G045-14, G045-15, G045-20,
        G045-31, G045-34, G045-37, G045-38, G045-40, G045-57, G045-59, G045-60)"""
        self.enter(self.conversation(self.irc("escalus"), self.irc("juliet")))

    async def conversation(self, escalus, juliet):
        await self.channel(escalus, "#verona", "TOPIC #verona :A public place")
        romeo = Occupant(await self.member("romeo"), "#verona", "romeo")
        own, subject, order = await romeo.join()
        self.assertIn(110, codes(own))
        self.assertEqual(subject["subject"], "A public place")
        self.assertEqual([(st.name, st["from"].resource) for st in order],
                         [("presence", "escalus"), ("presence", "romeo")])
        self.assertEqual(order[0]["muc"]["role"], "moderator")
        self.assertEqual(order[1]["muc"]["role"], "participant")
        await self.expect(escalus, "JOIN", "#verona", source="romeo")
        romeo.say("What, drawn, and talk of peace?")
        await self.expect(escalus, "PRIVMSG", "#verona", "What, drawn, and talk of peace?",
                          source="romeo")
        await romeo.said("romeo", "What, drawn, and talk of peace?")
        escalus.send("PRIVMSG #verona :I hate the word \u2014 as I hate hell")
        await romeo.said("escalus", "I hate the word \u2014 as I hate hell")
        await self.channel(juliet, "#verona")
        await romeo.presence("juliet")
        juliet.send("NICK capulet")
        renamed = await romeo.presence("juliet", "unavailable")
        self.assertIn(303, codes(renamed))
        self.assertEqual(renamed["muc"]["item"]["nick"], "capulet")
        await romeo.presence("capulet")
        romeo.user["xep_0045"].set_subject(romeo.room, "A street")
        await self.expect(escalus, "TOPIC", "#verona", "A street", source="romeo")
        await romeo.subject("A street")
        romeo.rename("montague")
        self.assertLessEqual({303, 110}, codes(await romeo.presence("romeo", "unavailable")))
        self.assertIn(110, codes(await romeo.presence("montague")))
        await self.expect(escalus, "NICK", "montague", source="romeo")
        juliet.send("PART #verona :Good night")
        gone = await romeo.presence("capulet", "unavailable")
        self.assertEqual(gone["status"], "Good night")
        romeo.leave()
        self.assertIn(110, codes(await romeo.presence("montague", "unavailable")))
        await self.expect(escalus, "PART", "#verona", source="montague")
        await romeo.user.disconnect()

    def test_kicked_and_banned(self):
        """A slixmpp user is kicked, comes back, is banned and kept out by the right errors, and
        comes back when the ban is lifted (G045-24, G045-41, G045-72)"""
        self.enter(self.kicked_and_banned(self.irc("prince")))

    async def kicked_and_banned(self, prince):
        from slixmpp.exceptions import PresenceError
        await self.channel(prince, "#mantua")
        exile = Occupant(await self.member("benvolio"), "#mantua", "benvolio")
        await exile.join()
        prince.send("KICK #mantua benvolio :Banished")
        kicked = await exile.presence("benvolio", "unavailable")
        self.assertLessEqual({110, 307}, codes(kicked))
        self.assertIn("Banished", str(kicked))
        exile.say("Ha, banishment?")
        refused = await exile.hear(lambda st: st.name == "message" and st["type"] == "error",
                                   "the error")
        self.assertEqual(refused["error"]["condition"], "not-acceptable")
        await exile.join()
        prince.send("MODE #mantua +b benvolio!*@*")
        await self.expect(prince, "MODE", "#mantua", "+b")
        prince.send("KICK #mantua benvolio :And stay out")
        self.assertIn(110, codes(await exile.presence("benvolio", "unavailable")))
        with self.assertRaises(PresenceError) as caught:
            await exile.join()
        self.assertEqual(caught.exception.condition, "forbidden")
        prince.send("MODE #mantua -b benvolio!*@*")
        await self.expect(prince, "MODE", "#mantua", "-b")
        await exile.join()
        await exile.user.disconnect()

    def test_closed_channels(self):
        """A slixmpp user needs the key of a channel, an invitation to another one, and finds no
        place in a full one (G045-24, G045-26, G045-86)"""
        self.enter(self.closed_channels(self.irc("friar")))

    async def refused(self, occupant, condition, **more):
        from slixmpp.exceptions import PresenceError
        with self.assertRaises(PresenceError) as caught:
            await occupant.join(**more)
        self.assertEqual(caught.exception.condition, condition)

    async def closed_channels(self, friar):
        await self.channel(friar, "#cell", "MODE #cell +k sesame")
        await self.channel(friar, "#tomb", "MODE #tomb +i")
        await self.channel(friar, "#pew", "MODE #pew +l 1")
        await self.expect(friar, "MODE", "#pew", "+l")
        user = await self.member("mercutio")
        cell, tomb, pew = (Occupant(user, c, "mercutio") for c in ("#cell", "#tomb", "#pew"))
        await self.refused(cell, "not-authorized")
        await self.refused(cell, "not-authorized", password="wrong")
        await cell.join(password="sesame")
        await self.refused(tomb, "registration-required")
        invited = asyncio.Queue()
        user.add_event_handler("groupchat_direct_invite", invited.put_nowait)
        friar.send("INVITE mercutio #tomb")
        invitation = await asyncio.wait_for(invited.get(), 30)
        self.assertEqual(invitation["groupchat_invite"]["jid"], tomb.room)
        await tomb.join()
        await self.refused(pew, "service-unavailable")
        await user.disconnect()

    def test_as_operator(self):
        """A slixmpp user who made a channel makes others moderators, kicks and bans, and reads the
        list of the banned (G045-70, G045-71, G045-73, G045-76)"""
        self.enter(self.as_operator(self.irc("gregory"), self.irc("abram")))

    async def as_operator(self, gregory, abram):
        owner = Occupant(await self.member("tybalt"), "#street", "tybalt")
        own, _, _ = await owner.join()
        self.assertEqual(own["muc"]["role"], "moderator")
        for one in (gregory, abram):
            await self.channel(one, "#street")
            await owner.presence(one.nick)
        muc = owner.user["xep_0045"]
        await muc.set_role(owner.room, "abram", "moderator")
        await self.expect(abram, "MODE", "#street", "+h", "abram", source="tybalt")
        await owner.hear(lambda st: is_presence("abram")(st) and
                         st["muc"]["role"] == "moderator", "abram as a moderator")
        await muc.set_role(owner.room, "gregory", "none", reason="No brawls")
        await self.expect(gregory, "KICK", "#street", "gregory", "No brawls", source="tybalt")
        self.assertIn(307, codes(await owner.presence("gregory", "unavailable")))
        await muc.set_affiliation(owner.room, "outcast", jid="abram@" + GATEWAY)
        await self.expect(abram, "KICK", "#street", "abram", source="tybalt")
        self.assertIn(301, codes(await owner.presence("abram", "unavailable")))
        self.assertTrue(await muc.get_affiliation_list(owner.room, "outcast"))
        abram.send("JOIN #street")
        await self.expect(abram, "474", None, "#street")
        await owner.user.disconnect()

    def test_two_clients(self):
        """A second client of a slixmpp user shares the place and gets what was said before; only
        the last one that leaves is gone over there (G045-23, G045-31, G045-33, G045-40,
        G045-62)"""
        self.enter(self.two_clients(self.irc("peter")))

    async def two_clients(self, peter):
        await self.channel(peter, "#hall")
        first = Occupant(await self.member("paris"), "#hall", "paris")
        await first.join()
        await self.expect(peter, "JOIN", "#hall", source="paris")
        peter.send("PRIVMSG #hall :The music has begun")
        await first.said("peter", "The music has begun")
        second = Occupant(await library.log_in(self.prosody.c2s, "paris", *MUC_PLUGINS,
                                               resource="other"), "#hall", "paris")
        _, _, order = await second.join(maxstanzas=10)
        history = [st for st in order if st.name == "message"]
        self.assertEqual([st["body"] for st in history], ["The music has begun"])
        self.assertTrue(history[0]["delay"]["stamp"])
        self.assertEqual(history[0]["delay"]["from"], first.room)
        second.say("A dance?")
        for occupant in (first, second):
            await occupant.said("paris", "A dance?")
        await self.expect(peter, "PRIVMSG", "#hall", "A dance?", source="paris")
        first.leave()
        await first.presence("paris", "unavailable")
        peter.send("PRIVMSG #hall :Still here?")
        await second.said("peter", "Still here?")
        second.leave()
        await self.expect(peter, "PART", "#hall", source="paris")
        for occupant in (first, second):
            await occupant.user.disconnect()

    def test_list(self):
        """A slixmpp user finds rooms by service discovery, and learns what they are (G045-01,
        G045-02, G045-03)"""
        self.enter(self.listed(self.irc("nurse1")))

    async def listed(self, nurse):
        await self.channel(nurse, "#orchard", "TOPIC #orchard :Under the balcony")
        await self.channel(nurse, "#vault", "MODE #vault +s")
        await self.expect(nurse, "MODE", "#vault", "+s")
        user = await self.member("nurse")
        info = await user["xep_0030"].get_info(GATEWAY)
        self.assertIn(("conference", "text"),
                      [i[:2] for i in info["disco_info"]["identities"]])
        items = await user["xep_0030"].get_items(GATEWAY)
        rooms = {str(jid): name for jid, _, name in items["disco_items"]["items"]}
        self.assertIn("#orchard@" + GATEWAY, rooms)
        self.assertNotIn("#vault@" + GATEWAY, rooms)
        room = (await user["xep_0030"].get_info("#orchard@" + GATEWAY))["disco_info"]
        self.assertIn("http://jabber.org/protocol/muc", room["features"])
        self.assertIn(MAM, room["features"])
        await user.disconnect()

    def test_archive(self):
        """A slixmpp user reads the archive of a room, with the ids of the live messages (G313-02,
        G313-05)"""
        self.enter(self.archive(self.irc("chorus")))

    async def archive(self, chorus):
        await self.channel(chorus, "#prologue")
        reader = Occupant(await self.member("rosaline"), "#prologue", "rosaline")
        await reader.join()
        live = []
        for line in ("Two households", "both alike", "in dignity"):
            chorus.send("PRIVMSG #prologue :" + line)
            live.append(await reader.said("chorus", line))
        reader.say("In fair Verona")
        live.append(await reader.said("rosaline", "In fair Verona"))
        answer = await reader.user["xep_0313"].retrieve(reader.room, rsm={"max": 10})
        results = answer["mam"]["results"]
        self.assertEqual([r["mam_result"]["forwarded"]["stanza"]["body"] for r in results],
                         [st["body"] for st in live])
        self.assertEqual([r["mam_result"]["id"] for r in results],
                         [st["stanza_id"]["id"] for st in live])
        await reader.user.disconnect()

    def test_restart(self):
        """When the gateway stops its occupants are told; after its return the ping to the own
        place fails until the client joins again (G045-66, G410-01, G410-02, G410-04)"""
        self.enter(self.restart(self.irc("capulet1")))

    async def restart(self, capulet):
        from slixmpp.exceptions import IqError
        await self.channel(capulet, "#feast")
        guest = Occupant(await self.member("balthasar"), "#feast", "balthasar")
        await guest.join()
        await guest.self_ping()
        self.daemon.terminate()
        gone = await guest.presence("balthasar", "unavailable")
        self.assertLessEqual({110, 332}, codes(gone))
        self.assertEqual(await library.in_thread(self.daemon.wait, 20), 0)
        while not guest.user.presences.empty():
            guest.user.presences.get_nowait()
        self.daemon.start()
        await library.presence_of(guest.user, GATEWAY)
        with self.assertRaises(IqError) as caught:
            await guest.self_ping()
        self.assertEqual(caught.exception.condition, "not-acceptable")
        await guest.join()
        await guest.self_ping()
        capulet.send("PRIVMSG #feast :Welcome back")
        await guest.said("capulet1", "Welcome back")
        await guest.user.disconnect()
