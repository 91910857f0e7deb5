# SPDX-License-Identifier: MPL-2.0
"""Matrix as the user, end to end: Prosody, the real sojournd, Synapse, a small Matrix client."""
import unittest

import synapse
from e2ebase import GATEWAY, PASSWORD, GatewayTest
from matrixclient import MatrixClient
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

    def test_token(self):
        """A token of another client serves in place of a password, and outlives the registration
        (G100-06, G100-19)"""
        client, other = self.xmpp("friar"), self.person("friar")
        refused = self.submit_form(client, username=other.user_id, x_token="syt_no_such_token")
        self.assert_error(refused, "not-acceptable")
        self.assert_result(self.submit_form(client, username=other.user_id, x_token=other.token))
        self.assertFalse([d for d in other.devices() if d and d.startswith("Sojourn (")])
        self.assert_result(client.iq("set", GATEWAY,
                                     "<query xmlns='jabber:iq:register'><remove/></query>"))
        self.assertTrue(other.call("GET", "/account/whoami"))

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
        for i in range(130):
            juliet.send(room, "meanwhile %d" % i)
        self.daemon.start()              # logs in again by itself who was online
        for i in range(130):
            self.assertEqual(client.expect_body(contact), "meanwhile %d" % i)
        juliet.send(room, "after")
        self.assertEqual(client.expect_body(contact), "after")
        client.message(contact, "and out")
        juliet.message(room, "and out", other.user_id)
        self.assertEqual(len(other.devices()), devices)


class Marks(MatrixTest):
    """What happens to messages after they were said, both ways."""
    REPLACE, REACTIONS = "urn:xmpp:message-correct:0", "urn:xmpp:reactions:0"
    RETRACT, STATES = "urn:xmpp:message-retract:1", "http://jabber.org/protocol/chatstates"

    def chat(self, user, person):
        client, other = self.member(user)
        friend = self.person(person)
        contact, room = self.befriended(client, other, friend)
        return client, other, friend, contact, room

    def with_child(self, client, contact, name, ns):
        """The next message of the contact that has such a child; the child and the message."""
        got = client.wait(lambda n: n.name == "message" and n.find(name, ns) is not None and
                          n.get("from") == contact, "a <%s/>" % name)
        return got.find(name, ns), got

    def send(self, client, contact, ident, payload):
        client.send("<message to='%s' type='chat' id='%s'>%s</message>" % (contact, ident, payload))

    def test_edits(self):
        """Edits both ways (G308-02)"""
        client, other, juliet, contact, room = self.chat("romeo", "juliet")
        event = juliet.send(room, "helo")
        first = client.wait(lambda n: n.name == "message" and n.find("body") is not None and
                            n.find("body").text == "helo", "the first version")
        juliet.edit(room, event, "hello")
        replace, got = self.with_child(client, contact, "replace", self.REPLACE)
        self.assertEqual((replace.get("id"), got.find("body").text), (first.get("id"), "hello"))
        self.send(client, contact, "e1", "<body>wat</body>")
        mine = juliet.message(room, "wat", other.user_id)["event_id"]
        self.send(client, contact, "e2", "<body>what</body><replace xmlns='%s' id='e1'/>"
                  % self.REPLACE)
        edit = juliet.event(room, "m.room.message", other.user_id)["content"]
        self.assertEqual(edit["m.new_content"]["body"], "what")
        self.assertEqual((edit["m.relates_to"]["rel_type"], edit["m.relates_to"]["event_id"]),
                         ("m.replace", mine))

    def test_reactions(self):
        """Reactions both ways, and taken back (G444-02, G444-03)"""
        client, other, rosaline, contact, room = self.chat("benvolio", "rosaline")
        self.send(client, contact, "r1", "<body>Go thither</body>")
        mine = rosaline.message(room, "Go thither", other.user_id)["event_id"]
        reaction = rosaline.react(room, mine, "\U0001f339")
        shown, _ = self.with_child(client, contact, "reactions", self.REACTIONS)
        self.assertEqual((shown.get("id"), [r.text for r in shown.children]),
                         ("r1", ["\U0001f339"]))
        rosaline.redact(room, reaction)
        shown, _ = self.with_child(client, contact, "reactions", self.REACTIONS)
        self.assertEqual((shown.get("id"), shown.children), ("r1", []))
        event = rosaline.send(room, "Perhaps")
        theirs = client.wait(lambda n: n.name == "message" and n.find("body") is not None and
                             n.find("body").text == "Perhaps", "the message").get("id")
        self.send(client, contact, "r2", "<reactions xmlns='%s' id='%s'><reaction>\U0001f44d"
                  "</reaction></reactions>" % (self.REACTIONS, theirs))
        got = rosaline.event(room, "m.reaction", other.user_id)
        self.assertEqual(got["content"]["m.relates_to"], {
            "rel_type": "m.annotation", "event_id": event, "key": "\U0001f44d"})
        self.daemon.terminate()
        self.assertEqual(self.daemon.wait(20), 0)
        self.daemon.start()              # which forgets which event that was
        rosaline.send(room, "Back?")
        client.wait(lambda n: n.name == "message" and n.find("body") is not None and
                    n.find("body").text == "Back?", "the message")
        self.send(client, contact, "r3", "<reactions xmlns='%s' id='%s'/>"
                  % (self.REACTIONS, theirs))
        redaction = rosaline.event(room, "m.room.redaction", other.user_id)
        self.assertEqual(redaction.get("redacts") or redaction["content"].get("redacts"),
                         got["event_id"])

    def test_styles_and_answers(self):
        """Formatted text both ways, and an answer that stays in its thread (G393-01)"""
        client, other, nurse, contact, room = self.chat("nurse", "angelica")
        root = nurse.send(room, "root")
        self.assertEqual(client.expect_body(contact), "root")
        nurse.send(room, "**yes**", **{
            "format": "org.matrix.custom.html", "formatted_body": "<strong>yes</strong>",
            "m.relates_to": {"rel_type": "m.thread", "event_id": root, "is_falling_back": True,
                             "m.in_reply_to": {"event_id": root}}})
        theirs = client.wait(lambda n: n.name == "message" and n.find("body") is not None and
                             n.find("body").text == "*yes*", "the message").get("id")
        self.send(client, contact, "a1", "<body>_no_</body><reply xmlns='urn:xmpp:reply:0' "
                  "to='%s' id='%s'/>" % (contact, theirs))
        content = nurse.message(room, "no", other.user_id)["content"]
        self.assertEqual(content["formatted_body"], "<em>no</em>")
        self.assertEqual(content["m.mentions"], {"user_ids": [nurse.user_id]})
        self.assertEqual(content["m.relates_to"]["rel_type"], "m.thread")
        self.assertEqual(content["m.relates_to"]["event_id"], root)

    def test_redactions(self):
        """What is taken back over there is taken back here, and the other way (G424-01)"""
        client, other, queen, contact, room = self.chat("mercutio", "mab")
        event = queen.send(room, "too much")
        theirs = client.wait(lambda n: n.name == "message" and n.find("body") is not None and
                             n.find("body").text == "too much", "the message").get("id")
        queen.redact(room, event, "forget it")
        retract, _ = self.with_child(client, contact, "retract", self.RETRACT)
        self.assertEqual(retract.get("id"), theirs)
        self.send(client, contact, "t1", "<body>as well</body>")
        mine = queen.message(room, "as well", other.user_id)["event_id"]
        self.send(client, contact, "t2", "<retract xmlns='%s' id='t1'/><body>gone</body>"
                  % self.RETRACT)
        redaction = queen.event(room, "m.room.redaction", other.user_id)
        self.assertEqual(redaction.get("redacts") or redaction["content"].get("redacts"), mine)

    def test_typing_and_reading(self):
        """Who types, and what was read, both ways (G333-04)"""
        client, other, tybalt, contact, room = self.chat("paris", "tybalt")
        self.send(client, contact, "y1", "<body>one</body><active xmlns='%s'/>"
                  "<markable xmlns='urn:xmpp:chat-markers:0'/>" % self.STATES)
        mine = tybalt.message(room, "one", other.user_id)["event_id"]
        tybalt.typing(room)
        self.with_child(client, contact, "composing", self.STATES)
        tybalt.read(room, mine)
        displayed, _ = self.with_child(client, contact, "displayed", "urn:xmpp:chat-markers:0")
        self.assertEqual(displayed.get("id"), "y1")
        self.send(client, contact, "y2", "<composing xmlns='%s'/>" % self.STATES)
        tybalt.expect(lambda r, part, e: r == room and e["type"] == "m.typing" and
                      other.user_id in e["content"]["user_ids"], "typing")
        event = tybalt.send(room, "two")
        theirs = client.wait(lambda n: n.name == "message" and n.find("body") is not None and
                             n.find("body").text == "two", "the message").get("id")
        self.send(client, contact, "y3", "<displayed xmlns='urn:xmpp:chat-markers:0' id='%s'/>"
                  % theirs)
        tybalt.expect(lambda r, part, e: r == room and e["type"] == "m.receipt" and
                      other.user_id in e["content"].get(event, {}).get("m.read", {}), "a receipt")


class Transactions(MatrixTest):
    """What the repetition of messages rests upon (docs/DELIVERY.md)."""

    def test_known_again(self):
        """The home server knows a transaction of a device again after the token was refreshed and
        after a new log-in"""
        lady = self.person("lady")
        room = lady.create()
        body = {"type": "m.login.password", "password": ACCOUNT, "refresh_token": True,
                "device_id": "SOJOURN1", "identifier": {"type": "m.id.user",
                                                        "user": lady.user_id}}
        device = MatrixClient(self.ircd.base, synapse.NAME)
        answer = device.call("POST", "/login", body)
        sent = set()

        def say():
            sent.add(device.call("PUT", "/rooms/%s/send/m.room.message/sj.1" % room,
                                 {"msgtype": "m.text", "body": "once"})["event_id"])
        device.token = answer["access_token"]
        say()
        device.token = device.call("POST", "/refresh", {
            "refresh_token": answer["refresh_token"]})["access_token"]
        say()
        device.token = device.call("POST", "/login", body)["access_token"]
        say()
        self.assertEqual(len(sent), 1)
