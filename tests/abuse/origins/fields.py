#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T15: random options of a request become one HTTP head, which three readers that share no code take for the same
request: a strict one below, http.server of Python, and the server's own. T18: random OSCORE fields of an answer, taken
or refused as a table says. T22: random fields of an answer: none of their text reaches the device.

usage: fields.py FOLDER-OF-PROGRAMS [--full] [heads|oscore|answers]; SL_COUNT says how many"""
import base64
import http.server
import io
import os
import re
import subprocess
import threading
import urllib.parse

import origin_lab  # first: it knows where the others lie
import coap
import harness
import origin

AT_ONCE = 16
TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
LINE = re.compile(rb"(" + TOKEN + rb"): ?([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")
TARGET = re.compile(rb"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
NASTY = (b"\r\n", b"\n", b"\0", b"\r\nX: y", b" HTTP/1.1\r\n", b"%2e%2e", b"%00", b"%", b"?", b"#", b"&", b"=", b"\xff",
         b"\xc3\xa9", b"\t", b" ", b"\x7f", b"\\", b"@", b":", b";", b"+", b"../", b"..", b".", b"/", b"", b"a", b"bc")


def counts(lab, short, full):
    return int(os.environ.get("SL_COUNT", lab.count(short, full)))


class Stage:
    """A proxy and an origin for many random exchanges; each is known by the first 16 bytes of its body."""

    def __init__(self, lab, behave, configure, transport):
        self.origin = origin.Origin(behave)
        lab.later(self.origin.stop)
        self.proxy = configure(self.origin.url, transport)
        self.lab, self.lock = lab, threading.Lock()

    def run(self, count, one):
        """one(client, number) for each."""
        free = [self.lab.client(self.proxy) for _ in range(AT_ONCE)]

        def work(i):
            client = free.pop()
            try:
                one(client, i)
            finally:
                free.append(client)
        origin_lab.in_parallel(count, work, AT_ONCE)


# --- T15: heads ------------------------------------------------------------------------------------------------


def random_bytes(rng, most):
    if rng.random() < 0.5:
        return b"".join(rng.choice(NASTY) for _ in range(rng.randrange(4)))[:most]
    return rng.randbytes(rng.randrange(min(most, 24) + 1))


def harmless(rng):
    return bytes(rng.choice(b"abcXYZ019-_~") for _ in range(rng.randrange(1, 9)))


def random_request(rng, port):
    """(options, what the OSCORE field must say, segments, arguments, is it harmless)"""
    tame = rng.random() < 0.5
    some = harmless if tame else lambda r: random_bytes(r, 40)
    value = rng.choice((b"", b"\x09" + rng.randbytes(1) + b"\x14", b"\x01" + rng.randbytes(1),
                        rng.randbytes(rng.randrange(2, 40))))
    segments = [some(rng) for _ in range(rng.randrange(4))]
    arguments = [some(rng) for _ in range(rng.randrange(3))]
    options = [(coap.OSCORE, value), (coap.PROXY_SCHEME, b"http"), (coap.URI_HOST, b"127.0.0.1"),
               (coap.URI_PORT, coap.uint(port))]
    options += [(coap.URI_PATH, s) for s in segments] + [(coap.URI_QUERY, a) for a in arguments]
    for number, odds, make in ((coap.HOP_LIMIT, 0.2, lambda: bytes([rng.randrange(2, 256)])),
                               (coap.SIZE1, 0.1, lambda: coap.uint(rng.randrange(5000))),
                               (coap.REQUEST_TAG, 0.2, lambda: rng.randbytes(rng.randrange(9))),
                               (2048, 0.2, lambda: random_bytes(rng, 60)), (coap.CONTENT_FORMAT, 0.1, lambda: b"\x2a"),
                               (65000, 0.1, lambda: random_bytes(rng, 60))):
        if rng.random() < odds:
            options.append((number, make()))
    return options, value, segments, arguments, tame


def strict(raw):
    """Reader one: (method, target, {name: value}) or None. One CRLF behind each line, no name twice."""
    lines = raw.split(b"\r\n")
    if lines[-2:] != [b"", b""]:
        return None
    words, fields = lines[0].split(b" "), {}
    if len(words) != 3 or words[2] != b"HTTP/1.1" or not TARGET.fullmatch(words[1]):
        return None
    for line in lines[1:-2]:
        m = LINE.fullmatch(line)
        name = m.group(1).lower().decode() if m else ""
        if not m or name in fields:
            return None
        fields[name] = (m.group(2) or b"").decode()
    return words[0].decode(), words[1].decode(), fields


class Reader(http.server.BaseHTTPRequestHandler):
    """Reader two: the standard library's, without its sockets."""

    def __init__(self, raw):  # pylint: disable=super-init-not-called
        self.rfile, self.wfile = io.BytesIO(raw), io.BytesIO()
        self.raw_requestline = self.rfile.readline(65537)
        self.is_read = self.parse_request()

    def log_message(self, *_args):  # pylint: disable=arguments-differ
        pass

    def send_error(self, *_args, **_kwargs):  # pylint: disable=arguments-differ
        pass


def library(raw):
    reader = Reader(raw)
    if not reader.is_read or reader.rfile.read():
        return None
    names = [n.lower() for n in reader.headers.keys()]
    if len(set(names)) != len(names) or reader.request_version != "HTTP/1.1":
        return None
    return reader.command, reader.path, {n.lower(): v for n, v in reader.headers.items()}


class Server:
    """Reader three: the server's, in a process."""

    def __init__(self, lab):
        path = os.path.join(os.path.dirname(harness.PROGRAMS), "abuse", "abuse_heads")
        self.process = None
        if not os.path.exists(path):
            lab.skip("T15.third-reader", f"{path} is not built")
            return
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        lab.later(self.stop)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def read(self, raw):
        """(status, body length, option); None: there is no such reader."""
        if self.process is None:
            return None
        self.process.stdin.write(len(raw).to_bytes(4, "big") + raw)
        self.process.stdin.flush()
        status, length, *option = self.process.stdout.readline().decode().split()
        return int(status), int(length), bytes.fromhex(option[0] if option else "")


def expected(port, value, segments, arguments, options, size):
    """(path, query) as options say, and the fields."""
    fields = {"host": f"127.0.0.1:{port}", "content-type": "application/oscore", "content-length": str(size),
              "oscore": base64.urlsafe_b64encode(value or b"\0").decode().rstrip("="), "accept-encoding": "identity",
              "cache-control": "no-store"}
    if any(n == coap.HOP_LIMIT for n, _ in options):
        fields["via"] = "coap/1 sealift"
    return segments, arguments, fields


def target_of(text):
    """(segments, arguments) of a request target, decoded."""
    path, mark, query = text.partition("?")
    segments = [urllib.parse.unquote_to_bytes(s) for s in path[1:].split("/")] if path != "/" else []
    return segments, [urllib.parse.unquote_to_bytes(a) for a in query.split("&")] if mark else []


def differs(request, want, server):
    """What three readers do not agree on; empty: nothing."""
    raw = request.raw_head + b"\r\n\r\n"
    one, two = strict(raw), library(raw)
    if one is None or one != two:
        return f"readers: {one} {two}"
    method, target, fields = one
    if (method, *target_of(target), fields) != ("POST", *want):
        return f"{one} instead of {want}"
    three = server.read(raw)
    if three is None:
        return ""
    option = base64.urlsafe_b64decode(fields["oscore"] + "==")
    # the server knows one path, and may refuse an option that is none, but never the head
    good = (0, len(request.body), b"" if fields["oscore"] == "AA" else option)
    if target.partition("?")[0] != "/":
        return "" if three[0] == 404 else f"the server says {three}"
    return "" if three == good or three[0] == 400 and not well_formed(option) else f"the server says {three} not {good}"


def well_formed(option):
    """RFC 8613 section 6.1, no reserved flag."""
    if option in (b"", b"\0"):
        return True
    flags, at = option[0], 1
    if flags == 0 or flags & 0xE0 or flags & 7 > 5:
        return False
    at += flags & 7
    if flags & 16:
        if at >= len(option):
            return False
        at += 1 + option[at]
    return at <= len(option) if flags & 8 else at == len(option)


def heads(lab):
    for transport in origin_lab.transports(lab.home):
        count = counts(lab, 3000, 500000)
        tail = f"-{transport}" if transport else ""

        def configure(url, transport):
            more = f'forward:\n  allow:\n    - origin: "{url}"\n      plain-http: ["127.0.0.0/8"]\n'
            return lab.start_proxy(more=more + (f"      transport: {transport}\n" if transport else ""))
        arrived = {}

        def behave(_origin, conn, request, arrived=arrived):
            arrived.setdefault(request.body[:16], []).append(request)
            conn.sendall(origin.oscore_ok(b"ok"))
        stage, server = Stage(lab, behave, configure, transport), Server(lab)
        wrong, forwarded, lock = [], [0], threading.Lock()

        def one(client, i):
            rng = lab.random(i)
            options, value, segments, arguments, tame = random_request(rng, stage.origin.port)
            body = b"%016d" % i + rng.randbytes(rng.randrange(100))
            m = client.message(coap.POST, options, body)
            got = client.exchange(m, 20.0, echo=False)
            seen, code = arrived.pop(body[:16], []), origin_lab.code_of(got)
            with lock:
                stage.origin.requests.clear()
                forwarded[0] += len(seen)
                why = ""
                if len(seen) != (code == "2.04") or (tame and well_formed(value) and not seen):
                    why = f"{len(seen)} requests, {code}"
                elif not seen and code not in ("4.00", "4.02"):
                    why = code
                elif seen:
                    why = differs(seen[0], expected(stage.origin.port, value, segments, arguments, options, len(body)),
                                  server)
                if why:
                    wrong.append((options, why))
        stage.run(count, one)
        lab.say(f"T15.heads-of-{count}{tail}", forwarded[0], count // 3, forwarded[0] >= count // 3, "too few were forwarded")
        lab.say(f"T15.differences{tail}", len(wrong), 0, not wrong, wrong[:3])
        lab.close_row()


# --- T18: the OSCORE field ----------------------------------------------------------------------------------------

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def decoded(text):
    """The option that a field value stands for, by the table of the specification; None: refused."""
    text = text.strip(b" \t")
    if not 2 <= len(text) <= 340 or len(text) % 4 == 1 or any(c not in ALPHABET for c in text):
        return None
    if text == b"AA":
        return b""
    value = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    return value if base64.urlsafe_b64encode(value).rstrip(b"=") == text else None


def random_field(rng):
    """A value, often a good one with one thing wrong."""
    value = bytearray(base64.urlsafe_b64encode(rng.randbytes(rng.randrange(256))).rstrip(b"=")
                      if rng.random() < 0.9 else rng.choice((b"AA", b"AAA", b"A", b"", b"A" * 340, b"A" * 341)))
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        at = rng.randrange(len(value) + 1)
        value[at:at + rng.randrange(2)] = bytes([rng.choice((*ALPHABET, *b"=+/ ,;\"\t.:~", 0x80, 0xE9))])
    return bytes(value)


def oscore(lab):
    for transport in origin_lab.transports(lab.home):
        count, script, lock = counts(lab, 2000, 500000), {}, threading.Lock()

        def behave(_origin, conn, request, script=script):
            fields = b"".join(b"OSCORE: %s\r\n" % v for v in script[request.body])
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\n%sContent-Length: 2\r\n\r\nok" % fields)
        stage = Stage(lab, behave, lambda url, t: lab.start_proxy(origin_lab.route("/", url, t)), transport)
        wrong, accepted = [], [0]

        def one(client, i):
            rng = lab.random(i)
            values = [random_field(rng) for _ in range(1 if rng.random() < 0.95 else 2)]
            stage.origin.requests.clear()
            script[b"%d" % i] = values
            got, _ = origin_lab.ask(client, b"%d" % i)
            del script[b"%d" % i]
            option = decoded(values[0]) if len(values) == 1 else None
            want = ("2.04", [option]) if option is not None else ("5.02", [])
            found = (origin_lab.code_of(got), got.get(coap.OSCORE) if got else [])
            with lock:
                accepted[0] += option is not None
                if found != want:
                    wrong.append((values, found))
        stage.run(count, one)
        tail = f"-{transport}" if transport else ""
        lab.say(f"T18.accepted-of-{count}{tail}", accepted[0], count // 4, accepted[0] >= count // 4, "too few are good")
        lab.say(f"T18.taken-otherwise-than-the-table{tail}", len(wrong), 0, not wrong, wrong[:3])
        lab.close_row()


# --- T22: other fields ----------------------------------------------------------------------------------------------

MARK = b"M4rk3d"
NAMES = (b"Location", b"ETag", b"Cache-Control", b"Max-Age", b"Age", b"Expires", b"Content-Location", b"Content-Format",
         b"Link", b"Set-Cookie", b"Warning", b"Content-Language", b"OSCORE", b"CoAP-EDHOC", b"X", b"Retry-After", b"Vary")
VALUES = (b"/a/M4rk3d", b"http://elsewhere.test/M4rk3d", b"\"M4rk3d\"", b"M4rk3d", b"max-age=M4rk3d", b"max-age=60, x=M4rk3d",
          b"M4rk3d\xff", b"<M4rk3d>;rel=x", b"/%2e%2e/M4rk3d", b"//M4rk3d/", b"..%2fM4rk3d", b"CQEU", b"99999999999999999999")
STATUSES = (200, 200, 200, 201, 203, 206, 304, 307, 400, 401, 403, 404, 409, 429, 500, 503, 599)
# RFC 7252 section 5.10: what an answer to an OSCORE request, and to another one, may carry.
SEALED, PLAIN = {coap.OSCORE, coap.MAX_AGE}, {4, 8, 12, 14, 20, coap.BLOCK2}
LOCATION = (8, 20)


def random_answer(rng):
    """(status, fields, body)"""
    fields = [(rng.choice(NAMES), rng.choice(VALUES)) for _ in range(rng.randrange(5))]
    if rng.random() < 0.8:
        fields.append((b"Content-Type", rng.choice((b"application/oscore", b"application/oscore", b"text/plain", b"application/json", MARK))))
    if rng.random() < 0.5:
        fields.append((b"OSCORE", b"AA"))
    rng.shuffle(fields)
    return rng.choice(STATUSES), fields, rng.choice((b"", b"ok", b"x" * 60))


def judge(got, is_sealed, status, fields):
    """What is wrong with an answer; empty: nothing."""
    if got is None:
        return "no answer"
    numbers = {n for n, _ in got.options}
    if numbers - (SEALED if is_sealed else PLAIN):
        return f"options {numbers}"
    for number, value in got.options:
        if MARK in value and not (number in LOCATION and status == 201 and not is_sealed):
            return f"text of the origin in option {number}"
    types = [v for n, v in fields if n == b"Content-Type"]
    headers = [v for n, v in fields if n == b"OSCORE"]
    option = decoded(headers[0]) if len(headers) == 1 else None
    has_message = is_sealed and status == 200 and types == [b"application/oscore"] and option is not None
    if is_sealed and (got.code == coap.code("2.04")) and not has_message:
        return "a message out of nothing"
    if not is_sealed and headers and coap.code_text(got.code) != "5.02":
        return f"an OSCORE field for who did not ask: {coap.code_text(got.code)}"
    return ""


def answers(lab):
    for transport in origin_lab.transports(lab.home):
        count, script, lock = counts(lab, 2000, 500000), {}, threading.Lock()

        def behave(_origin, conn, request, script=script):
            status, fields, body = script[request.body]
            head = b"".join(b"%s: %s\r\n" % f for f in fields)
            conn.sendall(b"HTTP/1.1 %d Reason\r\n%sContent-Length: %d\r\n\r\n%s" % (
                status, head, 0 if status == 304 else len(body), b"" if status == 304 else body))
        stage = Stage(lab, behave, lambda url, t: lab.start_proxy(origin_lab.route(
            "/", url, t, '    allow-plain: ["/open"]\n')), transport)
        wrong, good = [], [0]

        def one(client, i):
            rng = lab.random(i)
            answer, is_sealed = random_answer(rng), rng.random() < 0.5
            stage.origin.requests.clear()
            script[b"%d" % i] = answer
            options = [harness.OPTION] if is_sealed else [(coap.URI_PATH, b"open")]
            got = client.exchange(client.message(coap.POST, options, b"%d" % i), 20.0, echo=False)
            del script[b"%d" % i]
            why = judge(got, is_sealed, *answer[:2])
            with lock:
                good[0] += got is not None and got.code >> 5 == 2
                if why:
                    wrong.append((is_sealed, answer, repr(got), why))
        stage.run(count, one)
        tail = f"-{transport}" if transport else ""
        lab.say(f"T22.successes-of-{count}{tail}", good[0], count // 40, good[0] >= count // 40, "too few are good")
        lab.say(f"T22.answers-with-text-of-the-origin{tail}", len(wrong), 0, not wrong, wrong[:3])
        lab.close_row()


if __name__ == "__main__":
    origin_lab.main({"heads": heads, "oscore": oscore, "answers": answers}, needs_namespace=False)
