#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel says of the running programs: system calls by a list, no new privileges, no capabilities, no core
dumps, not traceable; and that they work like that. What a list forbids: tests/unit/*/test_sandbox.c."""
import os
import resource
import subprocess
import tempfile
import unittest

import harness

NOBODY = 65534
ADMIN = "admin: {port: 0}\n"


def is_sanitized():
    """The leak checker traces its own process, so those builds stay traceable."""
    with open(harness.program("sealift-proxy"), "rb") as f:
        return b"__asan_init" in f.read()


def status(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return {key: value.strip() for key, value in (line.split(":", 1) for line in f)}


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as f:
        return [int(word) for word in f.read().split()]


class Sandbox(harness.Case):
    def check(self, name, pid, filters):
        """Every thread of the process."""
        got = [status(f"{pid}/task/{thread}") for thread in os.listdir(f"/proc/{pid}/task")]
        for s in got:
            self.assertEqual((s["Seccomp"], s.get("Seccomp_filters", str(filters))), ("2", str(filters)), name)
            self.assertEqual(s["NoNewPrivs"], "1", name)
            held = ["CapInh", "CapPrm", "CapEff", "CapAmb"] + (["CapBnd"] if os.getuid() == 0 else [])
            self.assertEqual([s[key] for key in held], ["0" * 16] * len(held), name)
        self.assertEqual(resource.prlimit(pid, resource.RLIMIT_CORE), (0, 0), name)
        print(f"T50.{name} {len(got)} threads PASS -")

    def test_the_processes_of_the_proxy(self):
        proxy = self.start_proxy(harness.proxy_config("http://127.0.0.1:9/", extra=ADMIN + harness.TRUSTED))
        supervisor, worker = proxy.server.process.pid, proxy.worker_pid()
        others = harness.wait_until(lambda: [pid for pid in children(supervisor) if pid != worker])
        self.assertEqual(len(others), 1)
        harness.wait_until(lambda: all(status(p).get("Seccomp_filters", "2") == "2" for p in (worker, others[0])))
        self.check("supervisor", supervisor, 1)
        self.check("worker", worker, 2)
        self.check("admin", others[0], 2)
        self.assertNotIn("no-sandbox", proxy.server.log())
        client = self.client(proxy.address)
        self.assert_code(self.ask(client, b"x"), "5.02")
        proxy.kill_worker()
        harness.wait_until(lambda: status(proxy.worker_pid()).get("Seccomp_filters", "2") == "2")
        self.check("next-worker", proxy.worker_pid(), 2)

    def test_the_server(self):
        est = harness.Est(self.home)
        est.start()
        self.addCleanup(est.stop)
        self.check("server", est.server.process.pid, 2)
        self.assertNotIn("no-sandbox", est.server.log())

    @unittest.skipUnless(os.getuid() == 0, "needs root to become another user")
    def test_nobody_traces_them(self):
        if is_sanitized():
            self.skipTest("sanitizers trace")
        os.chmod(self.home, 0o755)
        path = os.path.join(self.home, "proxy.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(harness.proxy_config("http://127.0.0.1:9/"))
        os.chmod(path, 0o644)
        with tempfile.TemporaryFile() as log:
            with subprocess.Popen([harness.program("sealift-proxy"), "-c", path], stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=log, user=NOBODY, group=NOBODY, extra_groups=[]) as process:
                harness.living.append(process)
                worker = harness.wait_until(lambda: children(process.pid))[0]
                harness.wait_until(lambda: status(worker)["Seccomp"] == "2")
                for pid in (process.pid, worker):
                    self.assertEqual(status(pid)["Uid"].split()[0], str(NOBODY))
                    self.assertEqual(os.stat(f"/proc/{pid}/mem").st_uid, 0, "dumpable processes own their memory")
                process.terminate()
                self.assertEqual(process.wait(20), 0)

    def test_other_modes_are_said(self):
        for mode, seccomp in (("off", "0"), ("log", "2")):
            config = f"sandbox: {mode}\n" + harness.proxy_config("http://127.0.0.1:9/")
            path = os.path.join(self.home, f"{mode}.yaml")
            with open(path, "w", encoding="utf-8") as f:
                f.write(config)
            server = harness.Server(self.home, [harness.program("sealift-proxy"), "-c", path], "worker-started")
            self.addCleanup(server.stop)
            self.assertIn("level=warn event=no-sandbox", server.log())
            self.assertEqual(status(server.process.pid)["Seccomp"], seccomp)
            self.assertEqual(status(server.process.pid)["CapEff"], "0" * 16)
        est = harness.Est(self.home, more="\nsandbox: off\n")
        est.start()
        self.addCleanup(est.stop)
        self.assertIn("level=warn event=no-sandbox", est.server.log())
        self.assertEqual(status(est.server.process.pid)["Seccomp"], "0")

    def test_other_words_are_refused(self):
        path = os.path.join(self.home, "bad.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write("sandbox: maybe\n" + harness.proxy_config("http://127.0.0.1:9/"))
        done = harness.run(self.home, "sealift-proxy", "--check", path, status=2)
        self.assertIn('bad.yaml:1: sandbox: "maybe": must be on, log or off', done.stderr)


if __name__ == "__main__":
    harness.main()
