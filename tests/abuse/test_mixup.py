#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T25 and T26 on the wire: a link that loses, doubles and reorders, end points that change hands in the middle of an
exchange, message IDs out of a few, mostly empty tokens, an origin that is sometimes too late for the acknowledgement.
Every answer says to which request it is. And a request that came many times reached the origin once."""
import rig

EXCHANGES = 1000000 if rig.FULL else rig.by_form(20000, 0)
BIG = ("requests-per-second: 0, exchanges: 1048576, exchanges-per-prefix: 1048576, memory-budget: 1GiB, "
       "in-flight-per-prefix: 65536, queue-length: 8192, reply-bytes: 128MiB")
LINK = {"loss": 30, "dup": 100, "jitter_ms": 20, "timeout_ms": 400, "base": rig.HONEST, "step": 16}


def mixup(r):
    r.start(BIG, delay_ms=600)
    count = 2000 if r.is_sanitized else EXCHANGES
    got = r.run("asker", clients=2000, count=count, mids=64, empty=700, abandon=50, late=20, patience_ms=4000, **LINK)
    m, origin = r.metrics(), r.counts()
    print(f"mixup: {got}, {origin}, late {m['late_results_total']}, duplicates {m['duplicates_total']}", flush=True)
    r.at_most(f"T25.wire-wrong-of-{count}", got["wrong"], 0)
    r.at_least("T25.wire-answered-percent", int(100 * got["ok"] / max(1, got["asked"] - got["abandoned"])), 90)
    r.at_least("T25.wire-duplicates", int(m["duplicates_total"]), count // 100)
    r.at_least("T25.wire-exchanges-per-second", int(got["asked"] / got["seconds"]), 1)


def once(r):
    """Nobody is challenged here, so a number that comes twice is a request that was forwarded twice."""
    r.start(BIG, 'trusted-prefixes: ["127.0.0.0/8"]', delay_ms=600)
    link = dict(LINK, loss=150, dup=400)
    count = rig.by_form(5000, 100000) if not r.is_sanitized else 1000
    got = r.run("asker", clients=500, count=count, late=20, patience_ms=4000, **link)
    m, origin = r.metrics(), r.counts()
    print(f"once: {got}, {origin}, duplicates {m['duplicates_total']}", flush=True)
    r.at_most("T26.wire-repeats-at-origin", origin["repeats"], 0)
    r.at_least("T26.wire-duplicates-at-proxy", int(m["duplicates_total"]), count // 4)
    r.at_least("T26.wire-answered-percent", int(100 * got["ok"] / max(1, got["asked"])), 95)


if __name__ == "__main__":
    rig.main(mixup, once)
