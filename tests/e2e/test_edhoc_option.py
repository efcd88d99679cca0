#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Option 21 and the proxy (RFC 9668): what the origin gets to see of it, in both modes, and what it never does."""
import coap
import edhoc
import harness
import origin

EDHOC = (coap.EDHOC, b"")
ERROR = b"\x01\x61x"


class OptionTest(harness.Case):
    def start(self, header, forward=False, raw=None):
        def behave(_origin, conn, request):
            if raw is not None:
                conn.sendall(raw)
            else:
                conn.sendall(origin.oscore_ok(request.body[:30]))
        self.origin = origin.Origin(behave)
        self.addCleanup(self.origin.stop)
        route = edhoc.PLAIN + ("    edhoc-header: true\n" if header else "")
        make = harness.forward_config([self.origin.url], harness.TRUSTED, route=route) if forward else \
            harness.proxy_config(self.origin.url, harness.TRUSTED, route=route)
        self.proxy = self.start_proxy(make)
        self.to = [(coap.PROXY_URI, self.origin.url.encode())] if forward else []
        return self.client(self.proxy.address)

    def sealed(self, c, *more, mcode=coap.POST, payload=b"m" * 40):
        return self.ask(c, payload, [harness.OPTION, *self.to, *more], mcode=mcode)

    def check_passes(self, forward):
        c = self.start(True, forward)
        for options, field in (((), []), ((EDHOC,), ["?1"]), (((coap.EDHOC, b"value"),), ["?1"])):
            got = self.sealed(c, *options)
            self.assert_code(got, "2.04")
            self.assertEqual(got.get(coap.EDHOC), [], "in requests only")
            request = self.origin.requests[-1]
            self.assertEqual(request.get("CoAP-EDHOC"), field)
            self.assertEqual((request.method, request.get("OSCORE")), ("POST", ["CQEU"]))
        count = len(self.origin.requests)
        self.assert_code(self.sealed(c, EDHOC, EDHOC), "4.02", "twice")
        self.assert_code(self.ask(c, b"m" * 40, [*self.to, EDHOC]), "4.00", "without OSCORE")
        plain = [] if forward else edhoc.PATH
        uri = [(coap.PROXY_URI, self.origin.url.encode() + b".well-known/edhoc")] if forward else []
        self.assert_code(self.ask(c, b"m" * 40, [*uri, *plain, EDHOC]), "4.00", "beside the EDHOC resource")
        self.assertEqual(len(self.origin.requests), count)

    def test_passes_in_reverse_mode(self):
        self.check_passes(False)

    def test_passes_in_forward_mode(self):
        self.check_passes(True)

    def test_refused_by_default(self):
        for forward in (False, True):
            c = self.start(False, forward)
            for options in ((EDHOC,), (EDHOC, EDHOC), ((coap.EDHOC, b"x"),)):
                self.assert_code(self.sealed(c, *options), "4.02")
            self.assert_code(self.sealed(c), "2.04", "the sequential flow goes on")
            self.assertEqual(len(self.origin.requests), 1)

    def test_a_header_of_that_name_comes_from_no_other_option(self):
        """No plain request, and no option that a client makes up, becomes the field."""
        c = self.start(True)
        self.ask(c, b"\xf5m", [*edhoc.PATH, (coap.CONTENT_FORMAT, coap.uint(65))])
        self.ask(c, b"\xf5m", [*edhoc.PATH, (coap.URI_QUERY, b"CoAP-EDHOC: ?1"), (2048, b"CoAP-EDHOC: ?1")])
        self.assertEqual(len(self.origin.requests), 2)
        for request in self.origin.requests:
            self.assertEqual(request.get("CoAP-EDHOC"), [])

    def test_blocks(self):
        """Outer blocks come together first (RFC 9668 section 3.3.1); each carries the option."""
        c = self.start(True)
        body = bytes(range(200)) * 6
        for num in range(2):
            part = body[num * 1024:(num + 1) * 1024]
            got = self.sealed(c, EDHOC, (coap.BLOCK1, coap.block(num, num == 0, 6)), payload=part)
            self.assert_code(got, "2.31" if num == 0 else "2.04")
        self.assertEqual([(r.body, r.get("CoAP-EDHOC")) for r in self.origin.requests], [(body, ["?1"])])
        self.assert_code(self.sealed(c, EDHOC, (coap.BLOCK1, coap.block(0, True, 6)), payload=body[:1024]), "2.31")
        got = self.sealed(c, (coap.BLOCK1, coap.block(1, False, 6)), payload=body[1024:])
        self.assert_code(got, "4.08", "another request")
        self.assertEqual(len(self.origin.requests), 1)

    def test_errors_keep_their_format(self):
        raw = (b"HTTP/1.1 400 x\r\nContent-Type: application/edhoc+cbor-seq\r\nContent-Length: %d\r\n\r\n%s"
               % (len(ERROR), ERROR))
        for status, code in ((b"400", "4.00"), (b"500", "5.00")):
            c = self.start(True, raw=raw.replace(b"400", status, 1))
            got = self.sealed(c, EDHOC)
            self.assert_code(got, code)
            self.assertEqual((got.uint(coap.CONTENT_FORMAT), got.payload), (64, ERROR))
            self.assertEqual((got.uint(coap.MAX_AGE), got.get(coap.OSCORE)), (0, []))
            got = self.sealed(c)
            self.assertEqual((got.get(coap.CONTENT_FORMAT), got.payload), ([], b""), "nobody asked for EDHOC")
            self.assert_code(got, "4.00" if code == "4.00" else "5.02")


if __name__ == "__main__":
    harness.main()
