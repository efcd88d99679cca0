#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T3: ten thousand uploads that are begun and left, and ten thousand that claim four gigabytes; honest uploads of eight
blocks go through meanwhile, and memory stays."""
import time

import rig

COUNT = 10000
SECONDS = rig.by_form(5, 30)
LIMIT_MIB = 64


def bodies(r):
    r.start()
    time.sleep(0.2)
    resident, virtual = r.memory()
    asking = r.begin("asker", clients=200, rate=200, base=rig.HONEST, step=256, blocks=8, verify=1, warm=3,
                     seconds=SECONDS)
    time.sleep(2.8)
    for kind, base in (("block", 0x7F010000), ("size1", 0x7F030000)):
        r.run("flood", kinds=kind, sources=COUNT, count=COUNT, base=base, rate=COUNT * 2 // SECONDS)
    got, m = r.end(asking), r.metrics()
    grown = [(now - then) / 2**20 for now, then in zip(r.memory(), (resident, virtual))]
    print(f"bodies: {got}, {m['uploads_open']} uploads, {m['body_bytes']} bytes", flush=True)
    r.at_least("T3.success-permille", int(1000 * got["ok"] / max(1, got["asked"])), 999)
    r.speed_at_most("T3.resident-growth-mib", round(grown[0]), LIMIT_MIB)
    r.speed_at_most("T3.virtual-growth-mib", round(grown[1]), LIMIT_MIB)
    r.at_most("T3.body-bytes", int(m["body_bytes"]), 16 * 2**20)
    r.at_most("T3.wrong", got["wrong"], 0)


if __name__ == "__main__":
    rig.main(bodies)
