#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prometheus's own reader finds no fault in /metrics: fresh, and after traffic and refusals."""
import subprocess
import urllib.request

import peers
import coap
import harness

PROMTOOL = peers.promtool()
ADMIN = "admin: {port: 0}\n"


def check(text):
    """(exit status, what it says)"""
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class PromtoolTest(peers.InteropCase):
    def test_it_finds_faults(self):
        """That a silent promtool means something."""
        self.assertNotEqual(check("# TYPE a counter\n# TYPE a gauge\na 1\n")[0], 0)
        self.assertNotEqual(check("# TYPE a_bytes counter\na_bytes 1\n")[0], 0)

    def test_metrics(self):
        proxy = self.start_proxy(harness.proxy_config("http://127.0.0.1:9/", extra=ADMIN + harness.TRUSTED))
        address = proxy.server.wait_for(r"event=admin address=(\S+)")[0]
        client = self.client(proxy.address)
        for payload in (b"", b"x" * 40):
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
                self.assertEqual(check(answer.read().decode()), (0, ""))
            self.assertIsNotNone(self.ask(client, payload))
            client.send(b"\x40\xff\xff\xff\xff")
            client.send(coap.Message(coap.CON, 0, 77))
            self.assertIsNotNone(client.receive(5))
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            self.assertEqual(check(answer.read().decode()), (0, ""))


if __name__ == "__main__":
    harness.main()
