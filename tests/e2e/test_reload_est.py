#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""SIGHUP at a server that works: peers come and go, contexts that were made before go on, a bad file changes nothing,
what needs a restart is named."""
import os
import signal

import edhoc
import harness


class Reload(edhoc.Case):
    def setUp(self):
        super().setUp()
        self.one = edhoc.RawKey(self.home, "sensor-1", b"\x31\x01")
        self.two = edhoc.RawKey(self.home, "sensor-2", b"\x31\x02")
        self.start_edhoc([edhoc.peer(self.one.path, "sensor-1")])
        with open(self.est.config, encoding="utf-8") as f:
            self.base = f.read()
        self.done = self.failed = 0

    def hangup(self, change):
        with open(self.est.config, "w", encoding="utf-8") as f:
            f.write(change)
        self.est.server.process.send_signal(signal.SIGHUP)

    def reload(self, text):
        self.done += 1
        self.hangup(text)
        return self.est.server.wait_for(r"event=reloaded peers=(\d+)", count=self.done)[-1]

    def reload_fails(self, text):
        self.failed += 1
        self.hangup(text)
        return self.est.server.wait_for(r"event=reload-failed error=\"(.*)\" mend=", count=self.failed)[-1]

    def peers(self, *keys, profile="default"):
        """The configuration with these alone."""
        rows = [edhoc.peer(k.path, k.subject, profile=profile) for k in keys]
        return edhoc.configure(self.base[:self.base.index("\npeers:\n") + 1], {}, rows)

    def identities(self):
        return sorted(c["identity"] for c in self.est.certificates())

    def test_peers_come_and_go(self):
        first, second = self.raw_device(self.one), self.raw_device(self.two)
        first.run("enroll")
        second.run("enroll", status=1)
        self.assertEqual(self.reload(self.peers(self.one, self.two)), "2")
        second.run("enroll")
        self.assertEqual(self.identities(), ["sensor-1", "sensor-2"])
        self.assertEqual(self.reload(self.peers(self.two)), "1")
        third = self.raw_device(self.one)
        third.run("enroll", status=1)
        self.assertEqual(len(self.est.certificates()), 2)

    def test_contexts_go_on(self):
        initiator = self.initiator()
        client = self.client(self.proxy.address)
        run = edhoc.complete(self, initiator, client, self.one, self.server_cred)
        self.assertEqual(edhoc.get(client, run.context, "/est/crts")[0], 0x45)
        self.reload(self.peers(self.two))
        self.reload(self.peers(self.one, self.two))
        self.assertEqual(edhoc.get(client, run.context, "/est/crts")[0], 0x45)

    def test_a_run_in_the_middle_goes_on(self):
        initiator = self.initiator()
        client = self.client(self.proxy.address)
        run = edhoc.Run(initiator, 3, [2], self.one)
        got = edhoc.post(client, b"\xf5" + run.message_1)
        self.assertTrue(run.read_message_2(got.payload, self.server_cred))
        self.reload(self.peers(self.two, self.one))
        got = edhoc.post(client, edhoc.identifier(run.c_r) + run.message_3)
        self.assert_code(got, "2.04")

    def test_a_bad_file_changes_nothing(self):
        said = self.reload_fails(self.base + "nonsense: 1\n")
        self.assertIn(f"{self.est.config}:{self.base.count(chr(10)) + 1}: nonsense", said)
        missing = edhoc.RawKey(self.home, "sensor-3", b"\x31\x03")
        os.remove(missing.path)
        self.assertIn(missing.path, self.reload_fails(self.peers(self.one, missing)))
        said = self.reload_fails(self.peers(self.one, self.two, profile="other").replace(
            "  - name: default\n", "  - name: other\n    validity: 90d\n    key-types: [p256]\n"
            '    common-name: "{identity}"\n    key-usage: [digital-signature]\n'
            "    extended-key-usage: [client-auth]\n  - name: default\n"))
        self.assertIn("profile other is new, which needs a restart", said)
        self.raw_device(self.one).run("enroll")
        self.raw_device(self.two).run("enroll", status=1)
        self.assertNotIn("event=reloaded", self.est.server.log())

    def test_what_needs_a_restart_is_named(self):
        self.reload(self.base.replace("validity: 90d", "validity: 80d").replace("  suites: [2, 3]", "  suites: [2]"))
        keys = self.est.server.wait_for(r'event=restart-needed keys="([^"]*)"')
        self.assertEqual(keys, ["listen, profiles, edhoc"])  # the port was 0
        self.raw_device(self.one).run("enroll")

    def test_many_in_a_row(self):
        """Thirty times, while a device asks."""
        initiator = self.initiator()
        client = self.client(self.proxy.address)
        for i in range(30):
            self.reload(self.peers(self.one, self.two) if i % 2 else self.peers(self.one))
            if i % 6 == 0:
                run = edhoc.complete(self, initiator, client, self.one, self.server_cred)
                self.assertEqual(edhoc.get(client, run.context, "/est/crts")[0], 0x45)


if __name__ == "__main__":
    harness.main()
