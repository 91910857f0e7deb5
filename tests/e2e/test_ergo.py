# SPDX-License-Identifier: MPL-2.0
"""End to end with Ergo, which has what the other servers lack: accounts of its own with SCRAM, ids
of messages, history (draft/chathistory), and the newer tags."""
import unittest

import ergo
from clients import IrcClient
from e2ebase import GATEWAY, REGISTER, GatewayTest
from test_channels import Channels, room

PASSWORD = "account-password"


class ErgoTest(GatewayTest):
    programs = ("prosody",)
    together = False

    @classmethod
    def setUpClass(cls):
        reason = ergo.missing()
        if reason:
            raise unittest.SkipTest(reason)
        super().setUpClass()

    @classmethod
    def network(cls, lab):
        server = ergo.start(lab, cls.together)
        return server, {"server": "127.0.0.1", "port": server.irc, "tls": "no"}


class Ergo(Channels, ErgoTest):
    """What works on every server works there."""
    tells_server = False


class WithAccounts(ErgoTest):
    """Some have an account on the network."""
    accounts = ("romeo",)

    @classmethod
    def network(cls, lab):
        server, keys = super().network(lab)
        for nick in cls.accounts:
            owner = IrcClient(server.irc, nick)
            owner.send("NS REGISTER " + PASSWORD)
            owner.wait(lambda m: m.command == "NOTICE" and "logged in" in m.raw, "the account")
            owner.send("QUIT")
            owner.expect("ERROR")
            owner.close()
        return server, keys


class ErgoAccounts(WithAccounts):

    def test_scram(self):
        """The password proves itself without being sent (SCRAM-SHA-256); a wrong one is found out
        before registration succeeds (G100-06, G100-07)"""
        user = self.xmpp("romeo")
        self.assert_error(self.submit(user, username="romeo", password="wrong-one"),
                          "not-acceptable")
        self.assert_result(self.submit(user, username="romeo", password=PASSWORD))
        self.approve(user)
        self.daemon.wait_log("mechanism=SCRAM-SHA-256")
        juliet = self.irc("juliet")
        juliet.send("WHOIS romeo")
        account = juliet.wait(lambda m: m.command in ("330", "318"), "the answer to WHOIS")
        self.assertEqual(account.command, "330", account.raw)


class ErgoHistory(ErgoTest):
    def test_missed(self):
        """What was said while the user was away is there when they come back, once, in order, in
        the join and in the archive (G045-27, G313-05)"""
        juliet = self.irc("juliet")
        juliet.send("JOIN #verona")
        juliet.expect("366")
        romeo = self.go_online("romeo")
        self.assertEqual(self.enter(romeo), [])
        juliet.send("PRIVMSG #verona :before")
        romeo.expect("<message type='groupchat' from='%s/juliet' to='*' ...><body>before</body>..."
                     "</message>" % room("#verona"))
        romeo.send("<presence type='unavailable'/>")
        juliet.expect("QUIT", source="romeo")
        for word in ("one", "two", "three"):
            juliet.send("PRIVMSG #verona :" + word)
        juliet.send("PING :said")
        juliet.expect("PONG")
        romeo.send("<presence/>")
        self.assertEqual(self.enter(romeo), ["before", "one", "two", "three"])
        self.assertEqual(self.archived(romeo), ["before", "one", "two", "three"])

    def enter(self, client):
        """What is shown of the past."""
        start = len(client.seen)
        client.send("<presence to='%s/romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
                    % room("#verona"))
        client.expect("<message type='groupchat' from='*' to='*' ...><subject>*</subject>..."
                      "</message>")
        return [n.find("body").text for n in client.seen[start:] if n.name == "message" and
                n.get("type") == "groupchat" and n.find("body") is not None]

    def archived(self, client):
        start = len(client.seen)
        self.assert_result(client.iq("set", room("#verona"), "<query xmlns='urn:xmpp:mam:2'/>"))
        bodies = [n.find("result").find("forwarded").find("message").find("body")
                  for n in client.seen[start:]
                  if n.name == "message" and n.find("result") is not None]
        return [b.text for b in bodies if b is not None]



ROSE = "\N{ROSE}"


class TagsTest(WithAccounts):
    """Both sides in #verona, or in one conversation: romeo on XMPP, juliet on IRC.
    Accounts are used with a password."""
    accounts, password = (), None

    def setUp(self):
        super().setUp()
        self.juliet = self.irc("juliet", password=self.password and "juliet:" + self.password)
        self.juliet.send("CAP REQ :message-tags echo-message batch labeled-response "
                         "draft/multiline draft/message-redaction")
        self.juliet.expect("CAP", None, "ACK")
        self.romeo = self.go_online("romeo", username="romeo", password=self.password or "")

    def tearDown(self):
        try:
            self.assert_result(self.romeo.iq("set", GATEWAY, "<query xmlns='%s'><remove/></query>"
                                             % REGISTER))
            self.juliet.wait_online("romeo", False)
            self.juliet.send("QUIT")
            self.juliet.expect("ERROR")
        finally:
            super().tearDown()

    def enter(self):
        self.juliet.send("JOIN #verona")
        self.juliet.expect("366")
        self.romeo.send("<presence to='%s/romeo'><x xmlns='http://jabber.org/protocol/muc'/>"
                        "</presence>" % room("#verona"))
        self.romeo.expect("<message type='groupchat' from='*' to='*' ...><subject>*</subject>..."
                          "</message>")

    def says(self, ident, body, payload=""):
        """Romeo in the channel; the line's id, and the room's own."""
        self.romeo.send("<message type='groupchat' to='%s' id='%s'><body>%s</body>%s</message>"
                        % (room("#verona"), ident, body, payload))
        line = self.heard_by_juliet("PRIVMSG")
        self.romeo.expect("<message type='groupchat' from='%s/romeo' to='*' id='%s'>...<stanza-id "
                          "xmlns='urn:xmpp:sid:0' by='*' id='$mine'/>...</message>"
                          % (room("#verona"), ident))
        return line, self.romeo.vars.pop("mine")

    def hears(self, body, tags=""):
        """Juliet in the channel; the same two ids."""
        self.juliet.send("%sPRIVMSG #verona :%s" % (tags, body))
        line = self.juliet.expect("PRIVMSG", source="juliet")
        self.romeo.expect("<message type='groupchat' from='%s/juliet' to='*' ...>...<stanza-id "
                          "xmlns='urn:xmpp:sid:0' by='*' id='$theirs'/>...</message>"
                          % room("#verona"))
        return line.tags["msgid"], self.romeo.vars.pop("theirs")

    def heard_by_juliet(self, command):
        return self.juliet.expect(command, source="romeo")

    def in_room(self, payload, ident):
        self.romeo.send("<message type='groupchat' to='%s' id='%s'>%s</message>"
                        % (room("#verona"), ident, payload))


class ErgoTags(TagsTest):
    def test_in(self):
        """An answer and a reaction of the other side arrive as such; several lines go as one
        message (G461-01, G444-02)"""
        self.enter()
        line, mine = self.says("m1", "one")
        self.hears("two", "@+draft/reply=%s " % line.tags["msgid"])
        self.romeo.heard("<message type='groupchat' from='%s/juliet' to='*' ...><body>*two</body>"
                         "...<reply xmlns='urn:xmpp:reply:0' id='%s' ...>...</reply>...</message>"
                         % (room("#verona"), mine))
        self.juliet.send("@+draft/react=%s;+draft/reply=%s TAGMSG #verona"
                         % (ROSE, line.tags["msgid"]))
        self.romeo.expect("<message type='groupchat' from='%s/juliet' to='*' ...>"
                          "<reactions xmlns='urn:xmpp:reactions:0' id='%s'><reaction>%s</reaction>"
                          "</reactions>...</message>" % (room("#verona"), mine, ROSE))
        self.romeo.send("<message type='groupchat' to='%s' id='m2'><body>a\nb</body></message>"
                        % room("#verona"))
        batch = self.heard_by_juliet("BATCH")
        self.assertIn("draft/multiline", batch.raw)

    def test_out(self):
        """An answer and a reaction go out as tags, which name the message (G461-01, G444-02)"""
        self.enter()
        msgid, theirs = self.hears("question")
        line, _ = self.says("m1", "answer", "<reply xmlns='urn:xmpp:reply:0' to='%s/juliet' "
                            "id='%s'/>" % (room("#verona"), theirs))
        self.assertEqual((line.tags.get("+draft/reply"), line.tags.get("+reply")), (msgid, msgid))
        self.in_room("<reactions xmlns='urn:xmpp:reactions:0' id='%s'><reaction>%s</reaction>"
                     "</reactions>" % (theirs, ROSE), "r1")
        line = self.heard_by_juliet("TAGMSG")
        self.assertEqual((line.tags["+draft/react"], line.tags["+draft/reply"]), (ROSE, msgid))
        self.romeo.expect("<message type='groupchat' from='%s/romeo' to='*' id='r1'><reactions "
                          "xmlns='urn:xmpp:reactions:0' id='%s'>...</reactions>...</message>"
                          % (room("#verona"), theirs))
        self.in_room("<reactions xmlns='urn:xmpp:reactions:0' id='%s'/>" % theirs, "r2")
        line = self.heard_by_juliet("TAGMSG")
        self.assertEqual((line.tags["+draft/unreact"], line.tags["+draft/reply"]), (ROSE, msgid))

    def test_redaction_refused(self):
        """Who has no account may not take messages back there, and is told so (G424-01)"""
        self.enter()
        _, mine = self.says("m1", "rash")
        self.in_room("<retract xmlns='urn:xmpp:message-retract:1' id='%s'/>" % mine, "x1")
        self.romeo.expect("<message type='error' from='%s' to='*' id='x1'>...</message>"
                          % room("#verona"))

    def test_typing(self):
        """Who types is told, both ways, to persons and in channels (G085-02, G085-05)"""
        self.enter()
        juliet = "juliet@" + GATEWAY
        self.befriend(self.romeo, "juliet")
        for where, kind, to in (("romeo", "chat", juliet),
                                ("#verona", "groupchat", room("#verona"))):
            self.romeo.send("<message type='%s' to='%s'><composing "
                            "xmlns='http://jabber.org/protocol/chatstates'/></message>"
                            % (kind, to))
            line = self.heard_by_juliet("TAGMSG")
            self.assertEqual(line.tags["+typing"], "active")
            self.juliet.send("@+typing=active TAGMSG " + where)
            self.romeo.expect("<message type='%s' from='*' to='*' ...><composing "
                              "xmlns='http://jabber.org/protocol/chatstates'/>...</message>" % kind)

    def test_labels(self):
        """The same words twice, and once in vain: each message is told once, or refused, as the
        server's labels say (G045-50)"""
        self.enter()
        for ident in ("m1", "m2"):
            self.in_room("<body>same</body>", ident)
        ids = {self.heard_by_juliet("PRIVMSG").tags["msgid"] for _ in range(2)}
        self.assertEqual(len(ids), 2)
        self.juliet.send("MODE #verona +m")
        self.juliet.expect("MODE", "#verona", "+m")
        self.juliet.send("PRIVMSG #verona :moderated")
        self.romeo.expect("<message type='groupchat' from='%s/juliet' to='*' ...><body>moderated"
                          "</body>...</message>" % room("#verona"))
        self.in_room("<body>same</body>", "m3")
        self.romeo.expect("<message type='error' from='%s' to='*' id='m3'>...</message>"
                          % room("#verona"))
        told = [n.get("id") for n in self.romeo.seen
                if n.name == "message" and n.get("type") == "groupchat" and
                n.get("from") == room("#verona") + "/romeo" and n.find("body") is not None]
        self.assertEqual(told, ["m1", "m2"])

    def test_bot(self):
        """The server takes the mode of bots, and marks what one says (IRCv3 bot-mode)"""
        self.juliet.send("MODE juliet +B")
        self.juliet.expect("MODE", "juliet")
        self.enter()
        self.hears("beep")
        self.romeo.heard("<presence from='%s/juliet' to='*'>...<hats xmlns='urn:xmpp:hats:0'>..."
                         "<hat title='Bot' uri='*'/>...</hats>...</presence>" % room("#verona"))
        self.assert_result(self.submit_form(self.romeo, username="romeo", x_bot="true"))
        self.juliet.expect("QUIT", source="romeo")
        self.juliet.wait_online("romeo")
        self.juliet.send("WHOIS romeo")
        self.assertEqual(self.juliet.wait(lambda m: m.command in ("335", "318"),
                                          "the answer to WHOIS").command, "335")


class ErgoTagsOfAccounts(TagsTest):
    """What the server lets nobody do but who is logged in to an account."""
    accounts, password, together = ("romeo", "juliet"), PASSWORD, True

    def test_redaction(self):
        """Messages are taken back, both ways (G424-01)"""
        self.enter()
        line, mine = self.says("m1", "rash")
        self.in_room("<retract xmlns='urn:xmpp:message-retract:1' id='%s'/>" % mine, "x1")
        self.juliet.expect("REDACT", "#verona", line.tags["msgid"], source="romeo")
        self.romeo.expect("<message type='groupchat' from='%s/romeo' to='*' id='x1'>...<retract "
                          "xmlns='urn:xmpp:message-retract:1' id='%s'/>...</message>"
                          % (room("#verona"), mine))
        msgid, theirs = self.hears("unadvised")
        self.juliet.send("REDACT #verona " + msgid)
        self.romeo.expect("<message type='groupchat' from='%s/juliet' to='*' ...>...<retract "
                          "xmlns='urn:xmpp:message-retract:1' id='%s'/>...</message>"
                          % (room("#verona"), theirs))

    def test_read(self):
        """What the user has read is told to their other clients, of persons and of channels
        (G333-01, G333-02)"""
        self.enter()
        other = self.irc("romeo", password="romeo:" + PASSWORD)
        other.send("CAP REQ :draft/read-marker server-time")
        other.expect("CAP", None, "ACK")
        self.juliet.send("PRIVMSG romeo :one")
        line = other.expect("PRIVMSG", source="juliet")
        self.romeo.expect("<message type='chat' from='juliet@%s' to='*' id='$id'><body>one</body>"
                          "...</message>" % GATEWAY)
        self.romeo.send("<message type='chat' to='juliet@%s' id='d1'><displayed "
                        "xmlns='urn:xmpp:chat-markers:0' id='%s'/></message>"
                        % (GATEWAY, self.romeo.vars.pop("id")))
        other.expect("MARKREAD", "juliet", "timestamp=" + line.tags["time"])
        _, theirs = self.hears("two")
        line = other.expect("PRIVMSG", "#verona", source="juliet")
        self.in_room("<displayed xmlns='urn:xmpp:chat-markers:0' id='%s'/>" % theirs, "d2")
        other.expect("MARKREAD", "#verona", "timestamp=" + line.tags["time"])
        other.send("QUIT")
        other.expect("ERROR")


del Channels, ErgoTest, WithAccounts, TagsTest               # not to be run by themselves
