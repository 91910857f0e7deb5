# SPDX-License-Identifier: MPL-2.0
"""End to end with Ergo, which has what the other servers lack: accounts of its own with SCRAM, ids
of messages, history (draft/chathistory), and the newer tags."""
import re
import unittest

import ergo
from clients import IrcClient
from e2ebase import GatewayTest
from test_channels import Channels, room

PASSWORD = "account-password"


class ErgoTest(GatewayTest):
    programs = ("prosody",)

    @classmethod
    def setUpClass(cls):
        reason = ergo.missing()
        if reason:
            raise unittest.SkipTest(reason)
        super().setUpClass()

    @classmethod
    def network(cls, lab):
        server = ergo.start(lab)
        return server, {"server": "127.0.0.1", "port": server.irc, "tls": "no"}


class Ergo(Channels, ErgoTest):
    """What works on every server works there."""
    tells_server = False


class ErgoAccounts(ErgoTest):
    @classmethod
    def network(cls, lab):
        server, keys = super().network(lab)
        owner = IrcClient(server.irc, "romeo")
        owner.send("NS REGISTER " + PASSWORD)
        owner.wait(lambda m: m.command == "NOTICE" and "logged in" in m.raw, "the account")
        owner.send("QUIT")
        owner.close()
        return server, keys

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



class ErgoTags(ErgoTest):
    def test_tags(self):
        """An answer, a reaction and a message of several lines go by tags and as one message; an
        answer and a reaction of the other side arrive as such (G461-01, G444-02)"""
        juliet = self.irc("juliet")
        juliet.send("CAP REQ :message-tags batch draft/multiline")
        juliet.expect("CAP")
        juliet.send("JOIN #verona")
        juliet.expect("366")
        romeo = self.go_online("romeo")
        romeo.send("<presence to='%s/romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
                   % room("#verona"))
        romeo.expect("<message type='groupchat' from='*' to='*' ...><subject>*</subject>..."
                     "</message>")
        romeo.send("<message type='groupchat' to='%s' id='m1'><body>one</body></message>"
                   % room("#verona"))
        said = juliet.wait(lambda m: m.command == "PRIVMSG", "the message")
        msgid = re.search("msgid=([^; ]+)", said.raw).group(1)
        romeo.expect("<message type='groupchat' from='*' to='*' id='m1'><body>one</body>..."
                     "</message>")
        juliet.send("@+draft/reply=%s PRIVMSG #verona :two" % msgid)
        romeo.expect("<message type='groupchat' from='%s/juliet' to='*' ...><body>*two</body>"
                     "<reply xmlns='urn:xmpp:reply:0' ...>...</reply>...</message>"
                     % room("#verona"))
        juliet.send("@+draft/react=\N{ROSE};+draft/reply=%s TAGMSG #verona" % msgid)
        romeo.expect("<message type='groupchat' from='%s/juliet' to='*' ...>"
                     "<reactions xmlns='urn:xmpp:reactions:0' id='*'><reaction>\N{ROSE}</reaction>"
                     "</reactions>...</message>" % room("#verona"))
        romeo.send("<message type='groupchat' to='%s' id='m2'><body>a\nb</body></message>"
                   % room("#verona"))
        batch = juliet.wait(lambda m: m.command == "BATCH" and "draft/multiline" in m.raw,
                            "the lines as one message")
        self.assertIn("#verona", batch.raw)


del Channels, ErgoTest               # not to be run by themselves
