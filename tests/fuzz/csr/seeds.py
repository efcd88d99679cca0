#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of the kinds 'R' and 'I' (issue.h), and requests that are published.   usage: seeds.py FOLDER"""
import json
import os
import struct
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import seed_files  # noqa: E402

ED25519, P256, P384 = range(3)
IS_CA, CLIENT, SERVER, RA, SELF = (4 << i for i in range(5))
VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vectors", "backend_requests.json")
PUBLISHED = ["rsa", "p521", "ed25519", "bad-signature", "version-1", "challenge-empty"]
YEAR_1950, YEAR_1970, YEAR_2026, YEAR_2050, YEAR_9999 = -631152000, 0, 1767225600, 2524608000, 253402300799


def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    head = [size] if size < 128 else [0x81, size] if size < 256 else [0x82, size >> 8, size & 255]
    return bytes([tag, *head]) + content


def name(*texts):
    return der(0x30, *(der(0x31, der(0x30, b"\x06\x03\x55\x04\x03", der(0x0c, text))) for text in texts))


def attribute(oid, *values):
    return der(0x30, der(6, bytes.fromhex(oid)), der(0x31, *values))


def challenge(text, tag=0x0c):
    return attribute("2a864886f70d010907", der(tag, text))


def extensions(*those):
    return attribute("2a864886f70d01090e", der(0x30, *those))


def extension(oid, value, critical=b""):
    return der(0x30, der(6, bytes.fromhex(oid)), critical, der(4, value))


ALT_NAMES = der(0x30, der(0x82, b"a.example"), der(0x86, b"urn:a"), der(0xa0, b"\x06\x01\x2a\xa0\x02\x05\x00"))
EVERY = [
    extension("551d11", ALT_NAMES),
    extension("551d0f", b"\x03\x03\x07\x08\x80", b"\x01\x01\xff"),
    extension("551d13", b"\x30\x03\x02\x01\x00", b"\x01\x01\xff"),
    extension("551d25", der(0x30, der(6, bytes.fromhex("2b0601050507031c")))),
    extension("551d0e", der(4, b"12345678")),
    extension("2a864886f70d01090f", der(0x30)),
]


def request(attributes=b"", key=ED25519, subject=name(b"a")):
    return b"R" + bytes([key, len(subject)]) + subject + attributes


def issue(flags=CLIENT, usage=1, begin=YEAR_2026, validity=86400, serial=b"\x01", subject=name(b"a"), alt=b""):
    return (b"I" + bytes([flags, usage]) + struct.pack(">qI", begin, validity) + bytes([len(serial)]) + serial
            + bytes([len(subject)]) + subject + alt)


seeds = {
    "signed": request(),
    "signed-p256": request(key=P256),
    "signed-p384": request(key=P384),
    "signed-subject-empty": request(subject=name()),
    "signed-subject-long": request(subject=name(b"x" * 60, b"y" * 60, b"z" * 60)),
    "signed-challenge": request(challenge(b"secret")),
    "signed-challenge-printable": request(challenge(b"secret", 0x13)),
    "signed-challenge-bmp": request(challenge(b"\x00s", 0x1e)),
    "signed-challenge-no-utf8": request(challenge(b"\xff\xfe")),
    "signed-challenge-long": request(challenge(b"s" * 256)),
    "signed-challenge-two": request(attribute("2a864886f70d010907", der(0x0c, b"a"), der(0x0c, b"b"))),
    "signed-extensions": request(extensions(*EVERY)),
    "signed-extension-twice": request(extensions(EVERY[0], EVERY[0])),
    "signed-extensions-many": request(extensions(*(extension(f"2a03{i:02x}", b"\x05\x00") for i in range(40)))),
    "signed-extension-false": request(extensions(extension("551d13", b"\x30\x00", b"\x01\x01\x00"))),
    "signed-extension-ber": request(extensions(extension("551d11", b"\x30\x80\x82\x01a\x00\x00"))),
    "signed-constraints-odd": request(extensions(extension("551d13", b"\x30\x03\x01\x01\x01"))),
    "signed-path-length": request(extensions(extension("551d13", b"\x30\x05\x02\x03\x01\x00\x00"))),
    "signed-usage-none": request(extensions(extension("551d0f", b"\x03\x02\x00\x00"))),
    "signed-alt-name-unknown": request(extensions(extension("551d11", der(0x30, der(0x89, b"a"))))),
    "signed-smime": request(attribute("2a864886f70d01090f", der(0x30))),
    "signed-change-subject": request(attribute("2b06010505070724", der(0x30))),
    "signed-unknown-attribute": request(attribute("2a0304", b"\x05\x00", b"\x05\x00")),
    "signed-der-types": request(attribute("2a0304", b"\x01\x01\xff", b"\x01\x01\x01", b"\x02\x02\x00\x01", b"\x05\x00",
                                          b"\x1f\x81\x00\x00")),
    "issue": issue(),
    "issue-p256": issue(P256 | SERVER),
    "issue-p384": issue(P384 | RA | CLIENT | SERVER),
    "issue-authority": issue(IS_CA, 0x60, validity=1 << 31),
    "issue-self": issue(SELF | IS_CA, 0x60),
    "issue-alt-name": issue(alt=ALT_NAMES),
    "issue-alt-name-alone": issue(subject=name(), alt=der(0x30, der(0x82, b"a.example"))),
    "issue-nobody": issue(subject=name()),
    "issue-authority-nameless": issue(IS_CA, 0x20, subject=name(), alt=der(0x30, der(0x82, b"a"))),
    "issue-usage-none": issue(0, 0),
    "issue-usage-all": issue(usage=0x7f),
    "issue-usage-beyond": issue(usage=0x80),
    "issue-serial-20": issue(serial=b"\x7f" * 20),
    "issue-serial-21": issue(serial=b"\x7f" * 21),
    "issue-serial-0": issue(serial=b"\x00"),
    "issue-serial-zeros": issue(serial=b"\x00\x00\x80"),
    "issue-1950": issue(begin=YEAR_1950),
    "issue-1949": issue(begin=YEAR_1950 - 1),
    "issue-2000-02-29": issue(begin=951782400),
    "issue-2050": issue(begin=YEAR_2050 - 1, validity=1),
    "issue-9999": issue(begin=YEAR_9999, validity=0),
    "issue-10000": issue(begin=YEAR_9999, validity=1),
}


def main():
    with open(VECTORS, encoding="utf-8") as f:
        for published in json.load(f)["requests"]:
            if published["name"] in PUBLISHED:
                seeds["published-" + published["name"]] = bytes.fromhex(published["der"])
    seed_files.write(seeds)


if __name__ == "__main__":
    main()
