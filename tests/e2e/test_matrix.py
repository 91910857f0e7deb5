# SPDX-License-Identifier: MPL-2.0
"""Matrix as the user, end to end: Prosody, the real sojournd, Synapse, a small Matrix client."""
import unittest

import synapse
from e2ebase import GATEWAY, PASSWORD, GatewayTest
from xmlmatch import format_node

ACCOUNT = "matrix-password-e2e"


def jid_of(matrix_id):
    """Address of a user (@bob:server) or room (!id:server, #alias:server) at the gateway."""
    name = matrix_id.lstrip("@")
    name = "".join("^" + c.lower() if c.isupper() else c for c in name.replace("^", "^^"))
    return "%s@%s" % (name.replace(":", "\\3a"), GATEWAY)


class MatrixTest(GatewayTest):
    """Each class has its own users on the home server that the run shares: their names end in that
    of the class."""
    programs = ("prosody",)
    synapse = True
    backend = {"backend": "matrix", "name": "Matrix"}
    secrets = GatewayTest.secrets + (ACCOUNT,)

    @classmethod
    def setUpClass(cls):
        if synapse.missing():
            raise unittest.SkipTest(synapse.missing())
        super().setUpClass()

    @classmethod
    def network(cls, lab):
        server = synapse.of_run(lab)
        return server, {"homeserver": server.base}

    @classmethod
    def section(cls, keys):
        return {**cls.backend, **keys}

    @classmethod
    def failure_logs(cls):
        out = super().failure_logs()
        return out + ("\n--- synapse\n" + cls.ircd.tail() if hasattr(cls, "ircd") else "")

    def name(self, user):
        return "%s.%s" % (user, type(self).__name__.lower())

    def person(self, user):
        """A user of Matrix with a client of its own."""
        return self.ircd.client(self.name(user), ACCOUNT)

    def member(self, user):
        """A user of the gateway who is logged in over there, and the same account with another
        Matrix client."""
        other = self.person(user)
        client = self.go_online(user, username=other.user_id, password=ACCOUNT)
        return client, other

    def befriended(self, client, other, person):
        """A chat that the person began and the user has agreed to; the contact's address, and the
        room."""
        room = person.create_direct(other.user_id)
        contact = jid_of(person.user_id)
        client.expect("<presence type='subscribe' from='%s' ...>...</presence>" % contact)
        client.presence(contact, "subscribed")
        client.presence(contact, "subscribe")
        person.event(room, "m.room.member", other.user_id, membership="join")
        client.heard("<presence from='%s' to='*'>...</presence>" % contact)
        return contact, room


class Contacts(MatrixTest):
    def test_wrong_password(self):
        """A wrong password is refused when the user registers, and a right one is taken (G100-06,
        G100-07)"""
        client, other = self.xmpp("romeo"), self.person("romeo")
        refused = self.submit(client, username=other.user_id, password="wrong-password-e2e")
        self.assert_error(refused, "not-acceptable")
        self.assert_result(self.submit(client, username=other.user_id, password=ACCOUNT))
        self.assertTrue([d for d in other.devices() if d and d.startswith("Sojourn (")])

    def test_conversation(self):
        """Somebody begins a chat; messages go both ways, and what the user says with another client
        appears as sent (G100-43, G100-45)"""
        client, other = self.member("benvolio")
        juliet = self.person("juliet")
        contact, room = self.befriended(client, other, juliet)
        juliet.send(room, "O Romeo, Romeo!")
        self.assertEqual(client.expect_body(contact), "O Romeo, Romeo!")
        client.message(contact, "Shall I hear more? \u2014 <b>&amp;</b>")
        said = juliet.message(room, "Shall I hear more? \u2014 <b>&amp;</b>", other.user_id)
        self.assertEqual(said["content"]["msgtype"], "m.text")
        other.send(room, "From another device")
        got = client.wait(lambda n: n.name == "message" and "From another device" in str(
            format_node(n)), "the own message from elsewhere")
        self.assertEqual(got.get("from").split("/")[0], contact)
        self.assertEqual([b for s, b in juliet.messages(room)][-1], "From another device")

    def test_user_begins(self):
        """The user adds a contact and writes first: one chat is made, and marked as such
        (G100-36, G100-43)"""
        client, other = self.member("mercutio")
        tybalt = self.person("tybalt")
        contact = jid_of(tybalt.user_id)
        client.message(contact, "Tybalt, you rat-catcher")
        room = tybalt.invited(other.user_id)
        tybalt.join(room)
        tybalt.message(room, "Tybalt, you rat-catcher", other.user_id)
        client.presence(contact, "subscribe")
        client.expect("<presence type='subscribed' from='%s' ...>...</presence>" % contact)
        self.assertEqual(other.account_data("m.direct"), {tybalt.user_id: [room]})
        tybalt.send(room, "What wouldst thou have with me?")
        self.assertEqual(client.expect_body(contact), "What wouldst thou have with me?")
        self.assertEqual(len(other.call("GET", "/joined_rooms")["joined_rooms"]), 1)

    def test_nobody(self):
        """Who does not exist cannot be added or written to (G100-44)"""
        client, _ = self.member("paris")
        nobody = jid_of("@nobody.%s:%s" % (type(self).__name__.lower(), synapse.NAME))
        client.message(nobody, "Anybody there?")
        error = client.expect("<message type='error' from='%s' ...>...</message>" % nobody)
        self.assertIsNotNone(error.find("error").find("item-not-found"), format_node(error))

    def test_restart(self):
        """What is said while the gateway is away arrives when it is back, once and in order;
        nothing else comes twice"""
        client, other = self.member("nurse")
        juliet = self.person("susan")
        contact, room = self.befriended(client, other, juliet)
        juliet.send(room, "before")
        self.assertEqual(client.expect_body(contact), "before")
        devices = len(other.devices())
        self.daemon.terminate()
        self.assertEqual(self.daemon.wait(20), 0)
        for i in range(5):
            juliet.send(room, "meanwhile %d" % i)
        self.daemon.start()              # logs in again by itself who was online
        for i in range(5):
            self.assertEqual(client.expect_body(contact), "meanwhile %d" % i)
        juliet.send(room, "after")
        self.assertEqual(client.expect_body(contact), "after")
        client.message(contact, "and out")
        juliet.message(room, "and out", other.user_id)
        self.assertEqual(len(other.devices()), devices)
