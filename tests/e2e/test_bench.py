#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The programs of the bench count right: what they say is true is seen by another, what goes wrong is noticed. Numbers are
not judged here. The folder of the bench's programs lies beside the one of the three programs."""
import json
import os
import select
import socket
import subprocess
import sys
import threading

import coap
import harness


def bench(name):
    return os.path.join(os.path.dirname(harness.PROGRAMS), "bench", name)


class Misbehaving(threading.Thread):
    """A UDP server that answers each datagram with what change(datagram) returns: a list of datagrams."""

    def __init__(self, change):
        super().__init__(daemon=True)
        self.change, self.seen = change, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port, self.is_over = self.socket.getsockname()[1], False
        self.start()

    def run(self):
        while not self.is_over:
            try:
                data, peer = self.socket.recvfrom(2048)
            except OSError:
                continue
            self.seen.append((data, peer))
            for answer in self.change(data):
                self.socket.sendto(answer, peer)

    def stop(self):
        self.is_over = True
        self.join()
        self.socket.close()


def acknowledged(data, payload=None):
    """2.04 on its ACK with the same token, and the request's payload unless another is given."""
    m = coap.decode(data)
    body = m.payload if payload is None else payload
    return bytes([0x60 | len(m.token), 0x44]) + data[2:4] + m.token + (b"\xff" + body if body else b"")


class Case(harness.Case):
    def load(self, port, *args, status=0):
        done = subprocess.run([bench("load"), "--target", f"127.0.0.1:{port}", "--json", "-", *args],
                              capture_output=True, text=True, timeout=100, check=False)
        harness.check_output("load", done.stderr)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def start(self, name, *args):
        server = harness.Server(self.home, [bench(name), "--listen", "127.0.0.1:0", *args], r"listening on")
        self.addCleanup(server.stop)
        return server, int(server.wait_for(r"listening on [\d.]+:(\d+)")[0])

    def misbehaving(self, change):
        server = Misbehaving(change)
        self.addCleanup(server.stop)
        return server


class LoadTest(Case):
    def test_echo(self):
        _, port = self.start("udp_echo")
        got = self.load(port, "--requests", "500", "--verify")
        self.assertEqual((got["started"], got["answered"], got["codes"]), (500, 500, {"2.04": 500}))
        self.assertEqual((got["wrong"], got["lost"], got["unfinished"], got["unexpected"], got["malformed"]), (0,) * 5)
        self.assertLessEqual(got["p50_us"], got["p99_us"])
        self.assertLessEqual(got["p99_us"], got["max_us"])

    def test_a_changed_answer_is_wrong(self):
        _, port = self.start("udp_echo", "--corrupt-every", "10")
        got = self.load(port, "--requests", "200", "--verify", status=1)
        self.assertEqual(got["wrong"], 20)
        self.assertEqual(got["answered"], 180)

    def test_a_missing_answer_is_repeated_and_then_lost(self):
        server = self.misbehaving(lambda d: [] if d[-1] % 4 == 0 else [acknowledged(d)])
        got = self.load(server.port, "--requests", "40", "--clients", "40", "--ack-timeout-ms", "50", "--linger", "20")
        mute = {d for d, _ in server.seen if d[-1] % 4 == 0}
        self.assertGreater(len(mute), 0)
        self.assertEqual((got["lost"], got["answered"]), (len(mute), 40 - len(mute)))
        self.assertGreaterEqual(got["retransmissions"], 4 * len(mute), "MAX_RETRANSMIT")
        for datagram in mute:
            self.assertEqual(sum(d == datagram for d, _ in server.seen), 5)

    def test_answers_of_others(self):
        """A token that was never sent, one that is another client's, and the right one twice."""
        held = []

        def foreign_token(d):
            return [d[:1].replace(b"\x48", b"\x68") + b"\x44" + d[2:4] + bytes(8)]

        def others_token(d):
            held.append(d)
            return [acknowledged(held[-2])] if len(held) == 2 else []

        def twice(d):
            return [acknowledged(d)] * 2
        for change, key, count in ((foreign_token, "wrong", 2), (others_token, "wrong", 1), (twice, "unexpected", 1)):
            with self.subTest(change=change.__name__):
                got = self.load(self.misbehaving(change).port, "--requests", "2", "--clients", "2", "--seconds", "1",
                                "--linger", "1", status=1 if key == "wrong" else 0)
                self.assertGreaterEqual(got[key], count)  # the last may come when all is counted

    def test_separate_answers(self):
        """An empty ACK stops retransmission; the CON answer behind it is acknowledged."""
        acks = []

        def late(d):
            if d[0] >> 4 & 3 == 2:
                acks.append(d)
                return []
            m = coap.decode(d)
            return [b"\x60\x00" + d[2:4], bytes([0x40 | len(m.token), 0x44]) + b"\x77" + d[3:4] + m.token]
        got = self.load(self.misbehaving(late).port, "--requests", "5", "--clients", "5", "--linger", "1")
        self.assertEqual((got["answered"], got["separate"], got["empty_acks"]), (5, 5, 5))
        self.assertEqual(got["retransmissions"], 0)
        harness.wait_until(lambda: len(acks) == 5)
        self.assertTrue(all(a[:3] == b"\x60\x00\x77" for a in acks))

    def test_addresses(self):
        """Each client has its own address, its own message IDs, and an OSCORE option of its own."""
        server = self.misbehaving(lambda d: [acknowledged(d)])
        self.load(server.port, "--requests", "300", "--clients", "100", "--stride", "256", "--from", "127.9.0.1")
        sources = {peer[0] for _, peer in server.seen}
        self.assertEqual(sources, {f"127.9.{i}.1" for i in range(100)})
        messages = [(peer, coap.decode(d)) for d, peer in server.seen]
        self.assertEqual(len({(peer, m.mid) for peer, m in messages}), 300)
        self.assertEqual(len({bytes(m.token) for _, m in messages}), 300)
        self.assertEqual(len({m.get(coap.OSCORE)[0] for _, m in messages}), 300)

    def test_open_loop(self):
        _, port = self.start("udp_echo")
        got = self.load(port, "--rate", "400", "--seconds", "1")
        self.assertLessEqual(abs(got["started"] - 400), 1)
        self.assertEqual(got["answered"] + got["unfinished"] + got["lost"], got["started"])

    def test_flood(self):
        """Sends what it was told to, listens to nothing."""
        server = self.misbehaving(lambda d: [acknowledged(d)])
        got = self.load(server.port, "--flood", "--rate", "500", "--seconds", "1", "--clients", "50")
        self.assertAlmostEqual(got["started"], 500, delta=64)
        harness.wait_until(lambda: len(server.seen) >= got["started"] * 0.9)
        self.assertEqual((got["received"], got["answered"]), (0, 0))
        self.assertEqual(len({peer[0] for _, peer in server.seen}), 50)
        self.assertEqual(len({d for d, _ in server.seen}), len(server.seen))


class ProxyTest(Case):
    def through(self, args, extra=""):
        proxy = self.start_proxy(harness.proxy_config(f"http://127.0.0.1:{self.port}/", extra))
        return self.load(proxy.port, *args)

    def setUp(self):
        super().setUp()
        _, self.port = self.start("origin", "--echo")

    def test_through_the_proxy(self):
        for extra, challenged in (("", 0), ("echo: always", 20)):
            with self.subTest(extra=extra):
                got = self.through(["--requests", "400", "--clients", "20", "--in-flight", "20", "--verify"], extra)
                self.assertEqual((got["answered"], got["wrong"], got["refused"], got["lost"]), (400, 0, 0, 0))
                self.assertEqual((got["challenges"], got["verified"]), (challenged, challenged))

    def test_blocks_through_the_proxy(self):
        got = self.through(["--requests", "20", "--clients", "4", "--in-flight", "4", "--verify", "--body", "9000",
                            "--blocks", "512"])
        self.assertEqual((got["answered"], got["wrong"], got["refused"]), (20, 0, 0))
        self.assertEqual(got["codes"]["2.31"], 20 * (9000 // 512))

    def test_refusals_are_no_answers(self):
        limited = harness.proxy_config(f"http://127.0.0.1:{self.port}/").replace(
            "requests-per-second: 0", "requests-per-second: 1\n  request-burst: 5")
        got = self.load(self.start_proxy(limited).port, "--requests", "50", "--clients", "1", "--in-flight", "1")
        self.assertEqual(got["answered"] + got["refused"], 50)
        self.assertGreaterEqual(got["refused"], 40)
        self.assertEqual(got["codes"]["5.03"], got["refused"])

    def test_http_client(self):
        done = subprocess.run([bench("http_client"), "--target", f"127.0.0.1:{self.port}", "--seconds", "300ms",
                               "--connections", "8", "--json", "-"], capture_output=True, text=True, timeout=60,
                              check=True)
        got = json.loads(done.stdout)
        self.assertGreater(got["answered"], 0)
        self.assertEqual(got["failed"], 0)

    def test_watched_cpu(self):
        """CPU time of another process, as that process sees it."""
        busy = subprocess.Popen([sys.executable, "-c", """if True:
            import time
            input()
            while time.process_time() < 0.6: pass
            print(flush=True)
            time.sleep(60)"""], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(busy.communicate)
        self.addCleanup(busy.kill)
        _, port = self.start("udp_echo")
        threading.Timer(0.5, lambda: (busy.stdin.write(b"\n"), busy.stdin.flush())).start()
        got = self.load(port, "--rate", "20", "--seconds", "5", "--watch", f"{busy.pid}")
        self.assertLess(got["watched_cpu_us"], 700000)
        if select.select([busy.stdout], [], [], 0)[0]:  # a busy machine takes longer
            self.assertGreater(got["watched_cpu_us"], 450000)


class RunTest(harness.Case):
    def test_tables_of_an_earlier_run(self):
        """The page is made from the figures alone, and a miss is called one."""
        figures = {"machine": {"cores": 2, "system": "Linux", "arch": "x", "own_namespace": True, "quick": False,
                               "rounds": 5, "seconds": 2, "load_average": 0.0},
                   "start_ms": 51.0, "check_ms": 19.0, "rss_mib": 19.5, "remembered": 100,
                   "memory": [{"requests": n, "rss_mib": m} for n, m in ((0, 19.5), (100, 30.0), (200, 30.5), (400, 31.5))]}
        page, stored = os.path.join(self.home, "page.md"), os.path.join(self.home, "figures.json")
        for path, text in ((stored, json.dumps(figures)), (page, "a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n")):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        subprocess.run([os.path.join(root, "bench", "run"), "--from", stored, "--markdown", page], check=True,
                       capture_output=True)
        with open(page, encoding="utf-8") as f:
            text = f.read()
        self.assertRegex(text, r"start to the first answer *\| at most 50 ms *\| 51 ms *\| \*\*missed\*\*")
        self.assertRegex(text, r"at rest *\| at most 20 MB *\| 20.4 MB *\| \*\*missed\*\*")
        self.assertRegex(text, r"once all is remembered *\| at most 1 MiB *\| 1.5 MiB *\| \*\*missed\*\*")
        self.assertRegex(text, r"--check *\| at most 20 ms *\| 19 ms *\| met")
        self.assertTrue(text.startswith("a\n") and text.endswith("b\n") and "old" not in text)


if __name__ == "__main__":
    harness.main()
