#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""lakers (another implementation of RFC 9528: method 3, cipher suite 2) and lib/edhoc run EDHOC with each other in
both roles: identifiers, credentials by reference and by value, EAD, message_4 or none, exporter and key update agree.
The first argument is the program edhoc_lines."""
import subprocess
import sys
import unittest

import peers

if __name__ == "__main__":
    peers.run_in(peers.lakers)

import cbor2  # noqa: E402
import lakers  # noqa: E402
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand  # noqa: E402
from party import BY_KID, BY_VALUE, TRANSFER, Party  # noqa: E402

NEVER, OPTIONAL, REQUIRED = 0, 1, 2
LINES = []


class Refused(Exception):
    pass


class Sealift:
    """lib/edhoc, a step a call."""

    def __init__(self):
        self.process = subprocess.Popen(LINES, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, *words):
        said = [w.hex() or "-" if isinstance(w, bytes) else str(w) for w in words]
        self.process.stdin.write(" ".join(said) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer or answer[-1] != "ok":
            raise Refused(" ".join(answer))
        return [b"" if w == "-" else bytes.fromhex(w) for w in answer[:-1]]

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(10)
        self.process.stdout.close()
        return status


def derive(prk, label, context, length):
    """EDHOC_KDF of suite 2 (RFC 9528 section 4.1.2)."""
    info = cbor2.dumps(label) + cbor2.dumps(context) + cbor2.dumps(length)
    return HKDFExpand(hashes.SHA256(), length, info).derive(prk)


class LakersTest(unittest.TestCase):
    def setUp(self):
        self.ours = Sealift()
        self.addCleanup(lambda: self.assertEqual(self.ours.close(), 0))
        self.i, self.r = Party("initiator", b"\x2b"), Party("responder", b"\x32")

    def start(self, role, mine, transfer, message_4=OPTIONAL, suites="2"):
        self.ours("init", role, 3, suites, message_4, mine.key, mine.by[transfer], mine.cred)

    def same_keys(self, theirs, prk_out, c_ours, c_theirs):
        secret, salt, sender, recipient = self.ours("oscore")
        self.assertEqual(secret, bytes(theirs.edhoc_exporter(0, [], 16)))
        self.assertEqual(salt, bytes(theirs.edhoc_exporter(1, [], 8)))
        self.assertEqual((sender, recipient), (c_theirs, c_ours))
        self.assertEqual(self.ours("export", 23, b"EDHOC Unique", 32),
                         [bytes(theirs.edhoc_exporter(23, list(b"EDHOC Unique"), 32))])
        # It takes no label above 255 and writes those above 23 as one byte: from its PRK_out by section 4.2.1.
        self.assertEqual(self.ours("export", 32768, b"EDHOC Unique", 32),
                         [derive(derive(bytes(prk_out), 10, b"", 32), 32768, b"EDHOC Unique", 32)])
        self.ours("update", b"\x01\x02\x03")
        theirs.edhoc_key_update(list(b"\x01\x02\x03"))
        self.assertEqual(self.ours("export", 0, b"", 16), [bytes(theirs.edhoc_exporter(0, [], 16))])
        self.assertNotEqual(self.ours("export", 0, b"", 16), [secret])

    def their_initiator(self, by_i=BY_KID, by_r=BY_KID, c_i=b"\x05", c_r=b"\x27", message_4=True, eads=None):
        """One run; returns what we saw."""
        eads = eads or {}
        self.start("responder", self.r, by_r, REQUIRED if message_4 else NEVER)
        theirs = lakers.EdhocInitiator()
        seen = [self.ours("read_1", bytes(theirs.prepare_message_1(c_i, eads.get(1, []))))]
        got = theirs.parse_message_2(*self.ours("write_2", c_r, eads.get(2, b"")))
        self.assertEqual((bytes(got[0]), bytes(got[1])), (c_r, self.r.by[by_r]))
        theirs.verify_message_2(self.i.key, self.i.cred, self.r.cred)
        message_3, prk_out = theirs.prepare_message_3(TRANSFER[by_i], eads.get(3))
        seen.append(self.ours("read_3", bytes(message_3)))
        self.assertEqual(seen[1][1], self.i.by[by_i])
        self.ours("verify", seen[1][1], self.i.cred)
        if message_4:
            theirs.process_message_4(*self.ours("write_4", b""))
        else:
            theirs.completed_without_message_4()
        self.same_keys(theirs, prk_out, c_r, c_i)
        return seen, got

    def their_responder(self, by_i=BY_KID, by_r=BY_KID, c_i=b"\x2e", c_r=b"\x09", message_4=True, eads=None):
        eads = eads or {}
        self.start("initiator", self.i, by_i, REQUIRED if message_4 else NEVER)
        theirs = lakers.EdhocResponder(self.r.key, self.r.cred)
        got = theirs.process_message_1(*self.ours("write_1", c_i, eads.get(1, b"")))
        self.assertEqual(bytes(got[0]), c_i)
        seen = [self.ours("read_2", bytes(theirs.prepare_message_2(TRANSFER[by_r], c_r, eads.get(2))))]
        self.assertEqual(seen[0][:2], [c_r, self.r.by[by_r]])
        self.ours("verify", seen[0][1], self.r.cred)
        id_cred_i, _ = theirs.parse_message_3(*self.ours("write_3", eads.get(3, b"")))
        self.assertEqual(bytes(id_cred_i), self.i.by[by_i])
        prk_out = theirs.verify_message_3(self.i.cred)
        if message_4:
            self.ours("read_4", bytes(theirs.prepare_message_4(eads.get(4))))
        else:
            theirs.completed_without_message_4()
            self.ours("confirm")
        self.same_keys(theirs, prk_out, c_i, c_r)
        return seen, got

    def test_their_initiator(self):
        for by_i in (BY_KID, BY_VALUE):
            for by_r in (BY_KID, BY_VALUE):
                for message_4 in (True, False):
                    with self.subTest(by_i=by_i, by_r=by_r, message_4=message_4):
                        self.their_initiator(by_i, by_r, message_4=message_4)

    def test_their_responder(self):
        for by_i in (BY_KID, BY_VALUE):
            for by_r in (BY_KID, BY_VALUE):
                for message_4 in (True, False):
                    with self.subTest(by_i=by_i, by_r=by_r, message_4=message_4):
                        self.their_responder(by_i, by_r, message_4=message_4)

    def test_identifiers(self):
        """Of one byte that is an int, of one that is none, and longer ones."""
        for mine, other in ((b"\x00", b"\x17"), (b"\x20", b"\x37"), (b"\x18", b"\xff"), (b"\x01\x02", b"\x05"),
                            (b"\xaa" * 6, b"\x05\x06\x07"), (b"\x38", b"\x00")):
            with self.subTest(c_r=mine, c_i=other):
                self.their_initiator(c_i=other, c_r=mine)
                self.their_responder(c_i=mine, c_r=other)

    def test_kids(self):
        for kid in (b"\x00", b"\x17", b"\x18", b"\x37", b"\xf0", b"\x0a\x0b", b"\x01\x02\x03\x04\x05\x06\x07\x08"):
            with self.subTest(kid=kid):
                self.i, self.r = Party("i", kid), Party("r", kid[::-1] + b"\x02")
                self.their_initiator()
                self.their_responder()

    def test_same_kid_of_two_parties(self):
        """A kid is a hint: what counts is the credential."""
        self.i, self.r = Party("i", b"\x07"), Party("r", b"\x07")
        self.their_initiator()
        self.their_responder()

    def test_ead(self):
        seen, got = self.their_initiator(
            eads={1: [lakers.EADItem(5, False, b"hello")], 2: bytes.fromhex("0643010203"),
                  3: [lakers.EADItem(7, False, None)]})
        self.assertEqual(seen[0][2], bytes.fromhex("054568656c6c6f"))
        self.assertEqual([(e.label(), bytes(e.value())) for e in got[2]], [(6, b"\x01\x02\x03")])
        self.assertEqual(seen[1][2], b"\x07")

    def test_padding(self):
        """Label 0, in every message of ours (RFC 9528 section 3.8.1)."""
        self.their_initiator(eads={2: bytes.fromhex("0043000000")})
        self.their_responder(eads={1: bytes.fromhex("0043000000"), 3: bytes.fromhex("0040")})

    def test_critical_ead(self):
        self.start("responder", self.r, BY_KID)
        message_1 = lakers.EdhocInitiator().prepare_message_1(b"\x05", [lakers.EADItem(99, True, b"x")])
        with self.assertRaises(Refused):
            self.ours("read_1", bytes(message_1))
        self.assertEqual(self.ours("error")[0][:1], b"\x01", "unspecified error")

    def test_wrong_suite(self):
        """lakers offers suite 2 alone: a server of others names them (RFC 9528 section 6.3)."""
        self.start("responder", self.r, BY_KID, suites="3,0")
        with self.assertRaises(Refused):
            self.ours("read_1", bytes(lakers.EdhocInitiator().prepare_message_1(b"\x05", [])))
        self.assertEqual(self.ours("error"), [bytes.fromhex("02820300")])

    def test_stranger(self):
        """A key that is not the credential's: both sides see it."""
        other = Party("initiator", b"\x2b")
        self.start("responder", self.r, BY_KID)
        theirs = lakers.EdhocInitiator()
        self.ours("read_1", bytes(theirs.prepare_message_1(b"\x05", [])))
        theirs.parse_message_2(*self.ours("write_2", b"\x27", b""))
        theirs.verify_message_2(other.key, other.cred, self.r.cred)
        self.ours("read_3", bytes(theirs.prepare_message_3(TRANSFER[BY_KID], None)[0]))
        with self.assertRaises(Refused):
            self.ours("verify", self.i.by[BY_KID], self.i.cred)

        self.start("initiator", self.i, BY_KID)
        theirs = lakers.EdhocResponder(other.key, self.r.cred)
        theirs.process_message_1(*self.ours("write_1", b"\x2e", b""))
        self.ours("read_2", bytes(theirs.prepare_message_2(TRANSFER[BY_KID], b"\x09", None)))
        with self.assertRaises(Refused):
            self.ours("verify", self.r.by[BY_KID], self.r.cred)

    def test_flipped_bits(self):
        """One bit of theirs is another, anywhere: nothing completes."""
        flips = 0
        for name in ("message_2", "message_3"):
            for at in range(0, 8 * 19, 3):
                with self.subTest(message=name, bit=at):
                    flips += 1
                    with self.assertRaises(Refused):
                        self.flipped(name, at)
        print(f"lakers: {flips} messages with one bit flipped, none believed")

    def flipped(self, name, at):
        def flip(message):
            changed = bytearray(bytes(message))
            changed[at // 8] ^= 1 << at % 8
            return bytes(changed)
        if name == "message_2":
            self.start("initiator", self.i, BY_KID)
            theirs = lakers.EdhocResponder(self.r.key, self.r.cred)
            theirs.process_message_1(*self.ours("write_1", b"\x2e", b""))
            seen = self.ours("read_2", flip(theirs.prepare_message_2(TRANSFER[BY_KID], b"\x09", None)))
            self.ours("verify", seen[1], self.r.cred)
            return
        self.start("responder", self.r, BY_KID)
        theirs = lakers.EdhocInitiator()
        self.ours("read_1", bytes(theirs.prepare_message_1(b"\x05", [])))
        theirs.parse_message_2(*self.ours("write_2", b"\x27", b""))
        theirs.verify_message_2(self.i.key, self.i.cred, self.r.cred)
        seen = self.ours("read_3", flip(theirs.prepare_message_3(TRANSFER[BY_KID], None)[0]))
        self.ours("verify", seen[1], self.i.cred)


if __name__ == "__main__":
    LINES.append(sys.argv.pop(1))
    unittest.main(verbosity=2)
