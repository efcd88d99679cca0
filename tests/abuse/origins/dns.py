# SPDX-License-Identifier: BSD-2-Clause
"""A small name server of the tests' own (RFC 1035): UDP on 127.0.0.1:53, A and AAAA, answers without a time to live.
It wants a network namespace in which that port is free."""
import ipaddress
import socket
import struct
import threading

A, AAAA = 1, 28
NO_ERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


class Server:
    """ask(name, type) returns addresses as text, an error code, or None: silence."""

    def __init__(self, ask, address="127.0.0.1", port=53):
        self.ask, self.asked = ask, 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((address, port))
        threading.Thread(target=self.serve, daemon=True).start()

    def stop(self):
        self.sock.close()

    def serve(self):
        while True:
            try:
                query, client = self.sock.recvfrom(4096)
            except OSError:
                return
            self.asked += 1
            answer = self.answer(query)
            if answer is not None:
                self.sock.sendto(answer, client)

    def answer(self, query):
        name, at = read_name(query, 12)
        kind, = struct.unpack(">H", query[at:at + 2])
        got = self.ask(name, kind)
        if got is None:
            return None
        code, records = (got, []) if isinstance(got, int) else (NO_ERROR, got)
        addresses = [ipaddress.ip_address(r) for r in records]
        chosen = [a.packed for a in addresses if kind == (A if a.version == 4 else AAAA)]
        head = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(chosen), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(a)) + a for a in chosen)
        return head + query[12:at + 4] + body


def read_name(data, at):
    """(name, place behind it); questions have no pointers."""
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1"))
        at += 1 + data[at]
    return ".".join(labels).lower(), at + 1
