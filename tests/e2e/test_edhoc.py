#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""EDHOC from the device through the proxy to the server, and the enrolment under its context: all methods, all kinds of
credentials, and those that are refused. On the HTTP hop each message is looked at."""
import os
import subprocess

import coap
import edhoc
import harness


def describe(path):
    """SHA-256 of the certificate in a PEM file, as openssl says it."""
    done = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", path], check=True,
                          capture_output=True, text=True)
    return done.stdout.strip().split("=")[1]


class MethodsTest(edhoc.Case):
    """Methods 0 to 3, each with suites 2, 3 and 0: the device signs with 0 and 1, the server with 0 and 2."""

    def setUp(self):
        super().setUp()
        self.keys = {("dh", 2): "P-256", ("dh", 0): "X25519", ("sign", 2): "P-256", ("sign", 0): "ED25519"}
        kid = iter(range(1, 20))
        self.ours = {k: edhoc.RawKey(self.home, f"server-{k[0]}-{k[1]}", bytes([0x20, next(kid)]), curve)
                     for k, curve in self.keys.items()}
        self.theirs = {k: edhoc.RawKey(self.home, f"sensor-{k[0]}-{k[1]}", bytes([0x60, next(kid)]), curve)
                       for k, curve in self.keys.items()}
        more = "".join(f"    - key: {raw.key}\n      credential: {raw.path}\n"
                       f"      use: {'static-dh' if k[0] == 'dh' else 'signature'}\n      send: kid\n"
                       for k, raw in self.ours.items() if k[1] == 0)
        peers = [edhoc.peer(raw.path, raw.subject) for raw in self.theirs.values()]
        self.start_edhoc(peers, {"methods": "[0, 1, 2, 3]", "suites": "[2, 3, 0]"}, more)

    def enrol(self, method, suite):
        family = 0 if suite == 0 else 2
        own = self.theirs["sign" if method in (0, 1) else "dh", family]
        use = "sign" if method in (0, 2) else "dh"
        peer = self.ours[use, 0].path if family == 0 else self.server_sign if use == "sign" else self.server_dh
        device = edhoc.Device(self.home, self.relay.address, own.key, own.path, "--peer", peer, "--method",
                              str(method), "--suites", str(suite))
        device.run("enroll")
        device.verify()
        return own.subject

    def check(self, method):
        for suite in (2, 3, 0):
            with self.subTest(f"method {method}, suite {suite}"):
                self.forget()
                identity = self.enrol(method, suite)
                self.assertIn(identity, [c["identity"] for c in self.est.certificates()])
                self.check_hop()
                self.assertEqual([r.status for _, r in self.edhoc_crossings()], [200, 204])
        self.check_nonces()

    def test_method_0(self):
        self.check(0)

    def test_method_1(self):
        self.check(1)

    def test_method_2(self):
        self.check(2)

    def test_method_3(self):
        self.check(3)


class CredentialsTest(edhoc.Case):
    """Each kind of ID_CRED, by reference and by value."""

    def setUp(self):
        super().setUp()
        self.raw = edhoc.RawKey(self.home, "raw-1", b"\x31\x32")
        self.maker = edhoc.Certificates(self.home)
        self.key, self.cert = self.maker.issue("cert-1")
        self.c509 = os.path.join(self.home, "cert-1.c509")
        harness.run(self.home, "sealift-device", "credential", "--encode", self.cert, "--out", self.c509)
        self.start_edhoc([edhoc.peer(self.raw.path, "raw-1"), edhoc.peer(self.cert, "exact-1"),
                          edhoc.peer(self.c509, "c509-1"),
                          edhoc.anchor(self.maker.ca, "made-{common-name}")])

    def enrol(self, identity, key, credential, send, *args):
        device = edhoc.Device(self.home, self.relay.address, key, credential, "--send", send, "--identity", identity,
                              *args)
        device.run("enroll")
        device.verify()
        self.check_hop()
        self.assertEqual([c["identity"] for c in self.est.certificates()], [identity])

    def test_kid(self):
        self.enrol("raw-1", self.raw.key, self.raw.path, "kid", "--peer", self.server_dh)

    def test_kccs(self):
        self.enrol("raw-1", self.raw.key, self.raw.path, "kccs", "--peer", self.server_dh)

    def test_x5t(self):
        self.enrol("exact-1", self.key, self.cert, "x5t", "--peer", self.server_sign)

    def test_x5chain_known(self):
        """Both rules fit; a certificate that is named goes before its authority."""
        self.enrol("exact-1", self.key, self.cert, "x5chain", "--peer", self.server_sign)

    def test_x5chain_under_an_anchor(self):
        key, cert = self.maker.issue("other")
        self.enrol("made-other", key, cert, "x5chain", "--peer", self.server_sign)

    def test_anchors_at_the_device(self):
        """The server's certificate is known by its authority, purpose and name."""
        anchors = os.path.join(self.est.folder, "ca.pem")
        device = edhoc.Device(self.home, self.relay.address, self.key, self.cert, "--anchors", anchors, "--peer-name",
                              "Another")
        device.run("enroll", "--timeout", "20s", status=1)
        self.assertEqual(self.est.certificates(), [])
        self.enrol("exact-1", self.key, self.cert, "x5t", "--anchors", anchors, "--peer-name", "Test CA EST")

    def test_c5t(self):
        self.enrol("c509-1", self.key, self.c509, "c5t", "--peer", self.server_sign)

    def test_c5c(self):
        self.enrol("c509-1", self.key, self.c509, "c5c", "--peer", self.server_sign)

    def test_static_dh_in_a_certificate(self):
        key, cert = self.maker.issue("agrees", "keyAgreement")
        self.enrol("made-agrees", key, cert, "x5chain", "--peer", self.server_dh, "--method", "3")


class LongIdentifierTest(edhoc.Case):
    """c-r-length: the server's identifier has that many bytes at least; a device goes on as ever."""

    def test_four_bytes(self):
        raw = edhoc.RawKey(self.home, "raw-1", b"\x31\x32")
        self.start_edhoc([edhoc.peer(raw.path, "raw-1")], {"c-r-length": 4})
        device = self.raw_device(raw, "--send", "kid", "--identity", "raw-1")
        device.run("enroll")
        device.verify()
        third = self.edhoc_crossings()[1][0]
        self.assertEqual(third.body[0], 0x44, "a byte string of four, before message_3")


class RefusedTest(edhoc.Case):
    """Who is not believed gets one refusal and no certificate, and learns nothing from it."""

    def setUp(self):
        super().setUp()
        self.good = edhoc.RawKey(self.home, "good-1", b"\x11")
        self.maker = edhoc.Certificates(self.home)
        self.revoked = os.path.join(self.home, "revoked.txt")
        self.revoke("# none yet")
        self.start_edhoc([edhoc.peer(self.good.path, "good-1"), edhoc.anchor(self.maker.ca, "made-{common-name}")],
                         {"revoked": self.revoked})

    def revoke(self, line):
        with open(self.revoked, "a", encoding="utf-8") as f:
            f.write(line + "\n")

    def refuse(self, device):
        said = device.run("enroll", "--timeout", "20s", status=1)
        self.assertEqual(self.est.certificates(), [])
        self.assertEqual([c for c in self.tap.seen if c.oscore], [], "no OSCORE message was sent")
        self.check_hop()
        return said

    def last_refusal(self):
        request, response = self.edhoc_crossings()[-1]
        self.assertEqual(response.status, 400)
        return request, response

    def test_unknown_ones_look_alike(self):
        bodies = set()
        stranger = edhoc.RawKey(self.home, "stranger", b"\x77")
        thief = edhoc.RawKey(self.home, "good-1", self.good.kid)  # the right name and kid, another key
        foreign = edhoc.Certificates(self.home).issue("foreign")
        wrong_use = self.maker.issue("wrong-use", "keyAgreement")
        late = self.maker.issue("revoked")
        self.revoke(describe(late[1]))
        peers = ["--peer", self.server_dh, "--peer", self.server_sign]
        for name, key, cred, args in (
                ("unknown kid", stranger.key, stranger.path, ["--send", "kid"]),
                ("unknown claims set", stranger.key, stranger.path, ["--send", "kccs"]),
                ("known kid, other key", thief.key, thief.path, ["--send", "kid"]),
                ("other authority", *foreign, ["--send", "x5chain", "--method", "0"]),
                ("wrong key usage", *wrong_use, ["--send", "x5chain", "--method", "0"]),
                ("unknown hash", *foreign, ["--send", "x5t", "--method", "0"]),
                ("revoked", *late, ["--send", "x5chain", "--method", "0"])):
            with self.subTest(name):
                self.forget()
                self.refuse(edhoc.Device(self.home, self.relay.address, key, cred, *peers, *args))
                bodies.add(self.last_refusal()[1].body)
        self.assertEqual(len(bodies), 1, "one shape")
        self.raw_device(self.good).run("enroll")

    def test_the_wrong_server(self):
        """The device knows another one: it says so to this one, and sends nothing under OSCORE."""
        other = edhoc.RawKey(self.home, "Test CA", self.server_kid())
        said = self.refuse(edhoc.Device(self.home, self.relay.address, self.good.key, self.good.path, "--peer",
                                        other.path))
        self.assertNotEqual(said["outcome"], "done")
        (_, answer), (request, taken) = self.edhoc_crossings()
        self.assertEqual((answer.status, taken.status), (200, 204), "message_2; an error message")
        self.assertIn(edhoc.behind_c_r(request.body)[0], (1, 3), "no message_3")

    def server_kid(self):
        """Of its raw key: the kid in the COSE_Key of RFC 9529's form."""
        at = self.server_cred.index(b"\x02", self.server_cred.index(b"\x08\xa1\x01") + 3)
        size = self.server_cred[at + 1] & 31
        return self.server_cred[at + 2:at + 2 + size]

    def test_revoked_later(self):
        """What EDHOC gave ends soon after the credential is revoked, and there is nothing new."""
        key, cert = self.maker.issue("once-good")
        client, i = self.client(self.proxy.address), self.initiator()
        own = edhoc.RawKey(self.home, "x", b"x")
        own.private, own.cred = edhoc.key_bytes(key)[0], edhoc.cred_of(cert)
        own.id_cred = edhoc.encode({edhoc.X5CHAIN: edhoc.der_of(cert)})
        with open(self.server_sign, encoding="utf-8") as _:
            run = edhoc.complete(self, i, client, own, edhoc.cred_of(self.server_sign), 0)
        self.assertEqual(edhoc.get(client, run.context, "/est/att")[0], coap.code("2.05"))
        self.revoke(describe(cert))

        def is_over():
            return edhoc.get(client, run.context, "/est/att")[0] == coap.code("4.01")
        harness.wait_until(is_over, what="the server notices")
        self.forget()
        device = edhoc.Device(self.home, self.relay.address, key, cert, "--peer", self.server_sign)
        self.refuse(device)
        self.raw_device(self.good).run("enroll")

    def test_message_1_that_is_none(self):
        client = self.client(self.proxy.address)
        for name, body in (("garbage", b"\xff\xff"), ("nothing behind the prefix", b"\xf5"),
                           ("a method that is none", b"\xf5\x04\x02\x58\x20" + bytes(32) + b"\x05"),
                           ("a point that is none", b"\xf5\x03\x02\x58\x20" + b"\xff" * 32 + b"\x05"),
                           ("only C_R", b"\x05"), ("a map", b"\xa0\xa0")):
            with self.subTest(name):
                got = edhoc.post(client, body)
                self.assert_code(got, "4.00")
                self.assertEqual(got.uint(coap.CONTENT_FORMAT), edhoc.EDHOC)
                self.assertTrue(edhoc.is_error(got.payload))
        self.check_hop()

    def test_other_plain_requests(self):
        """What helps EDHOC opens nothing else (proxy: 4.01; server: by method and type)."""
        client = self.client(self.proxy.address)
        good = edhoc.Run(self.initiator(), 3, [2], self.good).message_1
        for path in ("/est/crts", "/.well-known/est/sen", "/.well-known/edhoc/x", "/.well-known", "/edhoc", "/"):
            options = [(coap.URI_PATH, p.encode()) for p in path.split("/")[1:] if p]
            for method in (coap.GET, coap.POST):
                got = self.ask(client, b"\xf5" + good if method == coap.POST else b"", options, mcode=method)
                self.assert_code(got, "4.01", path)
        self.assertEqual(self.tap.seen, [], "the proxy's own refusals")
        for method, code in ((coap.GET, "4.05"), (coap.PUT, "4.05"), (coap.DELETE, "4.05")):
            self.assert_code(self.ask(client, b"", edhoc.PATH, mcode=method), code)
        for content_format in (0, 60, 64, 286):
            self.assert_code(edhoc.post(client, b"\xf5" + good, content_format), "4.15", content_format)
        self.assert_code(edhoc.post(client, b"\xf5" + good, None), "2.04", "no format at all is fine")


if __name__ == "__main__":
    harness.main()
