# SPDX-License-Identifier: MPL-2.0
"""End to end with Debian's Prosody and ngIRCd: what users do, and what happens to servers."""
import signal
import time

import servers
from e2ebase import GATEWAY, REGISTER, GatewayTest
from xmlmatch import format_node

LONG = "O Romeo, Romeo, wherefore art thou Romeo? \u6f22\u5b57 " * 40 + "end"


class Registration(GatewayTest):
    def test_by_fields(self):
        """Register by legacy fields; the gateway asks for presence, logs in, shows in the roster
        (G100-05, G100-06, G100-09, G100-11, G100-25, G077-05)"""
        romeo, watcher = self.xmpp("romeo"), self.irc("watcher1")
        self.wait_for_gateway(romeo)
        form = romeo.iq("get", GATEWAY, "<query xmlns='%s'/>" % REGISTER).find("query")
        self.assertIsNotNone(form.find("instructions"))
        self.assertIsNotNone(form.find("username"))
        self.assertIsNone(form.find("registered"))
        self.assert_result(self.submit(romeo, username="romeo"))
        self.approve(romeo)
        watcher.wait_online("romeo")
        self.assertEqual(romeo.roster()[GATEWAY][0], "both")

    def test_by_form(self):
        """Register by data form (G077-10, G077-11)"""
        user, watcher = self.xmpp("benvolio"), self.irc("watcher2")
        self.wait_for_gateway(user)
        query = user.iq("get", GATEWAY, "<query xmlns='%s'/>" % REGISTER).find("query")
        form = query.find("x", "jabber:x:data")
        self.assertIsNotNone(form, format_node(query))
        names = [f.get("var") for f in form.children if f.name == "field"]
        self.assertEqual(names[0], "FORM_TYPE")
        self.assertIn("username", names)
        self.assert_result(self.submit_form(user, username="benvolio"))
        self.approve(user)
        watcher.wait_online("benvolio")

    def test_unregister(self):
        """Unregister: logged out over there, result, then the gateway leaves the roster
        (G100-19, G100-22)"""
        user, watcher = self.go_online("mercutio"), self.irc("watcher3")
        watcher.wait_online("mercutio")
        self.assert_result(user.iq("set", GATEWAY, "<query xmlns='%s'><remove/></query>"
                                   % REGISTER))
        user.expect("<presence type='unsubscribe' from='%s' ...>...</presence>" % GATEWAY)
        watcher.wait_online("mercutio", False)
        user.message("watcher3@" + GATEWAY, "still there?")
        error = user.expect("<message type='error' from='watcher3@%s' ...>...</message>" % GATEWAY)
        self.assertIsNotNone(error.find("error").find("registration-required"))

    def test_nick_in_use(self):
        """A nickname that somebody else has is found out before registration succeeds, or another
        one is taken and the user is still reachable (G100-06)"""
        self.irc("paris")
        user = self.xmpp("paris")
        answer = self.submit(user, username="paris")
        self.assertIn(answer.get("type"), ("result", "error"))
        if answer.get("type") == "error":
            self.assert_error(answer, "not-acceptable")


class Messages(GatewayTest):
    def test_conversation(self):
        """Messages each way: UTF-8, long ones in parts that add up, /me (G100-43, G100-45)"""
        juliet = self.irc("juliet")
        romeo = self.go_online("romeo")
        contact = self.befriend(romeo, "juliet")
        romeo.message(contact, "Caf\u00e9 \u6f22\u5b57 \U0001f339")
        juliet.expect("PRIVMSG", "juliet", "Caf\u00e9 \u6f22\u5b57 \U0001f339", source="romeo")
        juliet.send("PRIVMSG romeo :\u6f22\u5b57 back")
        self.assertEqual(romeo.expect_body(contact), "\u6f22\u5b57 back")
        romeo.message(contact, LONG)
        got = ""
        while not got.endswith("end"):
            got += juliet.expect("PRIVMSG", "juliet", source="romeo").params[1]
        self.assertEqual(got, LONG)
        romeo.message(contact, "/me waves")
        juliet.expect("PRIVMSG", "juliet", "\x01ACTION waves\x01", source="romeo")
        juliet.send("PRIVMSG romeo :\x01ACTION waves back\x01")
        self.assertEqual(romeo.expect_body(contact), "/me waves back")

    def test_nobody_of_that_name(self):
        """A message to a nick that is not there comes back as an error (G100-44)"""
        user = self.go_online("tybalt")
        ident = user.message("nobody@" + GATEWAY, "hello?")
        error = user.expect("<message type='error' id='%s' ...>...</message>" % ident)
        self.assertIsNotNone(error.find("error"))

    def test_hostile_text(self):
        """CR and LF in a body never become IRC commands (issue 2.5)"""
        juliet, user = self.irc("juliet2"), self.go_online("nurse")
        user.message("juliet2@" + GATEWAY, "one\r\nQUIT :injected\rJOIN #x\nlast")
        words = ""
        while "last" not in words:
            words += juliet.expect("PRIVMSG", "juliet2", source="nurse").params[1] + "|"
        self.assertIn("QUIT :injected", words)
        self.assertTrue(juliet.is_online("nurse"))

    def test_many_messages_in_order(self):
        """Two hundred messages each way arrive once each and in order (R6120-22, R6120-23)"""
        juliet, user = self.irc("juliet3"), self.go_online("friar")
        contact = self.befriend(user, "juliet3")
        for i in range(200):
            juliet.send("PRIVMSG friar :in %d" % i)
        for i in range(200):
            self.assertEqual(user.expect_body(contact), "in %d" % i)
        for i in range(20):
            user.message(contact, "out %d" % i)
        for i in range(20):
            got = juliet.expect("PRIVMSG", "juliet3", source="friar", seconds=60)
            self.assertEqual(got.params[1], "out %d" % i)


class Presence(GatewayTest):
    def test_contact_comes_and_goes(self):
        """A contact's presence follows IRC (G100-27)"""
        user = self.go_online("rosaline")
        juliet = self.irc("juliet4")
        contact = self.befriend(user, "juliet4")
        juliet.send("QUIT :bye")
        user.expect("<presence type='unavailable' from='%s' ...>...</presence>" % contact, 90)
        self.irc("juliet4")
        user.expect("<presence from='%s' to='*'>...</presence>" % contact, 90)

    def test_away(self):
        """The user's away reaches IRC (G100-28)"""
        user = self.go_online("paris")
        watcher = self.irc("watcher5")
        user.send("<presence><show>away</show><status>gone fishing</status></presence>")
        self.wait_whois(watcher, "paris", "gone fishing")

    @staticmethod
    def wait_whois(watcher, nick, text):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            watcher.send("WHOIS " + nick)
            line = watcher.wait(lambda m: m.command in ("301", "318"), "the answer to WHOIS")
            if line.command == "301" and line.params[-1] == text:
                return
        raise AssertionError("%s is not away with '%s'" % (nick, text))

    def test_client_reconnects(self):
        """The last client leaves: logged out; it comes back: logged in again, with the contacts'
        presence (G100-24, G100-27, G100-32)"""
        juliet = self.irc("juliet5")
        user = self.go_online("balthasar")
        contact = self.befriend(user, "juliet5")
        juliet.wait_online("balthasar")
        self.clients.remove(user)
        user.close()
        juliet.wait_online("balthasar", False)
        again = self.xmpp("balthasar")
        again.expect("<presence from='%s' to='*'>...</presence>" % GATEWAY, 60)
        again.expect("<presence from='%s' to='*'>...</presence>" % contact, 60)
        juliet.wait_online("balthasar")


class Faults(GatewayTest):
    def test_1_kill_and_restart(self):
        """After kill -9 and a start who was online is online again with contacts' presence, without
        doing anything (issue 2.8, R6121-28, G114-10)"""
        juliet, user = self.irc("juliet6"), self.go_online("romeo")
        contact = self.befriend(user, "juliet6")
        juliet.wait_online("romeo")
        self.daemon.kill()
        juliet.wait_online("romeo", False)
        self.daemon.start()
        juliet.wait_online("romeo", seconds=60)
        user.expect("<presence from='%s' to='*'>...</presence>" % contact, 60)
        user.message(contact, "back again")
        juliet.expect("PRIVMSG", "juliet6", "back again", source="romeo")
        juliet.send("PRIVMSG romeo :so I see")
        self.assertEqual(user.expect_body(contact), "so I see")

    def test_2_stop_and_start(self):
        """An orderly stop shows everybody unavailable; after the start all is as before
        (G100-61)"""
        juliet, user = self.irc("juliet7"), self.go_online("benvolio")
        contact = self.befriend(user, "juliet7")
        self.daemon.terminate()
        user.expect("<presence type='unavailable' from='%s' ...>...</presence>" % contact)
        user.expect("<presence type='unavailable' from='%s' ...>...</presence>" % GATEWAY)
        self.assertEqual(self.daemon.wait(20), 0)
        self.daemon.start()
        user.expect("<presence from='%s' to='*'>...</presence>" % contact, 60)
        juliet.wait_online("benvolio")

    def test_3_irc_server_restarts(self):
        """The IRC server goes away and comes back: shown unavailable, logged in again by itself
        (R6121-27)"""
        user = self.go_online("mercutio")
        self.ircd.stop()
        user.expect("<presence type='unavailable' from='%s' ...>...</presence>" % GATEWAY, 60)
        self.ircd.start()
        user.expect("<presence from='%s' to='*'>...</presence>" % GATEWAY, 120)
        self.irc("watcher6").wait_online("mercutio")

    def test_4_xmpp_server_restarts(self):
        """The XMPP server goes away and comes back: the component attaches again and presence is
        there (G114-10, R6120-25)"""
        user = self.go_online("tybalt")
        self.prosody.stop()
        self.clients.remove(user)
        self.prosody.start()
        again = self.xmpp("tybalt")
        again.expect("<presence from='%s' to='*'>...</presence>" % GATEWAY, 120)
        juliet = self.irc("juliet8")
        juliet.wait_online("tybalt", seconds=60)
        juliet.send("PRIVMSG tybalt :welcome back")
        self.assertEqual(again.expect_body("juliet8@" + GATEWAY), "welcome back")

    def test_5_prosody_killed(self):
        """The XMPP server is killed and starts again (G114-10)"""
        user = self.go_online("nurse")
        self.prosody.stop(signal.SIGKILL)
        self.clients.remove(user)
        self.prosody.start()
        again = self.xmpp("nurse")
        again.expect("<presence from='%s' to='*'>...</presence>" % GATEWAY, 120)

    def test_6_unregister_by_admin(self):
        """sojournctl unregister: the user leaves the network and hears of it (G133-03)"""
        user, watcher = self.go_online("sampson"), self.irc("watcher7")
        watcher.wait_online("sampson")
        status, text = self.daemon.control(self.bin / "sojournctl", "unregister",
                                           "sampson@localhost", GATEWAY)
        self.assertEqual(status, 0, text)
        user.expect("<presence type='unsubscribe' from='%s' ...>...</presence>" % GATEWAY)
        watcher.wait_online("sampson", False)


class ServerPassword(GatewayTest):
    @classmethod
    def network(cls, lab):
        server = servers.ngircd(lab, password="server-password")
        return server, {"server": "127.0.0.1", "port": server.irc, "tls": "no"}

    def test_wrong_then_right(self):
        """A wrong server password is refused before registration succeeds and nothing is stored;
        the right one works (G100-06, G100-07)"""
        user = self.xmpp("romeo")
        self.assert_error(self.submit_form(user, username="romeo", x_server_password="wrong-one"),
                          "not-acceptable")
        query = user.iq("get", GATEWAY, "<query xmlns='%s'/>" % REGISTER).find("query")
        self.assertIsNone(query.find("registered"))
        self.assert_result(self.submit_form(user, username="romeo",
                                            x_server_password="server-password"))
        self.approve(user)
        self.irc("watcher", password="server-password").wait_online("romeo")


class ConfiguredServerPassword(GatewayTest):
    @classmethod
    def network(cls, lab):
        server = servers.ngircd(lab, password="server-password")
        return server, {"server": "127.0.0.1", "port": server.irc, "tls": "no",
                        "server-password": "server-password"}

    def test_admin_gives_it(self):
        """The server password of the configuration is used for everybody (issue 2.2)"""
        self.go_online("romeo")
        self.irc("watcher", password="server-password").wait_online("romeo")


class Webirc(GatewayTest):
    @classmethod
    def network(cls, lab):
        server = servers.ngircd(lab, webirc="server-password")
        return server, {"server": "127.0.0.1", "port": server.irc, "tls": "no",
                        "webirc-password": "server-password",
                        "webirc-prefix": "2001:db8:1:2::/64"}

    def test_own_addresses(self):
        """WEBIRC: each user has an address of their own, the same at the next login"""
        watcher, romeo = self.irc("watcher8"), self.go_online("romeo")
        first = self.host_of(watcher, "romeo")
        self.assertTrue(first.startswith("2001:db8:1:2:"), first)
        self.clients.remove(romeo)
        romeo.close()
        watcher.wait_online("romeo", False)
        self.xmpp("romeo")
        self.assertEqual(self.host_of(watcher, "romeo"), first)
        self.go_online("benvolio")
        self.assertNotEqual(self.host_of(watcher, "benvolio"), first)

    @staticmethod
    def host_of(watcher, nick):
        watcher.wait_online(nick)
        watcher.send("WHOIS " + nick)
        return watcher.wait(lambda m: m.command == "311", "the answer to WHOIS").params[3]


class Tls(GatewayTest):
    host = "localhost"
    cert = "good"
    programs = ("prosody", "ngircd", "openssl")

    @classmethod
    def network(cls, lab):
        certs = servers.certificate_authority(lab.dir / "certs")
        server = servers.ngircd(lab, certs=certs, cert=cls.cert)
        return server, {"server": cls.host, "port": server.ircs, "tls": "yes",
                        "tls-ca": certs / "ca.crt"}

    def test_private_ca(self):
        """TLS with a certificate of a private authority; messages pass (issue 2.2, 2.5)"""
        juliet, user = self.irc("juliet"), self.go_online("romeo")
        contact = self.befriend(user, "juliet")
        user.message(contact, "under seal")
        juliet.expect("PRIVMSG", "juliet", "under seal", source="romeo")


class TlsWrongName(GatewayTest):
    programs = ("prosody", "ngircd", "openssl")

    @classmethod
    def network(cls, lab):
        certs = servers.certificate_authority(lab.dir / "certs")
        server = servers.ngircd(lab, certs=certs, cert="other")
        return server, {"server": "localhost", "port": server.ircs, "tls": "yes",
                        "tls-ca": certs / "ca.crt"}

    def test_refused(self):
        """A certificate for another name is refused, and nothing is sent or stored (issue 2.2)"""
        user = self.xmpp("romeo")
        answer = self.submit(user, username="romeo")
        self.assert_error(answer, "remote-server-timeout")
        query = user.iq("get", GATEWAY, "<query xmlns='%s'/>" % REGISTER).find("query")
        self.assertIsNone(query.find("registered"))
        self.assertFalse(self.irc("watcher").is_online("romeo"))


class TlsUnknownAuthority(GatewayTest):
    programs = ("prosody", "ngircd", "openssl")

    @classmethod
    def network(cls, lab):
        certs = servers.certificate_authority(lab.dir / "certs")
        server = servers.ngircd(lab, certs=certs)
        return server, {"server": "localhost", "port": server.ircs, "tls": "yes"}

    def test_refused(self):
        """Without the private authority its certificate is refused (issue 2.2)"""
        user = self.xmpp("romeo")
        self.assert_error(self.submit(user, username="romeo"), "remote-server-timeout")


class ManyDescriptors(GatewayTest):
    inherit_descriptors = 10000

    def test_everything_works_above_10000(self):
        """With 10,000 descriptors open: attach, register, messages, and attach again after a cut
        (issue 2.3)"""
        juliet, user = self.irc("juliet"), self.go_online("romeo")
        contact = self.befriend(user, "juliet")
        user.message(contact, "from far above")
        juliet.expect("PRIVMSG", "juliet", "from far above", source="romeo")
        self.prosody.stop(signal.SIGKILL)
        self.clients.remove(user)
        self.prosody.start()
        again = self.xmpp("romeo")
        again.expect("<presence from='%s' to='*'>...</presence>" % GATEWAY, 120)
        juliet.send("PRIVMSG romeo :still there")
        self.assertEqual(again.expect_body(contact), "still there")
