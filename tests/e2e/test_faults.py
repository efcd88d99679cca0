#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a misbehaving origin can do to the real proxy, and what the device side gets: one row per fault, with the
code, the Max-Age, option 9 and the payload, and never more than one HTTP request."""
import gzip
import os
import socket
import struct
import threading
import time

import certificates
import coap
import harness
import origin

BODY = b"\x00\x31\xd1\xfc\xf6\x70\xfb\x0c\x1d\xd5"
TYPE, OSC = b"Content-Type: application/oscore\r\n", b"OSCORE: AA\r\n"
LIMIT = 65536  # bytes of an answer, the default
MISSING = -1  # no Max-Age option: 60 s (RFC 7252 section 5.10.5)
PATIENT = "  connect-timeout: 2s\n  total-timeout: 3s\n  queue-age: 1s\n"  # TLS on a busy machine
SHORT = "  connect-timeout: 500ms\n  total-timeout: 1s\n  queue-age: 1s\n"


def http(status, *fields, body=b"", length=None):
    """A whole response; length None: the true one."""
    size = len(body) if length is None else length
    return (b"HTTP/1.1 %d Reason\r\n" % status + b"".join(fields) + b"Content-Length: %d\r\n\r\n" % size + body)


def chunked(*fields, body=b"", status=200, tail=b"0\r\n\r\n"):
    return (b"HTTP/1.1 %d Reason\r\n" % status + b"".join(fields) + b"Transfer-Encoding: chunked\r\n\r\n" +
            (b"%x\r\n" % len(body) + body + b"\r\n" if body else b"") + tail)


def good(*fields, body=BODY):
    return http(200, TYPE, OSC, *fields, body=body)


class Row:
    def __init__(self, name, behave, code="5.02", max_age=0, payload=b"", option=None, request=()):
        self.name, self.code, self.max_age, self.payload = name, code, max_age, payload
        self.option, self.request = option, list(request)
        self.behave = origin.answer(behave, close=True) if isinstance(behave, bytes) else behave


def ok(name, raw, payload=BODY, option=b"", **kwargs):
    return Row(name, raw, "2.04", MISSING, payload, option, **kwargs)


def text(name, raw, code, payload=b""):
    return Row(name, raw, code, 0, payload)


# --- the OSCORE message in a 200 --------------------------------------------------------------------------------

BAD_HEADERS = [b"", b"A", b"AAAAA", b"AA==", b"AAA=", b"AB", b"A+/A", b"AA,AA", b"AA, AA", b"AA;x", b'"AA"',
               b"A A", b"A\xc3\xa9", b"A" * 341]
MESSAGES = [
    ok("an OSCORE message", good()),
    ok("an option of two bytes", http(200, TYPE, b"OSCORE: AQU\r\n", body=BODY), option=b"\x01\x05"),
    ok("two zero bytes are not the empty option", http(200, TYPE, b"OSCORE: AAA\r\n", body=BODY), option=b"\0\0"),
    ok("other case, other spaces", http(200, b"content-TYPE:\tApplication/OSCORE \r\n", b"oscore:AA  \r\n", body=BODY)),
    ok("chunks", chunked(TYPE, OSC, body=BODY)),
    ok("ends with the connection", b"HTTP/1.0 200 OK\r\n" + TYPE + OSC + b"\r\n" + BODY),
    ok("identity is no coding", good(b"Content-Encoding: identity\r\n")),
    ok("interim responses first", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + good()),
    ok("a head of 64 lines", b"HTTP/1.1 200 OK\r\n" + TYPE + OSC + b"X: y\r\n" * 59 +
       b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY),
    ok("bytes behind the body are no part of it", good() + b"more"),
    Row("Observe is declined", good(), "2.05", 0, BODY, b""),
    *[Row(f"header {value!r}", http(200, TYPE, b"OSCORE: " + value + b"\r\n", body=BODY), "5.02", 0,
          b"bad OSCORE header") for value in BAD_HEADERS],
    Row("no header", http(200, TYPE, body=BODY)),
    Row("two headers", http(200, TYPE, OSC, OSC, body=BODY)),
    Row("header in a trailer only", chunked(TYPE, b"Trailer: OSCORE\r\n", body=BODY,
                                            tail=b"0\r\nOSCORE: AA\r\n\r\n")),
    Row("header of an interim response", b"HTTP/1.1 103 Hints\r\n" + OSC + b"\r\n" + http(200, TYPE, body=BODY)),
    Row("no Content-Type", http(200, OSC, body=BODY)),
    Row("Content-Type twice", http(200, TYPE, TYPE, OSC, body=BODY)),
    Row("no body", good(body=b"")),
    Row("no chunk", chunked(TYPE, OSC)),
    Row("gzip", good(b"Content-Encoding: gzip\r\n", body=gzip.compress(BODY))),
    *[Row(f"Content-Type {value.decode()}", http(200, b"Content-Type: " + value + b"\r\n", OSC, body=BODY))
      for value in (b"text/plain", b"application/oscore; charset=utf-8", b"application/oscore2", b"*/*", b"")],
]
MESSAGES[10].fetch = True

# --- other statuses -------------------------------------------------------------------------------------------------

PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n"
HTML = b"Content-Type: text/html\r\n"
HOPS = (coap.HOP_LIMIT, b"\x05")
TO_502 = [402, 405, 406, 407, 409, 411, 412, 414, 415, 416, 417, 418, 421, 422, 426, 428, 431, 451, 499,
          500, 501, 502, 505, 506, 507, 508, 510, 511, 599]
STATUSES = [
    *[Row(f"{s} with a message", http(s, TYPE, OSC, body=BODY)) for s in (201, 202, 203, 206, 207, 226, 299)],
    Row("204", b"HTTP/1.1 204 No Content\r\n" + TYPE + OSC + b"\r\n"),
    *[Row(f"{s}", http(s, b"Location: /other\r\n", TYPE, OSC)) for s in (300, 301, 302, 303, 305, 306, 307, 308)],
    Row("304", b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n"),
    text("400", http(400), "4.00"),
    text("400 keeps its text", http(400, PLAIN, body=b"Failed to decode COSE"), "4.00", b"Failed to decode COSE"),
    text("400 with a message", http(400, TYPE, OSC, body=BODY), "4.00"),
    text("401", http(401, b"WWW-Authenticate: Basic\r\n", PLAIN, body=b"who?"), "4.01", b"who?"),
    text("403 keeps its text", http(403, PLAIN, body=b"Replay detected"), "4.01", b"Replay detected"),
    text("403 without a type", http(403, body=b"Security context not found"), "4.01", b"Security context not found"),
    text("64 bytes of text", http(403, PLAIN, body=b"x" * 64), "4.01", b"x" * 64),
    text("65 bytes of text", http(403, PLAIN, body=b"x" * 65), "4.01"),
    text("html", http(403, HTML, body=b"<p>no</p>"), "4.01"),
    text("another charset", http(403, b"Content-Type: text/plain; charset=latin1\r\n", body=b"no"), "4.01"),
    text("control characters", http(403, PLAIN, body=b"a\x1b[2Jb"), "4.01"),
    text("no UTF-8", http(403, PLAIN, body=b"\xff\xfe"), "4.01"),
    text("404", http(404, HTML, body=b"<p>no</p>"), "4.04"),
    text("410", http(410), "4.04"),
    text("413", http(413), "4.13"),
    text("408", http(408, b"Connection: close\r\n"), "5.04"),
    text("425", http(425), "5.03"),
    Row("429", http(429, b"Retry-After: 30\r\n"), "5.03", 30),
    Row("503", http(503, b"Retry-After: 7\r\n"), "5.03", 7),
    Row("503 without Retry-After", http(503), "5.03", MISSING),
    Row("Retry-After of nothing", http(503, b"Retry-After: 0\r\n"), "5.03", 1),
    Row("Retry-After of a day", http(503, b"Retry-After: 86400\r\n"), "5.03", 3600),
    Row("Retry-After at a date", http(503, b"Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n"), "5.03", MISSING),
    text("504", http(504), "5.04"),
    Row("508 after Hop-Limit", http(508), "5.08", 0, request=[HOPS]),
    *[Row(f"{s}", http(s, PLAIN, body=b"text")) for s in TO_502],
]

# --- no HTTP, or not all of it ----------------------------------------------------------------------------------------

GARBAGE = [
    Row("no HTTP", b"hello\r\n\r\n"),
    Row("HTTP/0.9", b"<html>hello</html>"),
    Row("another protocol", b"SSH-2.0-OpenSSH_9\r\n"),
    Row("HTTP/2", b"HTTP/2 200\r\n" + TYPE + OSC + b"\r\n" + BODY),
    Row("HTTP/1.2", b"HTTP/1.2 200 OK\r\n" + TYPE + OSC + b"\r\n" + BODY),
    Row("status of two digits", b"HTTP/1.1 20 OK\r\n" + TYPE + OSC + b"\r\n" + BODY),
    Row("status of four digits", b"HTTP/1.1 2000 OK\r\n" + TYPE + OSC + b"\r\n" + BODY),
    Row("status 600", http(600)),
    Row("status 99", b"HTTP/1.1 099 OK\r\n" + TYPE + OSC + b"\r\n" + BODY),
    Row("a line without a colon", good(b"hello\r\n")),
    Row("a space before the colon", good(b"X : y\r\n")),
    Row("a folded line", http(200, TYPE, b"OSCORE: AA\r\n AA\r\n", body=BODY)),
    Row("NUL in a value", good(b"X: a\0b\r\n")),
    Row("65 lines", b"HTTP/1.1 200 OK\r\n" + TYPE + OSC + b"X: y\r\n" * 60 +
        b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY),
    Row("a hundred thousand lines", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100000 + b"\r\n"),
    Row("a line of 20 KiB", good(b"X: " + b"y" * 20480 + b"\r\n")),
    Row("a head of 17 KiB", good(*[b"X: " + b"y" * 1020 + b"\r\n"] * 17)),
    Row("length of other characters", b"HTTP/1.1 200 OK\r\n" + TYPE + OSC + b"Content-Length: 1x\r\n\r\n" + BODY),
    Row("negative length", http(200, TYPE, OSC, body=BODY, length=-1)),
    Row("two lengths", good(b"Content-Length: 3\r\n")),
    Row("two equal lengths", good(b"Content-Length: %d\r\n" % len(BODY))),
    Row("length and chunks", chunked(TYPE, OSC, b"Content-Length: 3\r\n", body=BODY)),
    Row("chunks and length", chunked(TYPE, OSC, body=BODY).replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n", 1)),
    Row("unknown transfer coding", good(b"Transfer-Encoding: gzip, chunked\r\n")),
    Row("more promised than sent", http(200, TYPE, OSC, body=BODY, length=100)),
    Row("nothing of what was promised", http(200, TYPE, OSC, length=100)),
    Row("end in the status line, no line is no answer", b"HTTP/1.1 20", ("5.02", "5.04")),
    Row("end in the head", b"HTTP/1.1 200 OK\r\n" + TYPE + b"OSCORE: A"),
    Row("end behind the fields", b"HTTP/1.1 200 OK\r\n" + TYPE + OSC),
    Row("chunk size that is no number", chunked(TYPE, OSC, tail=b"zz\r\nabc\r\n0\r\n\r\n")),
    Row("negative chunk", chunked(TYPE, OSC, tail=b"-1\r\nabc\r\n0\r\n\r\n")),
    Row("huge chunk", chunked(TYPE, OSC, tail=b"FFFFFFFFFFFFFFFFFF\r\nabc\r\n")),
    Row("chunk that ends late", chunked(TYPE, OSC, tail=b"3\r\nabcd\r\n0\r\n\r\n")),
    Row("end in a chunk", chunked(TYPE, OSC, tail=b"ff\r\nabc")),
    Row("end without the last chunk", chunked(TYPE, OSC, body=BODY, tail=b"")),
    Row("101", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + BODY),
    Row("100 and nothing more", b"HTTP/1.1 100 Continue\r\n\r\n"),
    Row("a flood of interim responses", b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" * 1000 + good()),
    Row("nine interim responses", b"HTTP/1.1 102 x\r\n\r\n" * 9 + good()),
    ok("eight interim responses", b"HTTP/1.1 102 x\r\n\r\n" * 8 + good()),
    Row("one byte too many", good(body=b"x" * (LIMIT + 1)), payload=b"response too large"),
    Row("one byte too many in chunks", chunked(TYPE, OSC, body=b"x" * (LIMIT + 1)), payload=b"response too large"),
    Row("endless chunks", chunked(TYPE, OSC, tail=(b"1000\r\n" + b"x" * 4096 + b"\r\n") * 200),
        payload=b"response too large"),
    Row("a gigabyte promised", http(200, TYPE, OSC, body=b"x" * 70000, length=1 << 30), payload=b"response too large"),
    text("closed without a word", lambda *_: False, "5.04"),
    text("reset without a word", origin.reset(), "5.04"),
    Row("reset in the head", origin.reset(b"HTTP/1.1 200 OK\r\n" + TYPE)),
    Row("reset in the body", origin.reset(http(200, TYPE, OSC, body=BODY, length=100))),
    Row("reset in a chunk", origin.reset(chunked(TYPE, OSC, tail=b"ff\r\nabc"))),
    ok("reset behind the answer", origin.reset(good())),
]


class FaultCase(harness.Case):
    def check(self, row, got):
        if isinstance(row.code, tuple):  # as the TLS or HTTP library likes; the client does the same with each
            self.assertIn(coap.code_text(got.code), row.code)
        else:
            self.assert_code(got, row.code, row.name)
        age = got.uint(coap.MAX_AGE)
        self.assertEqual(MISSING if age is None else age, row.max_age, "Max-Age")
        self.assertEqual(got.get(coap.OSCORE), [] if row.option is None else [row.option], "option 9")
        self.assertEqual(got.payload, row.payload)
        self.assertEqual(got.get(coap.CONTENT_FORMAT), [], "no Content-Format (RFC 8613 section 11.3)")


class RowsTest(FaultCase):
    def run_rows(self, rows):
        now = [None]
        server = origin.Origin(lambda *args: now[0].behave(*args))
        self.addCleanup(server.stop)
        proxy = self.start_proxy(harness.proxy_config(server.url, limits="  ack-delay: 1s\n"))
        c = self.client(proxy.address)
        for row in rows:
            with self.subTest(row.name):
                now[0] = row
                before = len(server.requests)
                options = [harness.OPTION] + row.request
                mcode = coap.FETCH if getattr(row, "fetch", False) else coap.POST
                if mcode == coap.FETCH:
                    options.append((coap.OBSERVE, b""))
                got = self.ask(c, b"x" * 60, options, mcode=mcode)
                self.check(row, got)
                self.assertEqual(got.type, coap.ACK, "in time for a piggybacked answer")
                self.assertEqual(len(server.requests) - before, 1, "one HTTP request")
                self.assertEqual(server.requests[-1].method, "POST")
                # an end that crosses the next request on the wire would be taken for its own
                harness.wait_until(lambda: server.open == 0, what="the origin closes")
        print(f"{len(rows)} rows")

    def test_messages(self):
        self.run_rows(MESSAGES)

    def test_statuses(self):
        self.run_rows(STATUSES)

    def test_garbage(self):
        self.run_rows(GARBAGE)

    def test_body_at_the_limit(self):
        body = os.urandom(LIMIT)
        server = origin.Origin(origin.answer(good(body=body)))
        self.addCleanup(server.stop)
        proxy = self.start_proxy(harness.proxy_config(server.url, harness.TRUSTED))
        c, got, answer = self.client(proxy.address), None, b""
        while got is None or got.uint(coap.BLOCK2) & 8:
            wish = (coap.BLOCK2, coap.block(len(answer) >> 10, 0, 6))
            got = self.ask(c, b"x" * 60 if not answer else b"", [harness.OPTION, wish])
            self.assert_code(got, "2.04")
            self.assertEqual(got.get(coap.OSCORE), [b""])
            answer += got.payload
        self.assertEqual(answer, body)
        self.assertEqual(len(server.requests), 1)


class ConnectionTest(FaultCase):
    """Kept connections: nothing is sent twice, nothing of one exchange reaches another."""

    def start(self, behave, limits="", wrap=None, ca_file=None):
        self.server = origin.Origin(behave, wrap=wrap)
        self.addCleanup(self.server.stop)
        url, route = self.server.url, ""
        if wrap is not None:
            url = f"https://localhost:{self.server.port}/"
            route = f'    ca-file: {ca_file}\n    addresses: ["127.0.0.0/8", "::1"]\n'
        self.proxy = self.start_proxy(harness.proxy_config(url, limits=limits, route=route))
        return self.client(self.proxy.address)

    def check_second_fails(self, behave, code):
        def turns(o, conn, request):
            if len(o.requests) % 2:
                conn.sendall(good(body=request.body))
                return True
            return behave(o, conn, request)
        c = self.start(turns)
        for _ in range(5):
            self.assert_code(self.ask(c, os.urandom(40)), "2.04")
            got = self.ask(c, os.urandom(40))
            self.check(Row("", b"", code), got)
        bodies = [r.body for r in self.server.requests]
        self.assertEqual((len(bodies), len(set(bodies))), (10, 10), "each message is sent once")
        for first, second in zip(self.server.requests[::2], self.server.requests[1::2]):
            self.assertEqual(first.connection, second.connection, "connections are kept")

    def test_closed_on_a_kept_connection(self):
        self.check_second_fails(lambda *_: False, "5.04")

    def test_reset_on_a_kept_connection(self):
        self.check_second_fails(origin.reset(), "5.04")

    def test_head_cut_on_a_kept_connection(self):
        self.check_second_fails(origin.answer(b"HTTP/1.1 200 OK\r\n", close=True), "5.02")

    def check_own_answers(self, behave, wrap=None, ca_file=None):
        said = []  # what behave returned: it has written everything

        def note(*args):
            said.append(behave(*args))
            return said[-1]
        c = self.start(note, wrap=wrap, ca_file=ca_file)
        for i in range(10):
            body = os.urandom(40)
            got = self.ask(c, body)
            self.assert_code(got, "2.04")
            self.assertEqual(got.payload, body, "the answer to another request")
            harness.wait_until(lambda n=i: len(said) > n and (said[n] is not False or self.server.open == 0))
        self.assertEqual(len(self.server.requests), 10)

    def test_extra_answer_at_once(self):
        self.check_own_answers(lambda _o, conn, r: conn.sendall(good(body=r.body) + good(body=b"E" * 40)))

    def test_extra_answer_in_chunks(self):
        self.check_own_answers(
            lambda _o, conn, r: conn.sendall(chunked(TYPE, OSC, body=r.body) + good(body=b"E" * 40)))

    def test_extra_answer_later(self):
        def behave(_o, conn, r):
            conn.sendall(good(body=r.body))
            time.sleep(0.03)
            conn.sendall(good(body=b"E" * 40))
        self.check_own_answers(behave)

    def test_extra_answer_later_with_tls(self):
        def behave(_o, conn, r):
            conn.sendall(good(body=r.body))
            time.sleep(0.03)
            conn.sendall(good(body=b"E" * 40))
        ca = certificates.Authority(os.path.join(self.home, "ca"))
        context = ca.server("good")
        self.check_own_answers(behave, lambda conn: context.wrap_socket(conn, server_side=True), ca.ca_file)

    def test_extra_answer_at_once_with_tls(self):
        def behave(_o, conn, r):
            conn.sendall(good(body=r.body))
            conn.sendall(good(body=b"E" * 40))
        ca = certificates.Authority(os.path.join(self.home, "ca"))
        context = ca.server("good")
        self.check_own_answers(behave, lambda conn: context.wrap_socket(conn, server_side=True), ca.ca_file)

    def test_half_an_answer_later(self):
        """Even one byte: the next answer's status line would be out of step."""
        def behave(_o, conn, r):
            conn.sendall(good(body=r.body))
            time.sleep(0.03)
            conn.sendall(b"H")
        self.check_own_answers(behave)

    def test_closed_while_nobody_asks(self):
        """An idle connection that ended is not used: the request goes out on a new one."""
        def behave(_o, conn, r):
            conn.sendall(good(body=r.body))
            time.sleep(0.03)
            return False
        self.check_own_answers(behave)

    def test_body_that_nobody_expects(self):
        """204 and 304 have no body: what follows must not be read as the next answer."""
        def behave(_o, conn, r):
            if r.body.startswith(b"first"):
                conn.sendall(b"HTTP/1.1 204 No Content\r\n\r\n" + good(body=b"E" * 40))
            else:
                conn.sendall(good(body=r.body))
        c = self.start(behave)
        for _ in range(5):
            self.assert_code(self.ask(c, b"first" * 8), "5.02")
            body = os.urandom(40)
            got = self.ask(c, body)
            self.assert_code(got, "2.04")
            self.assertEqual(got.payload, body)

    def test_body_under_way_that_nobody_expects(self):
        """A 204 that speaks of a body: it may come behind the next request, so that one takes another connection."""
        def behave(_o, conn, r):
            conn.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 44\r\n\r\n" if r.body.startswith(b"first")
                         else good(body=r.body))
        c = self.start(behave)
        self.assert_code(self.ask(c, b"first" * 8), "5.02")
        self.assert_code(self.ask(c, os.urandom(40)), "2.04")
        self.assert_code(self.ask(c, os.urandom(40)), "2.04")
        first, second, third = (r.connection for r in self.server.requests)
        self.assertNotEqual(first, second)
        self.assertEqual(second, third, "connections are kept")

    def test_answer_after_the_proxy_gave_up(self):
        def behave(_o, conn, r):
            if r.body.startswith(b"first"):
                time.sleep(1.2)
                conn.sendall(good(body=b"E" * 40))
            else:
                conn.sendall(good(body=r.body))
        c = self.start(behave, SHORT)
        for _ in range(2):
            self.assert_code(self.ask(c, b"first" * 8), "5.04")
            for _ in range(5):
                body = os.urandom(40)
                got = self.ask(c, body)
                self.assert_code(got, "2.04")
                self.assertEqual(got.payload, body)
                time.sleep(0.1)

    def test_many_at_once(self):
        """64 devices, answers in any order: everyone gets the own one."""
        def behave(_o, conn, r):
            time.sleep(r.body[0] / 2000)
            conn.sendall(good(body=r.body[::-1]))
        self.start(behave)
        clients = [self.client(self.proxy.address) for _ in range(64)]
        asked = []
        for c in clients * 3:
            body = os.urandom(60)
            m = c.message(coap.POST, [harness.OPTION], body)
            m.token = b""  # RFC 7252 section 5.3.1 allows it: the peer's address and the MID must do
            c.send(m)
            asked.append((c, m, body))
            if len(asked) % 64 == 0:
                for c1, m1, body1 in asked[-64:]:
                    answer = c1.receive(coap.PATIENCE_S)
                    if answer is not None and answer.code == 0:  # a slow machine: the answer comes by itself
                        answer = c1.receive(coap.PATIENCE_S)
                    else:
                        self.assertEqual(answer.mid, m1.mid)
                    self.assertIsNotNone(answer)
                    self.assertEqual(answer.payload, body1[::-1])
        self.assertEqual(len(self.server.requests), len(asked))


class UnreachableTest(FaultCase):
    """Slow ways to fail wait side by side: one route for each."""

    def drip(self, raw, gap):
        def behave(_o, conn, _r):
            for byte in raw:
                conn.sendall(bytes([byte]))
                time.sleep(gap)
            return False
        return behave

    def blunt(self, raw):
        """A server that answers the first bytes of anything; None: that resets every connection at once."""
        s = socket.create_server(("127.0.0.1", 0))

        def serve():
            conn, _ = s.accept()
            if raw is None:
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                conn.recv(65536)
                conn.sendall(raw)
            conn.close()
        threading.Thread(target=serve, daemon=True).start()
        self.addCleanup(s.close)
        return s.getsockname()[1]

    def serve(self, behave, context=None):
        def wrap(conn):
            conn.settimeout(8)
            return context.wrap_socket(conn, server_side=True)
        server = origin.Origin(behave, wrap=wrap if context else None)
        self.addCleanup(server.stop)
        return server

    def rows(self):
        """(row, URL, most requests, least and most seconds)"""
        ca = certificates.Authority(os.path.join(self.home, "ca"))
        closed = origin.Origin(origin.answer(good()))
        closed.stop()
        plain = self.blunt(http(400, b"Connection: close\r\n"))
        https = "https://localhost:%d/"
        tls = {name: self.serve(origin.answer(good(), close=True), ca.server(name, **how)) for name, how in (
            ("good", {}), ("wrong", {"host": "elsewhere.example"}), ("selfsigned", {"self_signed": True}),
            ("expired", {"expired": True}))}
        mute = socket.create_server(("127.0.0.1", 0))  # the kernel accepts, nobody says anything
        self.addCleanup(mute.close)
        silent = self.serve(origin.silent(6))
        head = self.serve(self.drip(good(), 0.05))
        body = self.serve(lambda o, conn, r: (conn.sendall(http(200, TYPE, OSC, length=100)),
                                              self.drip(b"x" * 100, 0.05)(o, conn, r))[1])
        endless = self.serve(self.drip(b"HTTP/1.1 103 x\r\n\r\n" * 100, 0.03))
        quick, connect, timely = (0, 1.9), (1.9, 3.0), (2.9, 4.0)  # seconds; see PATIENT
        self.servers = tls
        return ca.ca_file, [
            (Row("refused", b""), closed.url, 0, quick),
            (Row("plain HTTP on an https port", b""), https % plain, 0, quick),
            (Row("TLS on an http port", b"", ("5.02", "5.04")), f"http://127.0.0.1:{tls['good'].port}/", 0, (0, 4.0)),
            (Row("reset before the request", b"", ("5.02", "5.04")), f"http://127.0.0.1:{self.blunt(None)}/", 0, quick),
            (Row("a name that nobody has", b"", ("5.02", "5.04")), "https://nobody.invalid/", 0, (0, 4.0)),
            (Row("expired", b""), https % tls["expired"].port, 0, quick),
            (Row("another name", b""), https % tls["wrong"].port, 0, quick),
            (Row("self-signed", b""), https % tls["selfsigned"].port, 0, quick),
            (ok("a good certificate", b""), https % tls["good"].port, 1, quick),
            (text("connect hangs", b"", "5.04"), f"http://127.0.0.1:{origin.full_backlog(self.addCleanup)}/", 0, connect),
            (text("TLS handshake hangs", b"", "5.04"), https % mute.getsockname()[1], 0, connect),
            (text("silent origin", b"", "5.04"), silent.url, 1, timely),
            (text("head at 20 bytes a second", b"", "5.04"), head.url, 1, timely),
            (text("body at 20 bytes a second", b"", "5.04"), body.url, 1, timely),
            (text("slow interim responses", b"", "5.04"), endless.url, 1, timely),
        ], {silent.url: silent, head.url: head, body.url: body, endless.url: endless,
            https % tls["good"].port: tls["good"]}

    def test_all(self):
        ca_file, rows, servers = self.rows()
        routes = ""
        for i, (_, url, _, _) in enumerate(rows):
            more = f'    ca-file: {ca_file}\n    addresses: ["127.0.0.0/8", "::1"]\n' if "https" in url else \
                '    plain-http: ["127.0.0.0/8"]\n'
            routes += f'  - path: /r{i}\n    origin: "{url}"\n{more}'
        proxy = self.start_proxy(f'listen: ["127.0.0.1:0"]\nroutes:\n{routes}limits:\n  drain-timeout: 8s\n{PATIENT}')
        got, seconds = [None] * len(rows), [0.0] * len(rows)

        def ask(i):
            c = self.client(proxy.address)
            begun = time.monotonic()
            got[i] = self.ask(c, b"x" * 60, [harness.OPTION, (coap.URI_PATH, b"r%d" % i)], 10.0)
            seconds[i] = time.monotonic() - begun
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(rows))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for i, (row, url, requests, (least, most)) in enumerate(rows):
            with self.subTest(row.name):
                self.check(row, got[i])
                self.assertTrue(least <= seconds[i] <= most + 1.0, f"{seconds[i]:.2f} s")
                if url in servers:
                    self.assertEqual(len(servers[url].requests), requests)
        self.assertEqual(len(self.servers["good"].requests), 1, "no request was made in the other cases")
        for name in ("wrong", "selfsigned", "expired"):
            self.assertEqual(len(self.servers[name].requests), 0, name)
        print(f"{len(rows)} rows")


if __name__ == "__main__":
    harness.main()
