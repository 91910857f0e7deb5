# SPDX-License-Identifier: MPL-2.0
"""What the end-to-end test classes share: a lab with Prosody, an IRC server and sojournd."""
import os
import pathlib
import time
import unittest

from clients import IrcClient, XmppClient
from daemon import Daemon
from servers import Lab, ngircd, program, prosody
from xmlmatch import format_node

GATEWAY = "irc.localhost"
SECRET = "component-secret-e2e"
PASSWORD = "xmpp-password-e2e"
REGISTER = "jabber:iq:register"
USERS = ("romeo", "benvolio", "mercutio", "tybalt", "nurse", "paris", "rosaline", "friar",
         "balthasar", "sampson")


def needs(*names):
    """A reason to skip when one of these programs is not installed, else None."""
    missing = [n for n in names if not program(n)]
    return "%s is not installed" % ", ".join(missing) if missing else None


class GatewayTest(unittest.TestCase):
    """Subclasses say which IRC server they want by overriding network(lab)."""
    programs = ("prosody", "ngircd")
    modules = ()                 # of Prosody, beyond the usual ones
    backend = {"backend": "irc", "name": "TestNet", "send-rate": 0, "presence-interval": "10s"}
    keys = {}                    # more of the gateway's section
    sanitizer = ""               # more options of the sanitizer, each with a colon in front
    inherit_descriptors = 0
    secrets = (SECRET, "account-password", "server-password")    # never in the log (G100-62)
    lab = None

    @classmethod
    def network(cls, lab):
        """Starts the IRC server; returns it and the keys of the configuration section."""
        server = ngircd(lab)
        return server, {"server": "127.0.0.1", "port": server.irc, "tls": "no"}

    @classmethod
    def section(cls, keys):
        """The section of the network, with the keys that network() gave."""
        return {**cls.backend, **keys}

    @classmethod
    def xmpp_server(cls, lab):
        return prosody(lab, {u: PASSWORD for u in USERS}, {GATEWAY: SECRET}, cls.modules)

    @classmethod
    def setUpClass(cls):
        reason = needs(*cls.programs)
        if reason:
            raise unittest.SkipTest(reason)
        cls.lab = Lab()
        try:
            cls.start_all()
        except BaseException as e:
            logs = cls.failure_logs()
            cls.tearDownClass()
            raise RuntimeError("%s\n%s" % (e, logs)) from e

    @classmethod
    def start_all(cls):
        cls.bin = pathlib.Path(os.environ["SOJOURN_BIN"])
        cls.prosody = cls.xmpp_server(cls.lab)
        cls.ircd, keys = cls.network(cls.lab)
        directory = cls.lab.dir / "sojourn"
        directory.mkdir()
        cls.daemon = Daemon(cls.bin / "sojournd", directory, cls.inherit_descriptors)
        cls.daemon.sanitizer = cls.sanitizer
        cls.daemon.write_config({
            "gateway": {"server": "127.0.0.1", "port": cls.prosody.component,
                        "data-dir": directory / "data", "key-file": directory / "store.key",
                        "control-socket": directory / "control.sock", "log-level": "debug",
                        "locale-dir": cls.bin / "locale", **cls.keys},
            GATEWAY: {"secret": SECRET, **cls.section(keys)}})
        cls.lab.closers.append(cls.stop_daemon)
        cls.prepare(cls.daemon)
        cls.daemon.start()

    @classmethod
    def prepare(cls, daemon):
        """What a class does before the daemon is started for the first time."""

    @classmethod
    def stop_daemon(cls):
        """In good order: exit status 0 and no report of a sanitizer."""
        if cls.daemon.running:
            cls.daemon.terminate()
            status = cls.daemon.wait(20)
            if status != 0:
                cls.daemon.kill()
                raise AssertionError("sojournd ended with status %s" % status)
        reports = cls.daemon.sanitizer_reports()
        if reports:
            raise AssertionError("a sanitizer reports:\n" + reports)
        log = cls.daemon.log_text()
        for secret in cls.secrets:
            if secret in log:
                raise AssertionError("the log holds a secret (G100-62)")

    @classmethod
    def tearDownClass(cls):
        if cls.lab:
            try:
                cls.lab.close(keep=bool(os.environ.get("SOJOURN_KEEP")))
            finally:
                cls.lab = None

    @classmethod
    def failure_logs(cls):
        if not cls.lab:
            return ""
        out = cls.lab.logs()
        if hasattr(cls, "daemon"):
            out += "\n--- sojournd\n" + "\n".join(cls.daemon.log_text().splitlines()[-80:])
        return out

    # what tests do

    def setUp(self):
        self.clients = []

    def tearDown(self):
        for client in reversed(self.clients):
            client.close()

    def xmpp(self, user, presence=True):
        client = XmppClient(self.prosody.c2s, "%s@localhost/%s" % (user, "test"), PASSWORD,
                            presence)
        self.clients.append(client)
        return client

    def irc(self, nick, **more):
        client = IrcClient(self.ircd.irc, nick, **more)
        self.clients.append(client)
        return client

    def wait_for_gateway(self, client):
        """Until the component has attached; before that the server says so by an error."""
        end = time.monotonic() + 60
        while True:
            answer = client.iq("get", GATEWAY, "<ping xmlns='urn:xmpp:ping'/>")
            if answer.get("type") == "result":
                return
            if time.monotonic() > end:
                self.fail("the gateway does not answer: " + format_node(answer))
            time.sleep(0.05)

    def submit(self, client, **fields):
        """Registers by legacy fields; the answer."""
        self.wait_for_gateway(client)
        return client.iq("set", GATEWAY, "<query xmlns='%s'>%s</query>" % (
            REGISTER, "".join("<%s>%s</%s>" % (k, v, k) for k, v in fields.items())), 60)

    def submit_form(self, client, **fields):
        self.wait_for_gateway(client)
        values = "".join("<field var='%s'><value>%s</value></field>" % (k.replace("_", "-"), v)
                         for k, v in fields.items())
        return client.iq("set", GATEWAY, "<query xmlns='%s'><x xmlns='jabber:x:data' "
                         "type='submit'><field var='FORM_TYPE' type='hidden'><value>%s</value>"
                         "</field>%s</x></query>" % (REGISTER, REGISTER, values), 60)

    def assert_result(self, answer):
        self.assertEqual(answer.get("type"), "result", format_node(answer))

    def assert_error(self, answer, condition):
        self.assertEqual(answer.get("type"), "error", format_node(answer))
        self.assertIsNotNone(answer.find("error").find(condition), format_node(answer))

    def go_online(self, user, **fields):
        """A registered user who approved the gateway and is logged in to the network."""
        client = self.xmpp(user)
        self.assert_result(self.submit(client, **(fields or {"username": user})))
        self.approve(client)
        return client

    def approve(self, client):
        client.expect("<presence type='subscribe' from='%s' ...>...</presence>" % GATEWAY)
        client.presence(GATEWAY, "subscribed")
        client.presence(GATEWAY, "subscribe")
        client.expect("<presence from='%s' to='*'>...</presence>" % GATEWAY)

    def befriend(self, client, nick):
        """Adds a person on IRC who is online, and answers their request in return."""
        contact = "%s@%s" % (nick, GATEWAY)
        client.presence(contact, "subscribe")
        client.expect("<presence type='subscribed' from='%s' ...>...</presence>" % contact)
        client.expect("<presence from='%s' to='*'>...</presence>" % contact)
        client.presence(contact, "subscribed")
        return contact


class LoopbackTest(GatewayTest):
    """The same with the network that never leaves the process."""
    programs = ("prosody",)
    backend = {"backend": "loopback", "name": "TestNet"}

    @classmethod
    def network(cls, lab):
        return None, {}
