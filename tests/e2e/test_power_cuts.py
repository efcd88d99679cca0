#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Restarts and kills at bad moments: whatever dies, the device ends with exactly one certificate for its key, and no
nonce protects two texts."""
import os
import signal
import time

import coap
import harness


class PowerTest(harness.StackCase):
    def setUp(self):
        super().setUp()
        self.on_crossing = None
        self.start_stack(http_hook=lambda c: self.on_crossing(c) if self.on_crossing else None)

    def check_one_certificate(self, device, identity):
        serial = device.verify()
        listed = [c["serial"].upper() for c in self.est.certificates() if c["identity"] == identity]
        self.assertEqual(listed, [serial])
        self.est.command("audit verify")
        self.check_nonces()

    # --- the server ----------------------------------------------------------------------------------------------

    def restart_and_ask(self, end):
        device = self.new_device("device")
        device.run("crts")
        end()
        self.est.start()
        self.wire.clear()
        before = len(self.tap.exchanges())
        device.run("crts")
        after = self.tap.exchanges()[before:]
        self.assertEqual([e[1].status for e in after], [200, 200], "challenge and answer, both protected")
        challenge, answer = after[0][1], after[1][1]
        self.assertGreater(challenge.option[0] & 7, 0, "a Partial IV of the server's own (RFC 8613 appendix B.1.2)")
        self.assertGreater(answer.option[0] & 7, 0)
        self.assertLess(len(challenge.body), 40, "nothing but Echo")
        before = len(self.tap.exchanges())
        device.run("enroll")
        self.assertEqual(self.tap.exchanges()[before][1].option, b"", "once is enough")
        self.check_one_certificate(device, "device")

    def test_server_restarted(self):
        self.restart_and_ask(self.est.stop)

    def test_server_killed_while_idle(self):
        self.restart_and_ask(self.est.kill)

    def kill_server_at(self, way, number, identity):
        """When the nth message in that direction passes; it and its connection are lost. Up again half a second
        later."""
        left = [number]

        def on_crossing(c):
            if c.way != way or left[0] == 0:
                return None
            left[0] -= 1
            if left[0] > 0:
                return None
            self.est.kill()
            return False
        self.on_crossing = on_crossing
        device = self.new_device(identity)
        command = device.start("enroll")
        harness.wait_until(lambda: left[0] == 0 and self.est.server.process.poll() is not None, 30.0, "the kill")
        time.sleep(0.5)
        self.est.start()
        status, said, err = command.wait()
        self.assertEqual(status, 0, f"{said} {err}")
        self.check_one_certificate(device, identity)

    def test_server_killed_before_the_request(self):
        self.kill_server_at("request", 2, "before")

    def test_server_killed_before_the_answer_left(self):
        """The certificate is in the store, its answer is lost: the device gets the same one."""
        self.kill_server_at("response", 2, "behind")

    def test_server_killed_at_work(self):
        """At moments of the clock: somewhere between request and answer."""
        for i, delay in enumerate((0.0, 0.004, 0.012)):
            identity = f"clock-{i}"
            device = self.new_device(identity)
            asked = []
            self.on_crossing = lambda c: asked.append(c) if c.way == "request" else None
            command = device.start("enroll")
            harness.wait_until(lambda: len(asked) >= 2, 30.0, "the second request")
            time.sleep(delay)
            self.est.kill()
            time.sleep(0.2)
            self.est.start()
            status, said, err = command.wait()
            self.assertEqual(status, 0, f"{said} {err}")
            self.check_one_certificate(device, identity)

    # --- the proxy -----------------------------------------------------------------------------------------------

    def test_worker_killed_in_an_exchange(self):
        """The device's retransmission reaches the next worker and is forwarded; the server knows the message."""
        left = [1]

        def on_crossing(c):
            if c.way == "response" and len(self.tap.exchanges()) == 2 and left[0]:
                left[0] = 0
                self.proxy.kill_worker()
        self.on_crossing = on_crossing
        device = self.new_device("worker")
        device.run("enroll")
        self.assertEqual(left[0], 0)
        sent = [(r.oscore, r.body) for r in self.tap.requests()]
        self.assertEqual(sent[1], sent[2], "the same message twice")
        answers = [(e[1].option, e[1].body) for e in self.tap.exchanges()[1:3]]
        self.assertEqual(answers[0], answers[1], "and the same bytes for it")
        self.check_one_certificate(device, "worker")

    def test_proxy_restarted(self):
        """All of it, between two commands; on the same port, so that the device need not know."""
        device = self.new_device("proxy")
        device.run("crts")
        self.proxy.stop()
        port = self.proxy.port
        config = harness.proxy_config(self.tap.url).replace("127.0.0.1:0", f"127.0.0.1:{port}", 1)
        self.proxy = self.start_proxy(config)
        device.run("enroll")
        self.check_one_certificate(device, "proxy")

    # --- both, and the device ------------------------------------------------------------------------------------

    def test_device_killed_behind_the_request(self):
        """It has made its key and sent the request; the next run goes on with that key."""
        asked = []
        self.on_crossing = lambda c: asked.append(c) if c.way == "request" else None
        device = self.new_device("device")
        command = device.start("enroll")
        harness.wait_until(lambda: len(asked) >= 2, 30.0, "the enrolment's request")
        command.kill()
        device.run("enroll")
        self.check_one_certificate(device, "device")

    def test_worker_stopped_for_a_while(self):
        """A worker that hangs for longer than the device waits: retransmissions queue in the socket, one exchange
        comes of them."""
        device = self.new_device("hung")
        pid = self.proxy.worker_pid()
        os.kill(pid, signal.SIGSTOP)
        command = device.start("crts")
        harness.wait_until(lambda: len(self.sent_requests()) >= 2, 10.0, "a retransmission")
        os.kill(pid, signal.SIGCONT)
        status, said, err = command.wait()
        self.assertEqual(status, 0, f"{said} {err}")
        self.assertEqual(len(self.tap.requests()), 1)
        first = self.sent_requests()[0]
        self.assertEqual({m.mid for m in self.sent_requests() if m.payload}, {first.mid})
        self.assertEqual([coap.code_text(m.code) for m in self.replies()][0], "2.04")


if __name__ == "__main__":
    harness.main()
