# SPDX-License-Identifier: MPL-2.0
"""The store's two threads under ThreadSanitizer (support/threads.c), which knows neither of the
other sanitizers nor of Criterion's processes, so that it has a program of its own."""
import os
import pathlib
import subprocess
import tempfile
import unittest

ROUNDS = 1500
SECONDS = 120


class Threads(unittest.TestCase):
    def test_store(self):
        """What the loop and the store's writer share they share without a race"""
        program = pathlib.Path(os.environ["SOJOURN_BIN"]) / "tests" / "threads"
        if not program.exists():
            self.skipTest("it is built by gcc, with the sanitizers")
        with tempfile.TemporaryDirectory(prefix="sojourn-threads-") as directory:
            done = subprocess.run([program, directory, str(ROUNDS)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("ThreadSanitizer", done.stdout)
        print(done.stdout.splitlines()[-1])
