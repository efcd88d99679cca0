# SPDX-License-Identifier: BSD-2-Clause
"""A small CoAP codec and client of the tests' own (RFC 7252 section 3), independent of the C code."""
import os
import socket
import time

CON, NON, ACK, RST = range(4)
URI_HOST, OBSERVE, URI_PORT, OSCORE, URI_PATH, CONTENT_FORMAT, MAX_AGE = 3, 6, 7, 9, 11, 12, 14
URI_QUERY, HOP_LIMIT, ACCEPT, EDHOC, BLOCK2, BLOCK1, PROXY_URI, PROXY_SCHEME = 15, 16, 17, 21, 23, 27, 35, 39
SIZE1, ECHO, REQUEST_TAG = 60, 252, 292
GET, POST, PUT, DELETE, FETCH = 1, 2, 3, 4, 5
PATIENCE_S = 20.0  # with an answer that comes, however busy the machine is


def code(text):
    c, dd = text.split(".")
    return int(c) << 5 | int(dd)


def code_text(value):
    return f"{value >> 5}.{value & 31:02d}"


class Message:
    def __init__(self, mtype=CON, mcode=0, mid=0, token=b"", options=(), payload=b""):
        self.type, self.code, self.mid, self.token = mtype, mcode, mid, token
        self.options, self.payload = list(options), payload

    def get(self, number):
        """All values of an option."""
        return [v for n, v in self.options if n == number]

    def uint(self, number):
        values = self.get(number)
        return int.from_bytes(values[0], "big") if values else None

    def __repr__(self):
        return (f"<{('CON', 'NON', 'ACK', 'RST')[self.type]} {code_text(self.code)} mid={self.mid} "
                f"token={self.token.hex()} {self.options} payload={self.payload[:40]!r}>")

    def encode(self):
        out = bytes([0x40 | self.type << 4 | len(self.token), self.code]) + self.mid.to_bytes(2, "big")
        out += self.token
        last = 0
        for number, value in sorted(self.options, key=lambda o: o[0]):
            d, dx = nibble(number - last)
            n, nx = nibble(len(value))
            out += bytes([d << 4 | n]) + dx + nx + value
            last = number
        return out + (b"\xff" + self.payload if self.payload else b"")


def nibble(v):
    if v < 13:
        return v, b""
    if v < 269:
        return 13, bytes([v - 13])
    return 14, (v - 269).to_bytes(2, "big")


def decode(data):
    if len(data) < 4 or data[0] >> 6 != 1:
        raise ValueError("not CoAP")
    m = Message(data[0] >> 4 & 3, data[1], int.from_bytes(data[2:4], "big"))
    at = 4 + (data[0] & 15)
    m.token = data[4:at]
    number = 0
    while at < len(data) and data[at] != 0xFF:
        head, at = data[at], at + 1
        delta, at = extend(head >> 4, data, at)
        size, at = extend(head & 15, data, at)
        number += delta
        m.options.append((number, data[at:at + size]))
        if at + size > len(data):
            raise ValueError("option beyond the end")
        at += size
    m.payload = data[at + 1:]
    return m


def extend(v, data, at):
    if v == 13:
        return data[at] + 13, at + 1
    if v == 14:
        return int.from_bytes(data[at:at + 2], "big") + 269, at + 2
    if v == 15:
        raise ValueError("reserved nibble")
    return v, at


def uint(v):
    return v.to_bytes((v.bit_length() + 7) // 8, "big")


def block(num, more, szx):
    return uint(num << 4 | more << 3 | szx)


class Client:
    """Sends datagrams from one socket and keeps everything that comes back."""

    def __init__(self, server, family=socket.AF_INET):
        self.server = server
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.settimeout(0.1)
        self.mid = int.from_bytes(os.urandom(2), "big")
        self.seen = []

    def close(self):
        self.sock.close()

    def message(self, mcode, options=(), payload=b"", mtype=CON):
        self.mid = (self.mid + 1) & 0xFFFF
        return Message(mtype, mcode, self.mid, os.urandom(4), options, payload)

    def send(self, m):
        self.sock.sendto(m.encode() if isinstance(m, Message) else m, self.server)

    def receive(self, seconds):
        """The next datagram as a message, or None."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                data = self.sock.recv(65536)
            except socket.timeout:
                continue
            self.seen.append(data)
            return decode(data)
        return None

    def exchange(self, m, seconds=PATIENCE_S, echo=True):
        """The response to m: piggybacked or separate (acknowledged); follows one Echo challenge."""
        self.send(m)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            got = self.receive(end - time.monotonic())
            if got is None:
                return None
            if got.code == 0 or got.token != m.token:
                continue
            if got.type == CON:
                self.send(Message(ACK, 0, got.mid))
            if echo and got.code == code("4.01") and got.get(ECHO):
                again = self.message(m.code, m.options + [(ECHO, got.get(ECHO)[0])], m.payload, m.type)
                return self.exchange(again, end - time.monotonic(), False)
            return got
        return None
