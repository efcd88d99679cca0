#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of ID_CRED_x (a byte 0, the map), CRED_x (a byte 1, the item) and paths (a byte 2). Keys are those of RFC 9529
section 3, RFC 8032 section 7 (Ed) and RFC 7748 section 6 (X); the point of P-384 is its generator.   usage: seeds.py FOLDER"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, ".."), os.path.join(HERE, "..", "..", "support")]
import seed_files  # noqa: E402
from cbor_items import Raw, encode  # noqa: E402

X = bytes.fromhex("bbc34960526ea4d32e940cad2a234148ddc21791a12afbcbac93622046dd44f0")
Y = bytes.fromhex("4519e257236b2a0ce2023f0931f1f386ca7afda64fcde0108c224c51eabf6072")
CRED_R = bytes.fromhex("a2026b6578616d706c652e65647508a101a501020241322001215820") + X + b"\x22\x58\x20" + Y
P384_X = bytes.fromhex("aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7")
P384_Y = bytes.fromhex("3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f")
ED25519 = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
ED448 = bytes.fromhex("5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe82561"
                      "80")
X25519 = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
X448 = bytes.fromhex("9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0")


def uri(text):
    return Raw(b"\xd8\x20" + encode(text))


def key(kty, crv, x, y=None, **more):
    parts = {1: kty, -1: crv, -2: x}
    if y is not None:
        parts[-3] = y
    parts.update({int(k[1:]) * (-1 if k[0] == "n" else 1): v for k, v in more.items()})
    return parts


def ccs(cose_key, claims=None):
    return {2: "a", **(claims or {}), 8: {1: cose_key}}


P256 = key(2, 1, X, Y)
references = {
    "kid": {4: b"\x32"},
    "kid-unknown": {4: b"\x33"},
    "kccs": {14: Raw(CRED_R)},
    "kccs-and-kid": {4: b"\x32", 14: Raw(CRED_R)},
    "kccs-and-other-kid": {4: b"\x2b", 14: Raw(CRED_R)},
    "kccs-unknown": {14: ccs(P256)},
    "kccs-text": {14: "a"},
    "x5t": {34: [-15, b"12345678"]},
    "x5t-sha512": {34: [-44, b"1" * 64]},
    "x5t-three": {34: [-15, b"12345678", 1]},
    "x5t-empty": {34: [-15, b""]},
    "c5t": {22: [-15, b"12345678"]},
    "x5u": {35: uri("coap://a/b")},
    "x5u-plain": {35: "coap://a/b"},
    "x5u-empty": {35: uri("")},
    "c5u": {23: uri("coap://a/b")},
    "c5u-plain": {23: "coap://a/b"},
    "x5chain": {33: b"\x30\x00"},
    "x5chain-two": {33: [b"\x30\x00", b"\x30\x00"]},
    "x5chain-one-in-array": {33: [b"\x30\x00"]},
    "x5chain-seven": {33: [b"\x30\x00"] * 7},
    "c5c": {25: b"\x80"},
    "c5c-two": {25: [b"\x80", b"\x80"]},
    "kcwt": {13: b"a"},
    "x5bag": {32: b"a"},
    "unknown": {99: 1, "a": 2},
    "unknown-and-kid": {99: 1, "a": 2, 4: b"\x32"},
    "label-bytes": {b"a": 1},
    "many": {i: 1 for i in range(100, 140)},
    "empty": {},
}
credentials = {
    "ccs": Raw(CRED_R),
    "ccs-times": ccs(P256, {4: 2000000000, 5: 1700000000}),
    "ccs-times-text": ccs(P256, {4: "never", "a": 1}),
    "ccs-y-sign": ccs(key(2, 1, X, True)),
    "ccs-y-sign-0": ccs(key(2, 1, X, False)),
    "ccs-y-absent": ccs(key(2, 1, X)),
    "ccs-y-empty": ccs(key(2, 1, X, b"")),
    "ccs-y-wrong": ccs(key(2, 1, X, X)),
    "ccs-private": ccs(key(2, 1, X, Y, n4=b"d" * 32)),
    "ccs-kid-empty": ccs(key(2, 1, X, Y, p2=b"")),
    "ccs-key-more": ccs(key(2, 1, X, Y, p3=-7)),
    "ccs-p384": ccs(key(2, 2, P384_X, P384_Y)),
    "ccs-ed25519": ccs(key(1, 6, ED25519, p2=b"k")),
    "ccs-ed25519-y": ccs(key(1, 6, ED25519, True)),
    "ccs-ed448": ccs(key(1, 7, ED448)),
    "ccs-x25519": ccs(key(1, 4, X25519)),
    "ccs-x448": ccs(key(1, 5, X448)),
    "ccs-curve-unknown": ccs(key(2, 9, X, Y)),
    "ccs-cnf-other": {2: "a", 8: {3: b"kid"}},
    "ccs-cnf-missing": {2: "a"},
    "ccs-claim-twice": Raw(b"\xa2\x02\x61a\x02\x61a"),
    "ccs-claim-bytes": Raw(b"\xa1\x41a\x01"),
    "ccs-claims-many": {i: 1 for i in range(100, 140)},
    "cose-key": P256,
}


NO_CA, ANY_LENGTH, LENGTH_0, LENGTH_1 = range(4)
CERTIFIES, SIGNS, AGREES = range(3)
DIRECT, ALONE, AGREEMENT, WANTS_RA, IS_RA, NO_CLOCK = (1 << i for i in range(6))
EARLY, LATE, CRITICAL, FORGED, MISNAMED = 1, 2, 4, 8, 16


def path(flags=0, root=(ANY_LENGTH, CERTIFIES, 0), middle=(LENGTH_0, CERTIFIES, 0), leaf=(NO_CA, SIGNS, 0)):
    return bytes([2, flags, *root, *middle, *leaf])


paths = {
    "good": path(),
    "direct": path(DIRECT),
    "alone": path(ALONE),
    "agreement": path(AGREEMENT, leaf=(NO_CA, AGREES, 0)),
    "usage": path(AGREEMENT),
    "ra": path(WANTS_RA | IS_RA),
    "no-ra": path(WANTS_RA),
    "no-clock": path(NO_CLOCK, leaf=(NO_CA, SIGNS, LATE)),
    "late": path(leaf=(NO_CA, SIGNS, LATE)),
    "root-early": path(root=(ANY_LENGTH, CERTIFIES, EARLY)),
    "root-length": path(root=(LENGTH_0, CERTIFIES, 0)),
    "root-length-1": path(root=(LENGTH_1, CERTIFIES, 0)),
    "middle-no-ca": path(middle=(NO_CA, CERTIFIES, 0)),
    "middle-usage": path(middle=(LENGTH_0, SIGNS, 0)),
    "middle-critical": path(middle=(LENGTH_0, CERTIFIES, CRITICAL)),
    "middle-forged": path(middle=(LENGTH_0, CERTIFIES, FORGED)),
    "leaf-forged": path(leaf=(NO_CA, SIGNS, FORGED)),
    "leaf-misnamed": path(leaf=(NO_CA, SIGNS, MISNAMED)),
    "middle-misnamed": path(middle=(LENGTH_0, CERTIFIES, MISNAMED)),
    "leaf-critical": path(leaf=(NO_CA, SIGNS, CRITICAL)),
}


def main():
    seeds = {"id-" + name: b"\0" + encode(item) for name, item in references.items()}
    seeds.update({"cred-" + name: b"\1" + encode(item) for name, item in credentials.items()})
    seeds.update({"path-" + name: data for name, data in paths.items()})
    for kind in ("c509-one", "c509-type3"):  # as they stand in their files
        with open(os.path.join(HERE, "corpus", kind), "rb") as f:
            array = f.read()
        seeds["cred-" + kind] = b"\1" + array
        seeds["id-c5c-" + kind] = b"\0" + encode({25: array})
    seed_files.write(seeds)


if __name__ == "__main__":
    main()
