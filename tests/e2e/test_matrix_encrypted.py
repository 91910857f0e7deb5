# SPDX-License-Identifier: MPL-2.0
"""What a user of Matrix sends that cannot be read or shown as it is, with a real home server."""
from e2ebase import GATEWAY
from test_matrix import MatrixTest, jid_of
from xmlmatch import format_node

NOTE = "(an encrypted message, which cannot be read here)"
ENCRYPTION = {"algorithm": "m.megolm.v1.aes-sha2"}
SEALED = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6qF84IK++J7UDH2Za1",
          "sender_key": "kZy0", "device_id": "ELEMENT", "session_id": "nv0z"}


class Unreadable(MatrixTest):
    def refused(self, client, address):
        error = client.wait(lambda n: n.name == "message" and n.get("type") == "error" and
                            n.get("from") == address, "the refusal")
        self.assertIn("encrypted", error.find("error").find("text").text, format_node(error))

    def test_chat(self):
        """A chat that is encrypted is told as that, message by message; nothing is sent into it,
        and the error says why"""
        client, other = self.member("romeo")
        juliet = self.person("juliet")
        contact, room = self.befriended(client, other, juliet)
        juliet.send(room, "Still plain")
        self.assertEqual(client.expect_body(contact), "Still plain")
        juliet.set_state(room, "m.room.encryption", ENCRYPTION)
        juliet.send_event(room, "m.room.encrypted", SEALED)
        self.assertEqual(client.expect_body(contact), NOTE)
        client.message(contact, "In plain words")
        self.refused(client, contact)
        self.assertNotIn("In plain words", [body for _, body in juliet.messages(room)])

    def test_room(self):
        """Who comes into an encrypted room is told so; it is the same there"""
        client, other = self.member("benvolio")
        lady, nurse = self.person("lady"), self.person("nurse")
        room = lady.create(preset="public_chat", name="Vault", invite=[nurse.user_id],
                             initial_state=[{"type": "m.room.encryption", "state_key": "",
                                             "content": ENCRYPTION}])
        other.join(room)
        address = jid_of(room)
        client.send("<presence to='%s/b'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
                    % address)
        client.wait(lambda n: n.name == "message" and n.get("from") == address and
                    n.find("body") is not None and "encrypted" in n.find("body").text,
                    "the warning")
        lady.send_event(room, "m.room.encrypted", SEALED)
        client.wait(lambda n: n.name == "message" and n.find("body") is not None and
                    n.find("body").text == NOTE, "the note")
        client.send("<message type='groupchat' id='g1' to='%s'><body>In plain words</body>"
                    "</message>" % address)
        self.refused(client, address)
        self.assertNotIn("In plain words", [body for _, body in lady.messages(room)])

    def test_others(self):
        """A poll, a place and a space"""
        client, other = self.member("mercutio")
        rosaline = self.person("rosaline")
        contact, room = self.befriended(client, other, rosaline)
        rosaline.send_event(room, "org.matrix.msc3381.poll.start", {
            "org.matrix.msc3381.poll.start": {
                "question": {"org.matrix.msc1767.text": "Which feud?"}, "max_selections": 1,
                "kind": "org.matrix.msc3381.poll.disclosed", "answers": [
                    {"id": "a", "org.matrix.msc1767.text": "The old one"},
                    {"id": "b", "org.matrix.msc1767.text": "A new one"}]}})
        self.assertEqual(client.expect_body(contact),
                         "(a poll) Which feud?\n1. The old one\n2. A new one")
        rosaline.send_event(room, "m.room.message", {"msgtype": "m.location", "body": "The tomb",
                                                   "geo_uri": "geo:45.43,10.99"})
        self.assertEqual(client.expect_body(contact), "(a place) The tomb geo:45.43,10.99")
        space = other.create(name="Houses", preset="public_chat", visibility="public",
                             creation_content={"type": "m.space"})
        rosaline.send(room, "after")
        self.assertEqual(client.expect_body(contact), "after")
        items = client.iq("get", GATEWAY, "<query xmlns='http://jabber.org/protocol/disco#items'/>")
        self.assertNotIn(jid_of(space), [i.get("jid") for i in items.find("query").children])
