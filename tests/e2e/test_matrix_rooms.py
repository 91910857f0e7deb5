# SPDX-License-Identifier: MPL-2.0
"""Rooms of Matrix with a client library that other people wrote (slixmpp of Debian), end to end."""
import library
from e2ebase import GATEWAY
from occupant import MUC_PLUGINS, Occupant, codes
from matrixclient import Refused, quote
from xmlmatch import format_node
from test_matrix import ACCOUNT, MatrixTest, jid_of


@library.needs_slixmpp
class Rooms(MatrixTest):
    def enter(self, coroutine):
        library.run(coroutine, 120)

    def registered(self, user):
        """The same account with another Matrix client; the user is registered and logged in."""
        other = self.person(user)
        client = self.go_online(user, username=other.user_id, password=ACCOUNT)
        return client, other

    async def occupant(self, user, room):
        xmpp = await library.log_in(self.prosody.c2s, user, *MUC_PLUGINS)
        await library.presence_of(xmpp, GATEWAY)
        return Occupant(xmpp, jid_of(room).split("@")[0], self.name(user))

    @staticmethod
    async def on_matrix(function, *args, **more):
        return await library.in_thread(lambda: function(*args, **more))

    def test_conversation(self):
        """A slixmpp user joins a room of Matrix, talks there, sees its topic change, is kicked and
        comes back (G045-12, G045-34, G045-37, G045-40)"""
        _, other = self.registered("romeo")
        prince = self.person("prince")
        room = prince.create(name="Verona", topic="A public place", visibility="public",
                             preset="public_chat")
        self.enter(self.conversation(other, prince, room))

    async def conversation(self, other, prince, room):
        romeo = await self.occupant("romeo", room)
        own, subject, _ = await romeo.join()
        self.assertIn(110, codes(own))
        self.assertEqual(subject["subject"], "A public place")
        await self.on_matrix(prince.event, room, "m.room.member", other.user_id,
                             membership="join")
        romeo.say("What, drawn, and talk of peace?")
        await self.on_matrix(prince.message, room, "What, drawn, and talk of peace?",
                             other.user_id)
        await romeo.said(self.name("romeo"), "What, drawn, and talk of peace?")
        await self.on_matrix(prince.send, room, "Rebellious subjects!")
        await romeo.said(self.name("prince"), "Rebellious subjects!")
        await self.on_matrix(other.send, room, "From another device")
        await romeo.said(self.name("romeo"), "From another device")
        await self.on_matrix(prince.set_state, room, "m.room.topic", {"topic": "A street"})
        await romeo.subject("A street")
        await self.on_matrix(prince.member, "kick", room, other.user_id, "Banished")
        kicked = await romeo.presence(self.name("romeo"), "unavailable")
        self.assertLessEqual({110, 307}, codes(kicked))
        own, _, _ = await romeo.join()
        self.assertIn(110, codes(own))
        await self.on_matrix(prince.send, room, "Once more")
        await romeo.said(self.name("prince"), "Once more")
        await romeo.user.disconnect()

    def test_members(self):
        """Who comes, goes and changes name over there is seen (G045-20, G045-59)"""
        _, other = self.registered("benvolio")
        lady, page = self.person("lady"), self.person("page")
        room = lady.create(preset="public_chat", name="Hall")
        self.enter(self.members(other, lady, page, room))

    async def members(self, other, lady, page, room):
        benvolio = await self.occupant("benvolio", room)
        _, _, order = await benvolio.join()
        nicks = [st["from"].resource for st in order if st.name == "presence"]
        self.assertIn(self.name("lady"), nicks)
        await self.on_matrix(page.join, room)
        await benvolio.presence(self.name("page"))
        await self.on_matrix(page.leave, room)
        await benvolio.presence(self.name("page"), "unavailable")
        await self.on_matrix(lady.set_profile, "displayname", "Lady Capulet")
        gone = await benvolio.presence(self.name("lady"), "unavailable")
        self.assertIn(303, codes(gone))
        await benvolio.presence("Lady Capulet")
        await benvolio.user.disconnect()

    def test_invited(self):
        """An invitation to a room comes as one, and is accepted by joining"""
        client, other = self.registered("mercutio")
        host = self.person("host")
        room = host.create(name="Feast", preset="private_chat", invite=[other.user_id,
                                                                        self.person("x").user_id])
        client.wait(lambda n: n.name == "message" and n.find("x", "jabber:x:conference") is not None
                    and n.find("x", "jabber:x:conference").get("jid") == jid_of(room),
                    "the invitation")
        self.enter(self.invited(other, host, room))

    async def invited(self, other, host, room):
        mercutio = await self.occupant("mercutio", room)
        own, _, _ = await mercutio.join()
        self.assertIn(110, codes(own))
        self.assertEqual((await self.on_matrix(host.members, room))[other.user_id], "join")
        await mercutio.user.disconnect()

    def configure(self, client, room, *addresses):
        return client.iq("set", room, "<query xmlns='http://jabber.org/protocol/muc#owner'>"
                         "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
                         "<value>http://jabber.org/protocol/muc#roomconfig</value></field>"
                         "<field var='x-aliases'>%s</field></x></query>"
                         % "".join("<value>%s</value>" % a for a in addresses))

    def addresses(self, client, room):
        form = client.iq("get", room, "<query xmlns='http://jabber.org/protocol/muc#owner'/>")
        self.assertEqual(form.get("type"), "result", format_node(form))
        return [value.text for field in form.find("query").find("x").children
                if field.get("var") == "x-aliases" for value in field.children]

    def test_addresses(self):
        """Who runs a room gives it addresses over there, and takes them away; one that leads
        elsewhere is refused (G045-89, G045-90)"""
        client, _ = self.registered("tybalt")
        guest = self.person("guest")
        main, second, third = ("#%s.%s:%s" % (name, type(self).__name__.lower(),
                                              guest.user_id.split(":")[1])
                               for name in ("palace", "House", "yard"))
        room = jid_of(main)
        client.send("<presence to='%s/m'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
                    % room)
        client.wait(lambda n: n.name == "message" and n.find("subject") is not None,
                    "the end of the entry")
        self.assertEqual(self.addresses(client, room), [main])
        self.assertEqual(self.configure(client, room, second, main).get("type"), "result")
        self.assertEqual(self.addresses(client, room), [second, main])
        guest.create(preset="public_chat", room_alias_name=third[1:].split(":")[0])
        refused = self.configure(client, room, second, main, third)
        self.assertEqual(refused.get("type"), "error")
        self.assertIsNotNone(refused.find("error").find("conflict"))
        self.assertEqual(self.addresses(client, room), [second, main])
        self.assertEqual(self.configure(client, room, main).get("type"), "result")
        self.assertEqual(self.addresses(client, room), [main])
        with self.assertRaises(Refused):
            guest.call("GET", "/directory/room/" + quote(second))

    def test_knocking(self):
        """Who comes to a room that wants to be asked has asked; a room that is upgraded is followed
        (G045-93)"""
        client, other = self.registered("nurse")
        host = self.person("peter")
        room = host.create(name="Vault", preset="public_chat", room_version="9", initial_state=[
            {"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "knock"}}])
        client.send("<presence to='%s/nurse'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
                    % jid_of(room))
        refused = client.wait(lambda n: n.name == "presence" and n.get("type") == "error" and
                              (n.get("from") or "").startswith(jid_of(room)), "the refusal")
        self.assertIn("asked to be let in", refused.find("error").find("text").text)
        host.event(room, "m.room.member", other.user_id, membership="knock")
        host.member("invite", room, other.user_id)
        client.wait(lambda n: n.name == "message" and n.find("x", "jabber:x:conference") is not None
                    and n.find("x", "jabber:x:conference").get("jid") == jid_of(room),
                    "the invitation")
        self.enter(self.upgraded(other, host, room))

    async def upgraded(self, other, host, room):
        nurse = await self.occupant("nurse", room)
        own, _, _ = await nurse.join()
        self.assertIn(110, codes(own))
        await self.on_matrix(host.set_state, room, "m.room.join_rules", {"join_rule": "public"})
        await self.on_matrix(host.call, "POST", "/rooms/%s/upgrade" % quote(room),
                             {"new_version": "10"})
        gone = await nurse.presence(self.name("nurse"), "unavailable")
        self.assertIn("{http://jabber.org/protocol/muc#user}destroy",
                      [child.tag for child in gone.xml.iter()])
        await nurse.user.disconnect()
