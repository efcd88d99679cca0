#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""SIGHUP at a proxy that works: no exchange is lost, a bad file changes nothing, routes come and go, trust anchors are
read again, what needs a restart is named."""
import os
import re
import shutil
import signal
import threading
import time

import certificates
import coap
import harness
import origin

ADMIN = "admin: {port: 0}\n"
URI_A, URI_B = [(coap.URI_PATH, b"a")], [(coap.URI_PATH, b"b")]


def config(routes, more="", limits="", listen="127.0.0.1:0"):
    """routes: {path: url}"""
    text = f'listen: ["{listen}"]\n{more}\nroutes:\n'
    for path, url in routes.items():
        text += f'  - path: {path}\n    origin: "{url}"\n'
        text += '    plain-http: ["127.0.0.0/8"]\n' if url.startswith("http:") else ""
    return text + f"limits:\n  drain-timeout: 8s\n  requests-per-second: 0\n{limits}\n"


class Reload(harness.Case):
    def origin(self, behave=origin.answer(origin.oscore_ok(b"good")), wrap=None):
        o = origin.Origin(behave, wrap)
        self.addCleanup(o.stop)
        return o

    def start(self, text):
        self.proxy = self.start_proxy(text)
        self.path = re.search(r"proxy-\S+\.yaml", " ".join(os.listdir(self.home))).group(0)
        self.path = os.path.join(self.home, self.path)
        self.done = self.failed = 0
        return self.proxy

    def write(self, text):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(text)

    def hangup(self, text=None, workers=1):
        """The file as it is, or with this text, is read by all workers."""
        if text is not None:
            self.write(text)
        self.done += workers
        self.proxy.server.process.send_signal(signal.SIGHUP)
        self.proxy.server.wait_for(r"event=reloaded worker=\d+", count=self.done)

    def hangup_fails(self, text):
        self.write(text)
        self.failed += 1
        self.proxy.server.process.send_signal(signal.SIGHUP)
        return self.proxy.server.wait_for(r"event=reload-failed error=\"(.*)\" mend=", count=self.failed)[-1]

    def code(self, path=(), payload=b"x", seconds=coap.PATIENCE_S):
        got = self.client(self.proxy.address).exchange(
            coap.Message(coap.CON, coap.POST, int.from_bytes(os.urandom(2), "big"), os.urandom(4),
                         [harness.OPTION, *path], payload), seconds)
        return coap.code_text(got.code) if got else None

    def test_routes_come_and_go(self):
        one, two = self.origin(), self.origin()
        self.start(config({"/a": one.url}, harness.TRUSTED))
        self.assertEqual((self.code(URI_A), self.code(URI_B)), ("2.04", "4.04"))
        self.hangup(config({"/a": one.url, "/b": two.url}, harness.TRUSTED))
        self.assertEqual((self.code(URI_A), self.code(URI_B)), ("2.04", "2.04"))
        self.hangup(config({"/b": two.url}, harness.TRUSTED))
        self.assertEqual((self.code(URI_A), self.code(URI_B)), ("4.04", "2.04"))
        self.hangup(config({"/b": one.url}, harness.TRUSTED))
        self.assertEqual(self.code(URI_B), "2.04")
        self.assertEqual((len(one.requests), len(two.requests)), (3, 2))

    def test_a_bad_file_changes_nothing(self):
        one = self.origin()
        good = config({"/a": one.url}, harness.TRUSTED)
        self.start(good)
        said = self.hangup_fails(good + "  transfers: none\n")
        self.assertIn(f"{self.path}:{good.count(chr(10)) + 1}: transfers", said)
        said = self.hangup_fails(good.replace("origin:", "orgin:"))
        self.assertIn("orgin: unknown key", said)
        os.remove(self.path)
        self.failed += 1
        self.proxy.server.process.send_signal(signal.SIGHUP)
        self.proxy.server.wait_for("cannot be read", count=1)
        self.assertEqual((self.code(URI_A), self.code(URI_B)), ("2.04", "4.04"))
        self.assertNotIn("event=reloaded", self.proxy.server.log())
        self.hangup(config({"/b": one.url}, harness.TRUSTED))
        self.assertEqual(self.code(URI_B), "2.04")

    def test_what_needs_a_restart_is_named(self):
        one = self.origin()
        self.start(config({"/a": one.url}, harness.TRUSTED))
        self.hangup(config({"/b": one.url}, harness.TRUSTED + "workers: 3\n" + ADMIN, "  transfers: 7\n", "127.0.0.1:1"))
        keys = self.proxy.server.wait_for(r'event=restart-needed keys="([^"]*)"')
        self.assertEqual(keys, ["listen, workers, admin, transfers"])
        self.assertEqual((self.code(URI_A), self.code(URI_B)), ("4.04", "2.04"))

    def test_what_runs_ends_where_it_began(self):
        gate = threading.Event()

        def slow(_origin, conn, _request):
            gate.wait(10)
            conn.sendall(origin.oscore_ok(b"late"))
            return True
        one, two = self.origin(slow), self.origin()
        self.start(config({"/a": one.url}, harness.TRUSTED))
        c = self.client(self.proxy.address)
        m = c.message(coap.POST, [harness.OPTION, *URI_A], b"x")
        c.send(m)
        harness.wait_until(lambda: len(one.requests) == 1)
        for _ in range(3):
            self.hangup(config({"/a": two.url}, harness.TRUSTED))
        self.assertEqual(self.code(URI_A), "2.04")
        self.assertEqual(len(two.requests), 1)
        gate.set()
        got = c.exchange(m)  # the same datagram: a repetition, answered from what is remembered
        self.assertEqual((coap.code_text(got.code), got.payload), ("2.04", b"late"))
        self.assertEqual(len(one.requests), 1)

    def test_no_exchange_is_lost(self):
        """Four devices ask all the time, while the file is read again and again."""
        def pausing(_origin, conn, _request):
            time.sleep(0.02)
            conn.sendall(origin.oscore_ok(b"good"))
            return True
        one, two = self.origin(pausing), self.origin(pausing)
        text = config({"/a": one.url}, harness.TRUSTED + "workers: 2\n")
        other = config({"/a": two.url, "/b": one.url}, harness.TRUSTED + "workers: 2\n")
        self.start(text)
        stop, codes = threading.Event(), []

        def device():
            c = self.client(self.proxy.address)
            while not stop.is_set():
                m = c.message(coap.POST, [harness.OPTION, *URI_A], b"x")
                got = c.exchange(m, 1.0) or c.exchange(m)
                codes.append(coap.code_text(got.code) if got else None)
        threads = [threading.Thread(target=device) for _ in range(4)]
        for t in threads:
            t.start()
        for i in range(10):
            time.sleep(0.1)
            self.hangup(other if i % 2 == 0 else text, workers=2)
        stop.set()
        for t in threads:
            t.join()
        bad = [c for c in codes if c != "2.04"]
        print(f"reload.lost {len(bad)} 0 {'PASS' if not bad else 'FAIL'} -")
        self.assertEqual(bad, [])
        self.assertGreater(len(codes), 50)
        self.assertGreater(min(len(one.requests), len(two.requests)), 0)
        self.assertEqual(len(one.requests) + len(two.requests), len(codes), "one HTTP request for each")

    def test_a_worker_that_starts_later_has_the_new_file(self):
        one = self.origin()
        self.start(config({"/a": one.url}, harness.TRUSTED))
        self.hangup(config({"/b": one.url}, harness.TRUSTED))
        self.proxy.kill_worker()
        self.assertEqual((self.code(URI_A), self.code(URI_B)), ("4.04", "2.04"))

    def test_trust_anchors_are_read_again(self):
        old = certificates.Authority(os.path.join(self.home, "old"))
        new = certificates.Authority(os.path.join(self.home, "new"))
        context = old.server("good")
        secure = self.origin(wrap=lambda conn: context.wrap_socket(conn, server_side=True))
        anchors = os.path.join(self.home, "anchors.pem")
        shutil.copy(old.ca_file, anchors)
        text = (f'listen: ["127.0.0.1:0"]\n{harness.TRUSTED}routes:\n  - path: /\n    origin: '
                f'"https://localhost:{secure.port}/"\n    addresses: ["127.0.0.0/8", "::1/128"]\n'
                f"    ca-file: {anchors}\nlimits: {{requests-per-second: 0}}\n")
        self.start(text)
        self.assertEqual(self.code(), "2.04")
        shutil.copy(new.ca_file, anchors)
        self.assertEqual(self.code(), "2.04")  # the connection is kept
        self.hangup()
        self.assertEqual(self.code(), "5.02")
        shutil.copy(old.ca_file, anchors)
        self.hangup()
        self.assertEqual(self.code(), "2.04")

    def test_an_address_with_a_zone(self):
        """The C library asks the kernel for the number of the interface, inside the sandbox."""
        one = self.origin()
        text = config({"/a": one.url}, harness.TRUSTED, listen='127.0.0.1:0", "[::1%lo]:0')
        self.start(text)
        self.hangup(text.replace("/a", "/b"))
        self.assertEqual((self.code(URI_A), self.code(URI_B)), ("4.04", "2.04"))

    def test_the_first_origin_with_tls_comes_later(self):
        """libcurl and its TLS begin inside the sandbox."""
        authority = certificates.Authority(os.path.join(self.home, "ca"))
        context = authority.server("good")
        one = self.origin()
        secure = self.origin(wrap=lambda conn: context.wrap_socket(conn, server_side=True))
        self.start(config({"/a": one.url}, harness.TRUSTED))
        self.assertEqual(self.code(URI_A), "2.04")
        text = config({"/a": one.url, "/b": f"https://localhost:{secure.port}/"}, harness.TRUSTED)
        self.hangup(text.replace("limits:", '    addresses: ["127.0.0.0/8", "::1/128"]\n'
                                 f"    ca-file: {authority.ca_file}\nlimits:"))
        self.assertEqual((self.code(URI_A), self.code(URI_B)), ("2.04", "2.04"))
        self.assertNotIn("worker-died", self.proxy.server.log())

    def test_kept_connections_do_not_outlive_their_rules(self):
        """An address that is not allowed any more is not reached over a connection from before."""
        one = self.origin()
        text = config({"/": one.url.replace("127.0.0.1", "localhost")}, harness.TRUSTED)
        self.start(text)
        self.assertEqual(self.code(), "2.04")
        self.hangup(text.replace('plain-http: ["127.0.0.0/8"]', 'plain-http: ["127.0.0.2/32"]'))
        self.assertEqual(self.code(), "5.02")
        self.assertEqual(len(one.requests), 1)
        harness.wait_until(lambda: one.open == 0, what="the end of the kept connection")

    def test_a_hangup_while_it_drains_is_ignored(self):
        def slow(_origin, conn, _request):
            time.sleep(1)
            conn.sendall(origin.oscore_ok(b"late"))
            return True
        one = self.origin(slow)
        self.start(config({"/a": one.url}, harness.TRUSTED))
        c = self.client(self.proxy.address)
        m = c.message(coap.POST, [harness.OPTION, *URI_A], b"x")
        c.send(m)
        harness.wait_until(lambda: len(one.requests) == 1)
        self.proxy.server.process.terminate()
        self.proxy.server.wait_for("event=drain")
        self.proxy.server.process.send_signal(signal.SIGHUP)
        self.assertEqual(coap.code_text(c.exchange(m).code), "2.04")
        self.proxy.stop()
        self.assertNotIn("event=reload", self.proxy.server.log())


if __name__ == "__main__":
    harness.main()
