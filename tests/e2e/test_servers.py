# SPDX-License-Identifier: MPL-2.0
"""End to end: the same round on Prosody and on ejabberd, with and without privileges (XEP-0356),
and what these add. Prosody of Debian 12 grants by version 2 of the protocol, ejabberd by
version 1, and its privileged roster set fails (a fault of 23.01 that was mended later): there the
gateway must do without."""

from e2ebase import GATEWAY, PASSWORD, SECRET, USERS, LoopbackTest
from servers import ejabberd, prosody
from xmlmatch import format_node

ECHO = "echo@" + GATEWAY


class Round:
    """What holds on every server."""
    server, privileged = None, False

    @classmethod
    def xmpp_server(cls, lab):
        return cls.server(lab, {u: PASSWORD for u in USERS}, {GATEWAY: SECRET},
                          privileged=cls.privileged)

    def contact(self, client, name):
        """The contact stands in the user's roster, sees and is seen."""
        jid = "%s@%s" % (name, GATEWAY)
        client.presence(jid, "subscribe")
        client.expect("<presence from='%s' to='*'>...</presence>" % jid)
        return jid

    def test_round(self):
        """Registration, log-in, messages both ways, a contact's presence, log-out and
        unregistration (G100-06, G100-19, G100-36, G100-37, G100-43, G100-45, G356-04)"""
        client = self.go_online("romeo")
        jid = self.contact(client, "approver")
        client.message(ECHO, "hello")
        self.assertEqual(client.expect_body(ECHO), "hello")
        self.assertIn(jid, client.roster())
        answer = client.iq("set", GATEWAY, "<query xmlns='jabber:iq:register'><remove/></query>")
        self.assert_result(answer)
        client.expect("<presence from='%s' type='unavailable' ...>...</presence>" % GATEWAY)

    def test_comes_back(self):
        """A user who goes and comes again is logged in again (G100-24, G100-25,
        G100-32)"""
        client = self.go_online("benvolio")
        client.close()
        self.clients.remove(client)
        self.daemon.wait_log("state=closing->offline", "user=benvolio@")
        again = self.xmpp("benvolio")
        again.expect("<presence from='%s' to='*'>...</presence>" % GATEWAY)
        again.message(ECHO, "me again")
        self.assertEqual(again.expect_body(ECHO), "me again")

    def test_errors(self):
        """Who is not registered, or writes to nobody, gets the error (G100-44)"""
        client = self.xmpp("tybalt")
        self.wait_for_gateway(client)
        client.message(ECHO, "let me in")
        got = client.wait(lambda n: n.name == "message" and n.get("type") == "error", "the error")
        self.assertIsNotNone(got.find("error").find("registration-required"), format_node(got))
        member = self.go_online("mercutio")
        member.message("nobody@" + GATEWAY, "hello?")
        got = member.wait(lambda n: n.name == "message" and n.get("type") == "error", "the error")
        self.assertIsNotNone(got.find("error").find("item-not-found"), format_node(got))

    def test_restart(self):
        """After a restart of the gateway everybody is back by themselves"""
        client = self.go_online("nurse")
        self.restart()
        client.expect("<presence from='%s' type='unavailable' ...>...</presence>" % GATEWAY)
        client.expect("<presence from='%s' to='*'>...</presence>" % GATEWAY, 60)
        client.message(ECHO, "still there")
        self.assertEqual(client.expect_body(ECHO), "still there")

    # what tests do

    def restart(self):
        self.daemon.terminate()
        self.assertEqual(self.daemon.wait(20), 0)
        self.daemon.start()


class OnProsody(Round, LoopbackTest):
    server = staticmethod(prosody)


class OnEjabberd(Round, LoopbackTest):
    programs = ("erl", "ejabberdctl")
    server = staticmethod(ejabberd)


class PrivilegedProsody(OnProsody):
    privileged = True

    def test_roster(self):
        """The network's contacts stand in the roster by themselves, with names, and nobody is asked
        (G356-06, G356-08)"""
        client = self.go_online("paris")
        client.wait(lambda n: n.name == "iq" and n.get("type") == "set" and
                    n.find("query") is not None and
                    any(i.get("jid") == ECHO for i in n.find("query").children), "the push")
        self.assertEqual(client.roster()[ECHO][0], "both")
        client.message(ECHO, "hello")
        self.assertEqual(client.expect_body(ECHO), "hello")


class PrivilegedEjabberd(OnEjabberd):
    privileged = True

    def test_roster(self):
        """The server grants rosters and then fails to set them: contacts are offered as without
        (G356-04, G356-06)"""
        client = self.go_online("paris")
        client.expect("<presence type='subscribe' from='%s' ...>...</presence>" % ECHO, 60)
        client.presence(ECHO, "subscribed")
        client.presence(ECHO, "subscribe")
        client.message(ECHO, "hello")
        self.assertEqual(client.expect_body(ECHO), "hello")
