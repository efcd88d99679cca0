#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T8 on the wire: one network asks fifty times as much as each of ninety-nine others, of an origin that is slow enough to
be scarce; each of the others gets what it gets alone."""
import rig

NETWORKS = 99
SECONDS = rig.by_form(6, 30)
RATE = 2  # of each network
GREEDY = 0x7F0A0001


def ask(r, first):
    return r.begin("asker", clients=NETWORKS, rate=NETWORKS * RATE, base=rig.HONEST, step=256, verify=1, warm=2, late=1000,
                   seconds=SECONDS, first=first)


def greedy(r):
    # 8 transfers of 10 ms: 800 a second at most; the greedy one wants 200 of one network and twenty times that for its ends
    r.start("requests-per-second: 0, transfers: 8", delay_ms=10)
    solo = r.end(ask(r, 1))
    asking = ask(r, 5000001)
    want = r.begin("asker", clients=200, rate=50 * RATE * 20, base=GREEDY, step=1, verify=1, late=1000,
                   seconds=SECONDS + 2, patience_ms=5000, first=9000001)
    with_it, its = r.end(asking), r.end(want)
    shares = [100 * b // max(a, 1) for a, b in zip(solo["each"], with_it["each"])]
    total, squares = sum(with_it["each"]), sum(n * n for n in with_it["each"])
    jain = total * total / (NETWORKS * max(squares, 1))
    print(f"greedy: asked {its['asked']}, got {its['ok']}; worst share {min(shares)}; {its['codes']}; "
          f"ms {solo['p50_ms']} {solo['p99_ms']}, {with_it['p50_ms']} {with_it['p99_ms']}, {its['p50_ms']}", flush=True)
    r.at_least("T8.wire-worst-share-percent", min(shares), 95)
    r.at_least("T8.wire-jain", jain, 0.95, "{:.3f}")
    r.at_least("T8.wire-greedy-asked-by-one-honest", its["asked"] // max(with_it["asked"] // NETWORKS, 1), 50)
    r.at_most("T8.wire-wrong", solo["wrong"] + with_it["wrong"] + its["wrong"], 0)


if __name__ == "__main__":
    rig.main(greedy)
