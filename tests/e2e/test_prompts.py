# SPDX-License-Identifier: MPL-2.0
"""End to end: a network that asks questions during the log-in, with Prosody, and with slixmpp."""
import asyncio
import importlib.util
import unittest
import urllib.request

from daemon import Daemon
from e2ebase import GATEWAY, PASSWORD, REGISTER, SECRET, USERS, GatewayTest, LoopbackTest
from servers import prosody

HAVE = importlib.util.find_spec("slixmpp") is not None
PNG = b"\x89PNG\r\n\x1a\n"


class Prompts(GatewayTest):
    programs = ("prosody",)

    @classmethod
    def start_all(cls):
        import os
        import pathlib
        cls.bin = pathlib.Path(os.environ["SOJOURN_BIN"])
        cls.prosody = prosody(cls.lab, {u: PASSWORD for u in USERS}, {GATEWAY: SECRET})
        directory = cls.lab.dir / "sojourn"
        directory.mkdir()
        cls.daemon = Daemon(cls.bin / "sojournd", directory)
        cls.daemon.write_config({
            "gateway": {"server": "127.0.0.1", "port": cls.prosody.component,
                        "data-dir": directory / "data", "key-file": directory / "store.key",
                        "control-socket": directory / "control.sock", "log-level": "debug",
                        "locale-dir": cls.bin / "locale"},
            GATEWAY: {"backend": "loopback", "name": "TestNet", "secret": SECRET,
                      "login-steps": "all", "login-confirm": "1s"}})
        cls.lab.closers.append(cls.stop_daemon)
        cls.daemon.start()

    def test_in_a_chat(self):
        """Registers by plain fields; what the network asks is answered in the chat, and only then
        the registration succeeds (G100-06, G077-25)"""
        user = self.xmpp("benvolio")
        self.wait_for_gateway(user)
        user.send("<iq type='set' id='r1' to='%s'><query xmlns='%s'><username>benvolio</username>"
                  "</query></iq>" % (GATEWAY, REGISTER))
        for question, answer in (("Which code", "12"), ("not the code", "4711"),
                                 ("second password", "sesame")):
            self.expect_text(user, question)
            user.send("<message type='chat' to='%s'><body>%s</body></message>" % (GATEWAY, answer))
        self.expect_text(user, "Open this link")
        self.expect_text(user, "Scan this picture")
        user.expect("<iq type='result' id='r1' from='%s' ...>...</iq>" % GATEWAY)

    def expect_text(self, user, text):
        user.expect("<message from='%s' ...><body>*%s*</body>...</message>" % (GATEWAY, text))

    @unittest.skipUnless(HAVE, "python3-slixmpp is not installed")
    def test_in_forms_with_slixmpp(self):
        """A slixmpp user runs the command "register": code, secret, link and picture are its next
        forms; the picture is fetched as bits of binary, by nobody else (G050-03, G004-13, G231-02,
        G231-03)"""
        first = self.xmpp("rosaline")
        self.wait_for_gateway(first)
        self.assertIsNone(asyncio.run(asyncio.wait_for(self.forms(), 60)))

    @staticmethod
    async def client(name, prosody_port):
        import slixmpp
        user = slixmpp.ClientXMPP("%s@localhost/slixmpp" % name, PASSWORD)
        for plugin in ("xep_0030", "xep_0004", "xep_0050"):
            user.register_plugin(plugin)
        user["feature_mechanisms"].unencrypted_plain = True
        user["feature_mechanisms"].unencrypted_scram = True
        started = asyncio.Event()
        user.add_event_handler("session_start", lambda _: started.set())
        user.connect(("127.0.0.1", prosody_port), disable_starttls=True)
        await started.wait()
        user.send_presence()
        return user

    async def step(self, user, session=None, **values):
        """One step of "register"; the command element of the answer."""
        from slixmpp.xmlstream import ET
        iq = user.make_iq_set(ito=GATEWAY)
        command = ET.SubElement(iq.xml, "{http://jabber.org/protocol/commands}command",
                                {"node": "register",
                                 "action": "complete" if session else "execute"})
        if session:
            command.set("sessionid", session)
            form = user["xep_0004"].make_form("submit")
            for var, value in values.items():
                form.addField(var=var, value=value)
            command.append(form.xml)
        answer = await iq.send(timeout=30)
        return answer.xml.find("{http://jabber.org/protocol/commands}command")

    async def fetch(self, user, cid):
        from slixmpp.xmlstream import ET
        iq = user.make_iq_get(ito=GATEWAY)
        ET.SubElement(iq.xml, "{urn:xmpp:bob}data", {"cid": cid})
        return (await iq.send(timeout=30)).xml.find("{urn:xmpp:bob}data")

    async def forms(self):
        import base64
        from slixmpp.exceptions import IqError
        user = await self.client("romeo", self.prosody.c2s)
        other = await self.client("tybalt", self.prosody.c2s)
        command = await self.step(user)
        session = command.get("sessionid")
        command = await self.step(user, session, username="romeo")
        self.assert_asks(command, "Which code")
        command = await self.step(user, session, answer="4711")
        self.assert_asks(command, "second password")
        command = await self.step(user, session, answer="sesame")
        self.assert_asks(command, "Open this link")
        self.assertIn("https://", self.texts(command))
        command = await self.step(user, session)
        self.assert_asks(command, "Scan this picture")
        uri = next(command.iter("{urn:xmpp:media-element}uri"))
        self.assertEqual(uri.get("type"), "image/png")
        cid = uri.text[len("cid:"):]
        data = await self.fetch(user, cid)
        self.assertTrue(base64.b64decode(data.text).startswith(PNG))
        with self.assertRaises(IqError):
            await self.fetch(other, cid)
        command = await self.step(user, session)
        self.assertEqual(command.get("status"), "completed", self.texts(command))
        self.assertIn("You are registered", self.texts(command))
        await user.disconnect()
        await other.disconnect()

    def assert_asks(self, command, text):
        self.assertEqual(command.get("status"), "executing", self.texts(command))
        self.assertIn(text, self.texts(command))

    @staticmethod
    def texts(command):
        return " ".join(t for t in command.itertext() if t)


class PictureAsFile(LoopbackTest):
    """A client without forms, on a server with an upload service."""
    backend = {**LoopbackTest.backend, "login-steps": "picture", "login-confirm": "3s"}
    keys = {"upload-http": "yes", "fetch-http": "yes", "fetch-networks": "127.0.0.0/8"}

    @classmethod
    def xmpp_server(cls, lab):
        return prosody(lab, {u: PASSWORD for u in USERS}, {GATEWAY: SECRET}, share=True)

    def test_picture_as_a_file(self):
        """The picture to scan comes as a file that any client can open, and the registration goes
        on when it was scanned (G004-13)"""
        user = self.xmpp("romeo")
        self.wait_for_gateway(user)
        user.send("<iq type='set' id='r1' to='%s'><query xmlns='%s'><username>romeo</username>"
                  "</query></iq>" % (GATEWAY, REGISTER))
        got = user.wait(lambda n: n.name == "message" and n.get("from") == GATEWAY and
                        n.find("x") is not None, "the picture as a file")
        with urllib.request.urlopen(got.find("x").find("url").text, timeout=30) as answer:
            self.assertEqual(answer.headers["Content-Type"], "image/png")
            self.assertTrue(answer.read().startswith(PNG))
        user.expect("<iq type='result' id='r1' from='%s' ...>...</iq>" % GATEWAY)
