#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of the kinds 3 and 4 (exchange.h).   usage: seeds.py FOLDER"""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import seed_files  # noqa: E402

CONTEXT, SENDS, OWN_PIV, LOST, SHA384, LAST, UNRESERVED = (1 << i for i in range(7))
FOUND_LATE, LEAP, FOUND, LOSE = 0xfc, 0xfd, 0xfe, 0xff
GET, POST, CREATED, CONTENT, UNAUTHORIZED = 0x01, 0x02, 0x41, 0x45, 0x81
TV1 = b"\xb3tv1"  # Uri-Path
OUTER = b"\x39localhost"  # Uri-Host, class U


def exchange(flags=0, alg=0, ids=(0, 1), context=8, codes=(GET, CONTENT), rest=TV1):
    settings = bytes([flags, alg, *ids, context])
    return bytes([3, len(settings)]) + settings + bytes(codes) + rest


def window(steps, size=31, base=0):
    return bytes([4, 2, size, base]) + bytes(steps)


def at(*differences):  # from the highest number so far
    return [128 + d for d in differences]


seeds = {
    "exchange": exchange(),
    "exchange-payload": exchange(codes=(POST, CREATED), rest=OUTER + TV1 + b"\xffpayload"),
    "exchange-id-context": exchange(CONTEXT | SENDS),
    "exchange-id-context-unsent": exchange(CONTEXT, context=0),
    "exchange-id-context-too-long": exchange(CONTEXT, context=65),
    "exchange-own-piv": exchange(OWN_PIV),
    "exchange-lost": exchange(LOST),
    "exchange-lost-own-piv": exchange(LOST | OWN_PIV, codes=(GET, UNAUTHORIZED)),
    "exchange-observe": exchange(rest=b"\x61\x05\x53tv1"),
    "exchange-oscore-inside": exchange(rest=b"\x91\x09"),
    "exchange-response-as-request": exchange(codes=(CONTENT, CONTENT)),
    "exchange-request-as-response": exchange(codes=(GET, GET)),
    "exchange-class-3": exchange(codes=(GET, 0x61)),
    "exchange-sha384": exchange(SHA384),
    "exchange-gcm": exchange(alg=1, ids=(6, 5)),
    "exchange-gcm-256": exchange(alg=2),
    "exchange-chacha": exchange(alg=3),
    "exchange-ids-7": exchange(ids=(7, 7)),
    "exchange-id-too-long": exchange(ids=(8, 1)),
    "exchange-ids-equal": exchange(ids=(0, 0)),
    "exchange-last-number": exchange(LAST),
    "exchange-unreserved": exchange(UNRESERVED),
    "window-ascending": window(at(0, 1, 1, 1)),
    "window-twice": window(at(5, 0, 1, -1, 0)),
    "window-reordered": window(at(20, -3, -1, -2, -3)),
    "window-edge": window(at(100, -31, -32, -30)),
    "window-edge-64": window(at(100, -63, -64, 64, -64, -63), size=63),
    "window-one": window(at(3, -1, 1, 0), size=0),
    "window-leap": window([*at(1), LEAP, *at(-1, -63)]),
    "window-lost": window([*at(9), LOSE, *at(1, 1), FOUND, *at(0, -1, 1)]),
    "window-lost-first": window([LOSE, *at(9), FOUND, FOUND, *at(1)]),
    "window-found-late": window([*at(9), LOSE, *at(1), FOUND, *at(5), FOUND]),
    "window-two-lost": window([*at(9), LOSE, *at(1, 2), FOUND_LATE, FOUND, FOUND, *at(-1, 1)]),
    "window-two-lost-reordered": window([*at(9), LOSE, *at(2, 1), FOUND_LATE, FOUND, *at(1)]),
    "window-end": window(at(90, 20, 0, -1), base=3),
}


def main():
    seed_files.write(seeds)


if __name__ == "__main__":
    main()
