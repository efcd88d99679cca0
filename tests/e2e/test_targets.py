#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Where requests may go: TLS towards the server, forward mode with its allow-list, and requests without protection,
which neither the proxy nor the server serves (RFC 8613 section 11, RFC 7252 section 5.10.2)."""
import os

import certificates
import coap
import harness


class UnprotectedTest(harness.StackCase):
    PATHS = [(coap.GET, "/est/crts"), (coap.GET, "/.well-known/est/crts"), (coap.POST, "/.well-known/est/sen"),
             (coap.POST, "/est/sen"), (coap.POST, "/.well-known/est/sren"), (coap.GET, "/.well-known/est/att"),
             (coap.PUT, "/est/crts"), (coap.DELETE, "/est/crts"), (coap.GET, "/"), (coap.POST, "/")]

    def ask_plain(self, method, path, payload=b""):
        options = [(coap.URI_PATH, part.encode()) for part in path.split("/")[1:] if part]
        if payload:
            options.append((coap.CONTENT_FORMAT, coap.uint(286)))
        return self.ask(self.client(self.proxy.address), payload, options, mcode=method)

    def test_refused_at_the_proxy(self):
        self.start_stack(harness.TRUSTED)
        for method, path in self.PATHS:
            with self.subTest(f"{method} {path}"):
                got = self.ask_plain(method, path, b"x" * 40 if method == coap.POST else b"")
                self.assert_code(got, "4.01")
                self.assertEqual(got.payload, b"")
        self.assertEqual(self.tap.seen, [])
        self.new_device("afterwards").run("enroll")

    def test_refused_at_the_server(self):
        """Even where a route lets plain requests pass, the server does not do EST without protection."""
        self.start_stack(harness.TRUSTED)
        allowed = ", ".join(f'"{path}"' for path in sorted({p for _, p in self.PATHS} | {"/.well-known/core"}))
        proxy = self.start_proxy(harness.proxy_config(self.tap.url, harness.TRUSTED,
                                                      route=f"    allow-plain: [{allowed}]\n"))
        self.proxy = proxy
        for method, path in self.PATHS:
            with self.subTest(f"{method} {path}"):
                got = self.ask_plain(method, path, b"x" * 40 if method == coap.POST else b"")
                self.assertIsNotNone(got)
                self.assertEqual(got.code >> 5, 4, repr(got))
        self.assertEqual(len(self.tap.requests()), len(self.PATHS))
        got = self.ask_plain(coap.GET, "/.well-known/core")
        self.assert_code(got, "2.05")
        self.assertEqual(got.uint(coap.CONTENT_FORMAT), 40)
        self.assertIn(b"crts", got.payload)


class TlsTest(harness.StackCase):
    """The hop between proxy and server under TLS (RFC 8613 section 12.1 recommends it)."""

    def start(self, trusted):
        ca = certificates.Authority(os.path.join(self.home, "ca"))
        ca.server("est")
        self.est = harness.Est(self.home)
        self.est.rewrite(lambda text: text.replace(
            "port: 0", f"port: 0\n  tls-certificate: {ca.path('est.pem')}\n  tls-key: {ca.path('est.key')}"))
        self.est.start()
        self.addCleanup(self.est.stop)
        ca_file = ca.ca_file if trusted else certificates.Authority(os.path.join(self.home, "other")).ca_file
        route = f'    ca-file: {ca_file}\n    addresses: ["127.0.0.0/8", "::1"]\n'
        proxy = self.start_proxy(harness.proxy_config(f"https://localhost:{self.est.port}/", route=route))
        return harness.Device(self.home, self.est.add_context("tls"), proxy.address)

    def test_enrol(self):
        device = self.start(True)
        device.run("enroll")
        first = device.verify()
        device.run("reenroll", "--rekey")
        self.assertNotEqual(device.verify(), first)

    def test_server_that_nobody_vouches_for(self):
        device = self.start(False)
        said = device.run("enroll", "--timeout", "500ms", status=1)
        self.assertIn("5.02", said["text"])
        self.assertEqual(self.est.certificates(), [])


class ForwardTest(harness.StackCase):
    def setUp(self):
        super().setUp()
        self.change = None
        self.start_stack(harness.TRUSTED, forward=True, hook=lambda way, data:
                         self.change(data) if way == "up" and self.change else data)
        self.target = f"http://127.0.0.1:{self.tap.port}"

    def test_proxy_scheme(self):
        device = self.new_device("forward", "--target", self.target)
        device.run("enroll")
        device.verify()
        for m in self.sent_requests():
            self.assertEqual((m.get(coap.PROXY_SCHEME), m.get(coap.URI_HOST), m.uint(coap.URI_PORT)),
                             ([b"http"], [b"127.0.0.1"], self.tap.port))
            self.assertEqual(m.get(coap.URI_PATH), [], "inside the protection")
        self.assertEqual({c.head.split(b"\r\n")[0] for c in self.tap.requests()}, {b"POST / HTTP/1.1"})

    def test_proxy_uri(self):
        """The same as one option, as other clients write it."""
        def change(data):
            m = coap.decode(data)
            if m.code:
                m.options = [o for o in m.options if o[0] not in (coap.PROXY_SCHEME, coap.URI_HOST, coap.URI_PORT)]
                m.options.append((coap.PROXY_URI, self.target.encode() + b"/"))
            return m.encode()
        self.change = change
        device = self.new_device("forward", "--target", self.target)
        device.run("enroll")
        device.verify()

    def test_not_on_the_list(self):
        for target in ("http://127.0.0.1:1", "https://127.0.0.1", "http://localhost"):
            device = self.new_device("no-" + target.split("/")[2].replace(":", "-") + target[:5].replace(":", ""),
                                     "--target", target)
            self.forget()
            said = device.run("crts", "--timeout", "500ms", status=1)
            self.assertIn("5.05", said["text"])
            for got in self.replies():
                self.assert_code(got, "5.05")
        self.assertEqual(self.tap.seen, [])

    def test_no_route(self):
        device = self.new_device("reverse")
        said = device.run("crts", "--timeout", "500ms", status=1)
        self.assertIn("4.04", said["text"])
        self.assertEqual(self.tap.seen, [])


if __name__ == "__main__":
    harness.main()
