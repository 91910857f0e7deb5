# SPDX-License-Identifier: MPL-2.0
"""Tests of the test support for Matrix: Synapse as it is installed and started here, the small
client, patterns of JSON, and the scripted home server. Run by test_support.py."""
import os
import pathlib
import tempfile
import unittest
from unittest import mock

import jsonmatch
import stubbed
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


class Json(unittest.TestCase):
    def why(self, pattern, value, variables=None):
        return jsonmatch.match(jsonmatch.pattern(pattern), value,
                               {} if variables is None else variables)

    def test_members_are_all_named_unless_it_is_open(self):
        self.assertIsNone(self.why('{"a": 1, "b": "x*"}', {"b": "xyz", "a": 1}))
        self.assertIn("also holds c", self.why('{"a": 1}', {"a": 1, "c": 2}))
        self.assertIsNone(self.why('{"a": 1, ...}', {"a": 1, "c": 2}))
        self.assertIn("b is missing", self.why('{"b": 1, ...}', {"a": 1}))

    def test_types_count(self):
        for pattern, value in (("1", True), ('"1"', 1), ("[]", {}), ("{}", []), ("null", 0)):
            self.assertIsNotNone(self.why(pattern, value))
        self.assertIsNone(self.why('{"a": *}', {"a": [1]}))

    def test_arrays(self):
        self.assertIsNone(self.why('["a", "*"]', ["a", "..."]))
        self.assertIsNotNone(self.why('["a"]', ["a", "b"]))
        self.assertIsNone(self.why('["a", ...]', ["a", "b", "c"]))

    def test_captures(self):
        seen = {"known": "k"}
        self.assertIsNone(self.why('{"$known": ["$x", "..$$x"]}', {"k": ["1", "..$x"]}, seen))
        self.assertEqual(seen["x"], "1")
        self.assertIsNotNone(self.why('["$x"]', ["2"], seen))


class HomeServer(stubbed.Stubbed):
    """Scenarios against the stub, which asks the scripted home server what a message says."""

    def ask(self, text):
        return self.MESSAGE % ("matrix $mport " + text)

    def said(self, text):
        return ("C< <message from='juliet@irc.test' to='a@b.test' type='chat'>"
                "<body>%s</body></message>\n" % text)

    LOGIN = ('POST /_matrix/client/v3/login {"type":"m.login.password","password":"cordelia",'
             '"identifier":{"type":"m.id.user","user":"romeo"}}')
    API = "/_matrix/client/v3"

    def logged_in(self):
        return "matrix: account romeo cordelia\n" + self.ask(self.LOGIN) + self.said("200 *")

    def test_a_login_is_answered_by_itself_and_may_be_looked_at(self):
        self.assertIsNone(self.run_text(
            self.logged_in() + 'M< POST /login {"type": "m.login.password", "password": "$pw", '
            '"identifier": {"type": "m.id.user", "user": "romeo"}}\nfence\n'))
        self.fails(self.logged_in() + 'M< POST /login {"type": "m.login.token", ...}\n',
                   "nothing came within")

    def test_another_password_is_refused(self):
        self.assertIsNone(self.run_text(
            "matrix: account romeo other\n" + self.ask(self.LOGIN) +
            self.said("403 *M_FORBIDDEN*")))

    def test_a_request_is_expected_and_answered(self):
        send = "PUT " + self.API + "/rooms/%21r%3Ahs.test/send/m.room.message/1 "
        self.assertIsNone(self.run_text(
            self.logged_in() + self.ask(send + '{"body":"x"}') +
            'M< PUT /rooms/!r:hs.test/send/m.room.message/* {"body": "x"}\n'
            'M> 429 {"errcode": "M_LIMIT_EXCEEDED"}\n' + self.said("429 *M_LIMIT_EXCEEDED*") +
            self.ask(send + '{"body":"x"}') + 'M< PUT /rooms/!r:hs.test/send/* {...}\n' +
            self.said("200 *$$e1*") + "fence\n"))
        self.fails(self.logged_in() + self.ask(send + '{"body":"y"}') +
                   'M< PUT /rooms/!r:hs.test/send/m.room.message/* {"body": "x"}\n',
                   "another request came", 'body is "y"')
        self.fails(self.logged_in() + self.ask(send + '{"body":"x"}') + self.said("*"),
                   "nothing came within")

    def test_a_transaction_twice_is_the_same(self):
        send = "PUT " + self.API + "/rooms/r/send/m.room.message/1 "
        self.fails(self.logged_in() + self.ask(send + '{"body":"x"}') + "M< PUT * {...}\n" +
                   self.said("200 *") + self.ask(send + '{"body":"y"}') + "M< PUT * {...}\n" +
                   self.said("*"), "transaction 1 twice")

    def test_a_poll_waits_for_the_scenario(self):
        poll = self.ask("GET %s/sync?since=s1&amp;timeout=30000" % self.API)
        first = self.ask("GET %s/sync" % self.API)
        self.assertIsNone(self.run_text(
            "matrix: room !r:hs.test Verona juliet\n" + self.logged_in() + first +
            self.said("200 *!r:hs.test*Verona*") + poll + "M> say !r:hs.test juliet hello\n" +
            self.said("200 *@juliet:hs.test*m.text*hello*$$e1*")))
        self.fails(self.logged_in() + poll, "was never given")

    def test_bad_answers(self):
        get = self.logged_in() + self.ask("GET %s/devices" % self.API) + "M< GET /devices\n"
        for answer, seen in (("200 raw no JSON", "200 no JSON"), ("200 cut 5 {}", "IncompleteRead"),
                             ("200 nested 20000", "200 120001"), ("200 pad 9000 {}", "200 90*"),
                             ('200 part 3 {"a": 1}\nM rest', '200 *a*1*'), ):
            with self.subTest(answer):
                self.assertIsNone(self.run_text(
                    get + "M> " + answer.replace("cut 5 {}", 'cut 5 {"a": 1}') + "\n" +
                    self.said(seen)))

    def test_what_holds_always(self):
        for request, words in (
                ("GET %s/devices" % self.API, "without a token that is good"),
                ("POST %s/login nonsense" % self.API, "no JSON"),
                ("GET %s/devices?access_token=x" % self.API, "a token in the address")):
            with self.subTest(request):
                self.fails(self.ask(request) + self.said("*"), words)

    def test_a_token_is_secret(self):
        self.fails(self.logged_in() + self.MESSAGE % "tell token-of-access-1",
                   "the log holds the secret 'token-of-access-1'")

    def test_a_token_of_the_past(self):
        self.assertIsNone(self.run_text(
            self.logged_in() + "matrix: expire soft\n" + self.ask("GET %s/sync" % self.API) +
            self.said("401 *M_UNKNOWN_TOKEN*soft_logout*true*")))
