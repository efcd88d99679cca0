# SPDX-License-Identifier: BSD-2-Clause
"""The rows of tools/abuse that need real processes: the proxy on one core, all who talk to it on the others; an origin
that tells what it got; lines `id value limit PASS|FAIL seed`. Under sanitizers nothing is said about speed and memory.
First argument of a row's program (or SL_PROGRAMS): the folder of the programs."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

FULL = os.environ.get("ABUSE_FORM") == "full"
SEED = int(os.environ.get("SL_SEED", "1"))
PROXY_CORE, OTHER_CORE = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))
PAGE = os.sysconf("SC_PAGESIZE")
HONEST = 0x7FC80001  # 127.200.0.1
CONFIG = """listen: ["127.0.0.1:0"]
admin:
  port: 0
{extra}
routes:
  - path: /
    origin: "http://127.0.0.1:{port}/"
    plain-http: ["127.0.0.0/8"]
limits:
  drain-timeout: 2s
{limits}
"""


def by_form(short, full):
    return full if FULL else short


class Rig:
    """Servers of one row. A row is a function that gets one; say() is its verdict."""

    def __init__(self, programs):
        harness.PROGRAMS = self.programs = os.path.abspath(programs)
        self.abuse = os.path.join(os.path.dirname(self.programs), "abuse")
        self.home = tempfile.mkdtemp(prefix="sealift-abuse-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.is_good, self.servers, self.origin, self.proxy = True, [], None, None
        with open(harness.program("sealift-proxy"), "rb") as f:
            self.is_sanitized = b"__asan_init" in f.read()

    def close(self):
        for server in reversed(self.servers):
            try:
                server()
            except AssertionError as e:
                self.is_good = False
                print(f"rig: {e}", flush=True)
        self.servers = []

    def say(self, name, value, limit, good, seed=SEED):
        """One line of the table."""
        print(f"{name} {value} {limit} {'PASS' if good else 'FAIL'} {seed}", flush=True)
        self.is_good = self.is_good and bool(good)

    def at_most(self, name, value, limit, form="{}"):
        self.say(name, form.format(value), limit, value <= limit)

    def at_least(self, name, value, limit, form="{}"):
        self.say(name, form.format(value), limit, value >= limit)

    def speed_at_most(self, name, value, limit, form="{}"):
        """What a sanitizer changes."""
        if not self.is_sanitized:
            self.at_most(name, value, limit, form)

    def speed_at_least(self, name, value, limit, form="{}"):
        if not self.is_sanitized:
            self.at_least(name, value, limit, form)

    # --- servers

    def start(self, limits="", extra="", delay_ms=0):
        self.start_origin(delay_ms)
        self.start_proxy(limits, extra)

    def start_origin(self, delay_ms=0):
        server = harness.Server(self.home, [os.path.join(self.abuse, "abuse_origin"), f"delay_ms={delay_ms}"],
                                "listening on")
        self.origin = int(server.wait_for(r"listening on \S+:(\d+)")[0])
        os.sched_setaffinity(server.process.pid, {OTHER_CORE})

        def stop():
            server.process.kill()
            server.process.wait()
        self.servers.append(stop)

    def start_proxy(self, limits="", extra="", port=None):
        text = CONFIG.format(extra=extra, port=port or self.origin,
                             limits="".join(f"  {line.strip()}\n" for line in limits.split(",") if line.strip()))
        self.proxy = harness.Proxy(self.home, text)
        self.admin = self.proxy.server.wait_for(r"event=admin address=(\S+)")[0]
        self.pid = self.proxy.serving_worker()
        for pid in (self.pid, self.proxy.server.process.pid):
            os.sched_setaffinity(pid, {PROXY_CORE})
        self.servers.append(self.proxy.stop)

    def stop_proxy(self):
        self.servers.remove(self.proxy.stop)
        self.proxy.stop()

    # --- helpers

    def begin(self, name, *words, **arguments):
        """flood or asker, in the background."""
        command = [os.path.join(self.abuse, "abuse_" + name), *self.address(), *words]
        command += [f"{k}={v}" for k, v in dict({"seed": SEED}, **arguments).items()]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.sched_setaffinity(process.pid, {OTHER_CORE})
        harness.living.append(process)
        return process

    @staticmethod
    def end(process, seconds=600):
        out, err = process.communicate(timeout=seconds)
        if process.returncode != 0:
            raise AssertionError(f"{process.args}: {process.returncode}\n{err}")
        return json.loads(out)

    def run(self, name, *words, **arguments):
        return self.end(self.begin(name, *words, **arguments))

    def address(self):
        return self.proxy.address[0], str(self.proxy.address[1])

    def counts(self, path="counts"):
        """Of the origin."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.origin}/{path}", timeout=10) as f:
            return json.load(f)

    def metrics(self):
        """{name with labels: value}, without the prefix."""
        with urllib.request.urlopen(f"http://{self.admin}/metrics", timeout=10) as f:
            text = f.read().decode()
        found = re.findall(r"^sealift_proxy_(\S+) (\S+)$", text, re.M)
        return {name: float(value) for name, value in found}

    # --- what the kernel says of the worker

    def memory(self):
        """(resident, virtual) in bytes."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as f:
            size, resident = f.read().split()[:2]
        return int(resident) * PAGE, int(size) * PAGE

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as f:
            words = f.read().rsplit(") ", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def is_alive(self):
        """The worker that was there at the start, not its successor."""
        return self.proxy.worker_pid() == self.pid and os.path.exists(f"/proc/{self.pid}")


def main(*rows):
    """Each row in a fresh rig; names of rows behind the folder choose some."""
    programs = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SL_PROGRAMS", "")
    if not os.path.exists(os.path.join(programs, "sealift-proxy")):
        sys.exit(f"usage: {sys.argv[0]} FOLDER-OF-PROGRAMS [ROW...]")
    good = True
    for row in rows:
        if len(sys.argv) > 2 and row.__name__ not in sys.argv[2:]:
            continue
        rig = Rig(programs)
        try:
            row(rig)
        finally:
            rig.close()
            shutil.rmtree(rig.home, ignore_errors=True)
        good = good and rig.is_good
    sys.exit(0 if good else 1)
