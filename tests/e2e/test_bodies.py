#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Bodies that do not fit one datagram: outer blocks between a client and the proxy (RFC 7959; the origin sees one
request), inner blocks between the device and the server (RFC 8613 section 4.1.3.4.1; each block is a message of its
own)."""
import os

import coap
import harness
import origin

SIZE = 5 * 1024
REQUEST_LIMIT = 16 * 1024  # bytes, the default


def option(number):
    """Option 9 with its own Partial IV."""
    return coap.OSCORE, bytes([0x09, number]) + b"K"


class OuterTest(harness.Case):
    def setUp(self):
        super().setUp()
        self.origin = origin.Origin(lambda _o, conn, r: conn.sendall(origin.oscore_ok(r.body[::-1])))
        self.addCleanup(self.origin.stop)

    def start(self, extra="", limits=""):
        self.proxy = self.start_proxy(harness.proxy_config(self.origin.url, extra, limits))
        return self.client(self.proxy.address)

    def put(self, c, opt, body, num, szx=6, tag=()):
        """One block of an upload; returns the answer."""
        size = 16 << szx
        part, more = body[num * size:(num + 1) * size], (num + 1) * size < len(body)
        return self.ask(c, part, [opt, (coap.BLOCK1, coap.block(num, more, szx)), *tag])

    def fetch_rest(self, c, opt, got, shows_echo=False):
        """The answer to its end, and the sizes of its slices."""
        answer, sizes, echo = got.payload, [len(got.payload)], []
        while got.uint(coap.BLOCK2) & 8:
            if shows_echo and got.get(coap.ECHO):
                echo = [(coap.ECHO, got.get(coap.ECHO)[0])]
            szx = got.uint(coap.BLOCK2) & 7  # the proxy may go down, never up
            wish = (coap.BLOCK2, coap.block(len(answer) >> szx + 4, 0, szx))
            got = self.ask(c, b"", [opt, wish, *echo])
            self.assert_code(got, "2.04")
            self.assertEqual(got.get(coap.OSCORE), [b""])
            self.assertEqual(got.uint(coap.BLOCK2) >> 4 << (got.uint(coap.BLOCK2) & 7) + 4, len(answer))
            answer += got.payload
            sizes.append(len(got.payload))
        return answer, sizes

    def test_both_ways_in_every_size(self):
        c = self.start(harness.TRUSTED)
        for szx in range(7):
            with self.subTest(size=16 << szx):
                body, opt = os.urandom(SIZE if szx > 2 else 700), option(szx)
                count = -(-len(body) // (16 << szx))
                for num in range(count):
                    got = self.put(c, opt, body, num, szx, [(coap.BLOCK2, coap.block(0, 0, szx))])
                    self.assert_code(got, "2.04" if num == count - 1 else "2.31")
                    self.assertEqual(got.uint(coap.BLOCK1), num << 4 | (num < count - 1) << 3 | szx)
                self.assertEqual(len(got.payload), 16 << szx)
                answer, sizes = self.fetch_rest(c, opt, got)
                self.assertEqual(answer, body[::-1])
                self.assertEqual(set(sizes[:-1]), {16 << szx})
                self.assertEqual([r.body for r in self.origin.requests].count(body), 1, "one HTTP request")
        self.assertEqual(len(self.origin.requests), 7)

    def test_unverified_peer(self):
        """The first slice brings Echo (RFC 9175 section 2.3). Who shows it gets full slices, who does not gets small
        ones to the end, both within three times what they send; one HTTP request each."""
        self.start()
        for shows_echo in (True, False):
            with self.subTest(shows_echo=shows_echo):
                c = self.client(self.proxy.address)
                body = os.urandom(700)
                m = c.message(coap.POST, [option(1)], body[:60])
                got = c.exchange(m, echo=False)
                self.assertEqual(got.get(coap.BLOCK2), [])
                got = self.ask(c, body, [option(2), (coap.BLOCK1, coap.block(0, 0, 6)),
                                         (coap.BLOCK2, coap.block(0, 0, 4))])
                self.assert_code(got, "2.04")
                self.assertEqual(len(got.get(coap.ECHO)), 1)
                answer, sizes = self.fetch_rest(c, option(2), got, shows_echo)
                self.assertEqual(answer, body[::-1])
                self.assertEqual(set(sizes[1:-1]), {256} if shows_echo else {32, 16} & set(sizes))
                if not shows_echo:
                    follow_up = c.message(coap.POST, [option(2), (coap.BLOCK2, coap.block(20, 0, 0))])
                    self.assertLessEqual(max(len(d) for d in c.seen[2:]), 3 * len(follow_up.encode()))
        self.assertEqual(len(self.origin.requests), 4)

    def test_interleaved(self):
        """Two messages of one device at a time, from one port: the option's value keeps them apart, or a
        Request-Tag does (RFC 9175 section 3.3)."""
        c = self.start(harness.TRUSTED)
        bodies = [os.urandom(SIZE), os.urandom(SIZE), os.urandom(SIZE)]
        keys = [(option(1), ()), (option(2), ()), (option(1), [(coap.REQUEST_TAG, b"t")])]
        for num in range(5):
            got = [self.put(c, opt, body, num, tag=tag) for body, (opt, tag) in zip(bodies, keys)]
            for answer in got:
                self.assert_code(answer, "2.31" if num < 4 else "2.04")
        self.assertEqual([r.body for r in self.origin.requests], bodies)

    def test_interleaved_clients(self):
        """The same option from two addresses."""
        a = self.start(harness.TRUSTED)
        b = self.client(self.proxy.address)
        bodies = [os.urandom(SIZE), os.urandom(SIZE)]
        for num in range(5):
            for c, body in zip((a, b), bodies):
                self.assert_code(self.put(c, option(1), body, num), "2.31" if num < 4 else "2.04")
        self.assertEqual([r.body for r in self.origin.requests], bodies)

    def test_gaps(self):
        c = self.start(harness.TRUSTED)
        body = os.urandom(SIZE)
        self.assert_code(self.put(c, option(1), body, 3), "4.08", "nothing before it")
        self.assert_code(self.put(c, option(1), body, 0), "2.31")
        self.assert_code(self.put(c, option(1), body, 2), "4.08", "block 1 is missing")
        self.assert_code(self.put(c, option(1), body, 4), "4.08", "the last one, with gaps")
        self.assertEqual(self.origin.requests, [])
        for num in range(5):
            got = self.put(c, option(1), body, num)
        self.assert_code(got, "2.04", "begun anew")
        self.assertEqual([r.body for r in self.origin.requests], [body])

    def test_wrong_sizes(self):
        c = self.start(harness.TRUSTED)
        got = self.ask(c, b"x" * 100, [option(1), (coap.BLOCK1, coap.block(0, 1, 6))])
        self.assert_code(got, "4.00", "a block that is not the last is full (RFC 7959 section 2.2)")
        got = self.ask(c, b"x" * 64, [option(1), (coap.BLOCK1, bytes([0x0f]))])
        self.assert_code(got, "4.00", "size 7 is reserved")
        self.assertEqual(self.origin.requests, [])

    def test_too_large(self):
        c = self.start(harness.TRUSTED)
        for size, code in ((REQUEST_LIMIT, "2.04"), (REQUEST_LIMIT + 1, "4.13")):
            body, opt = os.urandom(size), option(size & 1)
            for num in range(-(-size // 1024)):
                got = self.put(c, opt, body, num)
                if coap.code_text(got.code) != "2.31":
                    break
            self.assert_code(got, code, f"{size} bytes")
        self.assertEqual(got.uint(coap.SIZE1), REQUEST_LIMIT)
        self.assertEqual([len(r.body) for r in self.origin.requests], [REQUEST_LIMIT])
        got = self.ask(c, b"x" * 1024, [option(3), (coap.BLOCK1, coap.block(0, 1, 6)),
                                        (coap.SIZE1, coap.uint(REQUEST_LIMIT + 1))])
        self.assertIn(coap.code_text(got.code), ("4.13", "2.31"), "Size1 is a hint (RFC 7959 section 4)")

    def test_follow_up_without_an_answer(self):
        c = self.start(harness.TRUSTED)
        got = self.ask(c, b"", [option(1), (coap.BLOCK2, coap.block(1, 0, 6))])
        self.assert_code(got, "4.08")
        self.assertEqual(self.origin.requests, [])

    def test_answer_of_one_is_no_answer_of_another(self):
        """A follow-up fetches the answer to the own request: same peer, same option, same target."""
        a = self.start(harness.TRUSTED)
        body = os.urandom(1024)
        got = self.ask(a, body, [option(1), (coap.BLOCK2, coap.block(0, 0, 4))])
        self.assertEqual(got.uint(coap.BLOCK2), 0 << 4 | 8 | 4)
        wish = (coap.BLOCK2, coap.block(1, 0, 4))
        for other, options in ((self.client(self.proxy.address), [option(1), wish]), (a, [option(2), wish]),
                               (a, [option(1), wish, (coap.URI_PATH, b"x")])):
            self.assert_code(self.ask(other, b"", options), "4.08")
        self.assertEqual(self.ask(a, b"", [option(1), wish]).payload, body[::-1][256:512])


class InnerTest(harness.StackCase):
    def test_small_inner_blocks(self):
        """Every datagram stays small; each block is one message with its own Partial IV and one HTTP request."""
        self.start_stack(harness.TRUSTED)
        for size in (64, 256):
            with self.subTest(size=size):
                del self.wire[:], self.tap.seen[:]
                device = self.new_device(f"inner-{size}")
                device.run("enroll", "--block-size", str(size))
                first = device.verify()
                device.run("reenroll", "--block-size", str(size))
                self.assertNotEqual(device.verify(), first)
                requests = self.tap.requests()
                self.assertEqual(len({r.oscore for r in requests}), len(requests), "a Partial IV each")
                self.assertGreater(len(requests), 1500 // size, "blocks")
                # a block, the inner code, options and tag; then header, token and options of the outside
                self.assertLessEqual(max(len(r.body) for r in requests), size + 100)
                self.assertLessEqual(max(len(data) for _, data in self.wire), size + 140)
                outer = [coap.decode(data) for _, data in self.wire]
                self.assertEqual([m for m in outer if m.get(coap.BLOCK1) or m.get(coap.BLOCK2)], [], "none outside")

    def test_small_outer_blocks(self):
        """The device cuts on its link; the server sees whole messages."""
        self.start_stack(harness.TRUSTED)
        device = self.new_device("outer")
        device.run("enroll", "--outer-block", "64")
        device.verify()
        sent = self.sent_requests()
        self.assertTrue(any(m.get(coap.BLOCK1) for m in sent) and any(m.get(coap.BLOCK2) for m in sent))
        self.assertLessEqual(max(len(m.payload) for m in sent), 64)
        requests = self.tap.requests()
        self.assertEqual(len({r.oscore for r in requests}), len(requests))
        self.assertGreater(max(len(r.body) for r in requests), 64)

    def test_unverified_device(self):
        """It shows the Echo value of the first slice: the slices keep their size, the server is asked once."""
        self.start_stack()
        self.new_device("unverified").run("crts")
        slices, follow_ups = self.replies(), self.sent_requests()[1:]
        self.assertGreater(len(follow_ups), 1)
        self.assertEqual({len(m.payload) for m in slices[:-1]}, {128})
        for m in follow_ups:
            self.assertEqual(m.get(coap.ECHO), slices[0].get(coap.ECHO))
        self.assertEqual(len(self.tap.requests()), 1)

    def test_both(self):
        self.start_stack()
        device = self.new_device("both")
        device.run("enroll", "--outer-block", "32", "--block-size", "128")
        device.verify()


if __name__ == "__main__":
    harness.main()
