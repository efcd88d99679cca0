# SPDX-License-Identifier: BSD-2-Clause
"""What stands on the two hops of the demonstration: a tap on HTTP, a meter on CoAP."""
import re
import socket
import threading


class Tap:
    """Stands between proxy and server and keeps what crosses: what the proxy sends and could see."""

    def __init__(self, port):
        self.target, self.seen = ("127.0.0.1", port), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            for a, b, way in ((near, far, "request"), (far, near, "response")):
                threading.Thread(target=self.carry, args=(a, b, way), daemon=True).start()

    def carry(self, source, sink, way):
        waiting = b""
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                waiting = self.note(way, waiting + data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def note(self, way, data):
        while b"\r\n\r\n" in data:
            head, rest = data.split(b"\r\n\r\n", 1)
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            size = int(length.group(1)) if length else 0
            if len(rest) < size:
                break
            self.seen.append((way, head, rest[:size]))
            data = rest[size:]
        return data


class Datagram:
    """A CoAP message (RFC 7252 section 3) as far as the demonstration looks."""

    OSCORE, URI_PATH = 9, 11

    def __init__(self, data, is_request):
        self.size, self.is_request = len(data), is_request
        self.token, self.path, self.payload, self.is_oscore = data[4:4 + (data[0] & 15)], "", b"", False
        at, number = 4 + (data[0] & 15), 0
        while at < len(data) and data[at] != 0xff:
            delta, length, at = data[at] >> 4, data[at] & 15, at + 1
            delta, at = self.extended(data, delta, at)
            length, at = self.extended(data, length, at)
            number += delta
            self.is_oscore |= number == self.OSCORE
            if number == self.URI_PATH:
                self.path += "/" + data[at:at + length].decode()
            at += length
        self.payload = data[at + 1:]

    @staticmethod
    def extended(data, value, at):
        if value == 13:
            return data[at] + 13, at + 1
        if value == 14:
            return int.from_bytes(data[at:at + 2], "big") + 269, at + 2
        return value, at


class Meter:
    """Stands between the device and the proxy and counts what crosses the constrained link."""

    def __init__(self, port):
        self.target, self.seen = ("127.0.0.1", port), []
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.near.bind(("127.0.0.1", 0))
        self.port = self.near.getsockname()[1]
        self.far = {}
        threading.Thread(target=self.up, daemon=True).start()

    def up(self):
        while True:
            data, address = self.near.recvfrom(65536)
            if address not in self.far:
                self.far[address] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self.far[address].connect(self.target)
                threading.Thread(target=self.down, args=(self.far[address], address), daemon=True).start()
            self.seen.append(Datagram(data, True))
            self.far[address].send(data)

    def down(self, far, address):
        while True:
            data = far.recv(65536)
            self.seen.append(Datagram(data, False))
            self.near.sendto(data, address)

    def edhoc(self, since):
        """The datagrams of message_1, message_2, message_3 and its answer, from datagram number since on."""
        asked = [d for d in self.seen[since:] if d.is_request and d.path == "/.well-known/edhoc"]
        answered = [d for ask in asked for d in self.seen[since:]
                    if not d.is_request and d.token == ask.token and d.token]
        return [d for pair in zip(asked, answered) for d in pair]
