#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T24: the same request again and again is asked of the origin each time, and the bytes of an earlier answer help
nobody. T27: an origin that ends its connections in every way gets each exchange once, on kept connections and on new
ones. T23: targets that lead back to the proxy, and loops through gateways, which Hop-Limit ends (RFC 8768).

usage: repeats.py FOLDER-OF-PROGRAMS [--full] [cache|closes|loops]"""
import re
import socket
import threading

import origin_lab  # first: it knows where the others lie
import coap
import origin

AT_ONCE = 16


def counted(lab, behave, transport, count, payload_of):
    """count exchanges by several clients; (origin, codes, payloads)"""
    server = origin.Origin(behave)
    lab.later(server.stop)
    proxy = lab.start_proxy(origin_lab.route("/", server.url, transport),
                            limits=origin_lab.default_limits(total=60, queue=60))
    clients = [lab.client(proxy) for _ in range(AT_ONCE)]
    free, got = list(clients), []

    def work(i):
        client = free.pop()
        answer, _ = origin_lab.ask(client, payload_of(i), seconds=30)
        got.append((origin_lab.code_of(answer), answer.payload if answer else b""))
        free.append(client)
    origin_lab.in_parallel(count, work, AT_ONCE)
    return server, got


def cache(lab):
    """Answers that say that they may be kept for a day are not."""
    count, lock, number = lab.count(500, 100000), threading.Lock(), [0]

    def behave(_origin, conn, _request):
        with lock:
            number[0] += 1
            body = b"answer %d" % number[0]
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\nETag: \"same\"\r\n"
                     b"Cache-Control: public, max-age=86400\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    for transport in origin_lab.transports(lab.home):
        number[0] = 0
        server, got = counted(lab, behave, transport, count, lambda i: b"the same request")
        tail = f"-{transport}" if transport else ""
        lab.say("T24.requests-at-the-origin" + tail, len(server.requests), count, len(server.requests) == count)
        different = len({payload for _, payload in got})
        lab.say("T24.different-answers" + tail, different, count, different == count)
        stores = sum(r.get("Cache-Control") != ["no-store"] for r in server.requests)
        lab.say("T24.requests-that-may-be-stored" + tail, stores, 0, stores == 0)
        lab.close_row()


def end_of(word):
    """What the origin does with its connection, as the request's first word says."""
    def behave(o, conn, request):
        kind = request.body.split(b" ")[0]
        if kind == b"good":
            return conn.sendall(origin.oscore_ok(request.body))
        if kind == b"reset":
            return origin.reset()(o, conn, request)
        if kind == b"part":
            conn.sendall(b"HTTP/1.1 200 OK\r\n")
        return False
    return word, behave


def closes(lab):
    """Every other request is answered, so that the ones between them go out on kept connections; in the second round
    each has a new one."""
    count = lab.count(300, 10000)
    for transport in origin_lab.transports(lab.home):
        for kept in (True, False):
            for kind in (b"close", b"reset", b"part"):
                _, behave = end_of(kind)

                def payload(i, kind=kind, kept=kept):
                    return b"%s %d" % (b"good" if kept and i % 2 == 0 else kind, i)
                server, got = counted(lab, behave, transport, count, payload)
                bodies = [r.body for r in server.requests]
                name = f"T27.requests-{kind.decode()}-{'kept' if kept else 'new'}" + (f"-{transport}" if transport else "")
                again = len(bodies) - len(set(bodies))
                good = sum(code == "2.04" for code, _ in got)
                bad = {code for code, _ in got} - {"2.04", "5.02" if kind == b"part" else "5.04"}
                # one that crosses the end of a kept connection on the wire may be lost, never sent again
                lost = count - len(bodies)
                lab.say(name, len(bodies), count, again == 0 and lost <= (count // 20 if kept else 0),
                        f"{again} twice, {lost} never arrived, {good} answered")
                lab.say(f"T27-codes-{kind.decode()}", len(bad - {"5.04"}), 0, not bad - {"5.04"}, bad)
                lab.close_row()


class Gateway:
    """HTTP to CoAP, as a loop needs it: each HTTP request becomes a CoAP request to the next proxy, with one hop less."""

    def __init__(self, lab):
        self.lab, self.next, self.seen = lab, None, 0
        self.server = origin.Origin(self.behave)
        lab.later(self.server.stop)

    def behave(self, _origin, conn, request):
        self.seen += 1
        client = coap.Client(self.next.address)
        self.lab.hops -= 1
        got, _ = origin_lab.ask(client, request.body, [(coap.HOP_LIMIT, coap.uint(self.lab.hops))], 8.0)
        client.close()
        status = b"508" if origin_lab.code_of(got) == "5.08" else b"502"
        conn.sendall(b"HTTP/1.1 %s x\r\nContent-Length: 0\r\n\r\n" % status)


def loops(lab):
    """One to three proxies in a ring: the request goes round until its Hop-Limit is used up."""
    for proxies in (1, 2, 3):
        lab.hops = 16
        gateways = [Gateway(lab) for _ in range(proxies)]
        ring = [lab.start_proxy(origin_lab.route("/", g.server.url), limits=origin_lab.default_limits(total=20, queue=20))
                for g in gateways]
        for i, g in enumerate(gateways):
            g.next = ring[(i + 1) % proxies]
        got, _ = origin_lab.ask(lab.client(ring[0]), b"round and round", [(coap.HOP_LIMIT, b"\x10")], 20.0)
        seen = sum(g.seen for g in gateways)
        lab.say(f"T23.requests-in-a-ring-of-{proxies}", seen, 16, 0 < seen <= 16)
        lab.say(f"T23.end-of-a-ring-of-{proxies}", origin_lab.code_of(got), "5.08", origin_lab.code_of(got) == "5.08")
        lab.close_row()
    own_names(lab)


def own_names(lab):
    """Forward mode: a target that is the proxy itself is a path of its own, not a connection."""
    trap = socket.create_server(("127.0.0.1", 0), backlog=64)
    lab.later(trap.close)
    port = trap.getsockname()[1]
    top = origin_lab.harness.TRUSTED + 'names: ["proxy.test", "localhost"]\n'
    more = "forward:\n  allow:\n" + "".join(
        f'    - origin: "http://{host}:{port}"\n      plain-http: ["127.0.0.0/8"]\n' for host in ("127.0.0.1",))
    proxy = lab.start_proxy(more=more, top=top)
    client, wrong = lab.client(proxy), []
    for target in ("coap://proxy.test/", f"coap://127.0.0.1:{proxy.port}/", "http://proxy.test/", "http://localhost/",
                   f"http://127.0.0.1:{proxy.port}/", f"http://127.0.0.1:{proxy.admin.split(':')[1]}/metrics"):
        got, _ = origin_lab.ask(client, b"x" * 20, [(coap.PROXY_URI, target.encode())])
        if not re.fullmatch(r"4\.04|5\.05", origin_lab.code_of(got)):
            wrong.append((target, origin_lab.code_of(got)))
    lab.say("T23.own-names-that-lead-away", len(wrong), 0, not wrong, wrong)


if __name__ == "__main__":
    origin_lab.main({"cache": cache, "closes": closes, "loops": loops}, needs_namespace=False)
