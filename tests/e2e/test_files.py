# SPDX-License-Identifier: MPL-2.0
"""End to end: files of users and of a network, with Prosody's upload service (mod_http_file_share)
and with web servers that mean no good."""
import hashlib
import urllib.request

import library
from e2ebase import GATEWAY, PASSWORD, SECRET, USERS, GatewayTest, LoopbackTest
from servers import prosody
from webserver import WebServer

ECHO = "echo@" + GATEWAY
SHARE = "share.localhost"
OOB, SFS, UPLOAD = "jabber:x:oob", "urn:xmpp:sfs:0", "urn:xmpp:http:upload:0"
LOCAL = {"fetch-http": "yes", "upload-http": "yes", "fetch-networks": "127.0.0.0/8"}
FILES_OF_A_USER = 32         # waiting or on their way (docs/ARCHITECTURE.md, limits)
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 600


def put(url, data, headers):
    request = urllib.request.Request(url, data, {"Content-Type": "image/png", **headers},
                                     method="PUT")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.headers["Content-Type"], answer.read()


def link(to, url, ident):
    return ("<message to='%s' type='chat' id='%s'><body>%s</body><x xmlns='jabber:x:oob'>"
            "<url>%s</url></x></message>" % (to, ident, url, url))


class Uploads:
    """A mixin: Prosody has an upload service."""
    keys = LOCAL

    @classmethod
    def xmpp_server(cls, lab):
        return prosody(lab, {u: PASSWORD for u in USERS}, {GATEWAY: SECRET}, cls.modules,
                       share=True)

    def upload(self, client, name):
        """The user puts the picture on the upload service; its address."""
        answer = client.iq("get", SHARE, "<request xmlns='%s' filename='%s' size='%d' "
                           "content-type='image/png'/>" % (UPLOAD, name, len(PICTURE)))
        self.assert_result(answer)
        slot = answer.find("slot")
        headers = {h.get("name"): h.text for h in slot.find("put").children}
        self.assertEqual(put(slot.find("put").get("url"), PICTURE, headers), 201)
        return slot.find("get").get("url")


class Sharing(Uploads, LoopbackTest):
    """Both ways through a real upload service."""

    def check_echoed(self, sent, url, name, digest):
        """It is a file of its own now, with what clients need to show it."""
        self.assertNotEqual(url, sent)
        kind, data = get(url)
        self.assertEqual((kind, hashlib.sha256(data).hexdigest()), ("image/png", digest))
        self.assertTrue(url.endswith("/" + name), url)

    def test_a_file_and_back(self):
        """An uploaded file goes to a contact of the network as a file, and one that comes from
        there lies on the upload service (GFIL-01, GFIL-02, GFIL-10, G363-01)"""
        client = self.go_online("romeo")
        url = self.upload(client, "cat.png")
        client.send(link(ECHO, url, "f1"))
        got = client.wait(lambda n: n.name == "message" and n.get("from") == ECHO and
                          n.find("x") is not None, "the file from echo")
        back = got.find("x").find("url").text
        self.assertEqual(got.find("body").text, back)
        self.check_echoed(url, back, "cat.png", hashlib.sha256(PICTURE).hexdigest())
        facts = got.find("file-sharing").find("file")
        self.assertEqual((facts.find("name").text, facts.find("media-type").text,
                          facts.find("size").text), ("cat.png", "image/png", str(len(PICTURE))))

    def test_several(self):
        """Who takes files says so; two files are two messages, in order (GFIL-04, GFIL-15)"""
        client = self.go_online("mercutio")
        client.presence(ECHO, "subscribe")
        client.expect("<presence from='%s' to='*'>...</presence>" % ECHO)
        info = client.iq("get", ECHO, "<query xmlns='http://jabber.org/protocol/disco#info'/>")
        self.assertIn(OOB, [f.get("var") for f in info.find("query").children])
        for name in ("one.png", "two.png"):
            client.send(link(ECHO, self.upload(client, name), name))
        for name in ("one.png", "two.png"):
            got = client.wait(lambda n: n.name == "message" and n.get("from") == ECHO and
                              n.find("x") is not None, "a file from echo")
            self.assertTrue(got.find("x").find("url").text.endswith("/" + name))
            self.assertEqual(sum(c.name == "file-sharing" for c in got.children), 1)

    @library.needs_slixmpp
    def test_slixmpp(self):
        """The same by slixmpp: what it sends as out-of-band data comes back as that
        (GFIL-01, GFIL-09)"""
        self.go_online("benvolio")
        library.run(self.round())

    async def round(self):
        from slixmpp.xmlstream import ET
        user = await library.log_in(self.prosody.c2s, "benvolio", 30, 66)
        ask = user.make_iq_get(ito=SHARE)
        ask.append(ET.Element("{%s}request" % UPLOAD, {
            "filename": "dog.png", "size": str(len(PICTURE)), "content-type": "image/png"}))
        slot = (await ask.send()).xml.find("{%s}slot" % UPLOAD)
        where, url = (slot.find("{%s}%s" % (UPLOAD, k)).get("url") for k in ("put", "get"))
        headers = {h.get("name"): h.text for h in slot.find("{%s}put" % UPLOAD)}
        await library.in_thread(put, where, PICTURE, headers)
        message = user.make_message(mto=ECHO, mbody=url, mtype="chat")
        message["oob"]["url"] = url
        message.send()
        while True:
            got = await library.message_of(user, ECHO)
            if got["oob"]["url"]:
                break
        self.assertEqual(got["body"], got["oob"]["url"])
        await library.in_thread(self.check_echoed, url, got["oob"]["url"], "dog.png",
                                hashlib.sha256(PICTURE).hexdigest())
        await user.disconnect()


class Watched:
    """A test with a web server of its own, which knows what was asked for."""

    @classmethod
    def start_all(cls):
        cls.web = WebServer(cls.lab.ports.take())
        cls.lab.closers.append(cls.web.close)
        super().start_all()


class Hostile(Watched, LoopbackTest):
    """Web servers that lie, turn round, never end or say nothing; and links without end."""
    keys = {**LOCAL, "files-max-bytes": 200000000}
    sanitizer = ":quarantine_size_mb=1"      # what it keeps is not the daemon's

    def memory(self):
        """Most bytes that sojournd has ever had resident."""
        with open("/proc/%d/status" % self.daemon.proc.pid) as status:
            line = next(x for x in status if x.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def expect_text(self, client, body, seconds=60):
        client.wait(lambda n: n.name == "message" and n.get("from") == ECHO and
                    n.find("body") is not None and n.find("body").text == body, body, seconds)

    def test_goes_as_a_link(self):
        """A file that is not there, is shorter than told, never ends in redirects is asked for, and
        its link goes as text (GFIL-10)"""
        client = self.go_online("romeo")
        for name, times in (("missing.bin?once", 1), ("liar.bin", 1), ("turning.bin", 6)):
            client.send(link(ECHO, self.web.base + name, name))
            self.expect_text(client, self.web.base + name)
            self.assertEqual(self.web.requests(name), ["/" + name] * times)

    def test_memory(self):
        """A file of 128 MiB passes through, one without an end is cut off at the limit, and memory
        does not grow with either (GFIL-10)"""
        client = self.go_online("benvolio")
        approver = "approver@" + GATEWAY
        client.send(link(ECHO, self.web.base + "missing.bin?warm", "warm"))
        self.expect_text(client, self.web.base + "missing.bin?warm")
        before = self.memory()
        self.web.large = 128 << 20
        client.send(link(approver, self.web.base + "large.bin", "big"))
        client.send(link(ECHO, self.web.base + "endless.bin", "endless"))
        self.expect_text(client, self.web.base + "endless.bin", 120)
        self.daemon.wait_log("bytes=%d" % self.web.large, "passed on")
        self.assertLess(self.memory() - before, 24 << 20)
        self.assertEqual(sorted(self.web.requests("/large") + self.web.requests("/endless")),
                         ["/endless.bin", "/large.bin"])

    def test_a_silent_server_holds_nobody(self):
        """While a server says nothing about a file, other conversations and other users go on
        (GFIL-10)"""
        mercutio, tybalt = self.go_online("mercutio"), self.go_online("tybalt")
        mercutio.send(link("approver@" + GATEWAY, self.web.base + "silent.bin", "s1"))
        self.web.wait_for("/silent.bin")
        mercutio.message(ECHO, "still here")
        self.expect_text(mercutio, "still here", 10)
        tybalt.message(ECHO, "and I")
        self.expect_text(tybalt, "and I", 10)

    def test_a_thousand_links(self):
        """A thousand links at once: each is passed on or refused, exactly once; those within the
        limits were asked for, none twice (GFIL-10)"""
        client, other = self.go_online("nurse"), self.go_online("paris")
        count = 1000
        for i in range(count):
            client.send(link(ECHO, "%smissing.bin?link-%d" % (self.web.base, i), "k%d" % i))
        other.message(ECHO, "not held up")
        self.expect_text(other, "not held up", 30)
        left = {"k%d" % i for i in range(count)}
        while left:
            got = client.wait(lambda n: n.name == "message" and n.get("from") == ECHO and
                              (n.get("type") == "error" or n.find("body") is not None),
                              "%d of the links" % len(left), 60)
            ident = got.get("id") if got.get("type") == "error" else \
                "k" + got.find("body").text.rsplit("-", 1)[1]
            self.assertIn(ident, left)
            left.remove(ident)
        asked = self.web.requests("?link-")
        self.assertEqual(len(asked), len(set(asked)))
        self.assertLessEqual({"/missing.bin?link-%d" % i for i in range(FILES_OF_A_USER)},
                             set(asked))


class AsText(Watched, GatewayTest):
    keys = LOCAL

    def test_irc(self):
        """A network without files gets the link, and nothing is fetched (GFIL-09, GFIL-10)"""
        juliet = self.irc("juliet")
        client = self.go_online("romeo")
        url = self.web.base + "large.png"
        client.send(link("juliet@" + GATEWAY, url, "f1"))
        juliet.expect("PRIVMSG", "juliet", url, source="romeo")
        client.message("juliet@" + GATEWAY, "did you see it?")       # behind it, nothing is open
        juliet.expect("PRIVMSG", "juliet", "did you see it?", source="romeo")
        self.assertEqual(self.web.requests(""), [])
