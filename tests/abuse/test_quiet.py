#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T9 and T10. Every way to an error gives exactly the bytes that are written here, and none of them names a host, an
address, a port or a program. What multiplies answers elsewhere (Observe, blocks without acknowledgement, long tokens,
groups) gets one answer at most and leaves nothing behind."""
import socket
import threading
import time

import rig  # first: it knows where the others are
import coap
import harness
import origin

OSCORE = [harness.OPTION]
COUNT = rig.by_form(1000, 10000)
MAX_AGE = coap.MAX_AGE


def behave(_origin, conn, request):
    """What the first word of the body asks for."""
    word = request.body.split(b" ")[0].decode()
    answers = {
        "reset": b"", "rubbish": b"no HTTP at all 127.0.0.1\r\n\r\n",
        "type": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\nhost 127.0.0.1\n",
        "bare": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/oscore\r\nContent-Length: 2\r\n\r\nxx",
        "short": b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\nContent-Length: 99\r\n\r\nx",
        "large": b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\nContent-Length: 999999\r\n\r\n",
    }
    if word == "silent":
        time.sleep(4)
        return False
    if word in answers:
        conn.sendall(answers[word])
        return False
    text = {"400": "Decryption failed", "403": "Security context not found"}.get(word, "name: secret.example 1.2")
    conn.sendall(f"HTTP/1.1 {word} At 127.0.0.1\r\nServer: secret.example\r\nLocation: http://127.0.0.1/x\r\n"
                 f"Content-Length: {len(text)}\r\nContent-Type: text/plain\r\n\r\n{text}".encode())
    return True


def asked(word):
    return (coap.POST, OSCORE, word + b" " * 60)


def rows():
    """(name, method, options, payload, code, option numbers of the answer, its payload)"""
    plain = [(coap.URI_PATH, b"x")]
    block = coap.block
    made_here = [
        ("critical", coap.POST, OSCORE + [(65001, b"")], b"x" * 60, "4.02", [], b"unknown critical option"),
        ("critical-twice", coap.POST, OSCORE + [(65001, b""), (65001, b"1")], b"x" * 60, "4.02", [],
         b"unknown critical option"),
        ("oscore-twice", coap.POST, OSCORE + OSCORE, b"x" * 60, "4.02", [], b"wrong option length or repetition"),
        ("plain", coap.GET, plain, b"", "4.01", [], b""),
        ("plain-post", coap.POST, plain, b"x" * 60, "4.01", [], b""),
        ("unknown-method", 31, OSCORE, b"x" * 60, "4.05", [], b""),
        ("hop-limit", coap.POST, OSCORE + [(coap.HOP_LIMIT, b"\x01")], b"x" * 60, "5.08", [], b"sealift-proxy"),
        ("hop-limit-0", coap.POST, OSCORE + [(coap.HOP_LIMIT, b"\x00")], b"x" * 60, "4.00", [], b"bad Hop-Limit"),
        ("proxy-uri", coap.POST, OSCORE + [(coap.PROXY_URI, b"http://10.0.0.1/")], b"x" * 60, "5.05", [], b""),
        ("proxy-scheme", coap.POST, OSCORE + [(coap.PROXY_SCHEME, b"http"), (coap.URI_HOST, b"a.example")], b"x" * 60,
         "5.05", [], b""),
        ("block-gap", coap.POST, OSCORE + [(coap.BLOCK1, block(7, True, 2))], b"x" * 64, "4.08", [coap.BLOCK1], b""),
        ("block-bad", coap.POST, OSCORE + [(coap.BLOCK1, block(0, True, 7))], b"x" * 64, "4.00", [], b"bad block size"),
        ("block-length", coap.POST, OSCORE + [(coap.BLOCK1, block(0, True, 2))], b"x" * 60, "4.00", [coap.BLOCK1], b""),
        ("size1", coap.POST, OSCORE + [(coap.BLOCK1, block(0, True, 2)), (coap.SIZE1, b"\xff" * 4)], b"x" * 64, "4.13",
         [coap.BLOCK1, coap.SIZE1], b""),
        ("follow-up", coap.POST, OSCORE + [(coap.BLOCK2, block(3, False, 2))], b"x" * 60, "4.08", [], b""),
        ("oversize", coap.POST, OSCORE, b"x" * 1600, "4.13", [], b""),
    ]
    statuses = {"301": "5.02", "404": "4.04", "405": "5.02", "413": "4.13", "500": "5.02", "502": "5.02", "503": "5.03",
                "504": "5.04"}
    at_origin = {word: "5.02" for word in ("rubbish", "type", "bare", "short")}
    at_origin.update(statuses, silent="5.04", reset="5.04")
    # an unprotected error of the server is for the device, text and all (RFC 8613 section 8.2)
    texts = {"400": ("4.00", b"Decryption failed"), "403": ("4.01", b"Security context not found"),
             "large": ("5.02", b"response too large")}
    return (made_here + [(f"origin-{word}", *asked(word.encode()), want, None, b"") for word, want in at_origin.items()] +
            [(f"origin-{word}", *asked(word.encode()), want, None, text) for word, (want, text) in texts.items()])


def leaks(datagram, forbidden):
    return [word for word in forbidden if word in datagram]


def errors(r):
    there = origin.Origin(behave)
    r.servers.append(there.stop)
    r.start_proxy("requests-per-second: 0, total-timeout: 2s, connect-timeout: 1s, queue-age: 1s",
                  'trusted-prefixes: ["127.0.0.0/8"]', port=there.port)
    forbidden = [b"127.0.0.1", b"localhost", socket.gethostname().encode(), str(there.port).encode(), b"secret", b"url",
                 b"example", bytes((127, 0, 0, 1)), b"\xaa\x00\x00"]
    wrong, found, table = [], [], rows()

    def ask(row):
        name, method, options, payload, want, numbers, text = row
        c = coap.Client(r.proxy.address)
        got = c.exchange(c.message(method, options, payload), 8, echo=False)
        seen = None if got is None else (coap.code_text(got.code), sorted({n for n, _ in got.options}), got.payload)
        good = seen is not None and seen[0] == want and (numbers is None or seen[1] == numbers) and seen[2] == text
        if not good:
            wrong.append(f"{name}: {seen}, not {(want, numbers, text)}")
        found.extend(f"{name}: {word!r}" for d in c.seen for word in leaks(d, forbidden))
        c.close()
    threads = [threading.Thread(target=ask, args=(row,)) for row in table]
    for begin in range(0, len(threads), 8):
        for t in threads[begin:begin + 8]:
            t.start()
        for t in threads[begin:begin + 8]:
            t.join()
    print("\n".join(wrong + found), flush=True)
    r.say(f"T9.wrong-of-{len(table)}-errors", len(wrong), 0, not wrong)
    r.say("T9.names-in-answers", len(found), 0, not found)


def multipliers(r):
    r.start("requests-per-second: 0", delay_ms=0)
    answers, most, sent = 0, 0, 0
    for i, kind in enumerate(("observe", "qblock1", "qblock2", "token")):
        got = r.run("flood", kinds=kind, sources=COUNT, count=COUNT, base=0x7F010000 + i * 0x10000, rate=4000,
                    linger_ms=1500)
        answers, most, sent = answers + got["answers"], max(most, got["most_answers"]), sent + got["sent"]
        print(f"multipliers: {kind} {got}", flush=True)
    group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    group.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    group.settimeout(0.5)
    for _ in range(100):
        group.sendto(bytes.fromhex("50010001"), ("224.0.1.187", r.proxy.address[1]))
    try:
        group.recv(100)
        most = 99
    except OSError:
        pass
    group.close()
    m = harness.wait_until(lambda: settled(r.metrics()), 10, "rest")
    r.at_most("T10.answers-to-one-request", most, 1)
    r.at_most(f"T10.answers-to-{sent}", answers, sent)
    r.at_most("T10.state-afterwards", sum(int(m[name]) for name in STATE), 0)


STATE = ("exchanges_queued", "exchanges_fetching", "exchanges_unanswered", "responses_unacknowledged", "uploads_open",
         "answers_kept", "body_bytes")


def settled(m):
    return m if all(m[name] == 0 for name in STATE) else None


if __name__ == "__main__":
    rig.main(errors, multipliers)
