#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""sealift-device keygen and credential: files that another implementation takes, and refusals that leave nothing."""
import hashlib
import json
import os
import re
import stat
import subprocess

import harness

# Algorithm as openssl prints it; COSE kty, crv and length of x (RFC 9053 table 18).
TYPES = {"p256": (r"NIST CURVE: P-256", 2, 1, 32), "p384": (r"NIST CURVE: P-384", 2, 2, 48),
         "ed25519": (r"ED25519 Private", 1, 6, 32), "x25519": (r"X25519 Private", 1, 4, 32),
         "ed448": (r"ED448 Private", 1, 7, 57), "x448": (r"X448 Private", 1, 5, 56)}

# RFC 9529 section 3.5: CRED_I.
CRED_I = bytes.fromhex(
    "a2027734322d35302d33312d46462d45462d33372d33322d333908a101a5010202412b2001215820ac75e9ece3e50bfc8ed6039988"
    "9522405c47bf16df96660a41298cb4307f7eb62258206e5de611388a4b8a8211334ac7d37ecb52a387d257e6db3c2a93df21ff3affc8")


def openssl(home, *words, stdin=None):
    done = subprocess.run(["openssl", *words], cwd=home, input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"openssl {words}: {done.stderr}")
    return done.stdout


def points(home, name):
    """The public key of a private key file as its last bytes in SubjectPublicKeyInfo."""
    return openssl(home, "pkey", "-in", name, "-pubout", "-outform", "DER")


def head(length):
    """Of a CBOR byte string."""
    return bytes([0x40 + length]) if length < 24 else bytes([0x58, length])


class KeysTest(harness.Case):
    def run_device(self, *words, status=0):
        return harness.run(self.home, "sealift-device", *words, status=status)

    def show(self, name):
        return json.loads(self.run_device("credential", "--show", name, "--json").stdout)

    def keygen(self, kind, name):
        self.run_device("keygen", "--out", name, "--key-type", kind)

    def path(self, name):
        return os.path.join(self.home, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def write(self, name, content, mode=0o644):
        with open(self.path(name), "wb") as f:
            f.write(content)
        os.chmod(self.path(name), mode)

    def test_every_type_of_key(self):
        for kind, (algorithm, _, _, _) in TYPES.items():
            self.keygen(kind, kind)
            self.assertEqual(stat.S_IMODE(os.stat(self.path(kind)).st_mode), 0o400)
            text = openssl(self.home, "pkey", "-in", kind, "-noout", "-text").decode()
            self.assertRegex(text, algorithm)
        self.run_device("keygen", "--out", "default")
        self.assertIn(b"P-256", openssl(self.home, "pkey", "-in", "default", "-noout", "-text"))

    def test_claims_sets_are_what_rfc_9529_has(self):
        """{ 2: subject, 8: { 1: { 1: kty, 2: kid, -1: crv, -2: x, -3: y } } }, put together here by hand."""
        for kind, (_, kty, crv, size) in TYPES.items():
            self.keygen(kind, kind)
            made = json.loads(self.run_device("credential", "--key", kind, "--subject", "sensor-7", "--kid", "c0de",
                                              "--out", kind + ".ccs", "--json").stdout)
            self.assertEqual(made["outcome"], "done")
            spki = points(self.home, kind)
            raw = spki[-2 * size:] if kty == 2 else spki[-size:]
            key = bytes([0xa5 if kty == 2 else 0xa4, 1, kty, 2, 0x42, 0xc0, 0xde, 0x20, crv, 0x21])
            key += head(size) + raw[:size]
            if kty == 2:
                key += b"\x22" + head(size) + raw[size:]
            want = b"\xa2\x02\x68sensor-7\x08\xa1\x01" + key
            self.assertEqual(self.read(kind + ".ccs"), want)
            shown = self.show(kind + ".ccs")
            self.assertEqual((shown["kind"], shown["subject"], shown["kid"], shown["key-type"], shown["send"]),
                             ("CCS", "sensor-7", "c0de", kind, "kid kccs"))
            self.assertEqual(shown["fingerprint"], hashlib.sha256(want).hexdigest())

    def test_shows_the_published_one(self):
        self.write("i.ccs", CRED_I)
        shown = self.show("i.ccs")
        self.assertEqual((shown["subject"], shown["kid"]), ("42-50-31-FF-EF-37-32-39", "2b"))
        self.assertIn("kid: 2b\n", self.run_device("credential", "--show", "i.ccs").stdout)

    def test_a_claims_set_without_kid(self):
        self.keygen("x25519", "k")
        self.run_device("credential", "--key", "k", "--subject", "a", "--out", "k.ccs")
        shown = self.show("k.ccs")
        self.assertNotIn("kid", shown)
        self.assertEqual(shown["send"], "kccs")

    def test_shows_certificates(self):
        """Hashes as openssl has them; a chain counts."""
        for name in ("ca", "leaf"):
            self.keygen("p256", name + ".key")
        openssl(self.home, "req", "-x509", "-key", "ca.key", "-subj", "/CN=Maker CA", "-days", "2", "-out", "ca.pem")
        openssl(self.home, "req", "-x509", "-key", "leaf.key", "-subj", "/CN=sensor-7", "-days", "2", "-out", "leaf.pem")
        self.write("chain.pem", self.read("leaf.pem") + self.read("ca.pem"))
        shown = self.show("chain.pem")
        der = openssl(self.home, "x509", "-in", "leaf.pem", "-outform", "DER")
        self.assertEqual((shown["kind"], shown["subject"], shown["certificates"], shown["send"]),
                         ("X.509", "CN=sensor-7", 2, "x5t x5chain"))
        self.assertEqual(shown["fingerprint"], hashlib.sha256(der).hexdigest())
        self.assertEqual(shown["x5t"], hashlib.sha256(der).hexdigest()[:16])
        printed = openssl(self.home, "x509", "-in", "leaf.pem", "-noout", "-fingerprint", "-sha256").decode()
        self.assertEqual(re.sub(r"[^0-9A-F]", "", printed.split("=")[1]).lower(), shown["fingerprint"])

    def test_certificates_as_c509(self):
        """What is encoded has the subject and the key, and less bytes; its hash is over the array."""
        self.keygen("p256", "k")
        openssl(self.home, "req", "-x509", "-key", "k", "-subj", "/CN=sensor-7", "-days", "2", "-out", "one.pem")
        self.write("two.pem", 2 * self.read("one.pem"))
        for name, count in (("one", 1), ("two", 2)):
            self.run_device("credential", "--encode", name + ".pem", "--out", name + ".c509")
            shown, x509 = self.show(name + ".c509"), self.show(name + ".pem")
            self.assertEqual((shown["kind"], shown["c509-type"], shown["certificates"], shown["send"]),
                             ("C509", 3, count, "c5t c5c"))
            for member in ("subject", "key-type", "not-before", "not-after"):
                self.assertEqual(shown[member], x509[member])
            self.assertLess(shown["bytes"], x509["bytes"])
        content = self.read("one.c509")
        self.assertEqual(self.read("two.c509"), 2 * content)
        self.assertEqual(self.show("one.c509")["fingerprint"], hashlib.sha256(content).hexdigest())
        self.write("i.ccs", CRED_I)
        failed = self.run_device("credential", "--encode", "i.ccs", "--out", "f", status=2)
        self.assertIn("i.ccs: no certificates", failed.stderr)

    def test_nothing_is_overwritten(self):
        self.keygen("p256", "k")
        before = self.read("k")
        failed = self.run_device("keygen", "--out", "k", status=2)
        self.assertIn("k: is there already", failed.stderr)
        failed = self.run_device("credential", "--key", "k", "--subject", "a", "--out", "k", status=2)
        self.assertIn("is there already", failed.stderr)
        self.assertEqual(self.read("k"), before)

    def test_a_secret_that_others_may_read_is_refused(self):
        self.keygen("p256", "k")
        os.chmod(self.path("k"), 0o440)
        failed = self.run_device("credential", "--key", "k", "--subject", "a", "--out", "k.ccs", status=2)
        self.assertIn("chmod 400 k", failed.stderr)
        self.assertFalse(os.path.exists(self.path("k.ccs")))

    def test_what_is_no_credential_is_named(self):
        self.keygen("p256", "k")
        self.write("empty", b"")
        self.write("two", CRED_I + CRED_I)
        for name in ("k", "empty", "two"):
            failed = self.run_device("credential", "--show", name, status=2)
            self.assertIn(f"{name}: neither certificates", failed.stderr)
        self.assertIn("No such file", self.run_device("credential", "--show", "none", status=2).stderr)
        failed = json.loads(self.run_device("credential", "--show", "empty", "--json", status=2).stdout)
        self.assertEqual((failed["command"], failed["outcome"]), ("credential", "failed"))
        openssl(self.home, "genrsa", "-out", "rsa", "2048")
        os.chmod(self.path("rsa"), 0o400)
        failed = self.run_device("credential", "--key", "rsa", "--subject", "a", "--out", "f", status=2)
        self.assertIn("rsa: no private key that can be used here", failed.stderr)
        self.write("big", b"\n" * (32 * 1024 + 1))
        self.assertIn("longer than 32768", self.run_device("credential", "--show", "big", status=2).stderr)

    def test_a_folder_that_is_not_there(self):
        self.assertIn("No such file", self.run_device("keygen", "--out", "none/k", status=1).stderr)


if __name__ == "__main__":
    harness.main()
