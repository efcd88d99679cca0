#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of this target: one datagram each, the listener before it.   usage: seeds.py FOLDER"""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import seed_files  # noqa: E402


def nibble(n):
    if n < 13:
        return n, b""
    return (13, bytes([n - 13])) if n < 269 else (14, (n - 269).to_bytes(2, "big"))


def datagram(options, payload=b"x", code=2, listener=0, token=b"\x07"):
    out, last = bytes([listener, 0x40 | len(token), code, 0x12, 0x34]) + token, 0
    for number, value in sorted(options, key=lambda o: o[0]):
        d, dx = nibble(number - last)
        n, nx = nibble(len(value))
        out += bytes([d << 4 | n]) + dx + nx + value
        last = number
    return out + (b"\xff" + payload if payload else b"")


OSCORE = (9, b"\x09\x14\x01")


def path(text):
    return [(11, part.encode()) for part in text.split("/")[1:]]


def uri(text):
    return (35, text.encode())


seeds = {
    "oscore_route": datagram([OSCORE]),
    "oscore_empty_option": datagram([(9, b"")]),
    "oscore_zero_option": datagram([(9, b"\x00")]),
    "oscore_kid_alone": datagram([(9, b"\x08")]),
    "oscore_context": datagram([(9, b"\x19\x14\x08" + bytes(8) + b"\x01")]),
    "oscore_second_route": datagram([OSCORE] + path("/r/a")),
    "oscore_second_listener": datagram([OSCORE], listener=1),
    "oscore_edhoc_not_here": datagram([OSCORE, (21, b"")]),
    "oscore_edhoc_forward": datagram([OSCORE, (21, b""), uri("https://est.example/o")]),
    "forward_uri": datagram([OSCORE, uri("https://est.example/o")]),
    "forward_uri_port": datagram([OSCORE, uri("http://10.0.0.1:81/a?b=c")]),
    "forward_uri_upper": datagram([OSCORE, uri("HTTPS://EST.Example:443/o")]),
    "forward_uri_v6": datagram([OSCORE, uri("https://[2600:0:0::1]:4443/")]),
    "forward_uri_own": datagram([OSCORE, uri("http://p.example/o")]),
    "forward_uri_own_address": datagram([OSCORE, uri("http://127.0.0.1:5683/r/x")]),
    "forward_userinfo": datagram([OSCORE, uri("https://est.example@10.0.0.1:81/")]),
    "forward_backslash": datagram([OSCORE, uri("https://est.example\\@evil/")]),
    "forward_metadata": datagram([OSCORE, uri("http://169.254.169.254/latest")]),
    "forward_decimal": datagram([OSCORE, uri("http://167772161:81/")]),
    "forward_dot": datagram([OSCORE, uri("https://est.example./o")]),
    "forward_escapes": datagram([OSCORE, uri("https://est.example/%2e%2e/o%2fb")]),
    "forward_scheme": datagram([OSCORE, (3, b"est.example"), (39, b"https")] + path("/o")),
    "forward_scheme_port": datagram([OSCORE, (3, b"10.0.0.1"), (7, b"\x51"), (39, b"http")]),
    "forward_scheme_no_host": datagram([OSCORE, (39, b"https")]),
    "plain_edhoc": datagram(path("/.well-known/edhoc") + [(12, b"\x40")]),
    "plain_get": datagram(path("/o") + [(15, b"a=b&c"), (17, b"\x28")], b"", 1),
    "plain_put_format": datagram(path("/o") + [(12, b"\x01\x1e")], code=3),
    "plain_delete": datagram(path("/o"), b"", 4),
    "plain_second_route": datagram(path("/r/x"), code=2),
    "plain_odd_segment": datagram(path("/o") + [(11, b"a/b"), (15, b"\r\nX: y")]),
    "plain_unknown_format": datagram(path("/o") + [(12, b"\xff\xff")]),
    "plain_forbidden": datagram(path("/est/sen")),
    "plain_forward": datagram([(39, b"https"), (3, b"est.example")] + path("/o")),
    "hop_limit": datagram([OSCORE, (16, b"\x10")]),
    "block1_whole": datagram([OSCORE, (27, b"\x06")]),
    "block1_more": datagram([OSCORE, (27, b"\x08")], bytes(16)),
    "block2": datagram([OSCORE, (23, b"\x02")]),
    "observe_fetch": datagram([OSCORE, (6, b"")], code=5),
    "fetch": datagram([OSCORE], code=5),
    "no_payload": datagram([OSCORE], b""),
    "if_match": datagram([(1, b"a")] + path("/o"), code=3),
    "etag": datagram([(4, b"abcd")] + path("/o"), b"", 1),
}


def main():
    seed_files.write(seeds)


if __name__ == "__main__":
    main()
