#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The operator's view of a running proxy: /metrics is well formed and counts what happened, every metric is explained
in docs/limits.md and none is that does not exist, /readyz tells of the drain, and hostile input changes nothing."""
import os
import random
import re
import select
import signal
import socket
import time
import unittest
import urllib.error
import urllib.request

import coap
import harness

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SAMPLE = re.compile(r'([a-z_]+)(?:\{([a-z]+)="([^"\\]*)"\})? (\d+(?:\.\d+)?)')
ADMIN = "admin: {port: 0}\n"


def say(name, value, limit, good, seed="-"):
    print(f"{name} {value} {limit} {'PASS' if good else 'FAIL'} {seed}")
    return good


def parse(text):
    """{(name, label value): number}; raises when a line is neither a comment nor a sample of its family."""
    family, kind, got = "", "", {}
    for line in text.splitlines():
        words = line.split(" ")
        if line.startswith("# HELP "):
            family = words[2]
        elif line.startswith("# TYPE "):
            if words[2] != family or words[3] not in ("counter", "gauge", "histogram"):
                raise AssertionError(line)
            kind = words[3]
        else:
            m = SAMPLE.fullmatch(line)
            endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            if m is None or m.group(1) not in [family + e for e in endings]:
                raise AssertionError(f"{line!r} in {family}")
            if (m.group(1), m.group(3)) in got:
                raise AssertionError(f"twice: {line}")
            got[m.group(1), m.group(3)] = float(m.group(4))
    return got


class Admin(harness.Case):
    def start(self, extra="", limits=""):
        proxy = self.start_proxy(harness.proxy_config("http://127.0.0.1:9/", extra=ADMIN + extra, limits=limits))
        self.address = proxy.server.wait_for(r"event=admin address=(\S+)")[0]
        return proxy

    def ask(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()

    def metrics(self):
        status, text = self.ask("/metrics")
        self.assertEqual(status, 200)
        return parse(text)

    def wait_for_value(self, key, value):
        harness.wait_until(lambda: self.metrics()[key] == value, what=f"{key} at {value}")

    def test_what_happened_is_counted(self):
        proxy = self.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            for i in range(3):
                s.sendto(coap.Message(mcode=coap.GET, mid=i, options=[(coap.URI_PATH, b"nowhere")]).encode(), proxy.address)
                s.recv(2048)
            s.sendto(b"\x00", proxy.address)
        self.wait_for_value(("sealift_proxy_requests_total", None), 3)
        self.wait_for_value(("sealift_proxy_malformed_datagrams_total", None), 1)
        got = self.metrics()
        self.assertEqual(got["sealift_proxy_refusals_total", "plain_path"], 3)
        self.assertEqual(got["sealift_proxy_responses_total", "4.01"], 3)
        self.assertEqual(got["sealift_proxy_datagrams_received_total", None], 4)

    def test_a_burst_takes_no_line_from_anybody(self):
        """One turn of the worker's loop brings more answers, over several sockets, than the core has room for
        records."""
        listen = ", ".join(['"127.0.0.1:0"'] * 4)
        config = harness.proxy_config("http://127.0.0.1:9/", extra=ADMIN + harness.TRUSTED)
        proxy = self.start_proxy(config.replace('"127.0.0.1:0"', listen))
        self.address = proxy.server.wait_for(r"event=admin address=(\S+)")[0]
        ports = [int(port) for port in proxy.server.wait_for(r"listening on \S+:(\d+)", count=4)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            os.kill(proxy.worker_pid(), signal.SIGSTOP)
            for i in range(1000):
                message = coap.Message(coap.NON, coap.GET, i, b"", [(coap.URI_PATH, b"nowhere")])
                s.sendto(message.encode(), ("127.0.0.1", ports[i % 4]))
            os.kill(proxy.worker_pid(), signal.SIGCONT)
            self.wait_for_value(("sealift_proxy_requests_total", None), 1000)
        self.wait_for_value(("sealift_proxy_refusals_total", "plain_path"), 1000)
        self.assertEqual(self.metrics()["sealift_proxy_log_records_lost_total", None], 0)

    def test_every_metric_is_explained_and_every_explanation_has_its_metric(self):
        self.start()
        with open(os.path.join(ROOT, "docs", "limits.md"), encoding="utf-8") as f:
            said = set(re.findall(r"sealift_proxy_[a-z_]+", f.read()))
        there = {re.sub(r"(_seconds)_(bucket|sum|count)$", r"\1", name) for name, _ in self.metrics()}
        self.assertTrue(say("T51.metrics-undocumented", len(said ^ there), 0, said == there),
                        f"only in docs/limits.md: {sorted(said - there)}; not explained: {sorted(there - said)}")

    def test_every_limit_is_explained_with_its_default_and_ceiling(self):
        rows = {}
        for name in ("configuration-proxy.md", "limits.md"):
            with open(os.path.join(ROOT, "docs", name), encoding="utf-8") as f:
                rows[name] = [[c.strip() for c in line.split("|")[1:-1]] for line in f if line.startswith("| `")]
        wanted = {r[0].strip("`"): (r[1], r[3]) for r in rows["configuration-proxy.md"] if len(r) == 5}
        said = {}
        for row in rows["limits.md"]:
            if len(row) == 5:
                keys = re.findall(r"`([a-z-]+)`", row[0])
                ceilings = row[2].split(", ") * (len(keys) if ", " not in row[2] else 1)
                said.update(zip(keys, zip(row[1].split(", "), ceilings)))
        self.assertGreater(len(wanted), 20)
        self.assertEqual(said, wanted)
        self.assertTrue(say("T52.limits-documented", len(said), len(wanted), said == wanted))

    def test_every_reason_is_explained(self):
        self.start()
        reasons = {label for name, label in self.metrics() if name == "sealift_proxy_refusals_total"}
        with open(os.path.join(ROOT, "docs", "limits.md"), encoding="utf-8") as f:
            table = f.read().split("### Reasons of refusals")[1].split("## Metrics")[0]
        self.assertEqual({r for line in table.splitlines() if line.startswith("| `")
                          for r in re.findall(r"`([a-z_]+)`", line.split("|")[1])}, reasons)

    def test_a_dead_worker_takes_no_count_with_it(self):
        proxy = self.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            s.sendto(coap.Message(mcode=coap.GET, mid=1).encode(), proxy.address)
            s.recv(2048)
        self.wait_for_value(("sealift_proxy_requests_total", None), 1)
        proxy.kill_worker()
        self.wait_for_value(("sealift_proxy_worker_restarts_total", None), 1)
        self.assertEqual(self.metrics()["sealift_proxy_requests_total", None], 1)
        harness.wait_until(lambda: self.ask("/readyz")[0] == 200, what="ready again")

    def test_what_the_kernel_dropped_is_counted_once(self):
        """The sockets, and the kernel's count with them, stay when their worker dies."""
        dropped, requests = (f"sealift_proxy_{name}_total" for name in ("socket_overflow", "requests"))
        proxy = self.start(harness.TRUSTED, "  receive-buffer: 64KiB\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(10)
            os.kill(proxy.worker_pid(), signal.SIGSTOP)
            for _ in range(4000):
                s.sendto(b"\x00", proxy.address)
            proxy.kill_worker()  # the next one finds what is left in the socket
            lost = 0
            for i in range(3):
                harness.wait_until(lambda: self.ask("/readyz")[0] == 200, what="ready")
                self.reach(s, proxy.address)
                s.sendto(coap.Message(mcode=coap.GET, mid=i).encode(), proxy.address)
                self.wait_for_value((requests, None), i + 1)
                lost = lost or self.metrics()[dropped, None]
                self.assertTrue(0 < lost < 4000)
                self.assertEqual(self.metrics()[dropped, None], lost)
                proxy.kill_worker()

    def test_readiness_ends_with_the_drain(self):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as hanging:
            hanging.bind(("127.0.0.1", 0))
            hanging.listen()
            url = f"http://127.0.0.1:{hanging.getsockname()[1]}/"
            proxy = self.start_proxy(harness.proxy_config(url, extra=ADMIN))
            self.address = proxy.server.wait_for(r"event=admin address=(\S+)")[0]
            self.assertEqual(self.ask("/readyz"), (200, "ok"))
            self.assertEqual(self.ask("/healthz"), (200, "ok"))
            self.assertEqual(self.ask("/other")[0], 404)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                request = coap.Message(mcode=coap.POST, mid=1, options=[harness.OPTION], payload=b"12345678" * 4)
                s.sendto(request.encode(), proxy.address)
                self.wait_for_value(("sealift_proxy_exchanges_fetching", None), 1)
                proxy.server.process.terminate()
                harness.wait_until(lambda: self.ask("/readyz") == (503, "draining"), what="the drain")
                self.assertEqual(self.ask("/healthz"), (200, "ok"))
            proxy.server.stop(30)

    def reach(self, s, address):
        """A ping and its RST: what this socket sent before it has been read. Again while there is no room for it."""
        ping, end = bytes.fromhex("4000fffe"), time.monotonic() + 30
        s.sendto(ping, address)
        while True:
            if select.select([s], [], [], 0.5)[0]:
                if s.recv(2048) == b"\x70" + ping[1:]:
                    return
            elif time.monotonic() > end:
                raise AssertionError("no RST")
            else:
                s.sendto(ping, address)

    def test_hostile_input_changes_neither_series_nor_form(self):
        rounds = 2000 if os.environ.get("SL_LONG") is None else 1000000
        proxy = self.start("trusted-prefixes: [\"127.0.0.0/8\"]\n")
        before = self.metrics()
        rng = random.Random(51)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(10)
            for i in range(rounds):
                junk = rng.randbytes(rng.randrange(40))
                if i % 2:
                    options = [(rng.choice([3, 11, 15, 35, 39]), junk)]
                    junk = coap.Message(mcode=rng.randrange(1, 8), mid=i & 0xffff, options=options).encode()
                s.sendto(junk, proxy.address)
                if i % 50 == 49:
                    self.reach(s, proxy.address)
        key = ("sealift_proxy_datagrams_received_total", None)
        harness.wait_until(lambda: self.metrics()[key] >= before[key] + rounds, what="all of it read")
        after = self.metrics()
        self.assertTrue(say("T51.series", len(after), len(before), before.keys() == after.keys(), 51))
        read = int(after[key] - before[key])
        self.assertTrue(say(f"T51.read-of-{rounds}", read, rounds, read >= rounds, 51))
        self.assertGreater(after["sealift_proxy_malformed_datagrams_total", None], rounds / 10)
        text = proxy.server.log()
        strange = len(re.findall(r"[^\x20-\x7e\n]", text))
        self.assertTrue(say("T51.strange-bytes-in-the-log", strange, 0, strange == 0, 51))

    def test_idle_connections_do_not_shut_the_operator_out(self):
        self.start()
        host, port = self.address.rsplit(":", 1)
        held = []
        try:
            for _ in range(200):
                s = socket.socket()
                s.settimeout(2)
                s.connect_ex((host, int(port)))
                held.append(s)
            harness.wait_until(lambda: self.try_ask("/healthz") == 200, 20, "health beside 200 idle connections")
        finally:
            for s in held:
                s.close()

    def try_ask(self, path):
        try:
            return self.ask(path)[0]
        except OSError:
            return None


if __name__ == "__main__":
    harness.main()
