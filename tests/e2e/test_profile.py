# SPDX-License-Identifier: MPL-2.0
"""Pictures, cards and nodes with a client library that other people wrote (slixmpp of Debian), on a
network in memory whose residents have them."""
import asyncio
import base64
import hashlib
import struct
import zlib

import library
from e2ebase import GATEWAY, LoopbackTest
from occupant import MUC_PLUGINS, Occupant

ECHO = "echo@" + GATEWAY
PLUGINS = (30, 54, 60, 84, 115, 153, 163)


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data +
            struct.pack(">I", zlib.crc32(kind + data)))


PNG = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) +
       chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b""))


@library.needs_slixmpp
class Profile(LoopbackTest):
    modules = ("pep",)

    def run_as(self, user, what):
        self.wait_for_gateway(self.xmpp("rosaline"))
        library.run(self.session(user, what))

    async def session(self, name, what):
        user = await library.connect(self.prosody.c2s, name, *PLUGINS, *MUC_PLUGINS)
        user.avatars = asyncio.Queue()
        user.add_event_handler("avatar_metadata_publish", user.avatars.put_nowait)
        await user["xep_0115"].update_caps()
        user.send_presence()
        await user.get_roster()
        await library.register(user)
        await what(user)
        await user.disconnect()

    @staticmethod
    async def picture_of(user, jid):
        """The hash in the contact's presence, as soon as it is known."""
        while True:
            presence = await library.presence_of(user, jid)
            photo = presence.xml.find("{vcard-temp:x:update}x/{vcard-temp:x:update}photo")
            if photo is not None and photo.text:
                return photo.text

    def test_picture_of_a_contact(self):
        """slixmpp adds a contact, learns of its picture by presence and by a notification, and
        fetches card and picture, which have that hash (G054-01, G153-01, G153-02, G163-01,
        G163-02, G084-01, G084-02)"""
        self.run_as("romeo", self.look)

    async def look(self, user):
        user.send_presence_subscription(pto=ECHO, ptype="subscribe")
        sha1 = await self.picture_of(user, ECHO)
        card = (await user["xep_0054"].get_vcard(ECHO))["vcard_temp"]
        self.assertEqual(hashlib.sha1(card["PHOTO"]["BINVAL"]).hexdigest(), sha1)
        self.assertEqual(list(card["NICKNAME"]), ["Echo"])
        while True:
            told = await user.avatars.get()
            if told["from"] == ECHO:
                break
        item = told["pubsub_event"]["items"]["item"]
        self.assertEqual(item["id"], sha1)
        info = item["avatar_metadata"].xml.find("{urn:xmpp:avatar:metadata}info")
        self.assertEqual((info.get("id"), info.get("type")), (sha1, "image/png"))
        data = await user["xep_0084"].retrieve_avatar(ECHO, sha1)
        value = data["pubsub"]["items"]["item"]["avatar_data"]["value"]
        self.assertEqual(hashlib.sha1(value).hexdigest(), sha1)

    def test_pictures_in_a_room(self):
        """slixmpp in a room that has a picture, as its people have: presence and service discovery
        tell the hashes, the cards hold the pictures; who owns a room gives it one, and takes it
        away (G054-07, G153-06, G486-01, G486-02, G486-03)"""
        self.run_as("paris", self.look_around)
        self.run_as("mercutio", self.decorate)

    @staticmethod
    async def changed(room):
        await room.hear(lambda st: st.name == "message" and "104" in str(st), "the code 104")

    @staticmethod
    async def room_hash(user, room):
        info = await user["xep_0030"].get_info(room, cached=False)
        field = info.xml.find(".//{jabber:x:data}field[@var='muc#roominfo_avatarhash']")
        feature = "vcard-temp" in info["disco_info"]["features"]
        return feature, None if field is None else field[0].text

    async def look_around(self, user):
        room = Occupant(user, "#gallery", "Juliet")
        _, _, joined = await room.join()
        room.heard[:0] = joined          # the picture may be known already
        found = await room.hear(lambda st: st["from"].resource == "echo" and
                                st.xml.find("{vcard-temp:x:update}x") is not None,
                                "the picture of echo")
        sha1 = found.xml.find("{vcard-temp:x:update}x/{vcard-temp:x:update}photo").text
        card = (await user["xep_0054"].get_vcard(room.room + "/echo"))["vcard_temp"]
        self.assertEqual(hashlib.sha1(card["PHOTO"]["BINVAL"]).hexdigest(), sha1)
        card = (await user["xep_0054"].get_vcard(room.room))["vcard_temp"]
        sha1 = hashlib.sha1(card["PHOTO"]["BINVAL"]).hexdigest()
        self.assertEqual(await self.room_hash(user, room.room), (True, sha1))

    async def decorate(self, user):
        room = Occupant(user, "#verona", "Rosaline")
        await room.join()
        self.assertEqual(await self.room_hash(user, room.room), (True, None))
        iq = user.make_iq_set(ito=room.room)
        photo = iq["vcard_temp"]["PHOTO"]
        photo["TYPE"], photo["BINVAL"] = "image/png", PNG
        iq["vcard_temp"].append(photo)
        await iq.send()
        await self.changed(room)
        self.assertEqual(await self.room_hash(user, room.room),
                         (True, hashlib.sha1(PNG).hexdigest()))
        iq = user.make_iq_set(ito=room.room)
        iq.enable("vcard_temp")
        await iq.send()
        await self.changed(room)
        self.assertEqual(await self.room_hash(user, room.room), (True, None))

    def test_own_picture(self):
        """A picture that slixmpp publishes at its own server is shown on the network after the
        user has asked for it, and not before (G153-07, G163-08)"""
        juliet = self.go_online("nurse")
        self.run_as("benvolio", lambda user: self.publish(user, juliet))

    async def publish(self, user, other):
        sha1 = hashlib.sha1(PNG).hexdigest()
        jid = "benvolio@" + GATEWAY
        await user["xep_0084"].publish_avatar(PNG)
        await user["xep_0084"].publish_avatar_metadata(
            {"id": sha1, "type": "image/png", "bytes": len(PNG)})
        other.presence(jid, "subscribe")
        await library.in_thread(lambda: other.expect(
            "<presence from='%s' to='*'><x xmlns='vcard-temp:x:update'><photo/></x>...</presence>"
            % jid))
        user.send_message(GATEWAY, "set show-picture yes", mtype="chat")
        await library.in_thread(lambda: other.expect(
            "<presence from='%s' to='*'><x xmlns='vcard-temp:x:update'><photo>%s</photo></x>..."
            "</presence>" % (jid, sha1)))
        card = await library.in_thread(other.iq, "get", jid, "<vCard xmlns='vcard-temp'/>")
        photo = card.find("vCard").find("PHOTO").find("BINVAL")
        self.assertEqual(base64.b64decode("".join(photo.text)), PNG)
