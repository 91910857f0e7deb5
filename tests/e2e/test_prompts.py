# SPDX-License-Identifier: MPL-2.0
"""End to end: a network that asks questions during the log-in, with Prosody, and with slixmpp."""
import base64
import urllib.request

import library
from e2ebase import GATEWAY, PASSWORD, REGISTER, SECRET, USERS, LoopbackTest
from servers import prosody

PNG = b"\x89PNG\r\n\x1a\n"


class Prompts(LoopbackTest):
    backend = {**LoopbackTest.backend, "login-steps": "all", "login-confirm": "1s"}
    secrets = LoopbackTest.secrets + ("sesame",)

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

    @library.needs_slixmpp
    def test_in_forms_with_slixmpp(self):
        """A slixmpp user runs the command "register": code, secret, link and picture are its next
        forms; the picture is fetched as bits of binary, by nobody else (G050-03, G004-13, G231-02,
        G231-03)"""
        first = self.xmpp("rosaline")
        self.wait_for_gateway(first)
        library.run(self.forms())

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
        from slixmpp.exceptions import IqError
        user = await library.log_in(self.prosody.c2s, "romeo", 30, 4, 50)
        other = await library.log_in(self.prosody.c2s, "tybalt", 30, 4, 50)
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
