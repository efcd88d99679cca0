#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks models/exchange.pml with Spin: exhaustively without a violation, and each planted fault is found.

SL_LONG=1 also searches with two bad things in a run where contexts are durable: 77 595 757 states, minutes and 5 GB;
SL_LONG=night the other world too, which needs 16 GB or more.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

MODEL = os.path.abspath(sys.argv.pop(1))
# What must catch it, and in which world it shows: contexts that outlive a crash or not, bad things in one run.
FAULTS = {
    1: ("no generation", "slots", 0, 1),
    2: ("duplicates by Message ID alone", "known", 0, 1),
    3: ("mark after effect", "effect", 1, 2),
    4: ("old nonce after a restart", "sealed", 1, 2),
    5: ("issuance key is the CSR", "certificates", 0, 1),
    6: ("signature before intent", "has_signature", 0, 1),
    7: ("one context on two nodes", "effect", 0, 1),
    8: ("repeated to another node", "effect", 0, 1),
    9: ("cache forgets what is in progress", "stage", 0, 1),
    10: ("a duplicate is made anew", "sealed", 0, 1),
}


def command(args, folder, env=None):
    done = subprocess.run(args, cwd=folder, capture_output=True, text=True, check=False, timeout=1500,
                          env={**os.environ, **(env or {})})
    return done.stdout + done.stderr


class ExchangeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sealift-model-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        said = command(["spin", "-a", MODEL], cls.folder)
        said += command(["cc", "-O1", "-w", "-DSAFETY", "-DHC4", "-o", "pan", "pan.c"], cls.folder)
        if not os.path.exists(os.path.join(cls.folder, "pan")):
            raise RuntimeError(said)

    def search(self, fault, persist, budget):
        """(violated assertion or None, states)"""
        said = command(["./pan", "-m200000"], self.folder,
                       {"FAULT": str(fault), "PERSIST": str(persist), "BUDGET": str(budget)})
        states = re.search(r"([\d.e+]+) states, stored", said)
        self.assertIsNotNone(states, said)
        errors = re.search(r"errors: (\d+)", said).group(1)
        broken = re.search(r"pan:1: assertion violated (.*) \(at depth", said)
        self.assertEqual(errors != "0", broken is not None, said)
        if broken is None:  # "max search depth too small" and the like would make the search no proof
            self.assertNotIn("Search not completed", said)
            self.assertNotIn("max search depth too small", said)
        return (broken.group(1) if broken else None), int(float(states.group(1)))

    def proves(self, budget, worlds, at_least):
        for persist in worlds:
            broken, states = self.search(0, persist, budget)
            print(f"model: persist {persist}, {budget} bad: {states} states, {broken or 'no violation'}")
            self.assertIsNone(broken)
            self.assertGreater(states, at_least, "the model lost its behaviour")

    def test_no_violation(self):
        self.proves(1, (0, 1), 100_000)
        if os.environ.get("SL_LONG"):
            self.proves(2, (1,), 5_000_000)
        if os.environ.get("SL_LONG") == "night":
            self.proves(2, (0,), 5_000_000)

    def test_planted_faults(self):
        for fault, (name, where, persist, budget) in FAULTS.items():
            with self.subTest(name):
                broken, states = self.search(fault, persist, budget)
                print(f"model: fault {fault} ({name}): found after {states} states")
                self.assertIsNotNone(broken, "not found")
                self.assertIn(where, broken, "found by what is not meant to find it")


if __name__ == "__main__":
    if shutil.which("spin") is None:
        print("model_exchange: SKIPPED: spin is not installed")
        sys.exit(77)
    unittest.main()
