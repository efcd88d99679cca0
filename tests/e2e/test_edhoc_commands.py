#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The words of EDHOC at the device's command line: what they make, what they refuse and how it is said."""
import json
import os
import stat

import harness

ROUTE = '    allow-plain: ["/.well-known/edhoc"]\n'


class EdhocCommandsTest(harness.StackCase):
    def setUp(self):
        super().setUp()
        for name, kid in (("dev", "2b"), ("other", "2c")):
            self.device("keygen", "--out", name + ".key")
            self.device("credential", "--key", name + ".key", "--subject", name, "--kid", kid, "--out", name + ".ccs")

    def device(self, *words, status=0):
        return harness.run(self.home, "sealift-device", *words, status=status)

    def path(self, name):
        return os.path.join(self.home, name)

    def start(self, server="", profile=""):
        """The server believes dev.ccs. server: more lines of its edhoc section."""
        self.start_stack(est_init=("--edhoc",), route=ROUTE, est_more=f"""peers:
  - credential: {self.path('dev.ccs')}
    identity: dev
    profile: default
""")
        self.est.stop()
        self.est.rewrite(lambda text: text.replace("edhoc:\n", "edhoc:\n" + server).replace(
            "  - name: default\n", "  - name: default\n" + profile))
        self.est.start()

    def words(self, *more, key="dev.key", credential="dev.ccs", peer="est/edhoc-dh.ccs", address=None):
        address = address or self.relay.address
        return ("--edhoc", "--server", f"coap://{address[0]}:{address[1]}", "--key", key, "--credential", credential,
                "--peer", peer, *more)

    def json(self, *words, status=0):
        return json.loads(self.device(*words, "--json", status=status).stdout)

    def mode(self, name):
        return stat.S_IMODE(os.stat(self.path(name)).st_mode)

    # --- making a state directory ----------------------------------------------------------------

    def offline(self, *more, **change):
        return self.words(*more, address=("127.0.0.1", 1), peer="other.ccs", **change)

    def test_init_keeps_copies(self):
        self.device("init", "--state", "d", *self.offline())
        self.assertEqual((self.mode("d"), self.mode("d/edhoc-key.pem"), self.mode("d/provisioning.json")),
                         (0o700, 0o400, 0o400))
        for kept, given in (("edhoc-key.pem", "dev.key"), ("edhoc-credential", "dev.ccs"), ("edhoc-peer-0", "other.ccs")):
            with open(self.path("d/" + kept), "rb") as a, open(self.path(given), "rb") as b:
                self.assertEqual(a.read(), b.read(), kept)
        shown = self.json("show", "--state", "d")
        self.assertEqual((shown["identity"], shown["context"], shown["enrolled"]), ("dev", "edhoc", False))
        self.assertNotIn("sequence-numbers-reserved", shown)
        self.assertIn("context: edhoc\n", self.device("show", "--state", "d").stdout)
        self.device("--check", "--state", "d")
        self.assertNotEqual(self.device("init", "--state", "d", *self.offline(), status=2).stderr, "")

    def test_check_finds_what_is_lost(self):
        self.device("init", "--state", "d", *self.offline())
        os.chmod(self.path("d/edhoc-key.pem"), 0o440)
        self.assertIn("chmod 400", self.device("--check", "--state", "d", status=2).stderr)
        os.chmod(self.path("d/edhoc-key.pem"), 0o400)
        os.remove(self.path("d/edhoc-credential"))
        self.assertIn("edhoc-credential", self.device("--check", "--state", "d", status=2).stderr)

    def test_a_refused_init_leaves_room_for_a_good_one(self):
        os.chmod(self.path("other.key"), 0o440)
        for because, words in (
                ("the key is of another credential", self.offline(key="dev.key", credential="other.ccs")),
                ("others may read the key", self.offline(key="other.key", credential="other.ccs")),
                ("a claims set has no x5t", self.offline("--send", "x5t")),
                ("there is no method 4", self.offline("--method", "4")),
                ("a suite is not known", self.offline("--suites", "2,99")),
                ("the name is longer than an identity", self.offline("--identity", "a" * 65)),
                ("a name is for anchors", self.offline("--peer-name", "a")),
                ("no combined request gets a message_4", self.offline("--combined", "--message-4", "require")),
                ("a key is no credential", self.offline(credential="dev.key")),
                ("the file is not there", self.offline(credential="none"))):
            with self.subTest(because):
                failed = self.device("init", "--state", "d", *words, status=2)
                self.assertRegex(failed.stderr, r"^sealift-device: \S")
                self.assertFalse(os.path.exists(self.path("d/provisioning.json")))
        self.device("init", "--state", "d", *self.offline("--identity", "somebody"))
        self.assertEqual(self.json("show", "--state", "d")["identity"], "somebody")

    def test_a_directory_of_another_kind(self):
        """What --edhoc says would go unheard."""
        with open(self.path("psk.json"), "w", encoding="utf-8") as f:
            json.dump({"identity": "dev", "master-secret": "00" * 16, "sender-id": "01", "recipient-id": "02"}, f)
        os.chmod(self.path("psk.json"), 0o400)
        self.device("init", "--state", "d", "--provisioning", "psk.json", "--server", "coap://127.0.0.1:1")
        failed = self.json("enroll", "--state", "d", "--timeout", "1s", *self.offline(), status=2)
        self.assertIn("pre-shared", failed["text"])

    def test_nothing_is_said_to_be_kept_that_is_not(self):
        failed = self.json("enroll", "--state", "d", "--timeout", "1s", *self.offline(), status=1)
        self.assertIs(self.json("show", "--state", "d")["pending-request"], False)
        self.assertNotIn("kept", failed["text"])
        self.assertIn("try again", failed["text"])

    # --- with a server ---------------------------------------------------------------------------

    def test_from_a_provisioning_file(self):
        """File names are relative to it."""
        self.start()
        os.mkdir(self.path("box"))
        for name in ("dev.key", "dev.ccs", "est/edhoc-dh.ccs"):
            os.link(self.path(name), self.path("box/" + os.path.basename(name)))
        with open(self.path("box/device.json"), "w", encoding="utf-8") as f:
            json.dump({"edhoc": {"key": "dev.key", "credential": "dev.ccs", "peers": ["edhoc-dh.ccs"]}}, f)
        os.chmod(self.path("box/device.json"), 0o400)
        device = self.new_device("dev", provisioning=self.path("box/device.json"))
        self.assertEqual(device.run("enroll")["subject"], "CN=dev")
        device.verify()

    def test_a_life(self):
        """In one go; then each command runs EDHOC for itself."""
        self.start()
        got = self.json("enroll", "--state", "d", *self.words("--send", "kid"))
        self.assertEqual((got["subject"], got["edhoc-runs"], got["edhoc-message-3"]), ("CN=dev", 1, 19))
        self.assertNotIn("edhoc-message-4", got)
        again = self.json("enroll", "--state", "d", *self.words(), status=1)
        self.assertIn("use reenroll", again["text"])
        renewed = self.json("reenroll", "--state", "d", "--rekey")
        self.assertEqual((renewed["subject"], renewed["edhoc-runs"]), ("CN=dev", 1))
        self.assertNotEqual(renewed["serial"], got["serial"])
        self.assertEqual(self.json("get", "/est/att", "--state", "d")["code"], "2.05")
        self.assertIs(self.json("show", "--state", "d")["valid"], True)

    def test_who_is_not_who_they_should_be(self):
        self.start()
        failed = self.json("enroll", "--state", "a", *self.words(peer="other.ccs"), status=1)
        self.assertRegex(failed["text"], "(?i)server")
        self.device("enroll", "--state", "b", *self.words(key="other.key", credential="other.ccs"), status=1)
        self.assertEqual(self.est.certificates(), [])

    def test_message_4(self):
        self.start(server="  message-4: always\n")
        got = self.json("enroll", "--state", "d", *self.words("--message-4", "require"))
        self.assertGreater(got["edhoc-message-4"], 8)

    def test_a_missing_message_4(self):
        self.start()
        self.device("enroll", "--state", "d", *self.words("--message-4", "require"), status=1)
        self.assertEqual(self.est.certificates(), [])

    def test_binding(self):
        self.start(profile="    challenge: require\n")
        refused = self.json("enroll", "--state", "d", *self.words(), status=1)
        self.assertIn("challenge", refused["text"])
        self.assertEqual(self.json("enroll", "--state", "d", "--bind")["subject"], "CN=dev")
        self.assertEqual(self.json("enroll", "--state", "e", *self.words("--bind"))["subject"], "CN=dev")

    def test_combined_falls_back(self):
        """The proxy passes no option 21 here."""
        self.start()
        self.assertEqual(self.json("enroll", "--state", "d", *self.words("--combined"))["subject"], "CN=dev")


if __name__ == "__main__":
    harness.main()
