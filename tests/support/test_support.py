#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Tests of the test support itself: the matcher, the scenario reader, the runner (against
stub.py, which can be told to break each rule that the runner guards)."""
import argparse
import os
import pathlib
import re
import sys
import tempfile
import types
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import conformance                                                   # noqa: E402
import doap                                                          # noqa: E402
import entity                                                        # noqa: E402
import report                                                        # noqa: E402
import runner                                                        # noqa: E402
import scenario                                                      # noqa: E402
import scn                                                           # noqa: E402
import stubbed                                                       # noqa: E402
import test_ledger                                                   # noqa: E402
import test_matrix                                                   # noqa: E402
import test_unit                                                     # noqa: E402
import xmlmatch                                                      # noqa: E402
from fakeirc import Line                                             # noqa: E402


def why(pattern, text, variables=None):
    return xmlmatch.match(xmlmatch.pattern(pattern), xmlmatch.parse(text),
                          {} if variables is None else variables)


class Matcher(unittest.TestCase):
    def yes(self, pattern, text, variables=None):
        self.assertIsNone(why(pattern, text, variables))

    def no(self, pattern, text, variables=None):
        self.assertIsNotNone(why(pattern, text, variables))

    def test_attribute_order_and_quotes_are_free(self):
        self.yes("<iq type='set' from='a'/>", '<iq from="a" type="set"/>')

    def test_further_attributes_must_be_allowed(self):
        self.no("<message from='a'/>", "<message from='a' to='b'/>")
        self.yes("<message from='a' ...></message>", "<message from='a' to='b'/>")

    def test_a_missing_attribute_is_a_mismatch(self):
        self.no("<presence from='a' type='unavailable' ...></presence>", "<presence from='a'/>")
        self.no("<presence from='a'></presence>", "<presence from='a' type='unavailable'/>")

    def test_id_and_language_of_a_stanza_are_free(self):
        self.yes("<message from='a'/>", "<message from='a' id='7' xml:lang='en'/>")
        self.no("<message from='a' id='8'/>", "<message from='a' id='7'/>")

    def test_addresses_of_an_answer_are_free(self):
        self.yes("<iq type='result' id='1'/>", "<iq type='result' id='1' from='a' to='b'/>")
        self.no("<iq type='get' id='1'/>", "<iq type='get' id='1' from='a' to='b'/>")

    def test_children_in_any_order_and_none_besides(self):
        self.yes("<message><a/><b/></message>", "<message><b/><a/></message>")
        self.no("<message><a/></message>", "<message><b/><a/></message>")
        self.yes("<message><a/>...</message>", "<message><b/><a/></message>")
        self.no("<message><a/><a/></message>", "<message><a/></message>")

    def test_content_may_stand_open_on_lines_of_its_own(self):
        self.yes("<message>\n<a/>\n...\n</message>", "<message><a/><b/></message>")

    def test_namespaces_count_and_prefixes_do_not(self):
        self.yes("<iq type='get' ...><q xmlns='n'/></iq>",
                 "<iq type='get'><p:q xmlns:p='n'/></iq>")
        self.no("<iq type='get' ...><q xmlns='n'/></iq>", "<iq type='get'><q/></iq>")

    def test_star_stands_for_any_text(self):
        self.yes("<body>*</body>", "<body/>")
        self.yes("<body>a*c</body>", "<body>abc</body>")
        self.no("<body>a*c</body>", "<body>abd</body>")
        self.yes("<body>\\*</body>", "<body>*</body>")
        self.no("<body>\\*</body>", "<body>x</body>")

    def test_captures_bind_once(self):
        seen = {}
        self.yes("<message from='$who'><body>$t</body></message>",
                 "<message from='a'><body>x</body></message>", seen)
        self.assertEqual(seen, {"who": "a", "t": "x"})
        self.no("<message from='$who'/>", "<message from='b'/>", seen)
        self.yes("<message from='${who}/r'/>", "<message from='a/r'/>", seen)

    def test_a_failed_match_binds_nothing(self):
        seen = {}
        self.no("<message from='$who'><a/></message>", "<message from='a'/>", seen)
        self.assertEqual(seen, {})

    def test_not_refuses_a_child(self):
        self.no("<q>...<NOT><password/></NOT></q>", "<q><password/></q>")
        self.yes("<q>...<NOT><password>x</password></NOT></q>", "<q><password/></q>")

    def test_error_shorthand(self):
        text = ("<iq type='error' id='1'><error type='cancel'><item-not-found "
                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:x'>t</text></error>"
                "</iq>")
        self.yes("<iq type='error' id='1'>{E:cancel/item-not-found}</iq>", text)
        self.no("<iq type='error' id='1'>{E:auth/item-not-found}</iq>", text)
        self.no("<iq type='error' id='1'>{E:cancel/forbidden}</iq>", text)

    def test_text_beside_children(self):
        self.no("<q><a/></q>", "<q>stray<a/></q>")
        self.yes("<q> <a/> </q>", "<q>\n<a/></q>")

    def test_formatting_escapes(self):
        node = xmlmatch.parse("<a x='&apos;&lt;'>&amp;<b xmlns='n'/></a>")
        self.assertEqual(xmlmatch.format_node(node), "<a x='&apos;&lt;'>&amp;<b xmlns='n'/></a>")


class IrcLines(unittest.TestCase):
    def test_trailing_parameter_with_and_without_colon(self):
        self.assertTrue(runner.irc_matches("NICK romeo", Line("NICK :romeo"), {}))
        self.assertTrue(runner.irc_matches("PRIVMSG j :a *", Line("PRIVMSG j :a b  c"), {}))
        self.assertFalse(runner.irc_matches("PRIVMSG j :a", Line("PRIVMSG j :a b"), {}))

    def test_tags_count_only_when_the_pattern_has_them(self):
        line = Line("@label=7 PRIVMSG j :x")
        self.assertTrue(runner.irc_matches("PRIVMSG j :x", line, {}))
        seen = {}
        self.assertTrue(runner.irc_matches("@label=$l PRIVMSG j :x", line, seen))
        self.assertEqual(seen, {"l": "7"})

    def test_parsing(self):
        line = Line("@a=1;b :n!u@h PRIVMSG x :y :z")
        self.assertEqual((line.tags, line.source, line.command, line.params),
                         ({"a": "1", "b": ""}, "n!u@h", "PRIVMSG", ["x", "y :z"]))


class Runner(stubbed.Stubbed):
    """What the runner guards."""

    def test_a_transcript_that_holds(self):
        self.assertIsNone(self.run_text(
            "C> <iq type='get' from='a@b.test/c' to='irc.test' id='r1'>\n"
            "   <query xmlns='jabber:iq:register'/></iq>\n"
            "C< <iq type='result' id='r1'><query xmlns='jabber:iq:register'>\n"
            "   <instructions>*</instructions><username/></query></iq>\n"
            + self.MESSAGE % "hello" +
            "C< <message from='juliet@irc.test' to='a@b.test' type='chat'>\n"
            "     <body>hello</body></message>\nfence\n"))

    def test_another_stanza_fails_and_is_shown(self):
        self.fails(self.MESSAGE % "hello" +
                   "C< <message from='juliet@irc.test' to='a@b.test' type='chat'>"
                   "<body>other</body></message>\n", "area/10-x:4", "text of <body> is 'hello'",
                   "transcript")

    def test_what_nobody_expected_fails(self):
        self.fails(self.MESSAGE % "hello", "another stanza came")

    def test_silence_fails_at_the_deadline(self):
        self.fails("C< <message ...>...</message>\n", "nothing came within 2 s")

    def test_a_second_answer_fails(self):
        self.fails("C> <iq type='get' from='a@b.test/c' to='irc.test' id='q1'><x xmlns='y'/></iq>\n"
                   + self.MESSAGE % "twice" + "C< <iq type='result' id='q1'/>\n"
                   "C< <iq type='result' id='q1'/>\n", "second answer")

    def test_no_answer_fails(self):
        self.fails("C> <iq type='get' from='a@b.test/c' to='irc.test' id='q1'>"
                   "<x xmlns='y'/></iq>\n", "requests without an answer")

    def test_a_sender_in_another_domain_fails(self):
        self.fails(self.MESSAGE % "foreign" + "C< <message ...>...</message>\n",
                   "from is not in irc.test")

    def test_a_warning_in_the_log_fails_unless_declared(self):
        self.fails(self.MESSAGE % "log", "the log holds warn: stub: something odd")
        self.assertIsNone(self.run_text("log warn: *something odd*\n" + self.MESSAGE % "log"))

    def test_a_secret_in_the_log_fails(self):
        self.fails("secret cordelia\n" + self.MESSAGE % "tell xcordeliax",
                   "the log holds the secret 'cordelia'")
        self.assertIsNone(self.run_text("secret cordelia\n" + self.MESSAGE % "tell goneril"))

    def test_a_number_that_is_secret_is_no_part_of_another(self):
        self.fails("secret 4711\n" + self.MESSAGE % "tell code=4711.", "holds the secret '4711'")
        self.assertIsNone(self.run_text("secret 4711\n" + self.MESSAGE % "tell nothing"))

    def test_a_secret_in_the_data_fails(self):
        self.fails("secret cordelia\n" + self.MESSAGE % "keep cordelia",
                   "data.mdb holds 'cordelia' in clear")
        self.assertIsNone(self.run_text("secret cordelia\n" + self.MESSAGE % "keep goneril"))

    def test_data_that_others_can_read_fail(self):
        self.fails(self.MESSAGE % "show goneril", "data.mdb is for others, too: mode 0640")

    FORM = ("C> <iq type='set' from='a@b.test/c' to='irc.test' id='r1'>\n"
            "   <query xmlns='jabber:iq:register'>%s</query></iq>\n"
            "C< <iq type='result' id='r1'>...</iq>\n")

    def test_what_is_given_in_a_hidden_field_is_secret(self):
        field = "<field var='%s'><value>%s</value></field>"
        for given in ("<password>cordelia</password>", field % ("x-server-password", "cordelia"),
                      field % ("x-certificate-key", "cordelia"), field % ("answer", "cordelia"),
                      field % ("x-answer", "cordelia")):
            with self.subTest(given):
                self.fails(self.FORM % given, "the log holds the secret 'cordelia'")
        self.assertIsNone(self.run_text(self.FORM % field % ("username", "cordelia")))

    def test_a_field_is_hidden_when_it_was_shown_so(self):
        self.fails(self.MESSAGE % "form" + "C< <message ...>...</message>\n" +
                   self.FORM % "<field var='riddle'><value>cordelia</value></field>",
                   "the log holds the secret 'cordelia'")

    def test_a_declared_log_line_must_come(self):
        self.fails("log warn: *something odd*\nfence\n", "the log lacks warn")

    def test_an_early_end_fails(self):
        self.fails(self.MESSAGE % "die" + "C< <message ...>...</message>\n",
                   "sojournd ended with status 3")

    def test_irc_lines_groups_and_defaults(self):
        self.assertIsNone(self.run_text(
            "irc: nick juliet online\n" + self.MESSAGE % "irc" +
            "I< NICK romeo\n{\n  I< PRIVMSG juliet :a  b\n  I< USER * * * :*\n}\nI< QUIT :bye\n"))

    def test_an_unexpected_irc_line_fails(self):
        self.fails(self.MESSAGE % "irc" + "I< QUIT :*\n", "another line came", "PRIVMSG juliet")


class Files(unittest.TestCase):
    def test_every_scenario_can_be_read(self):
        for one in scn.all_scenarios():
            with self.subTest(one.name):
                self.assertTrue(one.steps)


def name_of(test):
    return "support %s" % test.id().split(".", 1)[1]


class Entity(unittest.TestCase):
    INFO = "<query xmlns='http://jabber.org/protocol/disco#info'%s>%s</query>"
    FEATURES = "".join("<feature var='http://jabber.org/protocol/%s'/>" % f for f in
                       ("caps", "disco#info", "disco#items", "muc"))
    EXODUS = "<identity category='client' type='pc' name='Exodus 0.9.1'/>" + FEATURES
    PSI = ("<identity category='client' type='pc' xml:lang='en' name='Psi 0.11'/>"
           "<identity category='client' type='pc' xml:lang='el' name='\u03a8 0.11'/>" + FEATURES +
           "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'>"
           "<value>urn:xmpp:dataforms:softwareinfo</value></field><field var='ip_version'>"
           "<value>ipv4</value><value>ipv6</value></field><field var='os'><value>Mac</value>"
           "</field><field var='os_version'><value>10.5.1</value></field><field var='software'>"
           "<value>Psi</value></field><field var='software_version'><value>0.11</value></field>"
           "</x>")

    def test_hash_of_the_specification(self):
        """The hash of both examples of XEP-0115"""
        for text, wanted in ((self.EXODUS, "QgayPKawpkPSDYmwT/WM94uAlu0="),
                             (self.PSI, "q07IKJEyjvHSyhy//CH0CxmKi8w=")):
            self.assertEqual(wanted, entity.ver(xmlmatch.parse(self.INFO % ("", text))))

    def test_faults_are_found(self):
        """A wrong hash, a feature twice, no identity, a form without FORM_TYPE"""
        for node, text, n in (
                ("", self.EXODUS, 0), (" node='urn:sojourn#x'", self.EXODUS, 1),
                (" node='urn:sojourn#QgayPKawpkPSDYmwT/WM94uAlu0='", self.EXODUS, 0),
                ("", self.EXODUS + "<feature var='http://jabber.org/protocol/muc'/>", 1),
                ("", self.FEATURES, 1), ("", self.PSI, 0),
                ("", self.EXODUS + "<x xmlns='jabber:x:data' type='result'/>", 1)):
            found = list(entity.faults(xmlmatch.parse(self.INFO % (node, text))))
            self.assertEqual(n, len(found), found)


class Conformance(unittest.TestCase):
    TABLE = {"G001-01": ("MUST", "one", ""), "G001-02": ("MUST", "two", "rooms: not built yet"),
             "G001-03": ("MAY", "three", ""), "G002-01": ("MUST", "four", "not offered: why")}

    def test_status_of_an_extension(self):
        """A XEP is complete, partial or planned by what its tests show"""
        for sources, covered, wanted in (
                (["G001"], {}, "planned"), (["G001"], {"G001-01": ["x"]}, "partial"),
                (["G001-01"], {"G001-01": ["x"]}, "complete"),
                (["G001"], {"G001-01": ["x"], "G001-02": ["x"]}, "complete"),
                (["G001-01", "G002"], {"G001-01": ["x"]}, "complete")):
            self.assertEqual(wanted, doap.status(sources, self.TABLE, covered))
        with self.assertRaises(SystemExit):
            doap.status(["G999"], self.TABLE, {})

    def test_what_is_not_covered_says_why(self):
        """The table of conformance names tests, reasons, or neither"""
        text = conformance.document(self.TABLE, {"G001-01": ["unit a.b", "area/10-c"]})
        for line in ("| G001-01 | MUST | one | unit a.b, `area/10-c` |",
                     "| G001-02 | MUST | two | not covered: rooms: not built yet |",
                     "| G001-03 | MAY | three | not covered |",
                     "- MUST: 3 requirements, 1 of them with a test"):
            self.assertIn(line, text)

    def test_the_description_is_well_formed(self):
        """docs/sojourn.doap is XML and names each extension once"""
        root = xml.etree.ElementTree.fromstring(
            doap.document(conformance.requirements(), conformance.coverage()))
        names = [e.attrib.popitem()[1] for e in root.iter("{%s}xep" % doap.NAMESPACE)]
        self.assertEqual(len(doap.xeps()), len(names))
        self.assertEqual(len(names), len(set(names)))


class Result(unittest.TextTestResult):
    """Each test as a line of tests/run."""
    results = None

    def addSuccess(self, test):
        super().addSuccess(test)
        self.results.passed(name_of(test))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.results.failed(name_of(test), self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.results.failed(name_of(test), self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.results.skipped(name_of(test), reason)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--only", default="")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--results")
    options = ap.parse_args()
    Result.results = report.Results(options.results, "support")
    suite = unittest.TestSuite()
    load = unittest.defaultTestLoader.loadTestsFromModule
    for group in [*load(sys.modules["__main__"]), *load(test_ledger), *load(test_matrix),
                  *load(test_unit)]:
        for test in group:
            name = name_of(test)
            if re.search(options.only, name):
                if options.list:
                    print(name)
                else:
                    suite.addTest(test)
    if options.list:
        return 0
    with open(os.devnull, "w") as null:
        unittest.TextTestRunner(stream=null, resultclass=Result).run(suite)
    return Result.results.finish()


if __name__ == "__main__":
    sys.exit(main())
