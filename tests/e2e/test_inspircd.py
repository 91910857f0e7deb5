# SPDX-License-Identifier: MPL-2.0
"""End to end with InspIRCd and Atheme: SASL, and presence by MONITOR and away-notify."""
import os
import socket
import subprocess
import unittest

import servers
from clients import IrcClient
from e2ebase import GATEWAY, REGISTER, GatewayTest


def whois(watcher, nick, command):
    """The line of the answer with this command; without one its last, 318."""
    watcher.send("WHOIS " + nick)
    return watcher.wait(lambda m: m.command in (command, "318"), "the answer to WHOIS")


class Sasl(GatewayTest):
    programs = ("prosody", "inspircd", "atheme-services")

    @classmethod
    def network(cls, lab):
        server = servers.inspircd(lab)
        owner = IrcClient(server.irc, "romeo")
        owner.send("PRIVMSG NickServ :REGISTER account-password romeo@irc.test")
        owner.expect("900")
        owner.send("QUIT")
        owner.close()
        return server, {"server": "127.0.0.1", "port": server.irc, "tls": "no"}

    def test_wrong_password(self):
        """A wrong account password is found out before registration succeeds (G100-06, G100-07)"""
        user = self.xmpp("tybalt")
        self.assert_error(self.submit(user, username="romeo", password="wrong-one"),
                          "not-acceptable")
        query = user.iq("get", GATEWAY, "<query xmlns='%s'/>" % REGISTER).find("query")
        self.assertIsNone(query.find("registered"))

    def test_right_password(self):
        """SASL PLAIN logs in to the account; messages pass (G100-06)"""
        user = self.xmpp("romeo")
        self.assert_result(self.submit(user, username="romeo", password="account-password"))
        self.approve(user)
        juliet = self.irc("juliet")
        self.assertEqual(whois(juliet, "romeo", "330").command, "330")
        contact = self.befriend(user, "juliet")
        user.message(contact, "authenticated")
        juliet.expect("PRIVMSG", "juliet", "authenticated", source="romeo")
        juliet.send("PRIVMSG romeo :so it seems")
        self.assertEqual(user.expect_body(contact), "so it seems")

    def test_presence_at_once(self):
        """MONITOR and away-notify: presence of a contact changes at once (G100-27)"""
        juliet, user = self.irc("juliet2"), self.go_online("benvolio")
        contact = self.befriend(user, "juliet2")
        juliet.send("AWAY :at the balcony")
        user.expect("<presence from='%s' to='*'><show>away</show><status>at the balcony</status>"
                    "...</presence>" % contact)
        juliet.send("AWAY")
        user.expect("<presence from='%s' to='*'><NOT><show>away</show></NOT>...</presence>"
                    % contact)
        juliet.send("QUIT :bye")
        user.expect("<presence type='unavailable' from='%s' ...>...</presence>" % contact)
        self.irc("juliet2")
        user.expect("<presence from='%s' to='*'>...</presence>" % contact)


class Services(GatewayTest):
    """A server without SASL."""
    programs = ("prosody", "inspircd", "atheme-services")

    @classmethod
    def network(cls, lab):
        server = servers.inspircd(lab, sasl=False)
        for nick in ("romeo", "mercutio"):
            owner = IrcClient(server.irc, nick)
            owner.send("PRIVMSG NickServ :REGISTER account-password %s@irc.test" % nick)
            owner.expect("900")
            owner.send("QUIT")
            owner.close()
        return server, {"server": "127.0.0.1", "port": server.irc, "tls": "no",
                        "nickserv": "identify", "nickserv-mask": "NickServ!*@services.test"}

    def account_of(self, nick):
        watcher = self.irc("watcher-" + nick)
        return whois(watcher, nick, "330")

    def test_identify(self):
        """NickServ gets the password when its mask is right; a wrong one is refused before
        registration succeeds (G100-06, G100-07)"""
        user = self.xmpp("romeo")
        self.assert_error(self.submit(user, username="romeo", password="wrong-one"),
                          "not-acceptable")
        self.assert_result(self.submit(user, username="romeo", password="account-password"))
        self.approve(user)
        self.assertEqual(self.account_of("romeo").command, "330")

    def test_regain(self):
        """A nickname that somebody else has is given back by services, without a password"""
        squatter, user = self.irc("mercutio"), self.xmpp("mercutio")
        self.assert_result(self.submit(user, username="mercutio", password="account-password"))
        self.approve(user)
        user.heard("<message from='%s' ...><body>Your nickname here is now mercutio.</body>..."
                   "</message>" % GATEWAY, 60)
        self.assertEqual(self.account_of("mercutio").command, "330")
        squatter.close()


class Ident(GatewayTest):
    """Servers ask port 113: each run has a loopback address of its own."""
    programs = ("prosody", "inspircd", "atheme-services")
    address = "127.%d.%d.%d" % (os.getpid() % 250 + 2, os.getpid() // 250 % 250,
                                os.getpid() // 62500 % 250 + 1)

    @classmethod
    def setUpClass(cls):
        with socket.socket() as s:
            try:
                s.bind((cls.address, 113))
            except PermissionError as e:
                raise unittest.SkipTest("port 113 needs root") from e
        super().setUpClass()

    @classmethod
    def network(cls, lab):
        server = servers.inspircd(lab, ident=True)
        cls.keys = {"identd-listen": cls.address + ":113"}
        return server, {"server": "127.0.0.1", "port": server.irc, "tls": "no",
                        "source": cls.address}

    def ident_of(self, watcher, nick):
        watcher.send("WHOIS " + nick)
        return watcher.expect("311").params[2]

    def test_each_user_has_an_ident(self):
        """Who asks back learns an ident for each user, the same at each login"""
        watcher = self.irc("watcher")
        romeo, juliet = self.go_online("romeo"), self.go_online("nurse")
        first = self.ident_of(watcher, "romeo")
        self.assertRegex(first, "^u[a-z2-7]{8}$")
        other = self.ident_of(watcher, "nurse")
        self.assertRegex(other, "^u[a-z2-7]{8}$")
        self.assertNotEqual(first, other)
        self.assertIn("~", self.ident_of(watcher, "watcher"))
        watcher.send("MONITOR + romeo")
        watcher.expect("730")
        romeo.send("<presence type='unavailable'/>")
        watcher.expect("731")
        romeo.send("<presence/>")
        watcher.expect("730")
        self.assertEqual(self.ident_of(watcher, "romeo"), first)


class Certificate(GatewayTest):
    programs = ("prosody", "inspircd", "atheme-services", "openssl")

    @classmethod
    def network(cls, lab):
        certs = servers.certificate_authority(lab.dir / "certs")
        server = servers.inspircd(lab, certs)
        for name in ("user", "other"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                            "30", "-subj", "/CN=romeo", "-keyout", certs / (name + ".key"), "-out",
                            certs / (name + ".crt")], check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        der = subprocess.run(["openssl", "x509", "-in", certs / "user.crt", "-noout",
                              "-fingerprint", "-sha1"], check=True, stdout=subprocess.PIPE)
        fingerprint = der.stdout.decode().partition("=")[2].replace(":", "").strip().lower()
        cls.certificate = (certs / "user.crt").read_text()
        cls.key = (certs / "user.key").read_text()
        cls.other_key = (certs / "other.key").read_text()
        cls.secrets = GatewayTest.secrets + tuple(key.splitlines()[9]
                                                  for key in (cls.key, cls.other_key))
        owner = IrcClient(server.irc, "romeo")
        owner.send("PRIVMSG NickServ :REGISTER account-password romeo@irc.test")
        owner.expect("900")
        owner.send("PRIVMSG NickServ :CERT ADD " + fingerprint)
        owner.wait(lambda m: m.command == "NOTICE" and fingerprint in m.params[-1], "CERT ADD")
        owner.send("QUIT")
        owner.close()
        return server, {"server": "localhost", "port": server.ircs, "tls": "yes",
                        "tls-ca": certs / "ca.crt"}

    def test_unknown_key(self):
        """The key of another certificate, and none, are refused with the reason, before anything is
        sent (G100-07)"""
        user = self.xmpp("tybalt")
        for key, reason in (({"x_certificate_key": self.other_key}, "to another certificate."),
                            ({}, "There is no private key")):
            answer = self.submit_form(user, username="tybalt", x_certificate=self.certificate,
                                      **key)
            self.assert_error(answer, "not-acceptable")
            self.assertIn(reason, answer.find("error").find("text").text)
        self.assertFalse(self.was_connected("tybalt"))

    def was_connected(self, name):
        return any("link state=" in line and "user=%s@" % name in line
                   for line in self.daemon.log_text().splitlines())

    def test_logs_in_without_a_password(self):
        """SASL EXTERNAL: the user's certificate, pasted into one line each, is enough (G100-06)"""
        user = self.xmpp("romeo")
        self.assert_result(self.submit_form(
            user, username="romeo", x_certificate=self.certificate.replace("\n", " "),
            x_certificate_key=self.key.replace("\n", " ")))
        self.assertTrue(self.was_connected("romeo"))
        self.approve(user)
        juliet = self.irc("juliet")
        self.assertEqual(whois(juliet, "romeo", "330").command, "330")
        contact = self.befriend(user, "juliet")
        user.message(contact, "certified")
        juliet.expect("PRIVMSG", "juliet", "certified", source="romeo")


class StrictTransport(GatewayTest):
    programs = ("prosody", "inspircd", "atheme-services", "openssl")

    @classmethod
    def network(cls, lab):
        certs = servers.certificate_authority(lab.dir / "certs")
        server = servers.inspircd(lab, certs)
        return server, {"server": "localhost", "port": server.irc, "tls": "no",
                        "tls-ca": certs / "ca.crt"}

    def test_upgrade(self):
        """A server that is reached without TLS and offers it (STS) is used with TLS"""
        user, juliet = self.go_online("romeo"), self.irc("juliet")
        self.assertEqual(whois(juliet, "romeo", "671").command, "671")
        contact = self.befriend(user, "juliet")
        user.message(contact, "sealed after all")
        juliet.expect("PRIVMSG", "juliet", "sealed after all", source="romeo")

    def test_upgrade_outlives_a_restart(self):
        """After a kill and a start the link begins with TLS: nothing is said without it"""
        self.go_online("benvolio")
        watcher = self.irc("watcher")
        watcher.wait_online("benvolio")
        asked = self.daemon.log_text().count("server asks for tls")
        self.daemon.kill()
        watcher.wait_online("benvolio", False)
        self.daemon.start()
        watcher.wait_online("benvolio", seconds=60)
        self.assertEqual(whois(watcher, "benvolio", "671").command, "671")
        self.assertEqual(self.daemon.log_text().count("server asks for tls"), asked)
