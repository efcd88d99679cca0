#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What people meet at the command line, with the real programs: refusals that must not stick, and messages that say
what to do."""
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


if __name__ == "__main__":
    harness.main()
