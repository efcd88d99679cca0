#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T19: the 24 faults of an origin, each with its CoAP code, its payload, the metric that counts it, a time, one request
on the wire at most (T27), memory and descriptors that come back, and a good request behind it.

usage: faults.py FOLDER-OF-PROGRAMS [--full]     full: each fault a thousand times, many at once"""
import gzip
import os
import socket
import threading
import time

import origin_lab  # first: it knows where the others lie
import certificates
import coap
import dns
import origin

TYPE, OSC = b"Content-Type: application/oscore\r\n", b"OSCORE: AA\r\n"
HEAD = b"HTTP/1.1 200 OK\r\n" + TYPE + OSC
LAST = b"Connection: close\r\n"
BODY = b"an answer of the origin"
TOO_LARGE = b"response too large"
QUICK_S, SLACK_S, MANY_S = 1.0, 0.5, 4.0  # a busy machine, and one that plays many at once
RSS_KIB, RSS_SANITIZED_KIB = 1024, 65536
NAMES = ("/unknown", "/slow")
PEER_S = 8  # how long an origin of ours goes on with what nobody wants any more


def sized(body, length=None):
    return HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


def pour(first, more, gap_s=0.0):
    """A behaviour: the head, then the same bytes until nobody takes them."""
    def behave(_origin, conn, _request):
        conn.settimeout(PEER_S)
        conn.sendall(first)
        end = time.monotonic() + PEER_S
        while time.monotonic() < end:
            conn.sendall(more)
            if gap_s:
                time.sleep(gap_s)
        return False
    return behave


def huge(_origin, conn, _request):
    """A whole GiB, if it is taken."""
    conn.settimeout(PEER_S)
    conn.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % (1 << 30))
    block = b"x" * 65536
    for _ in range(1 << 14):
        conn.sendall(block)
    return False


def drip(text):
    """A byte a second."""
    def behave(_origin, conn, _request):
        conn.settimeout(1.0)
        for byte in text:
            conn.sendall(bytes([byte]))
            try:
                if conn.recv(1) == b"":
                    break
            except socket.timeout:
                pass
        return False
    return behave


def twice(_origin, conn, request):
    """The answer, and the same again: the next request on this connection would take it for its own."""
    conn.sendall(sized(request.body) * 2)
    return True


class Fault:
    """How the origin behaves, and what must come of it. results: the rows of origin_results_total that may count it."""

    def __init__(self, name, behave, code, results, payload=b"", seconds=QUICK_S, requests=1):
        self.name, self.behave, self.code, self.payload = name, behave, code, payload
        self.results, self.seconds, self.requests = results, seconds, requests
        self.path = None  # faults of an origin of its own
        self.may = (code,)  # of many at once
        self.ends = behave is not None and behave is not twice

    def crosses(self):
        """Many at once: a reset may take the answer along, or cross the next request on a kept connection."""
        self.may = (self.code, "5.02", "5.04")
        return self

    def needs(self, path):
        self.path = path
        return self


def raw(name, data, code="5.02", results="bad_http", payload=b"", **kwargs):
    return Fault(name, origin.answer(data, close=True), code, results, payload, **kwargs)


TOTAL, CONNECT = origin_lab.TOTAL_S, origin_lab.CONNECT_S
BOMB = gzip.compress(b"\0" * 16_000_000)  # a thousand to one
FAULTS = [
    Fault("refused", None, "5.02", "unreachable", requests=0).needs("/refused"),
    Fault("name-unknown", None, "5.02", "unreachable", requests=0).needs("/unknown"),
    Fault("name-slow", None, "5.04", "connect_timeout", seconds=CONNECT, requests=0).needs("/slow"),
    Fault("tls-alert", None, "5.02", "unreachable", requests=0).needs("/alert"),
    Fault("certificate-expired", None, "5.02", "unreachable", requests=0).needs("/expired"),
    Fault("certificate-wrong-name", None, "5.02", "unreachable", requests=0).needs("/elsewhere"),
    Fault("reset-before-head", origin.reset(), "5.04", "closed"),
    Fault("reset-in-head", origin.reset(b"HTTP/1.1 200 OK\r\n" + TYPE), "5.02", "bad_http"),
    Fault("reset-in-body", origin.reset(sized(BODY, 100)), "5.02", "bad_http"),
    Fault("reset-after-body", origin.reset(sized(BODY)), "2.04", "response", BODY).crosses(),
    raw("ends-before-its-length", sized(BODY, 100)),
    raw("goes-on-behind-its-length", sized(BODY) + b"and more", "2.04", "response", BODY),
    raw("two-lengths", HEAD + b"Content-Length: 3\r\nContent-Length: 23\r\n\r\n" + BODY),
    raw("bad-chunk-size", HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"),
    Fault("endless-chunks", pour(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"),
          "5.02", "too_large", TOO_LARGE),
    raw("no-body", HEAD + LAST + b"Content-Length: 0\r\n\r\n", results="response"),
    Fault("interim-flood", pour(b"", b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" * 100), "5.02", "bad_http"),
    Fault("endless-fields", pour(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1000), "5.02", "bad_http"),
    Fault("head-drips", drip(sized(BODY)), "5.04", "no_answer", seconds=TOTAL),
    Fault("body-drips", lambda o, conn, r: (conn.sendall(sized(b"", 100)), drip(b"x" * 100)(o, conn, r))[1],
          "5.04", "no_answer", seconds=TOTAL),
    Fault("gibibyte-body", huge, "5.02", "too_large", TOO_LARGE),
    raw("gzip-bomb", HEAD + LAST + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB, results="response"),
    raw("redirect", b"HTTP/1.1 307 x\r\nLocation: /other\r\n" + LAST + b"Content-Length: 0\r\n\r\n", results="response"),
    Fault("answer-of-the-previous-request", twice, "2.04", "response", None),
]
assert len(FAULTS) == 24


class Stage:
    """Origins, names and a proxy for one transport. What the origin does, the first word of the body says."""

    def __init__(self, lab, transport):
        self.lab, self.transport = lab, transport
        self.by_name = {f.name.encode(): f for f in FAULTS}
        self.origin = origin.Origin(self.behave)
        lab.later(self.origin.stop)
        self.servers = {}
        routes = origin_lab.route("/", self.origin.url, transport)
        for path, url, more in self.others():
            routes += origin_lab.route(path, url, transport if url.startswith("http:") else "", more)
        self.proxy = lab.start_proxy(routes)
        self.client, self.asked, self.counted = lab.client(self.proxy), 0, {}
        self.warm_up()

    def warm_up(self):
        """What a program allocates once (TLS, the resolver's thread) is allocated now."""
        once = [f for f in self.playable() if f.path]
        origin_lab.in_parallel(len(once), lambda i: self.ask(once[i], self.lab.client(self.proxy)))
        for _ in range(3):
            self.good()
        self.counted = self.results()
        for server in self.servers.values():
            server.requests.clear()

    def playable(self):
        """The lean client is for plain HTTP to addresses: names and TLS are libcurl's."""
        return [f for f in FAULTS if self.transport != "lean" or f.path in (None, "/refused")
                if self.lab.is_inside or f.path not in NAMES]

    def behave(self, o, conn, request):
        fault = self.by_name.get(request.body.split(b" ")[0])
        if fault is None:
            conn.sendall(sized(request.body))
            return True
        return fault.behave(o, conn, request)

    def others(self):
        """Routes to origins that are no origins."""
        closed = socket.create_server(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        closed.close()
        yield "/refused", f"http://127.0.0.1:{port}/", ""
        if self.transport == "lean":
            return
        if self.lab.is_inside:
            yield "/unknown", "http://nobody.test/", ""
            yield "/slow", "http://slow.test/", ""
        folder = os.path.join(self.lab.home, "ca")
        if not os.path.exists(folder):
            self.lab.authority = certificates.Authority(folder)
        ca = self.lab.authority
        bad = {"expired": ca.server("expired", expired=True), "elsewhere": ca.server("elsewhere", host="other.test")}
        for name, context in bad.items():
            server = origin.Origin(self.behave, wrap=lambda conn, c=context: c.wrap_socket(conn, server_side=True))
            self.lab.later(server.stop)
            self.servers["/" + name] = server
        tls = f'    ca-file: {ca.ca_file}\n    addresses: ["127.0.0.0/8", "::1"]\n'
        yield "/alert", f"https://localhost:{self.alerting()}/", tls
        for name in bad:
            yield "/" + name, f"https://localhost:{self.servers['/' + name].port}/", tls

    def alerting(self):
        """The port of a server that answers any handshake with a fatal alert (RFC 8446 section 6)."""
        server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.lab.later(server.close)

        def serve():
            while True:
                try:
                    conn, _ = server.accept()
                except OSError:
                    return
                try:
                    conn.recv(65536)
                    conn.sendall(bytes.fromhex("15030300020228"))
                except OSError:
                    pass
                conn.close()
        threading.Thread(target=serve, daemon=True).start()
        return server.getsockname()[1]

    def seen(self, fault):
        server = self.servers.get(fault.path) if fault.path else self.origin
        return 0 if server is None else len(server.requests)

    def ask(self, fault, client):
        word = b"%s %s" % (fault.name.encode(), os.urandom(8).hex().encode())
        path = [(coap.URI_PATH, fault.path[1:].encode())] if fault.path else []
        got, seconds = origin_lab.ask(client, word, path)
        self.asked += 1
        return word, got, seconds

    def wrong(self, fault, word, got, seconds, slack_s=SLACK_S):
        """What is not as it should be; empty: nothing."""
        if got is None:
            return "no answer"
        want = word if fault.payload is None else fault.payload
        # a slow one is measured from the first thing that it holds up, so it may not be early either
        if not (fault.seconds - 0.1 if fault.seconds > QUICK_S else 0) <= seconds <= fault.seconds * 1.1 + slack_s:
            return f"after {seconds:.2f} s"
        if coap.code_text(got.code) != fault.code:
            return f"{coap.code_text(got.code)} after {seconds:.2f} s"
        if got.payload != want:
            return f"payload {got.payload[:60]!r}"
        if fault.code[0] == "5" and got.uint(coap.MAX_AGE) != 0:
            return f"Max-Age {got.uint(coap.MAX_AGE)}"
        return ""

    def good(self):
        self.asked += 1
        got, _ = origin_lab.ask(self.client, b"good")
        return got is not None and coap.code_text(got.code) == "2.04" and got.payload == b"good"

    def results(self):
        """How fetches ended, once all of them count: the worker tells of itself ten times a second."""
        got = {}
        for _ in range(60):
            got = self.proxy.results()
            if sum(got.values()) == self.asked:
                break
            time.sleep(0.05)
        return got

    def let_end(self, fault):
        """An end that crosses the next request on the wire would be taken for its own; nobody can tell them apart."""
        end = time.monotonic() + 1.0
        while fault.ends and self.origin.open and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.02)

    def settled(self, limit, seconds=5.0):
        """The number of descriptors, once it is at the limit or the time is over."""
        end = time.monotonic() + seconds
        while self.proxy.descriptors() > limit and time.monotonic() < end:
            time.sleep(0.05)
        return self.proxy.descriptors()

    def play(self, fault):
        """One fault, all that it may leave behind. Returns (code, complaint)."""
        requests, rss = self.seen(fault), self.proxy.memory()
        descriptors = self.proxy.descriptors()
        self.proxy.forget_peak()
        word, got, seconds = self.ask(fault, self.client)
        why = self.wrong(fault, word, got, seconds)
        more = self.proxy.memory(peak=True) - rss
        self.let_end(fault)
        if self.seen(fault) - requests != fault.requests:
            why = why or f"{self.seen(fault) - requests} requests on the wire"
        if more > (RSS_SANITIZED_KIB if self.lab.is_sanitized else RSS_KIB):
            why = why or f"{more} KiB of memory"
        if not self.good():
            why = why or "the next request failed"
        before, self.counted = self.counted, self.results()
        before["response"] = before.get("response", 0) + 1  # the good one
        counted = [k for k, v in self.counted.items() if v != before.get(k, 0)]
        if counted != [fault.results]:
            why = why or f"counted as {counted}, not {fault.results}"
        left = self.settled(descriptors)
        if left > descriptors:
            why = why or f"{left - descriptors} descriptors more"
        return origin_lab.code_of(got), why

    def play_many(self, fault, count):
        """The same many times at once: how many went wrong, and why the first one did."""
        wrong, requests, begun = [], self.seen(fault), self.settled(0, 0)
        clients = [self.lab.client(self.proxy) for _ in range(32)]
        free = list(clients)

        def work(_i):
            client = free.pop()
            word, got, seconds = self.ask(fault, client)
            why = "" if origin_lab.code_of(got) in fault.may[1:] else self.wrong(fault, word, got, seconds, MANY_S)
            if why:
                wrong.append(why)
            free.append(client)
        # handshakes of this process take their time: no more at once than it brings to an end
        origin_lab.in_parallel(count, work, 4 if fault.path in self.servers else len(clients))
        most = fault.requests * count
        if self.seen(fault) - requests > most or (self.seen(fault) - requests < most and len(fault.may) == 1):
            wrong.append(f"{self.seen(fault) - requests} requests on the wire")
        if not self.good():
            wrong.append("the next request failed")
        if self.settled(begun + 2, 15.0) > begun + 2:
            wrong.append("descriptors are left")
        self.counted = self.results()
        return wrong


def faults(lab):
    """One fault after the other, at one proxy for each transport."""
    for transport in origin_lab.transports(lab.home):
        stage = Stage(lab, transport)
        if not lab.is_inside:
            lab.skip("T19.name-unknown T19.name-slow", "no network namespace for a name server of our own")
        for fault in stage.playable():
            name = f"T19.{fault.name}" + (f"-{transport}" if transport else "")
            code, why = stage.play(fault)
            lab.say(name, code, fault.code, not why, why)
            if lab.full:
                many(lab, stage, fault, name)
        lab.say(f"T27.requests-for-one-exchange-{transport or 'all'}", max_requests(stage), 1, max_requests(stage) == 1,
                "sent again")


def many(lab, stage, fault, name):
    count = 100 if fault.seconds > QUICK_S or fault.path in stage.servers else 1000
    wrong = stage.play_many(fault, count)
    lab.say(f"T20.{count}-times-{name[4:]}", len(wrong), 0, not wrong, wrong[:3])


def max_requests(stage):
    """The same body twice would be the same request twice: each has a word of its own."""
    bodies = [r.body for r in stage.origin.requests if r.body != b"good"]
    return max(bodies.count(b) for b in set(bodies))


def start_names(lab):
    if lab.is_inside:
        def name(text, _kind):
            return None if text == "slow.test" else ["127.0.0.1"] if text == "good.test" else dns.NXDOMAIN
        lab.later(dns.Server(name).stop)


def row(lab):
    start_names(lab)
    faults(lab)


if __name__ == "__main__":
    origin_lab.main({"faults": row})
