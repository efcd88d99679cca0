#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of this target: short stories in the operations of fuzz_proxy_core.c.   usage: seeds.py FOLDER"""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import seed_files  # noqa: E402

WHOLE, UPLOAD, FOLLOW_UP, PLAIN, DISCOVERY, FORWARD, WITH_ECHO, SMALL_SLICES = range(8)


def ask(kind, peer=0, con=1, token=1, mid=0, key=0, num=0, more=0, quiet=0):
    return bytes([0, peer | kind << 3 | con << 6 | token << 7, mid | key << 2 | num << 4 | more << 6 | quiet << 7])


def raw(datagram, peer=0):
    return bytes([3, peer, len(datagram)]) + datagram


def passes(power):
    return bytes([4 | power << 3])


def result(how=0, which=0, words=1):
    return bytes([5 | how << 3, which, words])


def copy(which):
    return bytes([6 | which << 3])


def ack(peer, reset=0):
    return bytes([6 | (16 + peer + 8 * reset) << 3])


def late(slot=0):
    return bytes([7, slot])


DRAIN = b"\xff"
AUTO, ALWAYS, BUDGET, OFF = b"\0", b"\1", b"\2", b"\3"
GIVE_UP = b"\x80"

stories = {
    "piggyback": AUTO + ask(WHOLE) + result() + copy(0) + copy(0),
    "separate": ALWAYS + ask(WHOLE, 7) + passes(9) + result() + passes(12) + ack(7),
    "separate_after_echo": AUTO + ask(SMALL_SLICES, 1) + result(words=9) + ask(WITH_ECHO, 1, mid=1) + passes(10) + result() + ack(1),
    "reset": OFF + ask(WHOLE) + passes(9) + result() + ack(0, 1),
    "retransmitted": OFF + ask(WHOLE) + passes(9) + result() + passes(11) + passes(12) + passes(13) + passes(14) + passes(15),
    "non": OFF + ask(WHOLE, con=0) + result() + copy(0),
    "no_token": OFF + ask(WHOLE, token=0) + ask(WHOLE, 1, token=0, mid=1) + result(which=1) + result(),
    "no_response": OFF + ask(WHOLE, quiet=1) + result(),
    "slices": OFF + ask(SMALL_SLICES) + result(words=4) + b"".join(ask(FOLLOW_UP, mid=i & 3, num=i) for i in (1, 2, 3, 1)),
    "slices_of_two": OFF + ask(SMALL_SLICES, 0) + ask(SMALL_SLICES, 1) + result(words=4) + result(words=4) +
    ask(FOLLOW_UP, 0, mid=1, num=1) + ask(FOLLOW_UP, 1, mid=1, num=1),
    "upload": OFF + ask(UPLOAD, mid=0, num=0, more=1) + ask(UPLOAD, mid=1, num=1, more=1) + ask(UPLOAD, mid=2, num=2) + result(),
    "uploads_of_two": OFF + ask(UPLOAD, 0, num=0, more=1) + ask(UPLOAD, 1, num=0, more=1) + ask(UPLOAD, 0, mid=1, num=1, more=1) +
    ask(UPLOAD, 1, mid=1, num=1) + ask(UPLOAD, 0, mid=2, num=2) + result() + result(),
    "upload_gap": OFF + ask(UPLOAD, num=0, more=1) + ask(UPLOAD, mid=1, num=2),
    "upload_left": OFF + ask(UPLOAD, num=0, more=1) + passes(17),
    "uploads_many": OFF + b"".join(ask(UPLOAD, p, mid=k, key=k, num=0, more=1) for p in range(3) for k in range(4)),
    "plain": OFF + ask(PLAIN) + result(words=9) + ask(PLAIN, mid=1) + result(),
    "discovery": AUTO + ask(DISCOVERY) + ask(DISCOVERY, mid=1, num=1) + ask(DISCOVERY, 1) + ask(DISCOVERY, 7),
    "forward": OFF + ask(FORWARD) + result(),
    "budget_echo": AUTO + ask(WHOLE) + result(words=40) + ask(WITH_ECHO, mid=1) + ask(FOLLOW_UP, mid=2, num=1),
    "same_id_other_bytes": OFF + ask(WHOLE) + ask(WHOLE, key=1) + result(which=1) + result() + copy(1),
    "late": OFF + ask(WHOLE) + result() + late() + ask(WHOLE, mid=1) + late() + late(3) + result(),
    "timeout": OFF + ask(WHOLE) + passes(16) + late(),
    "queue": OFF + b"".join(ask(WHOLE, p, mid=k, key=k) for p in range(6) for k in range(3)) + result() * 4 + passes(13) + result() * 2,
    "crowd": BUDGET + b"".join(ask(WHOLE, p, con=k & 1, mid=k, key=k) for k in range(4) for p in range(8)) + result() * 9 + passes(14),
    "crowd_long": BUDGET + b"".join(passes(9) + ask(WHOLE, p, mid=k & 3, key=k >> 2 & 3, token=k & 1) for k in range(12) for p in range(8)) +
    result(words=50) * 20 + passes(16),
    "drain": OFF + ask(WHOLE) + DRAIN + ask(WHOLE, 1) + result(),
    "give_up": GIVE_UP + ask(WHOLE, 7) + ask(WHOLE, 2) + ask(WHOLE, 3),
    "give_up_off": bytes([GIVE_UP[0] | OFF[0]]) + ask(WHOLE) * 3 + ask(WHOLE, 1) + ask(WHOLE, 2) + ask(WHOLE, 3),
    "failures": OFF + b"".join(ask(WHOLE, k % 3, mid=k & 3, key=k >> 2) + result(24 + k % 8) for k in range(9)),
    "statuses": OFF + b"".join(ask(WHOLE, k % 3, mid=k & 3, key=k >> 2 & 3) + result(k) for k in range(24)),
    "pings": AUTO + raw(b"\x40\0\0\1") + raw(b"\x70\0\0\2") + raw(b"\x60\0\0\3") + raw(b"\x40\1"),
    "malformed": AUTO + raw(b"\x49\2\0\1") + raw(b"\x40\2\0\1\xf0") + raw(b"\x80\2\0\1") + raw(b"\x40\2\0\1\xff"),
    "other_methods": AUTO + b"".join(raw(bytes([0x40, code, 0, code]) + b"\xb1o") for code in (1, 2, 3, 4, 5, 6, 7, 8)),
    "proxy_uri": OFF + raw(b"\x41\2\0\1\x05\x92\x09\x14\xdd\x0d\x08https://est.example/o\xffx"[:4] + b"\x05\x92\x09\x14\xdd\x0d\x07" +
                           b"https://est.example/\xffx") + result(),
    "hop_limit": OFF + raw(b"\x40\2\0\1\x92\x09\x14\x71\1\xff\1") + raw(b"\x40\2\0\2\x92\x09\x14\x71\2\xff\1") + result(),
    "edhoc_option": OFF + raw(b"\x40\2\0\1\x92\x09\x14\xc0\xff\1") + result(),
}


def main():
    seed_files.write(stories)


if __name__ == "__main__":
    main()
