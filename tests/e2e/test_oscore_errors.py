#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the server refuses, seen from the device side through the proxy (RFC 8613 sections 7.4 and 8.2; 4.02 comes as
4.00, HTTP has one status for both), and repeated messages. After each an ordinary enrolment works."""
import json
import os

import coap
import harness

NO_CONTEXT, REPLAY = b"Security context not found", b"Replay detected"
NO_DECRYPT, NO_DECODE = b"Decryption failed", b"Failed to decode COSE"


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


class ErrorCase(harness.StackCase):
    def send(self, opt, payload, more=(), mcode=coap.POST):
        """From a client of its own."""
        return self.ask(self.client(self.proxy.address), payload, [(coap.OSCORE, opt), *more], mcode=mcode)

    def assert_refusal(self, got, code, text):
        self.assert_code(got, code)
        self.assertEqual(got.payload, text)
        self.assertEqual(got.get(coap.OSCORE), [], "unprotected")
        self.assertEqual(got.uint(coap.MAX_AGE), 0)

    def enrol(self, identity):
        device = self.new_device(identity)
        device.run("enroll")
        return device.verify()


class ErrorsTest(ErrorCase):
    def setUp(self):
        super().setUp()
        self.change = None  # what the link does to requests

        def hook(way, data):
            return self.change(data) if way == "up" and self.change else data
        self.start_stack(harness.TRUSTED, hook=hook)
        self.device = self.new_device("victim")

    def tearDown(self):
        self.change = None
        self.enrol("afterwards")

    def captured(self):
        """The device's first request and its answer."""
        self.device.run("crts")
        return self.sent_requests()[0], self.replies()[0]

    def test_unknown_kid(self):
        request, _ = self.captured()
        opt = request.get(coap.OSCORE)[0]
        self.assert_refusal(self.send(flip(opt, len(opt) - 1), request.payload), "4.01", NO_CONTEXT)

    def test_unknown_kid_context(self):
        request, _ = self.captured()
        opt = request.get(coap.OSCORE)[0]  # flags, Partial IV, kid
        piv = opt[0] & 7
        named = bytes([opt[0] | 0x10]) + opt[1:1 + piv] + b"\x02id" + opt[1 + piv:]
        self.assert_refusal(self.send(named, request.payload), "4.01", NO_CONTEXT)

    def test_bad_options(self):
        request, _ = self.captured()
        opt = request.get(coap.OSCORE)[0]
        for name, bad in (("reserved flag", bytes([opt[0] | 0x80]) + opt[1:]),
                          ("no kid", bytes([opt[0] & 7]) + opt[1:1 + (opt[0] & 7)]),
                          ("no Partial IV", b"\x08" + opt[1 + (opt[0] & 7):]),
                          ("Partial IV of 6 bytes", b"\x0e" + bytes(8)),
                          ("Partial IV cut short", b"\x05\x01"),
                          ("kid context cut short", b"\x19\x01\xff"),
                          ("empty", b"")):
            with self.subTest(name):
                self.assert_refusal(self.send(bad, request.payload), "4.00", NO_DECODE)

    def test_repeated_with_another_message_id(self):
        """A copy of the message gets the very bytes again (exact-reply cache), from wherever it comes."""
        request, reply = self.captured()
        for _ in range(2):
            again = self.send(request.get(coap.OSCORE)[0], request.payload)
            self.assert_code(again, "2.04")
            self.assertEqual(again.payload, reply.payload)
            self.assertEqual(again.get(coap.OSCORE), reply.get(coap.OSCORE))
        bodies = {(e[1].option, e[1].body) for e in self.tap.exchanges() if e[0].body == request.payload}
        self.assertEqual(len(bodies), 1)

    def test_repeated_enrolment(self):
        """The same in an exchange with an effect: no second certificate."""
        self.device.run("enroll")
        for request, reply in zip(self.sent_requests(), self.replies()):
            again = self.send(request.get(coap.OSCORE)[0], request.payload)
            self.assertEqual(again.payload, reply.payload)
        self.assertEqual(len(self.est.certificates()), 1)
        self.device.verify()

    def test_used_number_with_other_text(self):
        request, _ = self.captured()
        opt = request.get(coap.OSCORE)[0]
        for at in (0, len(request.payload) - 1):
            self.assert_refusal(self.send(opt, flip(request.payload, at)), "4.01", REPLAY)
        self.assert_refusal(self.send(opt, request.payload[:-1]), "4.01", REPLAY)

    def altered_once(self, alter):
        """The device's first request is altered on the link; it asks again with another number."""
        left = [1]

        def change(data):
            m = coap.decode(data)
            if m.code == 0 or left[0] == 0:
                return data
            left[0] = 0
            alter(m)
            return m.encode()
        self.change = change
        self.device.run("crts")
        options = [m.get(coap.OSCORE)[0] for m in self.sent_requests()]
        self.assertEqual((len(options), len(set(options))), (2, 2), "asked again with a new number")
        return self.replies()[0]

    def test_tampered_text(self):
        def alter(m):
            m.payload = flip(m.payload, len(m.payload) // 2)
        self.assert_refusal(self.altered_once(alter), "4.00", NO_DECRYPT)

    def test_tampered_number(self):
        def alter(m):
            opt = m.get(coap.OSCORE)[0]
            m.options = [(coap.OSCORE, flip(opt, 1))]
        self.assert_refusal(self.altered_once(alter), "4.00", NO_DECRYPT)

    def test_tampered_answer(self):
        """The device does not believe it and asks again."""
        left = [1]

        def alter(way, data):
            m = coap.decode(data)
            if way == "down" and m.payload and left[0]:
                left[0] = 0
                m.payload = flip(m.payload, 3)
                return m.encode()
            return data
        self.relay.hook, before = alter, self.relay.hook
        said = self.device.run("crts")
        self.relay.hook = before
        self.assertEqual((left, said["outcome"]), ([0], "done"))

    def test_other_secret(self):
        with open(self.device.provisioning, encoding="utf-8") as f:
            stolen = json.load(f)
        stolen["master-secret"] = os.urandom(16).hex()
        path = os.path.join(self.home, "stolen.json")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o400), "w", encoding="utf-8") as f:
            json.dump(stolen, f)
        thief = self.new_device("thief", provisioning=path)
        said = thief.run("enroll", "--timeout", "2s", status=1)
        self.assertIn("4.00 Decryption failed", said["text"])
        for got in self.replies():
            self.assert_refusal(got, "4.00", NO_DECRYPT)
        self.assertEqual(self.est.certificates(), [])

    def test_no_payload(self):
        request, _ = self.captured()
        count = len(self.tap.seen)
        self.assert_code(self.send(request.get(coap.OSCORE)[0], b""), "4.00")
        self.assertEqual(len(self.tap.seen), count, "refused at the proxy (RFC 8613 section 2)")

    def test_outer_method_does_not_count(self):
        """RFC 8613 section 4.2: the inner code is what is asked; the outer one is not protected."""
        request, reply = self.captured()
        for method, code in ((coap.GET, "2.04"), (coap.FETCH, "2.05"), (coap.PUT, "2.04")):
            got = self.send(request.get(coap.OSCORE)[0], request.payload, mcode=method)
            self.assert_code(got, code)
            self.assertEqual(got.payload, reply.payload)

    def test_disabled_context(self):
        """It is refused soon after the command, and like one that never was."""
        self.device.run("crts")
        self.est.command("disable-context 1")
        self.forget()

        def is_refused():
            self.device.run("crts", "--timeout", "500ms", status=None)
            return self.replies()[-1].code == coap.code("4.01")
        harness.wait_until(is_refused, what="the server notices")
        self.assert_refusal(self.replies()[-1], "4.01", NO_CONTEXT)


class QuietTest(ErrorCase):
    def test_quiet_errors(self):
        """All refusals look alike."""
        self.start_stack(harness.TRUSTED, est_more="errors: quiet\n")
        device = self.new_device("quiet")
        device.run("crts")
        request = self.sent_requests()[0]
        opt = request.get(coap.OSCORE)[0]
        for bad, payload in ((flip(opt, len(opt) - 1), request.payload), (opt, flip(request.payload, 0)),
                             (flip(opt, 1), request.payload), (b"\xff" + opt[1:], request.payload)):
            self.assert_refusal(self.send(bad, payload), "4.00", b"")
        self.enrol("afterwards")


if __name__ == "__main__":
    harness.main()
