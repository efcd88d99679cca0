#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""libcoap's client and server with OSCORE against our programs."""
import os
import subprocess
import time

import peers
import coap
import harness
import relay

CLIENT, SERVER = peers.libcoap("client"), peers.libcoap("server")
CRTS, SEN = "/.well-known/est/crts", "/.well-known/est/sen"


class ClientTest(peers.InteropCase):
    def start(self, extra=harness.TRUSTED, *more):
        self.start_stack(extra)
        self.context = peers.libcoap_context(self.path("client.conf"), self.new_context("libcoap"), *more)

    def ask(self, path, *args, seconds=10, sequence=""):
        """The body, or None."""
        out = self.path("out")
        if os.path.exists(out):
            os.unlink(out)
        uri = f"coap://127.0.0.1:{self.relay.address[1]}{path}"
        done = subprocess.run([*CLIENT, "-v", "5", "-B", str(seconds), "-E", self.context + sequence, "-o", out,
                               *args, uri], capture_output=True, text=True, timeout=seconds + 20, check=False)
        harness.check_output("coap-client", done.stderr)
        if not os.path.exists(out):
            return None
        with open(out, "rb") as f:
            return f.read()

    def anchors(self, *args, **kwargs):
        body = self.ask(CRTS, "-m", "get", *args, **kwargs)
        self.assertIsNotNone(body, "no answer")
        path, count = self.certificates("anchors", body)
        self.assertEqual(count, 1)
        return path

    def test_crts(self):
        self.start()
        self.anchors()
        self.check_wire()
        self.assertEqual(len(self.tap.requests()), 1)

    def test_enrol(self):
        """A request made by the openssl tool, posted by libcoap, signed by us, verified by the openssl tool."""
        self.start()
        anchors = self.anchors(sequence="," + self.path("sequence"))
        body = self.ask(SEN, "-m", "post", "-t", "286", "-A", "281", "-f", self.make_request("libcoap"),
                        sequence="," + self.path("sequence"))
        self.assertIsNotNone(body, "no answer")
        self.check_issued("libcoap", anchors, body)
        self.check_wire()
        self.check_nonces()

    def test_enrol_in_inner_blocks(self):
        self.start()
        anchors = self.anchors("-b", "64", sequence="," + self.path("sequence"))
        body = self.ask(SEN, "-m", "post", "-t", "286", "-A", "281", "-b", "64", "-f",
                        self.make_request("libcoap"), sequence="," + self.path("sequence"))
        self.assertIsNotNone(body, "no answer")
        self.check_issued("libcoap", anchors, body)
        self.check_wire()
        self.assertGreater(len(self.tap.requests()), 10)

    def test_unverified_with_inner_blocks(self):
        """The way for this client where sources may be forged: answers within three times the request."""
        self.start("echo: auto\n")
        self.anchors("-b", "128")
        self.check_wire()

    def test_unverified_without_them_ends_quietly(self):
        """It does not know outer blocks of OSCORE messages (docs/decisions/0018): no storm comes of it."""
        self.start("echo: auto\n")
        body = self.ask(CRTS, "-m", "get", seconds=5)
        print(f"libcoap, unverified, without -b: {'answer' if body else 'none'}, {len(self.wire)} datagrams")
        self.assertLess(len(self.wire), 20)
        up, down = (sum(len(d) for way, d in self.wire if way == which) for which in ("up", "down"))
        self.assertLessEqual(down, 3 * up)

    def test_server_restarted(self):
        """The protected 4.01 with Echo of RFC 8613 appendix B.1.2."""
        self.start()
        self.anchors(sequence="," + self.path("sequence"))
        self.est.stop()
        self.est.start()
        self.forget()
        self.anchors(sequence="," + self.path("sequence"))
        self.assertEqual([e[1].status for e in self.tap.exchanges()], [200, 200])
        self.check_wire()

    def test_slow_server(self):
        """Empty ACK, then a separate confirmable response, which it acknowledges."""
        self.start()
        self.tap.hook = lambda c: time.sleep(1.5) if c.way == "request" else None
        self.anchors()
        types = [(way, m.type, m.code) for way, m in ((way, coap.decode(d)) for way, d in self.wire)]
        self.assertIn(("down", coap.ACK, 0), types)
        self.assertIn(("down", coap.CON, coap.code("2.04")), types)
        print(f"libcoap {'acknowledges' if ('up', coap.ACK, 0) in types else 'does not acknowledge'} a separate response")

    def test_wrong_secret(self):
        self.start()
        context = self.new_context("other")
        context["master-secret"] = "00" * 16
        peers.libcoap_context(self.context, context)
        self.assertIsNone(self.ask(CRTS, "-m", "get", seconds=4))
        self.assertIn(b"Decryption failed", b"".join(m.payload for m in self.replies()))


class ServerTest(peers.InteropCase):
    """Our device talks to libcoap's server, without a proxy between."""

    def start(self, *more):
        self.est = harness.Est(self.home)
        provisioning = self.est.add_context("device")
        conf = peers.libcoap_context(self.path("server.conf"), peers.read_context(provisioning), *more, mirrored=True)
        port = peers.free_port()
        process = subprocess.Popen([*SERVER, "-A", "127.0.0.1", "-p", str(port), "-d", "10", "-v", "5",
                                    "-E", f"{conf},{self.path('server.sequence')}"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        harness.living.append(process)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.wire = []

        def hook(way, data):
            self.wire.append((way, data))
            return data
        self.relay = relay.Relay(("127.0.0.1", port), hook=hook)
        self.addCleanup(self.relay.stop)
        self.device = harness.Device(self.home, provisioning, self.relay.address)
        harness.wait_until(lambda: harness.run(self.home, "sealift-device", "ping", "--server",
                                               f"coap://127.0.0.1:{port}", "--timeout", "500ms",
                                               status=None).returncode == 0, 10, "coap-server")

    def test_get(self):
        self.start("rfc8613_b_1_2,bool,false")
        said = self.device.run("get", "/time")
        self.assertEqual(said["code"], "2.05")
        self.assertIn(":", said["body"], "a time of day")
        self.check_wire()

    def test_get_after_echo(self):
        """Its server asks a new client for a sign of life inside the protection."""
        self.start("rfc8613_b_1_2,bool,true")
        said = self.device.run("get", "/time")
        self.assertEqual(said["code"], "2.05")
        requests = [m for m in self.sent_requests() if m.payload]
        self.assertEqual(len({m.get(coap.OSCORE)[0] for m in requests}), 2, "challenge and answer")
        self.check_wire()

    def test_long_answer(self):
        self.start("rfc8613_b_1_2,bool,false")
        said = self.device.run("get", "/", "--block-size", "64")
        self.assertEqual(said["code"], "2.05")
        self.assertIn(b"libcoap", bytes.fromhex(said["body-hex"]))
        self.check_wire()

    def test_not_found(self):
        self.start("rfc8613_b_1_2,bool,false")
        self.assertEqual(self.device.run("get", "/nowhere", status=1)["code"], "4.04")
        self.check_wire()


if __name__ == "__main__":
    harness.main()
