#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The real sealift-est on a loopback port: starts, answers what it must answer, and meets odd HTTP requests.
Every odd request is refused or the connection is closed; a request hidden behind one is never served.
usage: est_smoke.py PATH-TO-SEALIFT-EST"""
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import warnings

HOST = b"Host: est.example\r\n"
TYPE = b"Content-Type: application/oscore\r\n"
SEALED = b"OSCORE: CQEB\r\n"  # flags 09: Partial IV 01, kid 01
LENGTH = b"Content-Length: 8\r\n"
BODY = b"ABCDEFGH"
LINE = b"POST / HTTP/1.1\r\n"
GOOD = LINE + HOST + TYPE + LENGTH + SEALED + b"\r\n" + BODY
# What would be answered if a hidden second request were taken for one: discovery, 200.
HIDDEN = b"GET /.well-known/core HTTP/1.1\r\n" + HOST + b"\r\n"


def post(*fields, body=BODY, line=LINE):
    return line + b"".join(fields) + b"\r\n" + body


ODD = {
    "two OSCORE fields": post(HOST, TYPE, LENGTH, SEALED, SEALED),
    "two OSCORE fields, other case": post(HOST, TYPE, LENGTH, SEALED, b"oscore: AA\r\n"),
    "OSCORE with padding": post(HOST, TYPE, LENGTH, b"OSCORE: CSU=\r\n"),
    "OSCORE of one character": post(HOST, TYPE, LENGTH, b"OSCORE: A\r\n"),
    "OSCORE list": post(HOST, TYPE, LENGTH, b"OSCORE: CQEB, CQEB\r\n"),
    "two equal lengths": post(HOST, TYPE, LENGTH, LENGTH, SEALED),
    "two different lengths": post(HOST, TYPE, LENGTH, b"Content-Length: 0\r\n", SEALED, body=HIDDEN),
    "length and chunked": post(HOST, TYPE, b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", SEALED,
                               body=b"0\r\n\r\n" + HIDDEN),
    "chunked and length": post(HOST, TYPE, b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", SEALED,
                               body=b"0\r\n\r\n" + HIDDEN),
    "space before a colon": post(HOST, TYPE, b"Content-Length : 8\r\n", SEALED),
    "TE with a space before its colon": post(HOST, TYPE, LENGTH, SEALED, b"TE : chunked\r\n"),
    "Transfer-Encoding with a space before its colon":
        post(HOST, TYPE, b"Content-Length: 5\r\nTransfer-Encoding : chunked\r\n", SEALED, body=b"0\r\n\r\n" + HIDDEN),
    "bare LF behind a field": post(HOST, TYPE, b"Content-Length: 8\n", SEALED),
    "bare LF made up for by a space": post(HOST, TYPE, b"Content-Length:  8\n", SEALED),
    "bare LF behind the request line": post(HOST, TYPE, LENGTH, SEALED, line=b"POST / HTTP/1.1\n"),
    "bare LF at the end of the head": LINE + HOST + TYPE + LENGTH + SEALED + b"\n" + BODY,
    "bare LF throughout": GOOD[:-8].replace(b"\r\n", b"\n") + BODY,
    "bare CR in a value": post(HOST, TYPE, LENGTH, SEALED, b"X: a\rContent-Length: 0\r\n"),
    "folded value": post(HOST, TYPE, LENGTH, SEALED, b"X: a\r\n b\r\n"),
    "folded OSCORE": post(HOST, TYPE, LENGTH, b"OSCORE: CQ\r\n EB\r\n"),
    "folded length": post(HOST, TYPE, b"Content-Length:\r\n 8\r\n", SEALED),
    "NUL in a value": post(HOST, TYPE, LENGTH, SEALED, b"X: a\0b\r\n"),
    "NUL in OSCORE": post(HOST, TYPE, LENGTH, b"OSCORE: CQEB\0\r\n"),
    "NUL in a name": post(HOST, TYPE, LENGTH, SEALED, b"X\0Y: a\r\n"),
    "NUL in the path": post(HOST, TYPE, LENGTH, SEALED, line=b"POST /\0a HTTP/1.1\r\n"),
    "escaped NUL in the path": post(HOST, TYPE, LENGTH, SEALED, line=b"POST /%00 HTTP/1.1\r\n"),
    "two hosts": post(HOST, b"Host: b\r\n", TYPE, LENGTH, SEALED),
    "no host": post(TYPE, LENGTH, SEALED),
    "signed length": post(HOST, TYPE, b"Content-Length: +8\r\n", SEALED),
    "list of lengths": post(HOST, TYPE, b"Content-Length: 8, 8\r\n", SEALED),
    "negative length": post(HOST, TYPE, b"Content-Length: -1\r\n", SEALED),
    "huge length": post(HOST, TYPE, b"Content-Length: 99999999999999999999\r\n", SEALED),
    "length over the limit": post(HOST, TYPE, b"Content-Length: 10000000\r\n", SEALED),
    "unknown transfer coding": post(HOST, TYPE, b"Transfer-Encoding: gzip\r\n", SEALED),
    "chunked twice": post(HOST, TYPE, b"Transfer-Encoding: chunked, chunked\r\n", SEALED, body=b"0\r\n\r\n"),
    "tabbed chunked": post(HOST, TYPE, b"Transfer-Encoding: \x0bchunked\r\n", SEALED, body=b"0\r\n\r\n"),
    "bad chunk size": post(HOST, TYPE, b"Transfer-Encoding: chunked\r\n", SEALED, body=b"zz\r\nABCDEFGH\r\n0\r\n\r\n"),
    "huge chunk": post(HOST, TYPE, b"Transfer-Encoding: chunked\r\n", SEALED, body=b"FFFFFFFFFFFFFFFFF\r\nA"),
    "chunked body over the limit": post(HOST, TYPE, b"Transfer-Encoding: chunked\r\n", SEALED,
                                        body=b"4E20\r\n" + b"x" * 20000 + b"\r\n0\r\n\r\n"),
    "empty chunked body": post(HOST, TYPE, b"Transfer-Encoding: chunked\r\n", SEALED, body=b"0\r\n\r\n" + HIDDEN),
    "no length": post(HOST, TYPE, SEALED, body=b""),
    "empty body": post(HOST, TYPE, b"Content-Length: 0\r\n", SEALED, body=HIDDEN),
    "HTTP/1.0": post(HOST, TYPE, LENGTH, SEALED, line=b"POST / HTTP/1.0\r\n"),
    "HTTP/2.0": post(HOST, TYPE, LENGTH, SEALED, line=b"POST / HTTP/2.0\r\n"),
    "no version": b"POST /\r\n\r\n",
    "two spaces in the request line": post(HOST, TYPE, LENGTH, SEALED, line=b"POST  / HTTP/1.1\r\n"),
    "tab in the request line": post(HOST, TYPE, LENGTH, SEALED, line=b"POST\t/\tHTTP/1.1\r\n"),
    "GET with OSCORE": b"GET / HTTP/1.1\r\n" + HOST + SEALED + b"\r\n" + HIDDEN,
    "PUT with OSCORE": post(HOST, TYPE, LENGTH, SEALED, line=b"PUT / HTTP/1.1\r\n"),
    "wrong media type": post(HOST, b"Content-Type: text/plain\r\n", LENGTH, SEALED),
    "no OSCORE field": post(HOST, TYPE, LENGTH),
    "OSCORE in a trailer only":
        post(HOST, TYPE, b"Transfer-Encoding: chunked\r\nTrailer: OSCORE\r\n",
             body=b"8\r\nABCDEFGH\r\n0\r\nOSCORE: CQEB\r\n\r\n"),
    "Connection names OSCORE": post(HOST, TYPE, LENGTH, SEALED, b"Connection: OSCORE\r\n"),
    "coded body": post(HOST, TYPE, LENGTH, SEALED, b"Content-Encoding: gzip\r\n"),
    "EST without OSCORE": b"GET /.well-known/est/crts HTTP/1.1\r\n" + HOST + b"\r\n" + HIDDEN,
    "a hundred fields": post(HOST, TYPE, LENGTH, SEALED, b"X: y\r\n" * 100),
    "a head of 40 KiB": post(HOST, TYPE, LENGTH, SEALED, b"X: " + b"y" * 40960 + b"\r\n"),
    "TLS": bytes.fromhex("160301020001000200") + b"\0" * 64,
    "garbage": bytes(range(256)),
}


class Server:
    def __init__(self, binary, folder):
        self.folder = folder
        run = [binary, "init", "--dir", folder]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        self.config = os.path.join(folder, "sealift-est.yaml")
        with open(self.config) as f:
            text = f.read()
        with open(self.config, "w") as f:
            f.write(re.sub(r"port: *\d+", "port: 0", text) + "limits:\n  connection-timeout: 2s\n")
        self.binary = binary
        self.start()

    def start(self, scheme="http"):
        self.log = open(os.path.join(self.folder, "log"), "ab+")
        self.process = subprocess.Popen([self.binary, "serve", "-c", self.config], stderr=self.log)
        for _ in range(300):
            ready = re.search(r"listening on %s://127\.0\.0\.1:(\d+)" % scheme, self.text())
            if ready:
                self.port = int(ready.group(1))
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit("sealift-est does not start:\n" + self.text())

    def text(self):
        with open(self.log.name, errors="replace") as f:
            return f.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def ask(self, raw, pieces=1, answers=None, gap=0.0):
        """Sends raw, then waits until the server closes or is silent; returns all that came, and whether the
        server closed. answers: so many are waited for, and for a close only a little longer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=3) as s:
            got, step = b"", max(1, len(raw) // pieces)
            try:
                for i in range(0, len(raw), step):
                    s.sendall(raw[i:i + step])
                    time.sleep(gap)
                while True:
                    s.settimeout(0.5 if answers is not None and whole(got) >= answers else 10.0)
                    part = s.recv(65536)
                    if not part:
                        return got, True
                    got += part
            except socket.timeout:
                return got, False
            except (ConnectionResetError, BrokenPipeError):
                return got, True


def whole(answer):
    """How many responses with a Content-Length came to their end."""
    for count in range(len(answer) + 1):
        head, end, rest = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        if not end or length is None or len(rest) < int(length.group(1)):
            return count
        answer = rest[int(length.group(1)):]
    return 0


def statuses(answer):
    return [int(s) for s in re.findall(rb"HTTP/1\.[01] (\d\d\d) ", answer)]


failures = []


def check(what, condition, seen):
    if not condition:
        failures.append(what)
        print("FAILED: %s: %r" % (what, seen))


def check_good(server):
    for pieces in (1, 7, len(GOOD)):
        answer, _ = server.ask(GOOD, pieces)
        check("a well-formed message reaches OSCORE (%d pieces)" % pieces,
              statuses(answer) == [403] and b"Security context not found" in answer, answer)
    padded = post(HOST, TYPE, LENGTH, SEALED, *[b"X-Pad: " + b"y" * 400 + b"\r\n"] * 40)
    for pieces in (1, 100):
        answer, _ = server.ask(padded, pieces, gap=0.002)
        check("a large head is taken (%d pieces)" % pieces, b"Security context" in answer, answer)
    for query in (b"", b"?rt=ace.est.sen", b"?rt=ace.est%2esen"):
        answer, closed = server.ask(HIDDEN.replace(b"core", b"core" + query), answers=1)
        check("discovery", statuses(answer) == [200] and b"</est/sen>" in answer
              or b"</.well-known/est/sen>" in answer, answer)
        check("discovery filters", (b"crts" in answer) == (query == b""), answer)
        check("the connection is kept after a 200", not closed, answer)
    answer, _ = server.ask(HIDDEN * 3, answers=3)
    check("three requests in a row get three answers", statuses(answer) == [200] * 3, answer)
    chunked = post(HOST, TYPE, b"Transfer-Encoding: chunked\r\n", SEALED, body=b"3\r\nABC\r\n5\r\nDEFGH\r\n0\r\n\r\n")
    answer, _ = server.ask(chunked)
    check("chunks are taken", statuses(answer) == [403] and b"Security context" in answer, answer)
    answer, _ = server.ask(post(HOST, TYPE, LENGTH, SEALED, b"Expect: 100-continue\r\n"))
    check("100-continue", statuses(answer)[-1:] == [403], answer)
    for answer_field in (b"Cache-Control: no-store", b"Content-Type: text/plain; charset=utf-8", b"Connection: close"):
        check("field " + answer_field.decode(), answer_field.lower() in server.ask(GOOD)[0].lower(), answer_field)


def check_odd(server):
    for name, raw in ODD.items():
        for tail in (b"", HIDDEN):
            answer, closed = server.ask(raw + tail)
            got = statuses(answer)
            # Pages that libmicrohttpd 0.9.75 makes itself have their head twice: one status, said again.
            check(name + " is refused once", not any(s < 400 for s in got) and len(set(got)) <= 1, answer)
            check(name + " is closed", closed, answer)
            check(name + " never reaches OSCORE", b"Security context" not in answer
                  and b"Decryption" not in answer, answer)
    answer, _ = server.ask(post(HOST, TYPE, LENGTH, line=b"GET / HTTP/1.1\r\n"))
    check("405 says what is allowed", statuses(answer) == [405] and b"Allow: POST" in answer, answer)


def check_tls(server):
    """The same with TLS, under a certificate of its own."""
    key, cert = os.path.join(server.folder, "tls.key"), os.path.join(server.folder, "tls.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    os.chmod(key, 0o400)
    with open(server.config) as f:
        text = f.read()
    with open(server.config, "w") as f:
        f.write(text.replace("  port: 0\n", "  port: 0\n  tls-certificate: tls.pem\n  tls-key: tls.key\n"))
    server.start("https")
    context = ssl.create_default_context(cafile=cert)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as s:
            s.sendall(GOOD)
            answer = b""
            for part in iter(lambda: s.recv(4096), b""):
                answer += part
            check("TLS 1.2 or newer", s.version() in ("TLSv1.2", "TLSv1.3"), s.version())
            check("a message over TLS reaches OSCORE", b"Security context not found" in answer, answer)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    warnings.simplefilter("ignore", DeprecationWarning)
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
            old.wrap_socket(plain)
        check("TLS 1.1 is refused", False, "")
    except (ssl.SSLError, OSError):
        pass
    answer, _ = server.ask(GOOD)
    check("no plain HTTP on a TLS port", not statuses(answer), answer)
    check("SIGTERM ends with status 0", server.stop() == 0, server.text())


def check_slow_close(server):
    """SIGTERM while a request is half sent: the process still ends, with status 0."""
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.sendall(GOOD[:40])
        time.sleep(0.2)
        check("SIGTERM ends with status 0", server.stop() == 0, server.text())


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = Server(sys.argv[1], os.path.join(folder, "est"))
        try:
            check_good(server)
            check_odd(server)
            check_good(server)
            second = subprocess.run([server.binary, "serve", "-c", server.config], capture_output=True, timeout=30)
            check("a second process refuses to serve the store", second.returncode == 1, second.stderr)
            check_slow_close(server)
            check_tls(server)
            log = server.text()
            check("one line per request", log.count("outcome=") >= len(ODD), log[-500:])
            check("no sanitizer report", "Sanitizer" not in log and "runtime error" not in log, log)
        finally:
            if server.process.poll() is None:
                server.process.kill()
    print("%d odd requests, %d failures" % (2 * len(ODD), len(failures)))
    sys.exit(1 if failures else 0)


main()
