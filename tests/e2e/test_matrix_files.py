# SPDX-License-Identifier: MPL-2.0
"""Files, profiles and pictures of Matrix, end to end: Synapse's media repository on one side,
Prosody's upload service on the other."""
import hashlib
import time
from xml.etree import ElementTree

import library
import synapse
from e2ebase import GATEWAY
from occupant import MUC_PLUGINS, Occupant
from test_files import OOB, PICTURE, Uploads, get, link
from test_matrix import MatrixTest, jid_of
from test_profile import PNG
from xmlmatch import format_node


class Media(Uploads, MatrixTest):
    modules = ("pep",)

    def test_from_matrix(self):
        """A picture from Matrix lies on the upload service, with its caption beside it; one whose
        size nobody tells is a note (GFIL-02, GFIL-03, G363-01)"""
        client, other = self.member("romeo")
        juliet = self.person("juliet")
        contact, room = self.befriended(client, other, juliet)
        mxc = juliet.upload(PICTURE, "image/png", "rose.png")
        content = {"msgtype": "m.image", "url": mxc, "filename": "rose.png",
                   "info": {"mimetype": "image/png", "size": len(PICTURE), "w": 2, "h": 3}}
        juliet.send_event(room, "m.room.message", {**content, "body": "Look!"})
        got = client.wait(lambda n: n.name == "message" and n.get("from") == contact and
                          n.find("x", OOB) is not None, "the picture")
        url = got.find("x", OOB).find("url").text
        self.assertTrue(url.endswith("/rose.png"), url)
        self.assertNotIn("matrix", url)
        kind, data = get(url)
        self.assertEqual((kind, hashlib.sha256(data).hexdigest()),
                         ("image/png", hashlib.sha256(PICTURE).hexdigest()))
        self.assertEqual(client.expect_body(contact), "Look!")
        del content["info"]["size"]
        juliet.send_event(room, "m.room.message", {**content, "body": "rose.png"})
        self.assertIn("rose.png", client.expect_body(contact))

    @library.needs_slixmpp
    def test_in_a_room(self):
        """A picture that is shown in a room of Matrix lies on the upload service, with its caption
        beside it, and one that a user of XMPP shares there is one of the media repository
        (GFIL-02, GFIL-03, GFIL-10)"""
        self.sharing, other = self.member("paris")
        queen = self.person("titania")
        room = queen.create(preset="public_chat", name="Wood")
        library.run(self.in_a_room(queen, other, room), 120)

    async def in_a_room(self, queen, other, room):
        xmpp = await library.log_in(self.prosody.c2s, "paris", *MUC_PLUGINS)
        await library.presence_of(xmpp, GATEWAY)
        paris = Occupant(xmpp, jid_of(room).split("@")[0], self.name("paris"))
        await paris.join()

        def show():
            mxc = queen.upload(PICTURE, "image/png", "rose.png")
            queen.send_event(room, "m.room.message", {
                "msgtype": "m.image", "url": mxc, "filename": "rose.png", "body": "Look!",
                "info": {"mimetype": "image/png", "size": len(PICTURE)}})
        await library.in_thread(show)
        got = await paris.hear(lambda st: st.name == "message" and st["type"] == "groupchat" and
                               st.xml.find("{%s}x" % OOB) is not None, "the picture")
        url = got.xml.find("{%s}x/{%s}url" % (OOB, OOB)).text
        self.assertEqual(got["from"].resource, self.name("titania"))
        kind, data = await library.in_thread(lambda: get(url))
        self.assertEqual((kind, data), ("image/png", PICTURE))
        await paris.said(self.name("titania"), "Look!")
        await self.share_in_a_room(paris, queen, other, room)
        await xmpp.disconnect()

    async def share_in_a_room(self, paris, queen, other, room):
        """What paris shares is a picture of the media repository; what he says behind it comes
        behind it, and he sees the address that he gave."""
        url = await library.in_thread(lambda: self.upload(self.sharing, "cat.png"))
        message = paris.user.make_message(paris.room, url, mtype="groupchat")
        oob = ElementTree.SubElement(message.xml, "{%s}x" % OOB)
        ElementTree.SubElement(oob, "{%s}url" % OOB).text = url
        message.send()
        paris.say("that was my cat")
        event = await library.in_thread(lambda: queen.event(
            room, "m.room.message", other.user_id, msgtype="m.image"))
        kind, data = await library.in_thread(lambda: queen.download(event["content"]["url"]))
        self.assertEqual((kind, data), ("image/png", PICTURE))
        await library.in_thread(lambda: queen.message(room, "that was my cat"))
        await paris.said(self.name("paris"), url)
        await paris.said(self.name("paris"), "that was my cat")

    def test_to_matrix(self):
        """What the user shares goes to the media repository and is a picture there (GFIL-01,
        GFIL-10)"""
        client, other = self.member("benvolio")
        rosaline = self.person("rosaline")
        contact, room = self.befriended(client, other, rosaline)
        client.send(link(contact, self.upload(client, "cat.png"), "f1"))
        event = rosaline.event(room, "m.room.message", other.user_id, msgtype="m.image")
        content = event["content"]
        self.assertEqual((content["filename"], content["info"]["size"]),
                         ("cat.png", len(PICTURE)))
        kind, data = rosaline.download(content["url"])
        self.assertEqual((kind, hashlib.sha256(data).hexdigest()),
                         ("image/png", hashlib.sha256(PICTURE).hexdigest()))

    def wait_listed(self, person, user_id, name):
        """Until the directory of users, which Synapse fills when it has time, knows somebody."""
        end = time.monotonic() + 60
        while not any(found["user_id"] == user_id for found in person.call(
                "POST", "/user_directory/search", {"search_term": name})["results"]):
            self.assertLess(time.monotonic(), end, "the directory does not know " + user_id)

    def test_profiles(self):
        """Names and pictures of people are in their cards, and the directory of users is searched
        (G054-01, G055-01)"""
        client, other = self.member("mercutio")
        queen = self.person("mab")
        queen.set_profile("displayname", "Queen Mab")
        queen.set_profile("avatar_url", queen.upload(PNG, "image/png", "mab.png"))
        contact, _ = self.befriended(client, other, queen)
        card = client.iq("get", contact, "<vCard xmlns='vcard-temp'/>").find("vCard")
        self.assertEqual(card.find("FN").text, "Queen Mab")
        self.wait_listed(other, queen.user_id, "Mab")
        found = client.iq("set", GATEWAY,
                          "<query xmlns='jabber:iq:search'><nick>Mab</nick></query>")
        self.assertIn(contact, [i.get("jid") for i in found.find("query").children],
                      format_node(found))
