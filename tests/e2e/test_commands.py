#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What people meet at the command line, with the real programs: refusals that must not stick, and messages that say
what to do."""
import os
import resource
import signal
import subprocess

import harness


def no_room():
    """In the child: no file may grow, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


class DeviceTest(harness.StackCase):
    def setUp(self):
        super().setUp()
        self.start_stack()

    def test_a_refused_key_does_not_stick(self):
        device = self.new_device("device")
        device.run("enroll")
        failed = device.run("reenroll", "--rekey", "--key-type", "p384", status=1)
        self.assertIn("key type is not allowed", failed["text"])
        self.assertIs(device.run("show")["pending-request"], False)
        device.run("enroll", "--force")
        device.verify()

    def test_a_full_disk_is_named(self):
        device = self.new_device("device")
        done = subprocess.run([harness.program("sealift-device"), "get", "/est/att", "--state", device.state],
                              capture_output=True, preexec_fn=no_room, timeout=30, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"sequence numbers cannot be kept in " + device.state.encode(), done.stderr)
        self.assertEqual(self.tap.seen, [], "nothing was sent")


class ServerTest(harness.StackCase):
    def setUp(self):
        super().setUp()
        self.est = harness.Est(self.home)

    def run_est(self, *words, status=0, **more):
        done = subprocess.run([harness.program("sealift-est"), *words], capture_output="stdout" not in more,
                              text=True, timeout=30, check=False, **more)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        return done

    def test_a_list_that_cannot_be_written_is_a_failure(self):
        self.est.add_context("a")
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.run_est("list-contexts", "-c", self.est.config, status=1, stdout=full, stderr=subprocess.DEVNULL)

    def test_help_of_a_command(self):
        self.assertIn("usage: sealift-est", self.run_est("serve", "--help").stdout)

    def test_serve_says_how_to_mend_the_store(self):
        store = os.path.join(self.est.folder, "sealift-est.db")
        os.chmod(store, 0o644)
        self.assertIn("chmod 0600", self.run_est("serve", "-c", self.est.config, status=1).stderr)
        os.remove(store)
        self.assertIn("sealift-est init", self.run_est("serve", "-c", self.est.config, status=1).stderr)
        with open(store, "wb") as junk:
            junk.write(b"x" * 8192)
        os.chmod(store, 0o600)
        self.assertIn("not a store", self.run_est("serve", "-c", self.est.config, status=1).stderr)


if __name__ == "__main__":
    harness.main()
