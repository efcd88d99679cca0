#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The deadlines of a fetch behind its connection: the first byte of the answer, then 64 bytes a second. Far within
total-timeout (60 s), which ends nothing here. The cases wait side by side, each with a client of its own."""
import threading
import time

import coap
import harness
import origin

FIRST_S, PERIOD_S = 1.0, 2.0
LIMITS = "  first-byte-timeout: 1s\n  low-speed-time: 2s\n"
PATIENCE_S = 20.0  # a busy machine makes everything late and nothing early; still no total-timeout
BODY = bytes(range(256)) * 4


def pour(conn, data, size, pause_s=0.1):
    for at in range(0, len(data), size):
        conn.sendall(data[at:at + size])
        time.sleep(pause_s)


def behave(_origin, conn, request):
    """As the first word of the body says."""
    whole = origin.oscore_ok(BODY[:1000])
    head = whole[:-1000]
    what = request.body.split(b".")[0].decode()
    try:
        if what == "silent":
            time.sleep(FIRST_S + 2)
            conn.sendall(origin.oscore_ok(b"too late"))
        elif what == "thinks":
            time.sleep(FIRST_S / 3)
            conn.sendall(whole)
        elif what == "drips-its-head":
            line = head.index(b"\n") + 1  # libcurl shows whole lines
            conn.sendall(head[:line])
            pour(conn, head[line:], 1)
        elif what == "drips-its-body":
            conn.sendall(head)
            pour(conn, BODY[:200], 1)
        elif what == "stops-in-its-body":
            conn.sendall(whole[:-1])
            time.sleep(PATIENCE_S)
        elif what == "is-steady":
            conn.sendall(head)
            pour(conn, BODY[:1000], 100, 0.4)  # two of five in a period are enough
        else:
            conn.sendall(origin.oscore_ok(b"good"))
    except OSError:
        return False
    return True


class Phases(harness.Case):
    def setUp(self):
        super().setUp()
        self.origin = origin.Origin(behave)
        self.addCleanup(self.origin.stop)
        self.proxy = self.start_proxy(harness.proxy_config(self.origin.url, harness.TRUSTED, LIMITS))

    def take(self, what, code, least_s):
        client = self.client(self.proxy.address)
        begun = time.monotonic()
        got = client.exchange(client.message(coap.POST, [harness.OPTION], what.encode() + b"." * 40), PATIENCE_S, False)
        self.took[what] = time.monotonic() - begun
        self.got[what] = (None if got is None else coap.code_text(got.code), b"" if got is None else got.payload)
        self.wanted[what] = (code, least_s)

    def test_phases(self):
        self.took, self.got, self.wanted = {}, {}, {}
        cases = [("silent", "5.04", FIRST_S), ("thinks", "2.04", 0.0), ("drips-its-head", "5.04", PERIOD_S),
                 ("drips-its-body", "5.04", PERIOD_S), ("stops-in-its-body", "5.04", PERIOD_S),
                 ("is-steady", "2.04", 1.7 * PERIOD_S)]
        threads = [threading.Thread(target=self.take, args=case) for case in cases]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for what, (code, least_s) in self.wanted.items():
            self.assertEqual(self.got[what][0], code, what)
            self.assertGreaterEqual(self.took[what], least_s, what)
        self.assertEqual(self.got["is-steady"][1], BODY[:1000])
        self.assertEqual(len(self.origin.requests), len(cases), "none was asked twice")
        time.sleep(2)  # what came too late
        for _ in range(4):
            self.take("good", "2.04", 0.0)
            self.assertEqual(self.got["good"], ("2.04", b"good"))


if __name__ == "__main__":
    harness.main()
