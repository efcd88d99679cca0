#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tshark dissects what our device and server exchange, and opens it with the context's keys: its OSCORE is another
implementation than ours."""
import shutil
import subprocess

import peers
import pcap
import harness

if not shutil.which("tshark"):
    peers.skip("tshark", "not installed")


def columns(text):
    return [line.split("\t") for line in text.splitlines()]


class TsharkTest(peers.InteropCase):
    def dissect(self, context, *fields):
        """One row per datagram."""
        path = self.path("wire.pcap")
        pcap.write(path, self.wire)
        keys = ('uat:oscore_contexts:"{sender-id}","{recipient-id}","{master-secret}","{master-salt}","",'
                '"AES-CCM-16-64-128 (CCM*)"').format(**context)
        shown = [word for field in fields for word in ("-e", field)]
        done = subprocess.run(["tshark", "-r", path, "-o", keys, "-o", "udp.check_checksum:TRUE", "-T", "fields",
                               *shown], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return columns(done.stdout)

    def test_crts(self):
        self.start_stack(harness.TRUSTED)
        device = self.new_device("shark")
        device.run("crts")
        context = peers.read_context(device.provisioning)
        rows = self.dissect(context, "coap.code", "coap.opt.object_security_kid", "oscore.code",
                            "oscore.opt.uri_path", "oscore.tag_check_failed", "udp.checksum.status")
        request, answer = rows
        self.assertEqual(request[0], "2", "outer POST")
        self.assertEqual(request[1].replace(":", ""), context["sender-id"])
        self.assertEqual(request[2:4], ["1", ".well-known,est,crts"], "inner GET")
        self.assertEqual((answer[0], answer[2]), ("68", "69"), "outer 2.04, inner 2.05")
        self.assertEqual([row[4] for row in rows], ["", ""], "both tags verify")
        self.assertEqual([row[5] for row in rows], ["1", "1"], "our capture file is good")

    def test_enrolment(self):
        self.start_stack(harness.TRUSTED)
        device = self.new_device("shark")
        device.run("enroll")
        context = peers.read_context(device.provisioning)
        rows = self.dissect(context, "oscore.code", "oscore.opt.uri_path", "oscore.opt.ctype",
                            "oscore.tag_check_failed", "oscore.opt.object_security_piv", "coap.opt.object_security_piv")
        opened = [(row[0], row[1]) for row in rows]
        self.assertIn(("2", ".well-known,est,sen"), opened)
        self.assertEqual([row[0] for row in rows if row[0] not in ("1", "2")], ["69", "68"], "2.05, then 2.04")
        self.assertEqual({row[3] for row in rows}, {""})
        self.assertIn("application/pkcs10", "".join(row[2] for row in rows))

    def test_restart(self):
        """Answers with a Partial IV of the server's own (RFC 8613 appendix B.1.2) open too."""
        self.start_stack(harness.TRUSTED)
        device = self.new_device("shark")
        device.run("crts")
        self.est.stop()
        self.est.start()
        self.forget()
        device.run("crts")
        rows = self.dissect(peers.read_context(device.provisioning), "oscore.code", "oscore.opt.unknown",
                            "oscore.tag_check_failed", "coap.opt.object_security_piv")
        self.assertEqual([row[0] for row in rows], ["1", "129", "1", "69"], "GET, 4.01, GET, 2.05")
        self.assertEqual({row[2] for row in rows}, {""})
        self.assertNotEqual(rows[1][3], "", "of its own")

    def test_wrong_keys_open_nothing(self):
        """So that the assertions above can fail."""
        self.start_stack(harness.TRUSTED)
        device = self.new_device("shark")
        device.run("crts")
        context = peers.read_context(device.provisioning)
        context["master-secret"] = "00" * 16
        rows = self.dissect(context, "oscore.code", "oscore.opt.uri_path", "oscore.tag_check_failed")
        self.assertTrue(all(row[2] for row in rows), rows)


if __name__ == "__main__":
    harness.main()
