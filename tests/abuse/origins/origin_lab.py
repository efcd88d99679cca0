# SPDX-License-Identifier: BSD-2-Clause
"""The rows of tools/abuse about origins: a network namespace with a name server of our own, a proxy whose metrics,
memory and descriptors are read from outside, lines `id value limit PASS|FAIL seed`. A row's program ends with
origin_lab.main(rows); its first argument (or SL_PROGRAMS) is the folder of the programs, --full or ABUSE_FORM=full
means the long form, --seed N another seed."""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "e2e"))
import coap  # noqa: E402
import harness  # noqa: E402

INSIDE = "SL_ABUSE_NAMESPACE"
ENTER = 'ip link set lo up && mount --bind "$0" /etc/resolv.conf && exec "$@"'
MISSING = -1  # no Max-Age option
# One network has all clients of these tests, and they are many.
LIMITS = ("  requests-per-second: 0\n  in-flight-per-prefix: 65536\n  in-flight-per-peer: 64\n"
          "  connect-timeout: {connect}s\n  total-timeout: {total}s\n  queue-age: {queue}s\n  drain-timeout: 1s\n")
CONNECT_S, TOTAL_S, QUEUE_S = 2, 3, 3


def enter_namespace():
    """Runs this program again where port 53 and all of 127.0.0.0/8 are ours. False: that is not possible here."""
    if os.environ.get(INSIDE):
        return True
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    servers = tempfile.mkstemp(prefix="sealift-resolv-")[1]
    with open(servers, "w", encoding="utf-8") as f:
        f.write("nameserver 127.0.0.1\noptions timeout:4 attempts:1\n")
    command = ["unshare", *user, "--net", "--mount", "sh", "-c", ENTER, servers]
    try:
        if subprocess.run(command + ["true"], capture_output=True, check=False).returncode != 0:
            return False
        done = subprocess.run(command + [sys.executable, *sys.argv], env=dict(os.environ, **{INSIDE: "1"}),
                              check=False)
    except FileNotFoundError:
        return False
    finally:
        os.unlink(servers)
    sys.exit(done.returncode)


class Lab:
    """What a row gets: say(), start_proxy(), a folder; and what it asked for by options."""

    def __init__(self, options):
        self.full, self.seed = options.full, options.seed
        self.home = tempfile.mkdtemp(prefix="sealift-abuse-")
        self.is_good, self.skipped, self.ends = True, 0, []
        with open(harness.program("sealift-proxy"), "rb") as f:
            self.is_sanitized = b"__asan_init" in f.read()

    def say(self, name, value, limit, good, why=""):
        print(f"{name} {value} {limit} {'PASS' if good else 'FAIL'} {self.seed}", flush=True)
        if not good:
            self.is_good = False
            print(f"# {name}: {why}", flush=True)
        return good

    def skip(self, name, why):
        self.skipped += 1
        print(f"# {name} SKIPPED: {why}", flush=True)

    def count(self, short, full):
        return full if self.full else short

    def random(self, number):
        """Of one case: the same for the same seed, whatever the threads do."""
        return random.Random(self.seed * 1_000_003 + number)

    def later(self, end):
        """Called at the end of the row, last one first."""
        self.ends.append(end)

    def close_row(self):
        while self.ends:
            end = self.ends.pop()
            try:
                end()
            except AssertionError as e:
                self.say("T54.end-of-a-program", 1, 0, False, e)

    def start_proxy(self, routes="", more="", limits="", top=""):
        text = f'listen: ["127.0.0.1:0"]\nadmin: {{port: 0}}\n{harness.TRUSTED if not top else top}'
        text += f"routes:\n{routes}" if routes else ""
        proxy = Proxy(self.home, f"{text}{more}limits:\n{limits or default_limits()}")
        self.later(proxy.stop)
        return proxy

    def client(self, proxy):
        c = coap.Client(proxy.address)
        self.later(c.close)
        return c


def default_limits(connect=CONNECT_S, total=TOTAL_S, queue=QUEUE_S):
    return LIMITS.format(connect=connect, total=total, queue=queue)


def route(path, url, transport="", more=""):
    """The lines of one route; plain HTTP only to loopback."""
    text = f'  - path: {path}\n    origin: "{url}"\n{more}'
    text += '    plain-http: ["127.0.0.0/8"]\n' if url.startswith("http:") and "plain-http" not in more else ""
    return text + (f"    transport: {transport}\n" if transport else "")


class Proxy(harness.Proxy):
    def __init__(self, home, config):
        super().__init__(home, config)
        self.admin = self.server.wait_for(r"event=admin address=(\S+)")[0]
        self.worker = self.worker_pid()

    def metrics(self):
        """{"name" or "name{label value}": number}"""
        with urllib.request.urlopen(f"http://{self.admin}/metrics", timeout=20) as answer:
            text = answer.read().decode()
        found = re.findall(r'^sealift_proxy_([a-z_]+)(?:\{[a-z]+="([^"]*)"\})? (\S+)$', text, re.M)
        return {name + (f"{{{label}}}" if label else ""): float(value) for name, label, value in found}

    def results(self):
        """How fetches ended, those that happened."""
        ours = re.compile(r"origin_results_total\{(\w+)\}")
        return {m.group(1): int(v) for k, v in self.metrics().items() if (m := ours.fullmatch(k)) and v}

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.worker}/fd"))

    def memory(self, peak=False):
        """Resident KiB; peak: the most since forget_peak()."""
        with open(f"/proc/{self.worker}/status", encoding="ascii") as f:
            return int(re.search(r"VmHWM:\s+(\d+)" if peak else r"VmRSS:\s+(\d+)", f.read()).group(1))

    def forget_peak(self):
        with open(f"/proc/{self.worker}/clear_refs", "w", encoding="ascii") as f:
            f.write("5")


def transports(home):
    """The ways to a plain origin that this build has; "" when there is no choice."""
    got = []
    for name in ("curl", "lean"):
        path = os.path.join(home, f"transport-{name}.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write('listen: ["127.0.0.1:0"]\nroutes:\n' + route("/", "http://127.0.0.1:9/", name))
        done = subprocess.run([harness.program("sealift-proxy"), "--check", path], capture_output=True,
                              check=False)
        got += [name] if done.returncode == 0 else []
    return got or [""]


def in_parallel(count, work, at_once=32):
    """work(i) for each number, by threads."""
    numbers, lock = iter(range(count)), threading.Lock()

    def run():
        while True:
            with lock:
                i = next(numbers, None)
            if i is None:
                return
            work(i)
    threads = [threading.Thread(target=run) for _ in range(min(count, at_once))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def ask(client, payload, options=(), seconds=10.0, mcode=coap.POST):
    """(answer, seconds); an OSCORE request unless it has other options 9."""
    begun = time.monotonic()
    message = client.message(mcode, [harness.OPTION, *options], payload)
    got = client.exchange(message, seconds, echo=False)
    return got, time.monotonic() - begun


def code_of(got):
    return "none" if got is None else coap.code_text(got.code)


def main(rows, needs_namespace=True):
    """rows: {name: function(lab)}; without names all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs="?", default=os.environ.get("SL_PROGRAMS", ""))
    parser.add_argument("rows", nargs="*")
    parser.add_argument("--full", action="store_true", default=os.environ.get("ABUSE_FORM") == "full")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SL_SEED", "1")))
    options = parser.parse_args()
    if not os.path.exists(os.path.join(options.programs, "sealift-proxy")):
        parser.error("the first argument is the folder of the programs")
    harness.PROGRAMS = os.path.abspath(options.programs)
    is_inside = not needs_namespace or enter_namespace()
    lab = Lab(options)
    lab.is_inside = is_inside
    try:
        for name in options.rows or rows:
            try:
                rows[name](lab)
            finally:
                lab.close_row()
    finally:
        shutil.rmtree(lab.home, ignore_errors=True)
    if lab.skipped:
        print(f"# {lab.skipped} skipped")
    sys.exit(0 if lab.is_good else 1)
