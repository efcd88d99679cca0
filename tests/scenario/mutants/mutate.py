#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Plants one bug in a copy of a source file: the faults that mixed up answers elsewhere, to prove that the test would
see them. Each text to be replaced must stand in the file exactly once, or the build stops.

usage: mutate.py ROOT NAME OUT        mutate.py --list"""
import sys

MUTANTS = {
    # a result that comes when its slot belongs to somebody else is taken for his
    "stale_result": ("proxy/exchange.c", [
        ("return x->generation == ref.generation && x->state == EXCHANGE_FETCHING ? x : NULL;",
         "return x->state == EXCHANGE_FETCHING ? x : NULL;")]),
    # the same message ID is the same request, whatever it says: a device that was started anew gets an old answer
    "message_id_alone": ("lib/messaging/messages.c", [
        ("if (slot != 0 && memcmp(m->exchanges[slot].digest, digest, sizeof digest) == 0) {", "if (slot != 0) {")]),
    # the token of who had the record before
    "token_lost": ("lib/messaging/exchanges.c", [
        ("memcpy(x->token, request->token, sizeof x->token);", "")]),
    # records are found by message ID alone
    "end_point_forgotten": ("lib/messaging/exchanges.c", [
        ("sl_index_add(&m->requests, slot, hash_of(m, peer, x->message_id));",
         "sl_index_add(&m->requests, slot, x->message_id);"),
        ("uint32_t slot = sl_index_first(&m->requests, hash_of(m, peer, message_id));",
         "uint32_t slot = sl_index_first(&m->requests, message_id);\n\n\t(void)peer;"),
        ("while (slot != 0 && (m->exchanges[slot].message_id != message_id ||\n"
         "\t                            !sl_peer_equal(&m->exchanges[slot].peer, peer)))\n"
         "\t\tslot = sl_index_next(&m->requests, slot);",
         "while (slot != 0 && m->exchanges[slot].message_id != message_id)\n"
         "\t\tslot = sl_index_next(&m->requests, slot);")]),
    # an answer for a record that is gone goes to the next one in its place
    "generation_kept": ("lib/messaging/exchanges.c", [
        ("uint32_t generation = x->generation + 1;", "uint32_t generation = x->generation;")]),
    # slices are kept under a name that two devices may have
    "key_without_end_point": ("lib/messaging/block_key.c", [
        ("absorb(key, hash_key, request->code, sl_span(peer->bytes, peer->len));",
         "absorb(key, hash_key, request->code, sl_span(peer->bytes, 0));")]),
}


def main():
    if sys.argv[1:] == ["--list"]:
        print(";".join(f"{name}={path}" for name, (path, _) in MUTANTS.items()), end="")
        return 0
    root, name, out = sys.argv[1:4]
    path, changes = MUTANTS[name]
    with open(f"{root}/{path}", encoding="utf-8") as f:
        text = f.read()
    for old, new in changes:
        if text.count(old) != 1:
            print(f"{path}: the text to be changed for {name} stands there {text.count(old)} times: {old!r}")
            return 1
        text = text.replace(old, new)
    with open(out, "w", encoding="utf-8") as f:
        f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
