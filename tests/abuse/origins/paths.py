#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T16: thousands of spellings of paths, as CoAP segments, in Proxy-Uri, and straight to the server. Only the exact path
of a resource that may be asked for in plain leads to it; everything else is an error, wherever it is noticed.

usage: paths.py FOLDER-OF-PROGRAMS [--full]"""
import re
import socket
import urllib.parse

import origin_lab  # first: it knows where the others lie
import coap
import harness

OPEN = "/.well-known/core"
PATHS = (OPEN, OPEN, "/.well-known/est/crts", "/est/crts", "/.well-known/edhoc", "/")
LINK_FORMAT = 40


def encoded(c, rng):
    return "%{:02{}}".format(c, rng.choice("xX"))


def tricks(rng):
    """One change of a path that somebody might read as the same path."""
    def at(p):
        return rng.randrange(1, len(p) + 1)

    def insert(text):
        return lambda p: p[:(i := at(p))] + text + p[i:]

    def encode(p):
        i = rng.randrange(len(p))
        return p[:i] + encoded(ord(p[i]), rng) + p[i + 1:]

    def twice(p):
        i = rng.randrange(len(p))
        return p[:i] + "%25" + encoded(ord(p[i]), rng)[1:] + p[i + 1:]

    def flip(p):
        i = rng.randrange(len(p))
        return p[:i] + p[i].swapcase() + p[i + 1:]

    def detour(p):
        parts = p.split("/")
        i = rng.randrange(1, len(parts) + 1)
        return "/".join(parts[:i] + [rng.choice(("x", "est", "%2e")), rng.choice(("..", "%2e%2e", ".%2E"))] + parts[i:])
    return rng.choice((encode, encode, twice, flip, detour, lambda p: "/" + p, lambda p: p + "/", lambda p: p[:-1],
                       *(insert(t) for t in ("/", "/./", "/.", "%2f", "%2F", "%5c", "\\", "%00", ";x", ";", "%20", "%09",
                                             "%c0%af", "%ef%bc%8f", "%252f", ".", "?", "&", "=", "%3f", "%23", "x"))))


def variant(rng):
    path = rng.choice(PATHS)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        path = tricks(rng)(path) or "/"
    return path if path.startswith("/") else "/" + path


def decoded(path):
    """The segments of a path without its query."""
    return [urllib.parse.unquote_to_bytes(s) for s in path.partition("?")[0][1:].split("/")]


OPEN_SEGMENTS = decoded(OPEN)


class Tally:
    """What was answered to how many, and what should not have been."""

    def __init__(self, lab, name):
        self.lab, self.name, self.open, self.errors, self.wrong = lab, name, 0, 0, []

    def note(self, path, may_open, must_open, answer):
        """answer: "open", "error" or what else it was."""
        self.open += answer == "open"
        self.errors += answer == "error"
        if answer not in ("open", "error") or (answer == "open" and not may_open) or (must_open and answer != "open"):
            self.wrong.append((path, answer))

    def say(self, count):
        self.lab.say(f"T16.{self.name}-wrong", len(self.wrong), 0, not self.wrong, self.wrong[:5])
        self.lab.say(f"T16.{self.name}-of-{count}", self.open + self.errors, count,
                     self.open + self.errors == count and self.open > 0, f"{self.open} open, {self.errors} errors")


def kind(got):
    """Of a CoAP answer."""
    if got is None:
        return "silence"
    if coap.code_text(got.code) == "2.05" and got.uint(coap.CONTENT_FORMAT) == LINK_FORMAT:
        return "open"
    return "error" if got.code >> 5 in (4, 5) else coap.code_text(got.code)


def row(lab):
    count = lab.count(5000, 100000)
    est = harness.Est(lab.home)
    est.start()
    lab.later(est.stop)
    url = f"http://127.0.0.1:{est.port}"
    plain = f'allow-plain: ["{OPEN}"]\n'
    for transport in origin_lab.transports(lab.home):
        way = f"      transport: {transport}\n" if transport else ""
        proxy = lab.start_proxy(
            origin_lab.route("/", url + "/", transport, "    " + plain),
            f'forward:\n  allow:\n    - origin: "{url}"\n      plain-http: ["127.0.0.0/8"]\n      {plain}{way}')
        client, tail = lab.client(proxy), f"-{transport}" if transport else ""
        segments(lab, client, count, tail)
        uris(lab, client, count, url, tail)
    server(lab, est.port, count)


def ask(client, options):
    return kind(client.exchange(client.message(coap.GET, options), 10.0, echo=False))


def segments(lab, client, count, tail):
    """Each variant split at its slashes, once as it is (an escape is three characters) and once decoded."""
    tally = Tally(lab, "as-segments" + tail)
    for i in range(count):
        path = variant(lab.random(i))
        parts = decoded(path) if i % 2 else [p.encode() for p in path[1:].split("/")]
        options = [(coap.URI_PATH, p) for p in parts if len(p) <= 255]
        tally.note(parts, parts == OPEN_SEGMENTS, parts == OPEN_SEGMENTS, ask(client, options))
    tally.say(count)


def uris(lab, client, count, url, tail):
    """In Proxy-Uri: an escape of a letter is that letter (RFC 3986 section 6.2.2.2), nothing else is mended."""
    tally = Tally(lab, "in-proxy-uri" + tail)
    for i in range(count):
        path = variant(lab.random(i))
        answer = ask(client, [(coap.PROXY_URI, (url + path).encode())])
        tally.note(path, decoded(path) == OPEN_SEGMENTS, path == OPEN, answer)
    tally.say(count)


def status_of(sock, path):
    """(status, is it the list of links) of one request as it stands."""
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n".encode("latin-1"))
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return 0, False
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    size = int((re.search(rb"(?i)\r\nContent-Length: (\d+)", head) or [b"", b"0"])[1])
    while len(body) < size:
        body += sock.recv(65536)
    return int(head.split(b" ")[1]), b"application/link-format" in head


def server(lab, port, count):
    """The server's own choice, with no proxy before it."""
    tally, sock = Tally(lab, "at-the-server"), None
    for i in range(count):
        path = variant(lab.random(i)).replace("\\", "%5C")
        if sock is None:
            sock = socket.create_connection(("127.0.0.1", port))
        status, is_list = status_of(sock, path)
        answer = "open" if status == 200 and is_list else "error" if status >= 400 else str(status)
        tally.note(path, decoded(path) == OPEN_SEGMENTS, path == OPEN, answer)
        if status != 200:  # the server closes behind an error
            sock.close()
            sock = None
    if sock is not None:
        sock.close()
    tally.say(count)


if __name__ == "__main__":
    origin_lab.main({"paths": row}, needs_namespace=False)
