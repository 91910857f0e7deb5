# SPDX-License-Identifier: MPL-2.0
"""Tests of unit.py: what counts as a fault of a test, and what is the test library's own. Run by
test_support.py."""
import unittest

import unit


class LeaksOfCriterion(unittest.TestCase):
    """Which reports of a sanitizer about unit tests are about Criterion alone"""
    LEAK = """=================================================================
==7==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 48 byte(s) in 1 object(s) allocated from:
    #0 0x7f01 in calloc (libasan.so.8+0xb83b7)
    #1 0x7f02 in %s
    #2 0x7f03 in criterion_run (libcriterion.so.3+0xe0a2)
"""

    def test_what_its_runner_allocated(self):
        """is left out, and nothing that it only calls"""
        its = self.LEAK % "spawn_test_worker (libcriterion.so.3+0xd1f0)"
        ours = self.LEAK % "sj_calloc gateway/base/memory.c:40"
        self.assertTrue(unit.is_of_criterion(its))
        self.assertFalse(unit.is_of_criterion(ours))
        self.assertFalse(unit.is_of_criterion(its + ours))

    def test_other_errors(self):
        """are never left out"""
        its = self.LEAK % "spawn_test_worker (libcriterion.so.3+0xd1f0)"
        self.assertFalse(unit.is_of_criterion(its + "==7==ERROR: AddressSanitizer: overflow"))
        self.assertFalse(unit.is_of_criterion("memory.c:3: runtime error: shift"))
