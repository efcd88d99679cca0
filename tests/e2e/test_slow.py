#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""An origin that takes three seconds: empty ACK, separate response, retransmissions, duplicates (RFC 7252 sections
4.2, 4.5 and 5.2.2). The cases wait side by side, each with a client of its own."""
import threading
import time

import coap
import harness
import origin

SLOW_S = 3.0
# A busy machine makes everything late and nothing early; what is due when to the millisecond: tests/scenario.
LATE_S = 10.0
LEAST_GAP_S = 1.9  # first retransmission: ACK_TIMEOUT 2 s times 1 to 1.5


class SlowTest(harness.StackCase):
    def setUp(self):
        super().setUp()

        def behave(_o, conn, request):
            if not request.body.startswith(b"fast"):
                time.sleep(SLOW_S)
            conn.sendall(origin.oscore_ok(request.body[::-1]))
        self.origin = origin.Origin(behave)
        self.addCleanup(self.origin.stop)

    def begin(self, name, mtype=coap.CON):
        """Client, request and the time when it was sent."""
        c = self.client(self.proxy.address)
        m = c.message(coap.POST, [harness.OPTION], name.encode().ljust(60, b"."), mtype)
        begun = time.monotonic()
        c.send(m)
        return c, m, begun

    def expect_empty_ack(self, c, m, begun=None):
        got = c.receive(LATE_S)
        self.assertIsNotNone(got, "no empty ACK")
        self.assertEqual((got.type, got.code, got.mid, got.token), (coap.ACK, 0, m.mid, b""))
        if begun is not None:
            self.assertTrue(0.2 <= time.monotonic() - begun <= SLOW_S, "not at once, and before the answer")

    def expect_answer(self, c, m, begun, mtype=coap.CON):
        got = c.receive(SLOW_S + LATE_S)
        self.assert_code(got, "2.04")
        self.assertEqual((got.type, got.token, got.payload), (mtype, m.token, m.payload[::-1]))
        self.assertGreaterEqual(time.monotonic() - begun, SLOW_S - 0.1)
        if mtype == coap.CON:
            self.assertNotEqual(got.mid, m.mid, "a message of its own")
        return got

    # --- cases, each in a thread ---------------------------------------------------------------------------------

    def retransmitted_until_acknowledged(self):
        c, m, begun = self.begin("retransmit")
        self.expect_empty_ack(c, m, begun)
        first = self.expect_answer(c, m, begun)
        again = c.receive(LATE_S)
        self.assertIsNotNone(again, "no retransmission")
        self.assertGreaterEqual(time.monotonic() - begun, SLOW_S + LEAST_GAP_S)
        self.assertEqual(again.encode(), first.encode())
        c.send(coap.Message(coap.ACK, 0, again.mid))
        self.assertIsNone(c.receive(7.0), "the next one was due within 6 s")

    def reset_stops_it(self):
        c, m, begun = self.begin("reset")
        self.expect_empty_ack(c, m, begun)
        got = self.expect_answer(c, m, begun)
        c.send(coap.Message(coap.RST, 0, got.mid))
        self.assertIsNone(c.receive(4.0))

    def duplicates_get_the_empty_ack(self):
        c, m, begun = self.begin("duplicates")
        c.send(m)
        self.expect_empty_ack(c, m, begun)
        for _ in range(2):
            c.send(m)
            self.expect_empty_ack(c, m)
        got = self.expect_answer(c, m, begun)
        c.send(coap.Message(coap.ACK, 0, got.mid))
        for _ in range(2):
            c.send(m)
            self.expect_empty_ack(c, m)  # never the answer in an ACK (RFC 7252 section 5.2.2)
        self.assertIsNone(c.receive(1.0))

    def fast_duplicates_get_the_stored_bytes(self):
        c, m, _ = self.begin("fast")
        c.receive(LATE_S)
        for wait in (0.0, 0.3, 3.0):
            time.sleep(wait)
            c.send(m)
            self.assertIsNotNone(c.receive(LATE_S))
        self.assertEqual(len(set(c.seen)), 1, "always the same bytes")
        got = coap.decode(c.seen[0])
        self.assertEqual((got.type, got.mid, got.token, got.payload), (coap.ACK, m.mid, m.token, m.payload[::-1]))

    def non_confirmable(self):
        c, m, begun = self.begin("non", coap.NON)
        self.assertIsNone(c.receive(1.0), "no ACK for a NON")
        c.send(m)
        self.expect_answer(c, m, begun, coap.NON)
        c.send(m)
        self.assertIsNone(c.receive(4.0), "sent once, and no answer to a copy")

    def acknowledged_late(self):
        """The ACK of an older copy counts, and the message after it is not held up."""
        c, m, begun = self.begin("late")
        self.expect_empty_ack(c, m, begun)
        got = self.expect_answer(c, m, begun)
        self.assertIsNotNone(c.receive(LATE_S))
        c.send(coap.Message(coap.ACK, 0, got.mid))
        c.send(coap.Message(coap.ACK, 0, got.mid))
        m = c.message(coap.POST, [harness.OPTION], b"fast again".ljust(60, b"."))
        answer = c.exchange(m, LATE_S, echo=False)
        self.assert_code(answer, "2.04")
        self.assertEqual(answer.payload, m.payload[::-1])

    def test_all(self):
        self.proxy = self.start_proxy(harness.proxy_config(self.origin.url, harness.TRUSTED, "  ack-delay: 1s\n"))
        cases = [self.retransmitted_until_acknowledged, self.reset_stops_it, self.duplicates_get_the_empty_ack,
                 self.fast_duplicates_get_the_stored_bytes, self.non_confirmable, self.acknowledged_late]
        failed = []

        def run(case):
            try:
                case()
            except AssertionError as e:
                failed.append(f"{case.__name__}: {e}")
        threads = [threading.Thread(target=run, args=(case,)) for case in cases]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failed, [])
        bodies = [r.body for r in self.origin.requests]
        self.assertEqual(len(bodies), len(cases) + 1, "one HTTP request for each CoAP request")
        self.assertEqual(len(set(bodies)), len(bodies))

    def test_device_and_server(self):
        """The real device waits for the real server, which is held up; each request goes out once."""
        self.start_stack(http_hook=lambda c: time.sleep(SLOW_S) if c.way == "request" else None)
        device = self.new_device("slow")
        begun = time.monotonic()
        device.run("crts")
        self.assertGreater(time.monotonic() - begun, SLOW_S)
        bodies = [c.body for c in self.tap.requests()]
        self.assertEqual(len(bodies), len(set(bodies)))
        acks = [coap.decode(d) for way, d in self.wire if way == "down"]
        self.assertEqual((acks[0].type, acks[0].code), (coap.ACK, 0), "an empty ACK first")


if __name__ == "__main__":
    harness.main(at_once=2)
