# SPDX-License-Identifier: MPL-2.0
"""Tests of the test support for Matrix: Synapse as it is installed and started here, and the small
client. Run by test_support.py."""
import os
import pathlib
import tempfile
import unittest
from unittest import mock

import synapse
from matrixclient import MatrixClient, Refused
from servers import Lab


class Installation(unittest.TestCase):
    def test_one_that_was_cut_short_is_none(self):
        with tempfile.TemporaryDirectory() as cache, \
                mock.patch.dict(os.environ, {"XDG_CACHE_HOME": cache, "SOJOURN_NO_SYNAPSE": ""}):
            pathlib.Path(str(synapse.place()) + ".new", "bin").mkdir(parents=True)
            self.assertIn("not installed", synapse.missing())
            os.environ["SOJOURN_NO_SYNAPSE"] = "no way to PyPI"
            self.assertEqual(synapse.missing(), "no way to PyPI")
            (synapse.place() / "bin").mkdir(parents=True)
            synapse.python().touch()
            self.assertIsNone(synapse.missing())
            self.assertIsNone(synapse.install())

    def test_why_it_failed_is_one_line(self):
        said = synapse._run(["/bin/sh", "-c", "echo trying; echo ERROR: no route; exit 1"])
        self.assertEqual(said, "Synapse cannot be installed from PyPI: ERROR: no route")
        self.assertIsNone(synapse._run(["/bin/true"]))

    def test_everything_is_pinned(self):
        lines = [line for line in synapse.PINS.read_text().splitlines() if line[:1] != "#"]
        self.assertTrue(all(line.count("==") == 1 for line in lines))
        self.assertTrue(any(line.startswith("matrix-synapse==") for line in lines))


class Synapse(unittest.TestCase):
    """The real server and two users of it."""
    lab = None

    @classmethod
    def setUpClass(cls):
        if synapse.missing():
            raise unittest.SkipTest(synapse.missing())
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        cls.server = synapse.start(cls.lab)
        cls.romeo = cls.server.client("romeo", "password-romeo")
        cls.juliet = cls.server.client("juliet", "password-juliet")

    def room(self):
        room = self.romeo.create_direct(self.juliet.user_id)
        self.assertEqual(self.juliet.invited(self.romeo.user_id), room)
        self.juliet.join(room)
        return room

    def test_ids(self):
        self.assertEqual(self.romeo.user_id, "@romeo:" + synapse.NAME)

    def test_a_wrong_password_is_refused(self):
        with self.assertRaises(Refused) as caught:
            MatrixClient(self.server.base, synapse.NAME).login("romeo", "wrong")
        self.assertEqual((caught.exception.status, caught.exception.errcode),
                         (403, "M_FORBIDDEN"))

    def test_what_is_said_comes_and_can_be_changed(self):
        room = self.room()
        event = self.romeo.send(room, "But soft")
        self.assertEqual(self.juliet.message(room, "But soft")["event_id"], event)
        self.romeo.edit(room, event, "But soft!")
        self.assertEqual(self.juliet.message(room, "* But soft!")["content"]["m.new_content"],
                         {"msgtype": "m.text", "body": "But soft!"})
        self.juliet.react(room, event, "\u2764")
        self.assertEqual(self.romeo.event(room, "m.reaction")["content"]["m.relates_to"]["key"],
                         "\u2764")
        self.romeo.redact(room, event, "Hush")
        self.assertEqual(self.juliet.event(room, "m.room.redaction")["content"]["reason"], "Hush")

    def test_typing_receipts_presence(self):
        room = self.room()
        event = self.romeo.send(room, "Speak again")
        self.juliet.typing(room)
        self.romeo.expect(lambda r, part, e: r == room and e["type"] == "m.typing" and
                          e["content"]["user_ids"] == [self.juliet.user_id], "typing")
        self.juliet.read(room, event)
        self.romeo.expect(lambda r, part, e: r == room and e["type"] == "m.receipt" and
                          event in e["content"], "a receipt")
        self.juliet.presence("unavailable", "on the balcony")
        self.romeo.expect(lambda r, part, e: part == "presence" and
                          e["sender"] == self.juliet.user_id and
                          e["content"].get("status_msg") == "on the balcony", "presence")

    def test_rooms(self):
        room = self.romeo.create(name="Verona", visibility="public")
        self.juliet.join(room)
        self.assertEqual(self.romeo.members(room)[self.juliet.user_id], "join")
        self.romeo.member("kick", room, self.juliet.user_id, "Banished")
        self.juliet.event(room, "m.room.member", self.romeo.user_id, reason="Banished")
        with self.assertRaises(Refused):
            self.juliet.send(room, "Still here")

    def test_media(self):
        mxc = self.romeo.upload(b"a rose", "image/png", "rose.png")
        self.assertEqual(self.juliet.download(mxc), ("image/png", b"a rose"))

    def test_one_server_for_the_whole_run(self):
        with mock.patch.dict(os.environ, {"SOJOURN_SYNAPSE": self.server.words()}):
            shared = synapse.of_run(None)
        self.assertEqual(shared.client("romeo", "password-romeo", register=False).user_id,
                         self.romeo.user_id)
        self.assertIn("login", shared.tail())
