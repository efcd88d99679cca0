#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of this target: the published requests, and profiles with what a request holds.
usage: seeds.py FOLDER"""
import json
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import seed_files  # noqa: E402

CHALLENGE, UNBOUND, IGNORES, MAY_CHANGE, RENEWAL, SERVER, EXPIRED, SHORT = (1 << i for i in range(8))
SIGNATURE, AGREEMENT, ANY_KEY = 1, 2, 4
P256, ED25519, P384 = (i << 3 for i in range(3))
NOT, AS_IDENTITY, AS_TEMPLATE, BY_BYTES = (i << 5 for i in range(4))
VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vectors", "backend_requests.json")
PUBLISHED = ["empty-subject", "long-subject", "rsa", "key-usage-agreement", "alt-name-two", "no-attributes",
             "bad-signature", "trailing-byte"]


def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    head = [size] if size < 128 else [0x81, size] if size < 256 else [0x82, size >> 8, size & 255]
    return bytes([tag, *head]) + content


def attribute(oid, value):
    return der(0x30, der(6, bytes.fromhex(oid)), der(0x31, value))


def challenge(text, tag=0x0c):
    return attribute("2a864886f70d010907", der(tag, text))


def extensions(*those):
    return attribute("2a864886f70d01090e", der(0x30, *those))


def extension(oid, value):
    return der(0x30, der(6, bytes.fromhex(oid)), der(4, value))


def alt_name(tag, text):
    return extension("551d11", der(0x30, der(tag, text)))


SMIME = attribute("2a864886f70d01090f", der(0x30))
CHANGE = attribute("2b06010505070724", der(0x30))
USAGE = extension("551d0f", b"\x03\x02\x07\x80")


def profile(flags=0, more=SIGNATURE | P256 | AS_TEMPLATE, cn="{identity}", san="", identity="device-1", rest=b""):
    return b"P" + bytes([flags, more]) + f"{cn}\n{san}\n{identity}\n".encode() + rest


seeds = {
    "profile": profile(),
    "profile-dns": profile(san="dns:{identity}.example.org"),
    "profile-dns-asked": profile(san="dns:{identity}.example", rest=extensions(alt_name(0x82, b"device-1.example"), USAGE)),
    "profile-dns-bad": profile(san="dns:-{identity}"),
    "profile-dns-long": profile(san="dns:{identity}.{identity}.example", identity="d" * 63),
    "profile-dns-too-long": profile(san="dns:" + "{identity}." * 6 + "x", identity="d" * 63),
    "profile-uri": profile(san="uri:urn:dev:{identity}"),
    "profile-uri-asked": profile(san="uri:urn:{identity}", rest=extensions(alt_name(0x86, b"urn:device-1"))),
    "profile-uri-bad": profile(san="uri:{identity}"),
    "profile-uri-space": profile(san="uri:urn: {identity}"),
    "profile-name-of-no-kind": profile(san="ip:{identity}"),
    "profile-brace": profile(cn="{serial}"),
    "profile-brace-in-uri": profile(san="uri:urn:{serial}"),
    "profile-cn-empty": profile(cn=""),
    "profile-cn-long": profile(cn="{identity}" * 8, identity="d" * 40),
    "profile-cn-around": profile(cn="unit {identity} of us", more=SIGNATURE | AS_IDENTITY),
    "identity-empty": profile(identity=""),
    "identity-long": profile(identity="d" * 65),
    "identity-utf8": profile(identity="ger\u00e4t"),
    "challenge-right": profile(CHALLENGE, rest=challenge(b"session-value-1")),
    "challenge-printable": profile(CHALLENGE, rest=challenge(b"session-value-1", 0x13)),
    "challenge-wrong": profile(CHALLENGE, rest=challenge(b"session-value-2")),
    "challenge-missing": profile(CHALLENGE),
    "challenge-unbound": profile(CHALLENGE | UNBOUND, rest=challenge(b"session-value-1")),
    "subject-empty": profile(more=SIGNATURE | NOT),
    "subject-other": profile(more=SIGNATURE | BY_BYTES, rest=b"\x0e" + bytes.fromhex("300c310a300806035504030c0161")),
    "subject-ignored": profile(IGNORES, SIGNATURE | BY_BYTES, rest=b"\x0e" + bytes.fromhex("300c310a300806035504030c0161")),
    "renewal-change": profile(RENEWAL, rest=CHANGE),
    "renewal-may-change": profile(RENEWAL | MAY_CHANGE, rest=CHANGE + SMIME),
    "usage-kept": profile(more=SIGNATURE | AGREEMENT | AS_TEMPLATE, rest=extensions(USAGE)),
    "usage-none-left": profile(more=AGREEMENT | ED25519 | AS_TEMPLATE),
    "key-p384": profile(more=SIGNATURE | ANY_KEY | P384 | AS_TEMPLATE),
    "key-p384-refused": profile(more=SIGNATURE | P384 | AS_TEMPLATE),
    "server-auth": profile(SERVER),
    "authority-expired": profile(EXPIRED),
    "authority-short": profile(SHORT),
}


def main():
    with open(VECTORS, encoding="utf-8") as f:
        for request in json.load(f)["requests"]:
            if request["name"] in PUBLISHED:
                seeds[request["name"]] = bytes.fromhex(request["der"])
    seed_files.write(seeds)


if __name__ == "__main__":
    main()
