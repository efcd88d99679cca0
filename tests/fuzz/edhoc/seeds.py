#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of whole runs, of choices and of padding (whole.h).   usage: seeds.py FOLDER"""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import seed_files  # noqa: E402

OSCORE, CONFIRM, ELSEWHERE, MOVE, KEEP, PAD, REFUSE, LABEL = (1 << i for i in range(8))
SUITES = [0, 1, 2, 3, 4, 5, 6, 24, 25]
SAME = 9


def whole(method=3, suite=2, flags=OSCORE, tried=SAME, ids=(1, 1), change=(0, 0, 0), ead=b""):
    return bytes([10, method, SUITES.index(suite), tried, flags, *ids, *change]) + ead


def choice(low, high, mask, peer=b""):
    return bytes([11, low, high, mask]) + bytes(range(16)) + peer


seeds = {f"whole_suite_{s}": whole(suite=s, flags=0 if s == 25 else OSCORE) for s in SUITES}
seeds.update({f"whole_signed_{s}": whole(0, s, 0) for s in (0, 2, 24, 25)})
seeds.update({f"whole_method_{m}": whole(m) for m in range(3)})
seeds.update({f"whole_changed_{n}": whole(change=(n, 20, 1)) for n in range(1, 5)})
seeds.update({
    "whole_signed_changed_2": whole(0, change=(2, 60, 1)),
    "whole_signed_changed_3": whole(0, change=(3, 9, 1)),
    "whole_changed_method": whole(change=(1, 0, 2)),
    "whole_changed_suite": whole(change=(1, 1, 1)),
    "whole_confirm": whole(flags=OSCORE | CONFIRM),
    "whole_elsewhere": whole(0, flags=ELSEWHERE),
    "whole_moved": whole(flags=OSCORE | MOVE),
    "whole_keeps": whole(flags=OSCORE | KEEP),
    "whole_padded": whole(flags=OSCORE | PAD),
    "whole_refused": whole(flags=OSCORE | REFUSE),
    "whole_ead": whole(ead=b"\x01\x43abc\x02"),
    "whole_ead_critical": whole(ead=b"\x20\x43abc"),
    "whole_ead_understood": whole(flags=OSCORE | LABEL, ead=b"\x20\x43abc"),
    "whole_ead_inconsistent": whole(flags=OSCORE | LABEL, ead=b"\x20\x01"),
    "whole_ead_broken": whole(ead=b"\x01\x58"),
    "whole_other_suite_first": whole(suite=2, tried=SUITES.index(3)),
    "whole_other_suite_signed": whole(0, suite=24, tried=SUITES.index(0)),
    "whole_suite_without_oscore": whole(tried=SUITES.index(25)),
    "whole_two_suites": whole(tried=128 + SUITES.index(24)),
    "whole_neither_of_two": whole(tried=128 + SUITES.index(3)),
    "whole_ids_empty": whole(flags=0, ids=(0, 0)),
    "whole_ids_long": whole(flags=0, ids=(32, 32)),
    "whole_id_too_long": whole(flags=0, ids=(33, 1)),
    "whole_id_too_long_for_oscore": whole(ids=(8, 1)),
    "choice": choice(0, 7, 0),
    "choice_some_taken": choice(1, 7, 0x0f),
    "choice_none_free": choice(1, 3, 0xff),
    "choice_from_two": choice(2, 2, 0x80, b"ab"),
    "choice_too_long": choice(33, 40, 0),
    "padding_1": b"\x0c",
    "padding_24": b"\x0c\x00\x17",
    "padding_26": b"\x0c\x00\x19",
    "padding_259": b"\x0c\x01\x02",
})


def main():
    seed_files.write(seeds)


if __name__ == "__main__":
    main()
