#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Devices enrol and renew over links that lose, duplicate and reorder, one seed each, side by side. At the server each
message arrives once, every device ends with its certificates, and no nonce protects two texts, also when
devices are switched off in the middle."""
import collections
import random
import threading
import time
import unittest

import harness
import ledger
import relay

SEEDS = [1, 2, 3, 20, 451, 9000]
LOSS, DUP, JITTER_S = 0.2, 0.2, 0.12


class LinksTest(harness.StackCase):
    def setUp(self):
        super().setUp()
        self.start_stack()

    def lossy_device(self, seed):
        """A device with its own link."""
        def hook(way, data):
            self.wire.append((way, data))
            return data
        link = relay.Relay(self.proxy.address, seed, LOSS, DUP, 0.005, JITTER_S, hook)
        self.addCleanup(link.stop)
        path = self.est.add_context(f"device-{seed}")
        return harness.Device(self.home, path, link.address), link

    def check_wire(self):
        """Both hops."""
        seen = collections.Counter((r.oscore, r.body) for r in self.tap.requests())
        self.assertEqual([k for k, n in seen.items() if n > 1], [], "messages that reached the server twice")
        self.check_nonces()
        return len(seen)

    def side_by_side(self, jobs):
        failed = []

        def run(job):
            try:
                job()
            except Exception as e:  # whatever it is, the test fails
                failed.append(f"{type(e).__name__}: {e}")
        threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failed, [])

    def test_enrol_and_renew(self):
        print(f"seeds {SEEDS}, loss {LOSS}, duplicates {DUP}, jitter {JITTER_S} s")
        links, serials = {}, {}

        def job(seed, device):
            begun = time.monotonic()
            device.run("enroll")
            first = device.verify()
            device.run("reenroll", *(["--rekey"] if seed % 2 else []))
            serials[seed] = [first, device.verify()]
            print(f"seed {seed}: {time.monotonic() - begun:.1f} s, {links[seed].counts}")
        jobs = []
        for seed in SEEDS:
            device, links[seed] = self.lossy_device(seed)
            jobs.append(lambda s=seed, d=device: job(s, d))
        self.side_by_side(jobs)
        for seed in SEEDS:
            listed = sorted(c["serial"].upper() for c in self.est.certificates() if c["identity"] == f"device-{seed}")
            self.assertEqual(listed, sorted(serials[seed]), "exactly the two that the device got")
            self.assertGreater(links[seed].counts["lost"] + links[seed].counts["dup"], 0)
        print(f"{self.check_wire()} messages at the server")
        self.est.command("audit verify")

    def test_switched_off_in_the_middle(self):
        """SIGKILL at three moments of an enrolment, then once to the end. The sequence numbers go on."""
        print(f"seeds {SEEDS[:3]}")

        def job(seed, device):
            rng = random.Random(seed)
            for _ in range(3):
                command = device.start("enroll")
                time.sleep(0.02 + rng.random() * 0.4)
                command.kill()
            status, said, err = device.start("enroll").wait()
            self.assertTrue(status == 0 or "valid certificate already" in said.get("text", ""), err)
            device.verify()
        devices = {seed: self.lossy_device(seed)[0] for seed in SEEDS[:3]}
        self.side_by_side([lambda s=s, d=d: job(s, d) for s, d in devices.items()])
        for seed, device in devices.items():
            listed = [c["serial"].upper() for c in self.est.certificates() if c["identity"] == f"device-{seed}"]
            self.assertEqual(listed, [device.verify()], "one key, one certificate")
        print(f"{self.check_wire()} messages at the server")


class LedgerTest(unittest.TestCase):
    """The detector finds what is planted."""

    def test_planted(self):
        kid1, kid2 = b"\x09\x01K", b"\x09\x02K"
        for plant in (lambda b: b.request(kid1, b"other"), lambda b: b.response(kid1, b"", b"other"),
                      lambda b: b.response(kid2, b"\x01\x05", b"other")):
            book = ledger.Ledger()
            book.request(kid1, b"a")
            book.request(kid2, b"b")
            book.response(kid1, b"", b"A")
            book.response(kid2, b"\x01\x05", b"B")
            book.request(kid1, b"a")
            book.response(kid1, b"", b"A")
            self.assertEqual(book.faults, [])
            plant(book)
            self.assertEqual(len(book.faults), 1)


if __name__ == "__main__":
    harness.main()
