# SPDX-License-Identifier: MPL-2.0
"""What tests of the scenario runner have in common: whole scenarios against stub.py."""
import os
import pathlib
import tempfile
import types
import unittest

import scenario
import scn


class Stubbed(unittest.TestCase):
    """Whole scenarios against the stub."""

    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.tmp.name)
        os.symlink(pathlib.Path(__file__).resolve().parent / "stub.py", self.dir / "sojournd")
        (self.dir / "area").mkdir()

    def tearDown(self):
        self.tmp.cleanup()

    def run_text(self, text):
        path = self.dir / "area" / "10-x.scn"
        path.write_text("# Title  (G100-05)\n" + text)
        options = types.SimpleNamespace(bin=str(self.dir), keep=False, transcript=50)
        return scenario.run_one(scn.Scenario(path), options)

    def fails(self, text, *words):
        result = self.run_text("deadline 2s\n" + text)
        self.assertIsNotNone(result)
        for word in words:
            self.assertIn(word, result)

    MESSAGE = "C> <message from='a@b.test/c' to='juliet@irc.test'><body>%s</body></message>\n"
