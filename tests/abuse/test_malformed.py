#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T5: forty kinds of malformed datagrams, many of each. No crash, no report of a sanitizer, and a ping is answered in
time all the while. From the time of a ping is taken off what the kernel let the worker, or us, wait for a core."""
import os
import socket
import threading
import time

import rig

KINDS, COUNT = 40, rig.by_form(250, 10000)
STALL_MS = 100
PING = bytes.fromhex("40000001")


def waited_s(*pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
            total += int(f.read().split()[1])
    return total / 1e9


class Pinger(threading.Thread):
    """Worst time of an answer, and pings without one."""

    def __init__(self, r):
        super().__init__(daemon=True)
        self.rig, self.worst_ms, self.lost, self.count, self.is_over = r, 0.0, 0, 0, False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.250.0.1", 0))
        self.socket.connect(r.proxy.address)
        self.socket.settimeout(2)

    def ping(self):
        pids = (self.rig.pid, os.getpid(), f"{os.getpid()}/task/{threading.get_native_id()}")
        begun, waited = time.monotonic(), waited_s(*pids)
        try:
            self.socket.send(PING)
            self.socket.recv(100)
        except OSError:
            self.lost += 1
            return
        took = time.monotonic() - begun - (waited_s(*pids) - waited)
        self.worst_ms = max(self.worst_ms, 1000 * took)
        self.count += 1

    def run(self):
        while not self.is_over:
            self.ping()
            time.sleep(0.02)


def malformed(r):
    r.start("requests-per-second: 0")
    pinger = Pinger(r)
    pinger.start()
    sent = 0
    for kind in range(KINDS):
        sent += r.run("flood", kinds=f"malformed-{kind}", sources=500, count=COUNT, rate=8000, linger_ms=20,
                      seed=rig.SEED + kind)["sent"]
    pinger.is_over = True
    pinger.join()
    lost = pinger.lost
    pinger.ping()
    name = "-asan" if r.is_sanitized else ""
    m = r.metrics()
    print(f"malformed: {sent} sent, {m['malformed_datagrams_total']:.0f} seen as such, {pinger.count} pings", flush=True)
    r.at_least(f"T5.sent{name}", sent, KINDS * COUNT * 99 // 100)
    r.say(f"T5.crashes{name}", 1 - r.is_alive(), 0, r.is_alive())
    r.at_most(f"T5.worst-ping-ms{name}", round(pinger.worst_ms), STALL_MS)
    r.at_most(f"T5.pings-lost{name}", lost, 0)
    r.say(f"T5.ping-afterwards{name}", 1 - (pinger.lost - lost), 1, pinger.lost == lost)


if __name__ == "__main__":
    rig.main(malformed)
