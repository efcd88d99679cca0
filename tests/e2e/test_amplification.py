#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T1 on the wire: forty shapes of requests from sources that never say another word, as a forged address would be. What
comes back is counted as IP packets: three times what was sent at most, for each shape, and nothing is sent twice."""
import os
import select
import socket
import time
import unittest

import coap
import harness
import origin

HEADERS = 28  # IPv4 and UDP
LIMIT = 3.0
PATIENCE_S = 8 if os.environ.get("SL_LONG") is None else 300
SLOW_S = 2.0
DISCOVERY = "</est/crts>;rt=ace.est.crts;ct=281;osc," * 20 + "</est/sen>;rt=ace.est.sen;osc"
WELL_KNOWN = [(coap.URI_PATH, b".well-known"), (coap.URI_PATH, b"core")]
EDHOC = [(coap.URI_PATH, b".well-known"), (coap.URI_PATH, b"edhoc")]
OSCORE = [harness.OPTION]


def say(name, value, limit, good):
    print(f"{name} {value} {limit} {'PASS' if good else 'FAIL'} -", flush=True)
    return good


def request(mcode=coap.POST, options=OSCORE, payload=b"", mtype=coap.CON, token=b"", mid=1):
    return coap.Message(mtype, mcode, mid, token, options, payload).encode()


def block(num, more, szx):
    return coap.block(num, more, szx)


def slow(size):
    return b"slow".ljust(size, b".")


SHAPES = {
    "oscore-1-byte": request(payload=b"x"),
    "oscore-20-bytes": request(payload=b"x" * 20),
    "oscore-60-bytes": request(payload=b"x" * 60),
    "oscore-300-bytes": request(payload=b"x" * 300),
    "oscore-1000-bytes": request(payload=b"x" * 1000),
    "oscore-token-8": request(payload=b"x" * 30, token=b"12345678"),
    "oscore-non": request(payload=b"x" * 60, mtype=coap.NON),
    "oscore-slow": request(payload=slow(30)),
    "oscore-slow-60": request(payload=slow(60)),
    "oscore-slow-300": request(payload=slow(300)),
    "oscore-slow-non": request(payload=slow(60), mtype=coap.NON),
    "oscore-slow-tiny": request(payload=slow(4)),
    "oscore-no-payload": request(),
    "oscore-empty-option": request(options=[(coap.OSCORE, b"")], payload=b"x" * 40),
    "oscore-bad-option": request(options=[(coap.OSCORE, b"\xff\xff")], payload=b"x" * 40),
    "oscore-block2-16": request(options=OSCORE + [(coap.BLOCK2, block(0, False, 0))], payload=b"x" * 40),
    "oscore-block2-1024": request(options=OSCORE + [(coap.BLOCK2, block(0, False, 6))], payload=b"x" * 40),
    "oscore-follow-up": request(options=OSCORE + [(coap.BLOCK2, block(1, False, 6))], payload=b"x" * 40),
    "oscore-block1-first": request(options=OSCORE + [(coap.BLOCK1, block(0, True, 2))], payload=b"x" * 64),
    "oscore-block1-size1": request(options=OSCORE + [(coap.BLOCK1, block(0, True, 2)), (coap.SIZE1, b"\xff" * 4)],
                                   payload=b"x" * 64),
    "oscore-block1-gap": request(options=OSCORE + [(coap.BLOCK1, block(7, True, 2))], payload=b"x" * 64),
    "oscore-observe": request(coap.FETCH, OSCORE + [(coap.OBSERVE, b"")], b"x" * 40),
    "oscore-hop-limit": request(options=OSCORE + [(coap.HOP_LIMIT, b"\x01")], payload=b"x" * 40),
    "oscore-forged-echo": request(options=OSCORE + [(coap.ECHO, b"\0" * 9)], payload=b"x" * 40),
    "oscore-critical": request(options=OSCORE + [(65001, b"")], payload=b"x" * 40),
    "oscore-proxy-uri": request(options=OSCORE + [(coap.PROXY_URI, b"http://10.0.0.1/")], payload=b"x" * 40),
    "discovery": request(coap.GET, WELL_KNOWN),
    "discovery-token-8": request(coap.GET, WELL_KNOWN, token=b"12345678"),
    "discovery-non": request(coap.GET, WELL_KNOWN, mtype=coap.NON),
    "discovery-block-3": request(coap.GET, WELL_KNOWN + [(coap.BLOCK2, block(3, False, 6))]),
    "discovery-size2": request(coap.GET, WELL_KNOWN + [(28, b"")]),
    "edhoc-message-1": request(options=EDHOC, payload=b"\xf5\x00\x02" + b"x" * 34),
    "edhoc-empty": request(options=EDHOC),
    "plain-refused": request(coap.GET, [(coap.URI_PATH, b"secret")]),
    "plain-get": request(coap.GET, []),
    "unknown-method": request(31, []),
    "ping": bytes.fromhex("40000001"),
    "malformed": bytes.fromhex("4f010001ffff"),
    "version-2": bytes.fromhex("80010001"),
    "oversize": request(payload=b"x" * 1600),
}


class Source:
    def __init__(self, name, datagram, address):
        self.name, self.sent, self.got = name, len(datagram) + HEADERS, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.sendto(datagram, address)

    def take(self):
        self.got.append(self.socket.recv(65536))

    @property
    def ratio(self):
        return sum(len(d) + HEADERS for d in self.got) / self.sent

    @property
    def repeats(self):
        return len(self.got) - len(set(self.got))


class Amplification(harness.Case):
    def test_no_shape_is_worth_a_forged_address(self):
        def behave(_o, conn, got):
            if got.body.startswith(b"slow"):
                time.sleep(SLOW_S)
            if got.target == "/.well-known/edhoc":
                conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/edhoc+cbor-seq\r\nContent-Length: 900\r\n\r\n"
                             + b"y" * 900)
            else:
                conn.sendall(origin.oscore_ok(b"y" * 900))
        there = origin.Origin(behave)
        self.addCleanup(there.stop)
        proxy = self.start_proxy(harness.proxy_config(there.url, extra=f"discovery: '{DISCOVERY}'\n",
                                                      route='    allow-plain: ["/.well-known/edhoc"]',
                                                      limits="  in-flight-per-peer: 100\n"))
        self.assertEqual(len(SHAPES), 40)
        sources = [Source(name, datagram, proxy.address) for name, datagram in SHAPES.items()]
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            ready, _, _ = select.select([s.socket for s in sources], [], [], 0.2)
            for source in sources:
                if source.socket in ready:
                    source.take()
        good = True
        for source in sources:
            source.socket.close()
            good = say(f"T1-{source.name}", f"{source.ratio:.2f}", LIMIT, source.ratio <= LIMIT) and good
            good = say(f"T1-{source.name}-repeated", source.repeats, 0, source.repeats == 0) and good
        worst, repeats = max(s.ratio for s in sources), sum(s.repeats for s in sources)
        say(f"T1.wire-worst-of-{len(sources)}", f"{worst:.2f}", LIMIT, worst <= LIMIT)
        say(f"T1.wire-repeated-in-{PATIENCE_S}-s", repeats, 0, repeats == 0)
        self.assertTrue(good)
        answered = sum(1 for s in sources if s.got)
        self.assertGreaterEqual(answered, 35, "the proxy said too little for this to mean anything")


if __name__ == "__main__":
    harness.main()
