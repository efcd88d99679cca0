#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T54: what the system does not give. A running worker loses its descriptors, its memory, the place for its log: it
answers 5.03 where it cannot do better, does not die, and is as before when it gets them back."""
import os
import resource
import subprocess
import time

import rig  # first: it knows where the others are
import coap
import harness

TRUSTED = 'trusted-prefixes: ["127.0.0.0/8"]'


def ask(r, count=10, size=60):
    """Codes of answers to that many requests, one after the other."""
    c = coap.Client(r.proxy.address)
    codes = []
    for i in range(count):
        body = i.to_bytes(8, "big") + b"\0" * size
        got = c.exchange(c.message(coap.POST, [harness.OPTION], body), 8, echo=False)
        codes.append("none" if got is None else coap.code_text(got.code))
    c.close()
    return codes


def limit(r, what, soft=None, hard=None):
    """The limits before; of a worker that is not there any more nothing."""
    try:
        return resource.prlimit(r.pid, what, *([] if soft is None else [(soft, hard)]))
    except ProcessLookupError:
        return 0, 0


def judge(r, name, during, afterwards, allowed):
    strange = [c for c in during if c not in allowed]
    print(f"{name}: {during}, then {afterwards}", flush=True)
    r.say(f"T54.{name}-strange-answers", len(strange), 0, not strange)
    r.say(f"T54.{name}-answered-afterwards", afterwards.count("2.04"), len(afterwards),
          afterwards.count("2.04") == len(afterwards))
    r.say(f"T54.{name}-deaths", 1 - r.is_alive(), 0, r.is_alive())


def descriptors(r):
    """No connection can be made: the limit is below what is open."""
    r.start("requests-per-second: 0, connect-timeout: 1s, total-timeout: 2s, queue-age: 1s", TRUSTED)
    old = limit(r, resource.RLIMIT_NOFILE)
    limit(r, resource.RLIMIT_NOFILE, 3, old[1])
    during = ask(r)
    limit(r, resource.RLIMIT_NOFILE, *old)
    judge(r, "descriptors", during, ask(r), ("5.03",))


def memory(r):
    """The address space ends where it is; what is still in the allocator may serve some."""
    r.start("requests-per-second: 0, connect-timeout: 1s, total-timeout: 2s, queue-age: 1s", TRUSTED)
    if r.is_sanitized:
        return  # it takes its shadow anew and ends by itself
    ask(r, 2)
    old = limit(r, resource.RLIMIT_AS)
    limit(r, resource.RLIMIT_AS, r.memory()[1], old[1])
    r.run("asker", clients=200, rate=400, seconds=rig.by_form(2, 10), base=rig.HONEST, step=256, body=400,
          patience_ms=4000)
    during = ask(r, 10, 400)
    limit(r, resource.RLIMIT_AS, *old)
    judge(r, "memory", during, ask(r), ("2.04", "5.03"))


def full_disk(r):
    """Standard error is a disk without room."""
    r.start_origin()
    path = os.path.join(r.home, "full.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(rig.CONFIG.format(extra=TRUSTED, port=r.origin, limits="").replace("127.0.0.1:0", "127.0.0.1:5699"))
    with open("/dev/full", "wb") as full:
        process = subprocess.Popen([harness.program("sealift-proxy"), "-c", path], stdin=subprocess.DEVNULL,
                                   stdout=full, stderr=full)
    harness.living.append(process)

    class Place:
        address = ("127.0.0.1", 5699)
    r.proxy = Place()
    harness.wait_until(lambda: ask(r, 1) == ["2.04"], 20, "an answer")
    during = ask(r)
    time.sleep(0.2)
    dead = process.poll() is not None
    process.terminate()
    status = process.wait(20)
    r.say("T54.full-disk-answered", during.count("2.04"), len(during), during.count("2.04") == len(during))
    r.say("T54.full-disk-deaths", int(dead), 0, not dead)
    r.say("T54.full-disk-exit-status", status, 0, status == 0)


if __name__ == "__main__":
    rig.main(descriptors, memory, full_disk)
