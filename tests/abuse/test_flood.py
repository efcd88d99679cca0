#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T2: a hundred thousand forged sources at the highest rate that the machine gives; honest clients with a fixed load do
not notice, memory does not grow, and what a datagram costs does not depend on how many sources there are."""
import time

import rig

MIX = "ping,first,block,echo,garbage"
SECONDS = rig.by_form(5, 60)
GENTLE = 5000  # datagrams a second, where a sanitizer slows everything down
HONEST = {"clients": 2000, "rate": 1000, "base": rig.HONEST, "step": 64, "timeout_ms": 2000, "verify": 1, "warm": 3}
GROWTH_MIB = 32


def ask(r, seconds, first):
    return r.begin("asker", seconds=seconds, first=first, **HONEST)


def flood(r):
    r.start()
    before = r.end(ask(r, SECONDS, 1))
    resident = r.memory()[0]
    asking = ask(r, SECONDS, 10000001)
    time.sleep(2.8)
    cpu, begun = r.cpu_seconds(), time.monotonic()
    flooding = r.begin("flood", kinds=MIX, sources=100000, seconds=SECONDS, rate=GENTLE if r.is_sanitized else 0)
    sent = r.end(flooding)
    busy = (r.cpu_seconds() - cpu) / (time.monotonic() - begun)
    during = r.end(asking)
    growth = (r.memory()[0] - resident) / 2**20
    after = r.end(ask(r, SECONDS, 20000001))
    m = r.metrics()
    rate = {k: v["in_time"] / SECONDS for k, v in (("before", before), ("during", during), ("after", after))}
    m = {k: v for k, v in m.items() if v and "_bucket" not in k}
    print(f"flood: {sent['sent'] / sent['seconds']:.0f}/s, the worker busy {100 * busy:.0f} %; before {before}, "
          f"during {during}, after {after}, {m}", flush=True)
    r.at_least("T2.success-permille", int(1000 * during["ok"] / max(1, during["asked"])), 999)
    r.speed_at_least("T2.throughput-percent-of-baseline", int(100 * rate["during"] / rate["before"]), 80)
    r.speed_at_most("T2.growth-mib", round(growth), GROWTH_MIB)
    r.speed_at_least("T2.recovery-percent-of-baseline", int(100 * rate["after"] / rate["before"]), 95)
    r.at_most("T2.wrong", before["wrong"] + during["wrong"] + after["wrong"], 0)
    r.say("T2.alive", int(r.is_alive()), 1, r.is_alive())


def cost(r):
    """CPU time of the worker for each datagram, from few and from many sources by turns."""
    if r.is_sanitized:
        return
    r.start()
    spent, count = {64: 0.0, 100000: 0.0}, rig.by_form(100000, 300000)
    for turn in range(6):
        for sources in spent:
            cpu, got = r.cpu_seconds(), r.metrics()["datagrams_received_total"]
            r.run("flood", kinds="first", sources=sources, count=count, rate=100000, seed=turn + 1)
            time.sleep(0.2)
            got = r.metrics()["datagrams_received_total"] - got
            spent[sources] += (r.cpu_seconds() - cpu) / max(got, 1)
    print(f"cost: {1e6 / 6 * spent[64]:.2f} us, {1e6 / 6 * spent[100000]:.2f} us", flush=True)
    r.speed_at_most("T2.cost-of-100000-sources-by-64", spent[100000] / spent[64], 1.5, "{:.2f}")


if __name__ == "__main__":
    rig.main(flood, cost)
