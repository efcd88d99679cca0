#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The real sealift-proxy on loopback between a CoAP client and an HTTP origin of the tests' own.

usage: proxy_smoke.py SEALIFT-PROXY [unittest arguments]
"""
import os
import random
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import coap
import harness
import origin

BINARY = None
OPTION = (coap.OSCORE, bytes.fromhex("090114"))
SLOW_S = 3.0
LATE_S = 10.0  # on a busy machine; what is due when to the millisecond: tests/scenario
UNSHARED = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]


class Proxy:
    """One running proxy with a configuration in a folder of its own."""

    def __init__(self, config, env=None, resolver=None):
        self.folder = tempfile.mkdtemp(prefix="proxy-smoke-")
        self.path = os.path.join(self.folder, "proxy.yaml")
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(harness.with_transport(config))
        self.log_path = os.path.join(self.folder, "log")
        self.log_file = open(self.log_path, "wb")
        command = [BINARY, "-c", self.path]
        if resolver is not None:
            servers = os.path.join(self.folder, "resolv.conf")
            with open(servers, "w", encoding="utf-8") as f:
                f.write(f"nameserver {resolver}\n")
            command = UNSHARED + ['mount --bind "$0" /etc/resolv.conf && exec "$@"', servers] + command
        self.process = subprocess.Popen(command, stderr=self.log_file, env=env)
        self.wait_for(r"worker-started")
        found = re.findall(r"listening on (\S+):(\d+)", self.log())
        self.ports = [int(port) for _, port in found]
        self.address = ("127.0.0.1", self.ports[0])

    def log(self):
        with open(self.log_path, encoding="utf-8") as f:
            return f.read()

    def wait_for(self, pattern, seconds=60.0, count=1):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.findall(pattern, self.log())
            if len(found) >= count:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"no {pattern!r} in the log:\n{self.log()}")

    def stop(self, seconds=15):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        self.log_file.close()
        shutil.rmtree(self.folder)
        return status


def config(url, extra="", limits="", route=""):
    return (f'listen: ["127.0.0.1:0"]\n{extra}\n'
            f'routes:\n  - path: /\n    origin: "{url}"\n    plain-http: ["127.0.0.0/8"]\n{route}\n'
            f'limits:\n  drain-timeout: 8s\n{limits}\n')


TRUSTED = 'trusted-prefixes: ["127.0.0.0/8", "::1"]\n'


def echo_body(_origin, conn, request):
    conn.sendall(origin.oscore_ok(request.body))


def slow(seconds):
    def behave(_origin, conn, request):
        time.sleep(seconds)
        conn.sendall(origin.oscore_ok(request.body))
    return behave


class ProxyTest(unittest.TestCase):
    def start(self, behave, make=config, env=None, **kwargs):
        self.origin = origin.Origin(behave)
        self.addCleanup(self.origin.stop)
        proxy = Proxy(make(self.origin.url, **kwargs), env=env)
        self.proxy = proxy
        self.addCleanup(lambda: self.assertEqual(proxy.stop(), 0, "exit status"))
        return proxy

    def client(self, address=None):
        c = coap.Client(address or self.proxy.address)
        self.addCleanup(c.close)
        return c

    def ask(self, c, payload, options=(OPTION,), seconds=coap.PATIENCE_S, mcode=coap.POST):
        return c.exchange(c.message(mcode, list(options), payload), seconds, echo=False)

    def assertCode(self, got, text):
        self.assertIsNotNone(got, "no answer")
        self.assertEqual(coap.code_text(got.code), text, repr(got))

    def test_piggybacked_answer(self):
        self.start(echo_body)
        c = self.client()
        payload = bytes(range(256)) * 2
        got = self.ask(c, payload)
        self.assertCode(got, "2.04")
        self.assertEqual(got.type, coap.ACK)
        self.assertEqual(got.payload, payload)
        self.assertEqual(got.get(coap.OSCORE), [b""])
        request = self.origin.requests[0]
        self.assertEqual((request.method, request.target), ("POST", "/"))
        self.assertEqual(request.body, payload)
        want = {"Host": f"127.0.0.1:{self.origin.port}", "Content-Type": "application/oscore",
                "OSCORE": "CQEU", "Content-Length": "512", "Accept-Encoding": "identity",
                "Cache-Control": "no-store"}
        self.assertEqual(dict(request.fields), want)
        self.assertEqual(len(request.fields), len(want))

    def test_slow_origin_unverified_peer_gets_one_non(self):
        self.start(slow(SLOW_S))
        c = self.client()
        m = c.message(coap.POST, [OPTION], b"x" * 60)
        begun = time.monotonic()
        c.send(m)
        got = c.receive(LATE_S)
        self.assertTrue(0.4 <= time.monotonic() - begun < SLOW_S, "empty ACK after 500 ms")
        self.assertEqual((got.type, got.code, got.mid), (coap.ACK, 0, m.mid))
        got = c.receive(LATE_S)
        self.assertEqual((got.type, coap.code_text(got.code), got.token), (coap.NON, "2.04", m.token))
        self.assertIsNone(c.receive(3.5), "never retransmitted")
        c.send(m)
        got = c.receive(LATE_S)
        self.assertEqual((got.type, got.code), (coap.ACK, 0), "a duplicate gets the empty ACK again")
        self.assertEqual(len(self.origin.requests), 1)

    def test_slow_origin_trusted_peer_gets_con_until_acknowledged(self):
        self.start(slow(1.5), extra=TRUSTED)
        c = self.client()
        m = c.message(coap.POST, [OPTION], b"x" * 60)
        c.send(m)
        self.assertEqual(c.receive(LATE_S).code, 0)
        first = c.receive(LATE_S)
        self.assertEqual((first.type, coap.code_text(first.code), first.token),
                         (coap.CON, "2.04", m.token))
        again = c.receive(LATE_S)
        self.assertEqual(again.encode(), first.encode(), "retransmitted as it was")
        c.send(coap.Message(coap.ACK, 0, again.mid))
        self.assertIsNone(c.receive(7.0), "acknowledged, so no more")

    def test_dead_origin(self):
        dead = origin.Origin(echo_body)
        dead.stop()
        self.start(echo_body, make=lambda _url: config(dead.url))
        got = self.ask(self.client(), b"x" * 40)
        self.assertCode(got, "5.02")
        self.assertEqual(got.uint(coap.MAX_AGE), 0)

    def test_silent_origin(self):
        self.start(origin.silent(30), limits="  total-timeout: 1s\n  connect-timeout: 1s\n  queue-age: 1s\n")
        c = self.client()
        got = self.ask(c, b"x" * 40, seconds=LATE_S)
        self.assertCode(got, "5.04")
        self.assertEqual(len(self.origin.requests), 1)

    def test_bad_origins(self):
        ok = origin.OSCORE_OK
        cases = [
            ("no HTTP", b"hello\r\n\r\n", "5.02"),
            ("HTTP/0.9", b"<html>", "5.02"),
            ("early end", ok % (100, b"abc"), "5.02"),
            ("no OSCORE", b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nContent-Length: 1\r\n\r\nx",
             "5.02"),
            ("two lengths", b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\n"
             b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "5.02"),
            ("length and chunks", b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\n"
             b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "5.02"),
            ("folded", b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\n x\r\n"
             b"Content-Length: 1\r\n\r\nx", "5.02"),
            ("OSCORE in a trailer", b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\n"
             b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nOSCORE: AA\r\n\r\n", "5.02"),
            ("bad chunk", b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\n"
             b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n", "5.02"),
            ("many lines", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100 + b"\r\n", "5.02"),
            ("long head", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20000 + b"\r\n\r\n", "5.02"),
            ("large body", ok % (70000, b"x" * 70000), "5.02"),
            ("redirect", b"HTTP/1.1 307 x\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", "5.02"),
            ("408", b"HTTP/1.1 408 x\r\nContent-Length: 0\r\n\r\n", "5.04"),
            ("403", b"HTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n", "4.01"),
            ("interim heads", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: y\r\n\r\n" + ok % (2, b"ok"),
             "2.04"),
            ("chunks", b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\n"
             b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n", "2.04"),
        ]
        say = [b""]

        def behave(_origin, conn, _request):
            conn.sendall(say[0])
            return False
        self.start(behave)
        c = self.client()
        for name, raw, want in cases:
            with self.subTest(name):
                say[0] = raw
                self.assertCode(self.ask(c, b"x" * 40), want)
                # an end that crosses the next request on the wire would be taken for its own
                harness.wait_until(lambda: self.origin.open == 0, what="the origin closes")
        self.assertEqual(len(self.origin.requests), len(cases), "one request each, no redirect followed")

    def test_closed_without_a_word_is_never_sent_again(self):
        turn = [0]

        def behave(_origin, conn, request):
            turn[0] += 1
            if turn[0] % 2 == 0:
                return False  # on a connection that was kept alive
            conn.sendall(origin.oscore_ok(request.body))
            return True
        self.start(behave, limits="  requests-per-second: 0\n")
        c = self.client()
        codes = [coap.code_text(self.ask(c, b"x" * 40).code) for _ in range(200)]
        self.assertEqual(codes, ["2.04", "5.04"] * 100)
        self.assertEqual(len(self.origin.requests), 200)

    def test_blocks_both_ways(self):
        for trusted in (TRUSTED, ""):
            self.start(echo_body, extra=trusted)
            c = self.client()
            body = random.Random(1).randbytes(5000)
            for num in range(5):
                part = body[num * 1024:(num + 1) * 1024]
                more = num < 4
                got = self.ask(c, part, [OPTION, (coap.BLOCK1, coap.block(num, more, 6))])
                self.assertCode(got, "2.31" if more else "2.04")
                self.assertEqual(got.uint(coap.BLOCK1), num << 4 | more << 3 | 6)
            answer = got.payload
            while got.uint(coap.BLOCK2) & 8:
                szx = got.uint(coap.BLOCK2) & 7  # may shrink: a follow-up has a budget of its own
                m = c.message(coap.POST, [OPTION, (coap.BLOCK2, coap.block(len(answer) >> szx + 4, 0, szx))])
                got = c.exchange(m)
                self.assertCode(got, "2.04")
                answer += got.payload
            self.assertEqual(answer, body)
            self.assertEqual(len(self.origin.requests), 1)
            self.assertEqual(self.origin.requests[0].body, body)

    def test_unverified_peer_gets_no_more_than_three_times(self):
        self.start(lambda _o, conn, _r: conn.sendall(origin.oscore_ok(b"y" * 4000)))
        c = self.client()
        m = c.message(coap.POST, [OPTION], b"x" * 60)
        got = c.exchange(m, echo=False)
        self.assertCode(got, "2.04")
        self.assertLessEqual(len(c.seen[-1]), 3 * len(m.encode()))
        self.assertGreaterEqual(len(got.payload), 64)

    def test_hostile_environment(self):
        env = dict(os.environ, http_proxy="http://127.0.0.1:9", HTTPS_PROXY="http://127.0.0.1:9",
                   all_proxy="http://127.0.0.1:9", HOME="/nonexistent")
        self.start(echo_body, env=env)
        self.assertCode(self.ask(self.client(), b"x" * 40), "2.04")

    def test_name_that_leads_to_an_address_not_named(self):
        def make(url):
            return config(url.replace("127.0.0.1", "localhost"), ).replace('["127.0.0.0/8"]', '["10.0.0.0/8"]')
        self.start(echo_body, make=make)
        self.assertCode(self.ask(self.client(), b"x" * 40), "5.02")
        self.assertEqual(self.origin.connections, 0)

    def test_forward_mode(self):
        def make(url):
            return (f'listen: ["127.0.0.1:0"]\nforward:\n  allow:\n'
                    f'    - origin: "{url}"\n      plain-http: ["127.0.0.0/8"]\n')
        self.start(echo_body, make=make)
        c = self.client()
        uri = (coap.PROXY_URI, self.origin.url.encode())
        self.assertCode(self.ask(c, b"x" * 40, [OPTION, uri]), "2.04")
        by_parts = [OPTION, (coap.URI_HOST, b"127.0.0.1"), (coap.URI_PORT, coap.uint(self.origin.port)),
                    (coap.PROXY_SCHEME, b"http")]
        self.assertCode(self.ask(c, b"y" * 40, by_parts), "2.04")
        for bad in (b"http://127.0.0.1:1/", b"http://localhost/", b"https://169.254.169.254/", b"file:///etc/x",
                    b"http://127.1/", b"http://2130706433/", b"http://a@127.0.0.1/"):
            self.assertCode(self.ask(c, b"x" * 40, [OPTION, (coap.PROXY_URI, bad)]), "5.05")
        self.assertCode(self.ask(c, b"x" * 40), "4.04")
        self.assertEqual([r.target for r in self.origin.requests], ["/", "/"])

    def test_ipv6_and_two_workers(self):
        def make(url):
            limits = "  requests-per-second: 0\n"  # 33 from one address, as fast as they go
            return config(url, extra="workers: 2", limits=limits).replace('"127.0.0.1:0"', '"127.0.0.1:0", "[::1]:0"')
        proxy = self.start(echo_body, make=make)
        proxy.wait_for("worker-started", count=2)
        six = coap.Client(("::1", proxy.ports[1]), coap.socket.AF_INET6)
        self.addCleanup(six.close)
        self.assertCode(self.ask(six, b"six" * 20), "2.04")
        clients = [self.client() for _ in range(32)]
        for c in clients:
            self.assertCode(self.ask(c, b"x" * 40), "2.04")
        proxy.process.send_signal(signal.SIGTERM)
        shares = proxy.wait_for(r"event=stop worker=\d requests=(\d+)", count=2)
        self.assertTrue(all(int(n) > 0 for n in shares), f"both workers serve: {shares}")

    def test_second_instance_fails_loudly(self):
        proxy = self.start(echo_body, extra="workers: 2")
        with open(proxy.path, encoding="utf-8") as f:
            text = f.read().replace("127.0.0.1:0", f"127.0.0.1:{proxy.ports[0]}", 1)
        for host in ("127.0.0.1", "0.0.0.0"):
            path = os.path.join(proxy.folder, "second.yaml")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text.replace("127.0.0.1", host, 1))
            second = subprocess.run([BINARY, "-c", path], capture_output=True, text=True, timeout=10)
            self.assertEqual(second.returncode, 1, second.stderr)
            self.assertIn("the port is taken", second.stderr)
        self.assertCode(self.ask(self.client(), b"x" * 40), "2.04")

    def test_terminate_drains(self):
        proxy = self.start(slow(2.0), extra=TRUSTED, make=lambda url, extra: config(url, extra).replace("8s", "60s"))
        c, late = self.client(), self.client()
        m = c.message(coap.POST, [OPTION], b"x" * 40)
        c.send(m)
        self.assertEqual(c.receive(LATE_S).code, 0)
        proxy.process.send_signal(signal.SIGTERM)
        proxy.wait_for("event=drain")
        got = self.ask(late, b"x" * 40)
        self.assertCode(got, "5.03")
        self.assertEqual(got.uint(coap.MAX_AGE), 10)
        got = c.receive(LATE_S)
        self.assertEqual((coap.code_text(got.code), got.token), ("2.04", m.token))
        again = c.receive(LATE_S)
        self.assertIsNotNone(again, "an answer that was not acknowledged is still repeated")
        self.assertEqual(c.seen[-1], c.seen[-2])
        self.assertIsNone(proxy.process.poll())
        c.send(coap.Message(coap.ACK, 0, got.mid))
        self.assertEqual(proxy.process.wait(LATE_S), 0)
        self.assertEqual(len(self.origin.requests), 1)

    def test_drain_ends_in_its_time(self):
        proxy = self.start(slow(0.8), extra=TRUSTED, make=lambda url, extra: config(url, extra).replace("8s", "2s"))
        c = self.client()
        c.send(c.message(coap.POST, [OPTION], b"x" * 40))
        self.assertEqual(c.receive(LATE_S).code, 0)
        begun = time.monotonic()
        proxy.process.send_signal(signal.SIGTERM)
        self.assertEqual(coap.code_text(c.receive(LATE_S).code), "2.04")
        # a worker that does not end in its time is killed, which is no 0
        self.assertEqual(proxy.process.wait(LATE_S), 0, "nobody acknowledges")
        self.assertGreaterEqual(time.monotonic() - begun, 1.5)

    def test_no_descriptor_left(self):
        proxy = self.start(echo_body)
        worker = int(proxy.wait_for(r"worker-started worker=0 pid=(\d+)")[0])
        c = self.client()
        c.send(coap.Message(coap.CON, 0, 1))
        self.assertEqual(c.receive(10.0).type, coap.RST)  # it serves: all that it needs is open
        most = resource.prlimit(worker, resource.RLIMIT_NOFILE)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (3, most[1]))
        got = self.ask(self.client(), b"x" * 40)
        self.assertCode(got, "5.03")
        self.assertEqual(got.uint(coap.MAX_AGE), 5)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, most)
        self.assertCode(self.ask(self.client(), b"x" * 40), "2.04")

    def test_hanging_resolver_stops_nobody(self):
        dead = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(dead.close)
        try:
            dead.bind(("127.0.0.153", 53))
            subprocess.run(UNSHARED + ["mount --bind /etc/hosts /etc/resolv.conf"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as e:
            self.skipTest(f"a name server of our own cannot be put in place: {e}")
        self.origin = origin.Origin(echo_body)
        self.addCleanup(self.origin.stop)
        text = config(self.origin.url, extra=TRUSTED, limits="  connect-timeout: 1s\n").replace(
            "limits:", '  - path: /dead\n    origin: "http://no.such.example/"\n'
            '    plain-http: ["127.0.0.0/8"]\nlimits:')
        proxy = self.proxy = Proxy(text, resolver="127.0.0.153")
        self.addCleanup(lambda: self.assertEqual(proxy.stop(), 0, "exit status"))
        stuck, c = self.client(), self.client()
        stuck.send(stuck.message(coap.POST, [OPTION, (coap.URI_PATH, b"dead")], b"x" * 40))
        end, worst = time.monotonic() + 2.0, 0.0
        while time.monotonic() < end:
            begun = time.monotonic()
            self.assertCode(self.ask(c, b"x" * 40), "2.04")
            worst = max(worst, time.monotonic() - begun)
        self.assertLess(worst, 2.0)  # a resolver gives up after 5 s
        self.assertEqual(stuck.receive(LATE_S).code, 0)
        self.assertEqual(coap.code_text(stuck.receive(LATE_S).code), "5.04")

    def test_killed_worker_is_replaced_on_its_own_socket(self):
        proxy = self.start(echo_body)
        c = self.client()
        self.assertCode(self.ask(c, b"x" * 40), "2.04")
        os.kill(int(proxy.wait_for(r"worker-started worker=0 pid=(\d+)")[0]), signal.SIGKILL)
        proxy.wait_for("event=worker-died worker=0 signal=9")
        proxy.wait_for("worker-started", count=2)
        self.assertCode(self.ask(c, b"y" * 40), "2.04")

    def test_garbage_does_no_harm(self):
        self.start(echo_body)
        c, rng = self.client(), random.Random(7)
        good = c.message(coap.POST, [OPTION], b"x" * 40).encode()
        for i in range(3000):
            data = bytearray(good if i % 2 else rng.randbytes(rng.randrange(80)))
            for _ in range(rng.randrange(4)):
                if data:
                    data[rng.randrange(len(data))] = rng.randrange(256)
            c.send(bytes(data))
            if i % 50 == 0:
                time.sleep(0.005)
        fresh = self.client()
        ping = coap.Message(coap.CON, 0, 77)
        fresh.send(ping)
        got = fresh.receive(LATE_S)
        self.assertEqual((got.type, got.mid), (coap.RST, 77))
        fresh.send(b"\x44\x02\x00\x09abcd" + b"\x00" * 1600)
        self.assertCode(fresh.receive(LATE_S), "4.13")


@unittest.skipUnless(shutil.which("openssl"), "needs the openssl tool for a certificate")
class TlsTest(ProxyTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="proxy-tls-")
        cls.key, cls.cert = os.path.join(cls.folder, "key.pem"), os.path.join(cls.folder, "cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-keyout", cls.key, "-out", cls.cert, "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def tls_origin(self, highest=ssl.TLSVersion.TLSv1_3):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        context.maximum_version = highest
        self.origin = origin.Origin(echo_body, wrap=lambda conn: context.wrap_socket(conn, server_side=True))
        self.addCleanup(self.origin.stop)

    def verdict(self, host, ca_file):
        route = f"    ca-file: {self.cert}\n" if ca_file else ""
        self.proxy = Proxy(f'listen: ["127.0.0.1:0"]\nroutes:\n  - path: /\n'
                           f'    origin: "https://{host}:{self.origin.port}/"\n'
                           f'    addresses: ["127.0.0.0/8", "::1"]\n{route}')
        try:
            return coap.code_text(self.ask(self.client(), b"x" * 40).code)
        finally:
            self.assertEqual(self.proxy.stop(), 0)

    def test_tls(self):
        self.tls_origin()
        self.assertEqual(self.verdict("localhost", True), "2.04")
        self.assertEqual(self.verdict("localhost", False), "5.02", "nobody vouches for it")
        self.assertEqual(self.verdict("127.0.0.1", True), "5.02", "another name")
        self.assertEqual(len(self.origin.requests), 1)

    def test_old_protocol(self):
        try:
            self.tls_origin(ssl.TLSVersion.TLSv1_1)
        except ValueError:
            self.skipTest("this OpenSSL has no TLS 1.1")
        self.assertEqual(self.verdict("localhost", True), "5.02")
        self.assertEqual(len(self.origin.requests), 0)


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(ProxyTest))
    suite.addTests(TlsTest(name) for name in ("test_tls", "test_old_protocol"))
    return suite


if __name__ == "__main__":
    BINARY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
