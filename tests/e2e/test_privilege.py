# SPDX-License-Identifier: MPL-2.0
"""End to end on servers that grant privileges (XEP-0356): rosters are filled without a question on
Prosody, and by offers on ejabberd 23.01, which promises to write rosters and cannot."""
import pathlib
import time
import unittest

import library
from clients import XmppClient
from e2ebase import GATEWAY, PASSWORD, SECRET, USERS, LoopbackTest
from servers import ejabberd, prosody

ECHO = "echo@" + GATEWAY
ROSTER = "jabber:iq:roster"
ROSTERX = "http://jabber.org/protocol/rosterx"
PUBSUB = "http://jabber.org/protocol/pubsub"
BOOKMARKS = "urn:xmpp:bookmarks:1"
MODULE = pathlib.Path("/usr/lib/prosody/modules/mod_privilege")


def items(client):
    """JID to the item of the user's roster."""
    query = client.iq("get", None, "<query xmlns='%s'/>" % ROSTER).find("query")
    return {i.get("jid"): i for i in query.children}


class Client(XmppClient):
    """Answers what it does not know, as every client must (RFC 6120 §8.2.3)."""

    def _arrived(self, node):
        super()._arrived(node)
        if node.name == "iq" and node.get("type") == "get":
            self.send("<iq type='error' to='%s' id='%s'><error type='cancel'><service-unavailable "
                      "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
                      % (node.get("from"), node.get("id")))


class PrivilegedTest(LoopbackTest):
    def xmpp(self, user, presence=True):
        client = Client(self.prosody.c2s, "%s@localhost/test" % user, PASSWORD, presence)
        self.clients.append(client)
        return client

    def settle(self, client):
        """What the gateway was asked before is answered."""
        self.assert_result(client.iq("get", GATEWAY, "<ping xmlns='urn:xmpp:ping'/>"))

    def set_item(self, client, name, group):
        self.assert_result(client.iq("set", None, "<query xmlns='%s'><item jid='%s' name='%s'>"
                                     "<group>%s</group></item></query>"
                                     % (ROSTER, ECHO, name, group)))


@unittest.skipUnless(MODULE.exists(), "prosody-modules is not installed")
class Prosody(PrivilegedTest):
    @classmethod
    def xmpp_server(cls, lab):
        return prosody(lab, {u: PASSWORD for u in USERS}, {GATEWAY: SECRET}, ("pep",),
                       privileged=True)

    @staticmethod
    def bookmarks(client):
        """JID to the user's bookmarks of rooms; None: the node is not there."""
        pubsub = client.iq("get", None, "<pubsub xmlns='%s'><items node='%s'/></pubsub>"
                           % (PUBSUB, BOOKMARKS)).find("pubsub")
        items = pubsub.find("items") if pubsub else None
        return {i.get("id"): i.find("conference") for i in items.children} if items else None

    def ask_until(self, done, what):
        """done() asks a server, so each try takes a round trip."""
        end = time.monotonic() + 30
        while not done():
            self.assertLess(time.monotonic(), end, what)

    def register_as(self, client, account):
        self.assert_result(client.iq("set", GATEWAY, "<query xmlns='jabber:iq:register'><username>"
                                     "%s</username></query>" % account))
        client.send("<presence to='%s'/>" % GATEWAY)

    def test_bookmarks(self):
        """A room that the network has put the user into becomes a bookmark at Prosody's PEP; one
        that the user has changed stays; it goes with the room (G356-16, G356-17, G356-19,
        G402-01, G402-02, G402-03)"""
        club = "#club@" + GATEWAY
        first = self.xmpp("sampson")
        self.wait_for_gateway(first)
        self.register_as(first, "member")
        first.send("<presence to='%s/Member'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
                   % club)
        first.expect("<message from='%s' type='groupchat' ...><subject/>...</message>" % club)
        self.assert_result(first.iq("set", GATEWAY, "<query xmlns='jabber:iq:register'><remove/>"
                                    "</query>"))
        user = self.xmpp("balthasar")
        self.register_as(user, "member")
        self.ask_until(lambda: (self.bookmarks(user) or {}).get(club), "the bookmark")
        mark = self.bookmarks(user)[club]
        self.assertEqual((mark.get("autojoin"), mark.get("name")), ("true", "Club"))
        user.send("<presence to='%s/%s'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
                  % (club, mark.find("nick").text))
        user.expect("<message from='%s' type='groupchat' ...><subject/>...</message>" % club)
        user.send("<message type='groupchat' to='%s'><body>!kick me</body></message>" % club)
        self.ask_until(lambda: club not in (self.bookmarks(user) or {}), "the end of it")

    def test_own_messages_appear_as_sent(self):
        """What the user wrote from another device of the network is shown by Prosody as the user's
        own, once, to all clients, and does not come back to the network (G356-11, G356-13,
        G356-14, G280-04)"""
        user = self.go_online("benvolio")
        self.assert_result(user.iq("set", None, "<enable xmlns='urn:xmpp:carbons:2'/>"))
        twin = "twin@" + GATEWAY
        user.message(twin, "said elsewhere")
        user.expect("<message from='benvolio@localhost' to='benvolio@localhost/test' ...>"
                    "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
                    "<message xmlns='jabber:client' type='chat' from='benvolio@localhost*' "
                    "to='%s' ...><body>said elsewhere</body>...</message></forwarded></sent>"
                    "</message>" % twin)
        self.settle(user)
        self.assertFalse([n for n in user.seen if n.name == "message" and
                          (n.get("from") or "").startswith("twin@")])
        shown = [n for n in user.seen if n.name == "message" and n.find("sent") is not None]
        self.assertEqual(len(shown), 1)

    def test_roster_is_filled(self):
        """A contact of the network is in the roster without any question, and seen at once; the
        user's own name and groups are kept over log-ins; unregistering takes the item away
        (G356-01, G356-06, G356-08, G356-09, G356-10, G100-20)"""
        user = self.go_online("romeo")
        user.expect("<presence from='%s' to='*'>...</presence>" % ECHO)
        echo = items(user)[ECHO]
        self.assertEqual((echo.get("name"), echo.get("subscription")), ("Echo", "both"))
        self.set_item(user, "Narcissus", "Nymphs")
        user.presence(kind="unavailable")
        user.close()
        self.clients.remove(user)
        user = self.xmpp("romeo")
        user.expect("<presence from='%s' to='*'>...</presence>" % ECHO)
        self.assertEqual(user.message(ECHO, "who is there?")[:1], "m")
        self.assertEqual(user.expect_body(ECHO), "who is there?")
        echo = items(user)[ECHO]
        self.assertEqual((echo.get("name"), echo.get("subscription")), ("Narcissus", "both"))
        self.assertEqual([g.text for g in echo.children if g.name == "group"], ["Nymphs"])
        self.assert_result(user.iq("set", GATEWAY, "<query xmlns='jabber:iq:register'><remove/>"
                                   "</query>", 60))
        user.expect("<presence type='unsubscribed' from='%s' ...>...</presence>" % GATEWAY)
        self.assertNotIn(ECHO, items(user))

    def test_forged_grant(self):
        """A user who claims to grant privileges is not believed, and others go on
        (G356-02)"""
        user = self.go_online("tybalt")
        user.expect("<presence from='%s' to='*'>...</presence>" % ECHO)
        user.send("<message to='%s'><privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' "
                  "type='none'/></privilege></message>" % GATEWAY)
        self.settle(user)
        other = self.go_online("mercutio")
        other.expect("<presence from='%s' to='*'>...</presence>" % ECHO)
        self.assertEqual(items(other)[ECHO].get("subscription"), "both")
        self.assertNotIn("server=tybalt", self.daemon.log_text())

    @library.needs_slixmpp
    def test_slixmpp(self):
        """A client that only knows rosters has the network's contact in its roster, and talks
        (G356-06, G356-08)"""
        first = self.xmpp("rosaline", presence=False)
        self.wait_for_gateway(first)
        library.run(self.round())

    async def round(self):
        user = await library.log_in(self.prosody.c2s, "paris")
        await library.register(user)
        await library.presence_of(user, ECHO)
        item = user.client_roster[ECHO]
        self.assertEqual((item["name"], item["subscription"]), ("Echo", "both"))
        user.send_message(ECHO, "from slixmpp", mtype="chat")
        self.assertEqual((await library.message_of(user, ECHO))["body"], "from slixmpp")
        await user.disconnect()


class Ejabberd(PrivilegedTest):
    programs = ("erl", "ejabberdctl")

    @classmethod
    def xmpp_server(cls, lab):
        return ejabberd(lab, {u: PASSWORD for u in USERS}, {GATEWAY: SECRET}, privileged=True)

    def test_writing_fails(self):
        """The server lets rosters be read and fails to write them: contacts are offered instead,
        once; who is in the roster already is seen at once and not offered
        (G356-01, G356-04, G356-10, G144-11)"""
        user = self.go_online("romeo")
        user.expect("<message from='%s' ...><x xmlns='%s'><item action='add' jid='%s' name='Echo'/>"
                    "</x>...</message>" % (GATEWAY, ROSTERX, ECHO))
        user.presence(ECHO, "subscribe")
        user.expect("<presence from='%s' to='*'>...</presence>" % ECHO)
        user.presence(ECHO, "subscribed")
        self.settle(user)
        self.assertEqual(items(user)[ECHO].get("subscription"), "both")
        self.set_item(user, "Narcissus", "Nymphs")
        user.presence(kind="unavailable")
        user.close()
        self.clients.remove(user)
        user = self.xmpp("romeo")
        user.expect("<presence from='%s' to='*'>...</presence>" % ECHO)
        self.settle(user)
        self.assertFalse([n for n in user.seen if n.name == "message"])
        self.assertEqual(items(user)[ECHO].get("name"), "Narcissus")
