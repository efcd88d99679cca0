#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""aiocoap's client with OSCORE enrols through our proxy at our server."""
import os
import subprocess
import time

import peers
import coap
import harness

PYTHON = peers.aiocoap()
CRTS, SEN = "/.well-known/est/crts", "/.well-known/est/sen"


class AiocoapTest(peers.InteropCase):
    def start(self, extra=harness.TRUSTED):
        self.start_stack(extra)
        self.folder = peers.aiocoap_context(self.path("context"), self.new_context("aiocoap"))

    def ask(self, method, path, body="-", content_format="-"):
        """(code, Content-Format, body); None: it gave up."""
        out, uri = self.path("out"), f"coap://127.0.0.1:{self.relay.address[1]}{path}"
        done = subprocess.run([PYTHON, os.path.join(peers.HERE, "aiocoap_client.py"), self.folder, method, uri,
                               body, content_format, out], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            print(done.stderr.strip().splitlines()[-1])
            return None
        code, number = done.stdout.split()
        with open(out, "rb") as f:
            return code, int(number), f.read()

    def enrol(self):
        code, number, body = self.ask("GET", CRTS)
        self.assertEqual((code, number), ("2.05", 281))
        anchors, count = self.certificates("anchors", body)
        self.assertEqual(count, 1)
        code, number, body = self.ask("POST", SEN, self.make_request("aiocoap"), "286")
        self.assertEqual((code, number), ("2.04", 281))
        self.check_issued("aiocoap", anchors, body)
        self.check_wire()
        self.check_nonces()

    def test_enrol(self):
        self.start()
        self.enrol()
        self.assertEqual(len(self.tap.requests()), 2)

    def test_enrol_unverified(self):
        """It does not know Echo outside the protection: small slices bring the answer (docs/decisions/0018)."""
        self.start("echo: auto\n")
        self.enrol()
        self.assertEqual(len(self.tap.requests()), 2, "an origin is asked once")
        up, down = (sum(len(d) for way, d in self.wire if way == which) for which in ("up", "down"))
        self.assertLessEqual(down, 3 * up)
        self.assertTrue(any(m.get(coap.BLOCK2) for m in self.replies()))

    def test_always_echo(self):
        """What it makes of an unprotected challenge is its own affair; there is no storm."""
        self.start("echo: always\n")
        answer = self.ask("GET", CRTS)
        print(f"aiocoap, echo always: {answer and answer[0]}, {len(self.wire)} datagrams")
        self.assertLess(len(self.wire), 20)

    def test_server_restarted(self):
        """The protected 4.01 with Echo of RFC 8613 appendix B.1.2."""
        self.start()
        self.assertIsNotNone(self.ask("GET", CRTS))
        self.est.stop()
        self.est.start()
        self.forget()
        self.assertEqual(self.ask("GET", CRTS)[0], "2.05")
        self.assertEqual([e[1].status for e in self.tap.exchanges()], [200, 200])
        self.check_wire()

    def test_slow_server(self):
        """Empty ACK, separate response, ACK."""
        self.start()
        self.tap.hook = lambda c: time.sleep(1.5) if c.way == "request" else None
        self.assertEqual(self.ask("GET", CRTS)[0], "2.05")
        types = [(way, m.type, m.code) for way, m in ((way, coap.decode(d)) for way, d in self.wire)]
        self.assertIn(("down", coap.ACK, 0), types)
        self.assertIn(("down", coap.CON, coap.code("2.04")), types)
        self.assertIn(("up", coap.ACK, 0), types)

    def test_refusals(self):
        """Inside the protection: its own errors come back as CoAP codes."""
        self.start()
        self.assertEqual(self.ask("GET", "/.well-known/est/nowhere")[0], "4.04")
        self.assertEqual(self.ask("GET", SEN)[0], "4.05")
        with open(self.path("junk"), "wb") as f:
            f.write(b"\x30\x03junk")
        self.assertEqual(self.ask("POST", SEN, self.path("junk"), "286")[0][:2], "4.")
        self.assertEqual(self.ask("POST", SEN, self.path("junk"), "0")[0], "4.15")
        self.check_wire()


if __name__ == "__main__":
    harness.main()
