# SPDX-License-Identifier: BSD-2-Clause
"""A little CBOR (RFC 8949): what tests write without the library that they test."""


class Raw(bytes):
    """Bytes that are CBOR already."""


def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    size = 1 if value < 0x100 else 2 if value < 0x10000 else 4
    return bytes([major << 5 | 23 + {1: 1, 2: 2, 4: 3}[size]]) + value.to_bytes(size, "big")


def encode(item):
    if isinstance(item, Raw):
        return bytes(item)
    if isinstance(item, bool):
        return b"\xf5" if item else b"\xf4"
    if isinstance(item, int):
        return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, bytes):
        return head(2, len(item)) + item
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    if isinstance(item, list):
        return head(4, len(item)) + b"".join(encode(i) for i in item)
    return head(5, len(item)) + b"".join(encode(k) + encode(v) for k, v in item.items())
