#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The real sealift-device without a server: its words, its exit statuses, its files, and an end point that answers
everything without protection. Enrolments through the real proxy and server are in the other files here.
usage: device_smoke.py PATH-TO-SEALIFT-DEVICE"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

BINARY = None
SECRET = "000102030405060708090a0b0c0d0e0f"
PROVISIONING = {"identity": "sensor-1", "master-secret": SECRET, "master-salt": "", "sender-id": "",
                "recipient-id": "01", "aead": "AES-CCM-16-64-128", "hkdf": "HKDF-SHA-256", "window": 32}


class Liar(threading.Thread):
    """Answers each CoAP request with an unprotected code, and an Empty CON with a RST."""

    def __init__(self, code, payload=b""):
        super().__init__(daemon=True)
        self.code, self.payload, self.seen = code, payload, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                datagram, peer = self.socket.recvfrom(2048)
            except OSError:
                return
            self.seen.append(datagram)
            if datagram[1] == 0:
                answer = bytes([0x70, 0]) + datagram[2:4]
            else:
                token = datagram[4:4 + (datagram[0] & 15)]
                answer = bytes([0x60 | len(token), self.code]) + datagram[2:4] + token
                answer += b"\xff" + self.payload if self.payload else b""
            self.socket.sendto(answer, peer)


class Device(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="device-smoke-")
        self.addCleanup(self.folder.cleanup)
        self.state = os.path.join(self.folder.name, "state")
        self.provisioning = os.path.join(self.folder.name, "provisioning.json")
        with open(self.provisioning, "w", encoding="utf-8") as f:
            json.dump(PROVISIONING, f)
        os.chmod(self.provisioning, 0o400)

    def run_device(self, *words, status=0):
        done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=60, check=False)
        self.assertNotIn("Sanitizer", done.stderr)
        self.assertNotIn("runtime error", done.stderr)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        return done

    def init(self, port=9):
        self.run_device("init", "--state", self.state, "--provisioning", self.provisioning,
                        "--server", f"coap://127.0.0.1:{port}")

    def test_says_what_it_is(self):
        self.assertIn("usage: sealift-device", self.run_device("--help").stdout)
        self.assertRegex(self.run_device("--version").stdout, r"^sealift-device \d+\.\d+\.\d+\n$")

    def test_refuses_bad_words_with_2(self):
        for words in ([], ["enroll"], ["dance", "--state", "x"], ["show", "--state", self.state],
                      ["init", "--state", self.state, "--provisioning", self.provisioning, "--server", "http://a"],
                      ["init", "--state", self.state, "--provisioning", "/nonexistent", "--server", "coap://a"]):
            with self.subTest(words=words):
                self.assertTrue(self.run_device(*words, status=2).stderr.startswith("sealift-device: "))
        self.assertFalse(os.path.exists(self.state))

    def test_makes_a_state_that_is_ours_alone(self):
        self.init()
        self.assertEqual(os.stat(self.state).st_mode & 0o777, 0o700)
        self.assertEqual(os.stat(os.path.join(self.state, "provisioning.json")).st_mode & 0o777, 0o400)
        shown = json.loads(self.run_device("show", "--state", self.state, "--json").stdout)
        self.assertEqual(shown["identity"], "sensor-1")
        self.assertIs(shown["enrolled"], False)
        self.run_device("--check", "--state", self.state)
        again = self.run_device("init", "--state", self.state, "--provisioning", self.provisioning,
                                "--server", "coap://127.0.0.1", status=2)
        self.assertIn("initialised already", again.stderr)

    def test_refuses_open_secrets(self):
        os.chmod(self.provisioning, 0o444)
        done = self.run_device("init", "--state", self.state, "--provisioning", self.provisioning,
                               "--server", "coap://127.0.0.1", status=2)
        self.assertIn("chmod 400", done.stderr)
        os.chmod(self.provisioning, 0o400)
        self.init()
        os.chmod(self.state, 0o755)
        self.assertIn("chmod 700", self.run_device("--check", "--state", self.state, status=2).stderr)

    def test_pings(self):
        liar = Liar(0)
        done = self.run_device("ping", "--server", f"coap://127.0.0.1:{liar.port}", "--json")
        self.assertEqual(json.loads(done.stdout)["outcome"], "done")
        self.assertEqual(len(liar.seen[0]), 4)
        # A name may have addresses where nobody listens: the next one is tried.
        self.run_device("ping", "--server", f"coap://localhost:{liar.port}")
        liar.socket.close()
        done = self.run_device("ping", "--server", "coap://127.0.0.1:9", "--timeout", "1s", "--json", status=1)
        self.assertEqual(json.loads(done.stdout)["outcome"], "failed")

    def test_believes_nothing_unprotected(self):
        liar = Liar(0x45, b"trust me")  # 2.05
        self.init(liar.port)
        done = self.run_device("get", "/a", "--state", self.state, "--timeout", "3s", "--json", status=1)
        self.assertNotIn("trust me", json.loads(done.stdout).get("body", ""))
        self.assertIn("unprotected 2.05", json.loads(done.stdout)["text"])
        done = self.run_device("crts", "--state", self.state, "--timeout", "4s", status=1)
        self.assertFalse(os.path.exists(os.path.join(self.state, "anchors.pem")))
        liar.socket.close()

    def test_never_sends_a_number_twice(self):
        liar = Liar(0x81)  # 4.01
        self.init(liar.port)
        for _ in range(3):
            self.run_device("get", "/a", "--state", self.state, "--timeout", "4s", status=1)
        requests = {d for d in liar.seen if d[1] == 2}  # the message layer may repeat a whole datagram
        # The only option is OSCORE, delta 9 and a short length: its value holds the Partial IV.
        parts = [d[4 + (d[0] & 15):] for d in requests]
        options = {d[1:1 + (d[0] & 15)] for d in parts}
        bodies = {d[1 + (d[0] & 15):] for d in parts}
        self.assertGreaterEqual(len(requests), 4)
        self.assertEqual(len(options), len(requests))
        self.assertEqual(len(bodies), len(requests))
        liar.socket.close()

    def test_traces(self):
        liar = Liar(0x81, b"no")
        self.init(liar.port)
        done = self.run_device("get", "/a", "--state", self.state, "--timeout", "1s", "--trace", status=1)
        self.assertIn("-> protected 0.01 GET", done.stderr)
        self.assertIn("OSCORE: ", done.stderr)
        self.assertIn("<- coap", done.stderr)
        liar.socket.close()

    def test_needs_the_counters(self):
        self.init()
        os.unlink(os.path.join(self.state, "counters"))
        self.assertIn("counters", self.run_device("show", "--state", self.state, status=2).stderr)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
