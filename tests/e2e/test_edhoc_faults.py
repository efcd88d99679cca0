#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""EDHOC where things go wrong, or go another way: servers that restart, lossy links, suites that differ, combined requests,
the binding of enrolments to a session, and messages that come when they should not."""
import os
import subprocess

import coap
import edhoc
import harness

COMBINED = "    edhoc-header: true\n"


class FaultCase(edhoc.Case):
    def setUp(self):
        super().setUp()
        self.key = edhoc.RawKey(self.home, "sensor-1", b"\x51")
        self.peers = [edhoc.peer(self.key.path, "sensor-1")]

    def start(self, words=None, **link):
        self.start_edhoc(self.peers, words, **link)

    def enrol(self, *args, init=()):
        device = self.raw_device(self.key, *init)
        said = device.run("enroll", *args)
        device.verify()
        return device, said

    def kinds(self):
        """What reached the server, in order: 1 and 3 for messages of EDHOC, e for its errors, c for combined, o."""
        out = ""
        for request in self.tap.requests():
            if request.oscore is not None:
                out += "c" if request.field("CoAP-EDHOC") else "o"
            elif request.body[:1] == b"\xf5":
                out += "1"
            else:
                out += "3" if edhoc.behind_c_r(request.body)[0] >= 0x40 else "e"
        return out


class SuitesTest(FaultCase):
    def test_error_2(self):
        """The server's suites come back in error 2; the device begins anew, with a fresh ephemeral key."""
        self.start({"suites": "[2]"})
        self.enrol(init=["--suites", "3,2"])
        self.assertRegex(self.kinds(), "^113o+$")
        (first, error), (second, answer) = self.edhoc_crossings()[:2]
        self.assertEqual((error.status, error.body), (400, b"\x02\x02"), "ERR_CODE 2, SUITES_R 2")
        self.assertEqual(answer.status, 200)
        points = [body[body.index(b"\x58\x20") + 2:][:32] for body in (first.body, second.body)]
        self.assertNotEqual(points[0], points[1], "another G_X")
        self.assertEqual(second.body[:5], b"\xf5\x03\x82\x03\x02", "SUITES_I says what was wished first")
        self.check_hop()

    def test_no_suite_in_common(self):
        self.start({"suites": "[2]"})
        device = self.raw_device(self.key, "--suites", "3")
        said = device.run("enroll", "--timeout", "20s", status=1)
        self.assertIn("no cipher suite fits", said["text"])
        self.assertRegex(self.kinds(), "^11?$", "the error is not authenticated: once more, and no more")
        self.assertEqual(self.est.certificates(), [])


class RestartTest(FaultCase):
    """The server forgets sessions and contexts when it ends; the device finishes by itself."""

    def check(self, when):
        """The server is started anew when the request number when of its kind is on its way to it."""
        left = [when]

        def hook(crossing):
            if crossing.way == "request" and self.kinds() == left[0]:
                left[0] = None
                self.est.kill()
                self.est.start()
                return False
            return True
        self.start(http_hook=hook)
        device = self.raw_device(self.key)
        device.run("enroll")
        self.assertIsNone(left[0], "it did restart")
        serial = device.verify()
        self.assertEqual(len(self.est.certificates()), 1, "no second certificate")
        self.assertEqual(self.kinds().count("1"), 2, self.kinds())
        self.check_hop()
        return serial

    def test_between_message_2_and_message_3(self):
        self.check("13")

    def test_between_message_3_and_the_first_request(self):
        self.check("13o")

    def test_between_two_requests(self):
        self.check("13oo")

    def test_before_message_2(self):
        """Nothing is lost but time: message_1 is sent again."""
        self.check("1")

    def test_device_that_stays(self):
        """One handle, two calls, a restart between them."""
        self.start()
        device, _ = self.enrol()
        self.est.stop()
        self.est.start()
        self.forget()
        device.run("reenroll")
        device.verify()
        self.assertRegex(self.kinds(), "^13o+$", "every program run has an EDHOC run of its own")


class LossTest(FaultCase):
    """Lost, doubled and late datagrams: one certificate each, and no nonce for two texts."""

    def check(self, loss, runs, **link):
        self.start(loss=loss, dup=0.2, delay=0.002, jitter=0.03, **link)
        for n in range(runs):
            self.enrol("--timeout", "300s", "--force")
            self.check_hop()
            self.check_nonces()
            self.forget()
            self.assertEqual(len(self.est.certificates()), n + 1)
        self.assertGreater(self.relay.counts["lost"] + self.relay.counts["dup"], 0)

    def test_loss_of_10_percent(self):
        self.check(0.1, 2, seed=11)

    def test_loss_of_30_percent(self):
        self.check(0.3, 1, seed=12)

    def test_loss_with_combined_requests(self):
        self.start({"combined": "accept"}, route=COMBINED, loss=0.2, dup=0.2, delay=0.002, jitter=0.03, seed=13)
        self.enrol("--timeout", "300s", init=["--combined"])
        self.check_hop()

    def test_doubled_at_the_server(self):
        """A copy of message_1 or message_3 that gets to the server gets the very bytes again (RFC 9528 section 7)."""
        self.start()
        client, i = self.client(self.proxy.address), self.initiator()
        run = edhoc.Run(i, 3, [2], self.key)
        first = [edhoc.post(client, b"\xf5" + run.message_1).payload for _ in range(3)]
        self.assertEqual(len(set(first)), 1)
        self.assertTrue(run.read_message_2(first[0], self.server_cred))
        for _ in range(3):
            got = edhoc.post(client, edhoc.identifier(run.c_r) + run.message_3)
            self.assertEqual((coap.code_text(got.code), got.payload), ("2.04", b""))
        self.assertEqual(edhoc.get(client, run.context, "/est/att")[0], coap.code("2.05"))


class CombinedTest(FaultCase):
    def round_trips(self):
        """Messages with a code that went to the device's peer until the first protected answer."""
        return next(n for n, m in enumerate(self.replies(), 1) if m.get(coap.OSCORE))

    def test_accepted(self):
        """message_3 goes with the first request: the answer to that is the second one of all."""
        self.start({"combined": "accept"}, route=COMBINED)
        self.enrol(init=["--combined"])
        self.assertRegex(self.kinds(), "^1co*$")
        self.assertEqual(self.round_trips(), 2)
        sent = [m for m in self.sent_requests() if m.get(coap.EDHOC)]
        self.assertEqual([m.get(coap.EDHOC) for m in sent], [[b""]], "empty")
        self.assertEqual(self.check_hop(), len(self.tap.requests()))
        self.check_nonces()

    def test_one_after_the_other(self):
        self.start({"combined": "accept"}, route=COMBINED)
        self.enrol()
        self.assertRegex(self.kinds(), "^13o+$")
        self.assertEqual(self.round_trips(), 3)

    def test_refused_by_the_proxy(self):
        """4.02: the same message_3 alone, then the request under a new number."""
        self.start({"combined": "accept"})
        self.enrol(init=["--combined"])
        self.assertRegex(self.kinds(), "^13o+$")
        self.assertEqual([coap.code_text(m.code) for m in self.replies()][:3], ["2.04", "4.02", "2.04"])
        combined = next(m for m in self.sent_requests() if m.get(coap.EDHOC))
        alone = edhoc.behind_c_r(self.edhoc_crossings()[1][0].body)
        self.assertTrue(combined.payload.startswith(alone), "the very message_3")
        options = [m.get(coap.OSCORE)[0] for m in self.sent_requests() if m.get(coap.OSCORE)]
        self.assertEqual(len(set(options)), len(options), "no number twice")

    def test_forward_mode(self):
        """The same where the device names the server: both kinds of requests, and option 21 where it may pass."""
        self.start({"combined": "accept"}, forward=True, route=COMBINED)
        for more, kinds in ((["--combined"], "^1co*$"), ([], "^13o+$")):
            self.forget()
            self.enrol(init=["--target", self.tap.url.rstrip("/"), *more])
            self.assertRegex(self.kinds(), kinds)
            self.check_hop()
            self.check_nonces()

    def test_refused_by_the_server(self):
        """The proxy was told that it knows the header, and it does not: 4.00; a run without --combined works."""
        self.start(route=COMBINED)
        self.raw_device(self.key, "--combined").run("enroll", "--timeout", "20s", status=None)
        self.assertEqual([c for c in self.tap.exchanges() if c[0].field("CoAP-EDHOC") and c[1].status != 400], [])
        self.enrol()

    def test_same_request_again(self):
        """A copy gets the stored answer; another request with message_3 does not, and harms nobody."""
        self.start({"combined": "accept"}, route=COMBINED)
        client, i = self.client(self.proxy.address), self.initiator()
        run = edhoc.Run(i, 3, [2], self.key)
        self.assertTrue(run.read_message_2(edhoc.post(client, b"\xf5" + run.message_1).payload, self.server_cred))

        def send(option, text):
            return client.exchange(client.message(coap.POST, [(coap.OSCORE, option), (coap.EDHOC, b"")],
                                                  run.message_3 + text))
        first = run.context.seal(coap.GET, "/est/att")
        answers = [send(*first) for _ in range(3)]
        self.assertEqual(run.context.open(answers[0])[0], coap.code("2.05"))
        self.assertEqual(len({a.payload for a in answers}), 1)
        got = send(*run.context.seal(coap.GET, "/est/att"))
        self.assert_code(got, "4.00")
        self.assertTrue(edhoc.is_error(got.payload))
        self.assertEqual(edhoc.get(client, run.context, "/est/att")[0], coap.code("2.05"))


class SessionTest(FaultCase):
    """One run that a test makes by hand."""

    def begin(self):
        self.other = edhoc.RawKey(self.home, "sensor-2", b"\x52")
        self.peers.append(edhoc.peer(self.other.path, "sensor-2"))
        self.start()
        self.c, self.i = self.client(self.proxy.address), self.initiator()
        return edhoc.complete(self, self.i, self.c, self.key, self.server_cred)

    def request(self, name, challenge=None):
        """A PKCS#10 request in DER."""
        key, config = os.path.join(self.home, "csr.key"), os.path.join(self.home, "csr.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write(f"[req]\ndistinguished_name=dn\nprompt=no\nattributes=at\n[dn]\nCN={name}\n[at]\n")
            if challenge is not None:
                f.write(f"challengePassword={challenge}\n")
        subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-config", config, "-outform", "DER", "-out", "csr.der"], cwd=self.home,
                       check=True, capture_output=True)
        with open(os.path.join(self.home, "csr.der"), "rb") as f:
            return f.read()

    def send(self, run, path, csr):
        return edhoc.get(self.c, run.context, path, coap.POST, 286, csr)

    def test_late_error(self):
        """An error message that comes behind message_3 harms no context (RFC 9528 section 6, and the state page)."""
        run = self.begin()
        for code in (b"\x01" + edhoc.encode("gone"), b"\x03\xf5", b"\x02\x02"):
            got = edhoc.post(self.c, edhoc.identifier(run.c_r) + code)
            self.assertEqual((coap.code_text(got.code), got.payload), ("2.04", b""))
            self.assertEqual(edhoc.get(self.c, run.context, "/est/att")[0], coap.code("2.05"))
        new = edhoc.Run(self.i, 3, [2], self.key)
        edhoc.post(self.c, b"\xf5" + new.message_1)
        self.assertEqual(edhoc.get(self.c, run.context, "/est/att")[0], coap.code("2.05"), "nor does a new run")

    def test_another_identity(self):
        """A context is good for the identity of its credential only: /sen, /sren (RFC 7030 section 3.3.2)."""
        mine = self.begin()
        theirs = edhoc.complete(self, self.i, self.c, self.other, self.server_cred)
        self.assertEqual(self.send(mine, "/est/sen", self.request("sensor-1"))[0], coap.code("2.04"))
        for path in ("/est/sen", "/est/sren"):
            got = self.send(theirs, path, self.request("sensor-1"))
            self.assertIn(coap.code_text(got[0]), ("4.03", "4.04"), path)
        self.assertEqual(self.send(mine, "/est/sren", self.request("sensor-1"))[0], coap.code("2.04"))
        self.assertEqual({c["identity"] for c in self.est.certificates()}, {"sensor-1"})

    def test_contexts_side_by_side(self):
        """Two runs of one credential: both contexts work, until the younger one was used."""
        first = self.begin()
        second = edhoc.complete(self, self.i, self.c, self.key, self.server_cred)
        self.assertEqual(edhoc.get(self.c, first.context, "/est/att")[0], coap.code("2.05"))
        self.assertEqual(edhoc.get(self.c, second.context, "/est/att")[0], coap.code("2.05"))
        self.assertEqual(edhoc.get(self.c, first.context, "/est/att")[0], coap.code("4.01"))
        self.assertEqual(edhoc.get(self.c, second.context, "/est/att")[0], coap.code("2.05"))


class BindingTest(SessionTest):
    """`challenge: require`: challengePassword is the base64 text of 32 bytes that EDHOC exports."""
    test_late_error = test_another_identity = test_contexts_side_by_side = None

    def bound(self):
        self.start(change=lambda text: text.replace("    key-usage:", "    challenge: require\n    key-usage:"))

    def test_device_without_it(self):
        self.bound()
        device = self.raw_device(self.key)
        device.run("enroll", "--timeout", "20s", status=1)
        self.assertEqual(self.est.certificates(), [])

    def test_device_with_it(self):
        self.bound()
        device, _ = self.enrol(init=["--bind"])
        device.run("reenroll")
        device.verify()

    def test_each_session_has_its_own(self):
        self.bound()
        self.c, self.i = self.client(self.proxy.address), self.initiator()
        runs, texts = [], []
        for _ in range(2):
            runs.append(edhoc.complete(self, self.i, self.c, self.key, self.server_cred))
            texts.append(edhoc.base64_of(runs[-1].export(32768, b"EDHOC Unique", 32)))
        for challenge in (None, "none", texts[0], texts[1][:-4], texts[1].lower(), texts[1] + "x"):
            got = self.send(runs[1], "/est/sen", self.request("sensor-1", challenge))
            self.assertIn(coap.code_text(got[0]), ("4.00", "4.03"), challenge)
        self.assertEqual(self.est.certificates(), [])
        got = self.send(runs[1], "/est/sen", self.request("sensor-1", texts[1]))
        self.assertEqual(coap.code_text(got[0]), "2.04", got)


class DiscoveryTest(FaultCase):
    def test_what_it_says(self):
        """RFC 9668 section 6: ed-comb-req only where the combined request is taken."""
        for combined in ("refuse", "accept"):
            self.home = os.path.join(self.home, combined)
            os.mkdir(self.home)
            self.start({"combined": combined}, route=COMBINED)
            path = [(coap.URI_PATH, b".well-known"), (coap.URI_PATH, b"core")]
            got = self.ask(self.client(self.proxy.address), b"", path + [(coap.URI_QUERY, b"rt=core.edhoc")],
                           mcode=coap.GET)
            self.assert_code(got, "2.05")
            text = got.payload.decode()
            self.assertTrue(text.startswith('</.well-known/edhoc>;rt="core.edhoc";ed-r;ed-csuite=2;ed-csuite=3;'), text)
            self.assertEqual(";ed-comb-req" in text, combined == "accept")
            self.assertNotIn(",", text, "one link")


if __name__ == "__main__":
    harness.main()
