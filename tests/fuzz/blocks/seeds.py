#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of this target.   usage: seeds.py FOLDER"""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import seed_files  # noqa: E402


def put(num, more, peer=0, tag=0, szx=0, size=2):
    return bytes([0, peer + 6 * tag, num | more << 4 | szx << 5 | size << 6])


def whole(peer=0):
    return bytes([0, 0xfc + peer, 0])


def keep(length, peer=0, tag=0):
    return bytes([1, peer + 6 * tag, length])


def cut(num, peer=0, tag=0, szx=0):
    return bytes([2 | szx << 2 | num << 4, peer + 6 * tag])


def passes(twenties):
    return bytes([3 | twenties << 2])


seeds = {
    "upload": put(0, 1) + put(1, 1) + put(2, 0),
    "upload_large_blocks": put(0, 1, szx=1) + put(1, 1, szx=1) + put(2, 0, szx=1),
    "upload_one_block": put(0, 0),
    "upload_gap": put(0, 1) + put(2, 1) + put(1, 1),
    "upload_again": put(0, 1) + put(1, 1) + put(0, 1) + put(1, 0),
    "upload_twice_a_block": put(0, 1) + put(1, 1) + put(1, 1),
    "upload_odd": put(0, 1) + bytes([0, 0, 0xd1]) + put(1, 0),
    "upload_other_size": put(0, 1) + put(1, 1) + put(1, 1, szx=1) + put(2, 0, szx=1),
    "upload_too_large": b"".join(put(i, 1) for i in range(14)),
    "upload_silent": put(0, 1) + passes(49) + put(1, 1) + passes(51) + put(2, 0),
    "two_tags": put(0, 1) + put(0, 1, tag=1) + put(1, 0) + put(1, 0, tag=1),
    "three_tags": put(0, 1) + put(0, 1, tag=1) + put(0, 1, tag=2),
    "two_peers": put(0, 1) + put(0, 1, peer=4) + put(1, 0, peer=4) + put(1, 0),
    "network_full": b"".join(put(0, 1, peer=p) for p in range(6)),
    "all_full": b"".join(put(0, 1, peer=p, tag=t) for p in (0, 4, 5) for t in range(3)),
    "share_full": b"".join(put(i, 1, peer=p) for i in range(12) for p in range(3)),
    "bytes_full": b"".join(put(i, 1, peer=p) for i in range(12) for p in (0, 1, 4, 5)),
    "no_block": whole() + whole(1),
    "slices": keep(50) + cut(0) + cut(1) + cut(2) + cut(3) + cut(4) + cut(1, szx=1),
    "slices_newer": keep(50) + cut(1) + keep(40) + cut(1),
    "slices_served": b"".join(keep(20, peer=p) + cut(1, peer=p) for p in range(6)) + keep(20, tag=1),
    "slices_of_peer": keep(20) + keep(20, tag=1) + keep(20, tag=2) + cut(0) + cut(0, tag=1) + cut(0, tag=2),
    "answers_full": b"".join(keep(100, peer=p, tag=t) for t in range(2) for p in range(6)),
    "answers_empty": keep(0) + cut(0),
    "answers_silent": keep(50) + passes(51) + cut(0),
    "both": put(0, 1) + keep(200) + put(1, 1) + keep(250, peer=1) + put(2, 0) + cut(3),
}


def main():
    seed_files.write(seeds)


if __name__ == "__main__":
    main()
