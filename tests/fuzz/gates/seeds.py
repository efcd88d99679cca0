#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of this target.   usage: seeds.py FOLDER"""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import seed_files  # noqa: E402

ECHO = b"\0"


def value(peer):
    return bytes([0 | peer << 2])


def show(peer, which, damage=None):
    return bytes([1 | peer << 2 | (32 if damage is not None else 0), which]) + (b"" if damage is None else bytes([damage]))


def proves(peer):
    return bytes([2 | peer << 2])


def passes(how):  # 37 ms each
    return bytes([3 | how << 2])


def rates(per_second, burst):
    return bytes([1, per_second - 1, burst - 1])


def ask(source, times=1):
    return bytes([(times - 1) << 1, source])


def waits(root):
    return bytes([1 | root << 1])


V6 = 0x80
seeds = {
    "echo_shown": ECHO + value(0) + show(0, 0),
    "echo_next_epoch": ECHO + value(0) + passes(40) + show(0, 0),
    "echo_stale": ECHO + value(0) + passes(63) + show(0, 0),
    "echo_of_other": ECHO + value(0) + value(1) + show(1, 0) + show(0, 1),
    "echo_damaged": ECHO + value(0) + b"".join(show(0, 0, d) for d in (1, 8, 9, 40, 72)),
    "echo_none": ECHO + show(0, 3),
    "verified_ends": ECHO + proves(0) + passes(63) * 3,
    "verified_full": ECHO + b"".join(proves(p) + passes(1) for p in range(8)) + proves(5) + proves(0),
    "verified_again": ECHO + proves(0) + passes(60) + proves(0) + passes(60) * 2 + proves(1),
    "rate_burst": rates(10, 20) + ask(0, 16) + ask(0, 16) + waits(10) + ask(0, 4),
    "rate_slow": rates(1, 1) + (ask(0, 2) + waits(31)) * 4,
    "rate_networks": rates(2, 4) + b"".join(ask(s, 16) for s in range(16)) + waits(30) + b"".join(ask(s, 5) for s in range(16)),
    "rate_network_full": rates(1, 1) + b"".join(ask(s, 2) for s in range(16)) * 20,
    "rate_ipv6": rates(1, 1) + b"".join(ask(V6 | s, 16) for s in range(32)) * 3 + waits(60) + ask(V6, 16),
    "rate_both": rates(3, 2) + (ask(0, 3) + ask(V6, 3) + waits(9)) * 6,
    "rate_long_silence": rates(32, 32) + ask(0, 16) + waits(127) * 8 + ask(0, 16) * 3,
}


def main():
    seed_files.write(seeds)


if __name__ == "__main__":
    main()
