#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T12 on the wire: a name server that answers with the allowed address, forbidden ones, or both in any order, for names
that a configuration trusts. Traps listen at every forbidden address. The 10 000 flips between two requests for the same
name are test_proxy_transfer's, which stands in for the resolver itself.

usage: names.py FOLDER-OF-PROGRAMS [--full]"""
import socket

import origin_lab  # first: it knows where the others lie
import coap
import dns
import origin

ALLOWED, FORBIDDEN = "127.0.0.1", ("127.0.0.2", "127.255.255.254", "127.0.1.1", "::1", "169.254.169.254", "0.0.0.0")
NAMES = 32  # of one proxy, a route each
ASKED = 3   # requests for each name, each on a connection of its own


def answer_of(lab, number):
    """What a name resolves to: never the same order twice."""
    rng = lab.random(number)
    got = rng.sample(FORBIDDEN, rng.randrange(3))
    if rng.random() < 0.6:
        got.insert(rng.randrange(len(got) + 1), ALLOWED)
    return got or [rng.choice(FORBIDDEN)]


def traps(lab, port):
    """Listeners at the forbidden addresses that a loopback device has."""
    got = []
    for address in FORBIDDEN[:4]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        trap = socket.create_server((address, port), family=family, backlog=64)
        trap.setblocking(False)
        lab.later(trap.close)
        got.append(trap)
    return got


def caught(trap):
    count = 0
    while True:
        try:
            trap.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def row(lab):
    if not lab.is_inside:
        return lab.skip("T12.names", "no network namespace for a name server of our own")
    good = origin.Origin(origin.answer(origin.oscore_ok(b"ok"), close=True))
    lab.later(good.stop)
    nets = traps(lab, good.port)
    answers = {}
    server = dns.Server(lambda name, _kind: answers.get(name, dns.NXDOMAIN))
    lab.later(server.stop)
    wrong, connects, names, reached = [], 0, 0, 0
    for turn in range(lab.count(3, 60)):
        routes = ""
        for i in range(NAMES):
            name = f"n{turn}-{i}.test"
            answers[name] = answer_of(lab, turn * NAMES + i)
            routes += origin_lab.route(f"/n{i}", f"http://{name}:{good.port}/", "",
                                       f'    plain-http: ["{ALLOWED}/32"]\n')
        proxy = lab.start_proxy(routes)
        client = lab.client(proxy)
        for i in range(NAMES * ASKED):
            name = f"n{turn}-{i % NAMES}.test"
            got, _ = origin_lab.ask(client, b"x" * 20, [(coap.URI_PATH, b"n%d" % (i % NAMES))])
            want = "2.04" if ALLOWED in answers[name] else "5.02"
            reached += want == "2.04"
            if origin_lab.code_of(got) != want:
                wrong.append((answers[name], origin_lab.code_of(got)))
            if len(wrong) > 5:
                break
        names += NAMES
        connects += sum(caught(trap) for trap in nets)
        proxy.stop()
    lab.say("T12.names-resolved", names, NAMES, server.asked >= names and reached > 0)
    lab.say("T12.answers-unlike-their-addresses", len(wrong), 0, not wrong, wrong[:5])
    lab.say("T12.connects-to-forbidden-addresses", connects, 0, connects == 0)


if __name__ == "__main__":
    origin_lab.main({"names": row})
