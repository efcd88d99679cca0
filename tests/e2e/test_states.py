#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The Responder behind the proxy is the machine of docs/edhoc-states.md: it is learnt from outside, and compared. Changed
messages are accepted in no state. With SL_LONG the search is one step deeper, and 100 000 changed messages go into
each state."""
import os
import random
import re
import tempfile
import unittest

import coap
import edhoc
import harness
import learner

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "edhoc-states.md")
NINE = ["message_1", "message_2", "message_3", "message_4", "error", "combined", "oscore", "plain", "ping"]
OURS = ["message_1 again", "nothing"]
SOME = ["message_1", "message_3", "error", "combined", "oscore"]  # that have to do with message_4
LONG = bool(os.environ.get("SL_LONG"))
DEPTH, SHARE, CHANGED = (2, 1.0, 100000) if LONG else (1, 0.1, 500)
SEED = int(os.environ.get("SL_SEED", "1"))
IDENTITY = "learner-1"
SILENCE_S = coap.PATIENCE_S
MACHINES = [["as it comes"], ["combined requests"], ["as it comes", "message_4"],
            ["as it comes", "message_4", "message_4 and combined requests"]]


# --- the page -------------------------------------------------------------------------------------------------------


def read_table(text, title):
    """{letter: {state: (answer, state after)}}"""
    part = re.search(r"^## Table: " + re.escape(title) + r"\n(.*?)(?=^## |\Z)", text, re.M | re.S).group(1)
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in part.splitlines() if line.startswith("| ")]
    states = rows[0][1:]
    table = {}
    for row in rows[1:]:
        if len(row) != len(states) + 1 or not all("→" in cell for cell in row[1:]):
            continue  # where the cells come from
        table[row[0]] = {state: tuple(part.strip() for part in cell.split("→"))
                         for state, cell in zip(states, row[1:])}
    return table


def written(*titles, letters=None):
    """The machine of a table; the rows of a later one lie over those of the one before."""
    with open(PAGE, encoding="utf-8") as f:
        text = f.read()
    table, letters = {}, letters or NINE + OURS
    for title in titles:
        table.update(read_table(text, title))
    if set(table) != set(NINE + OURS):
        raise AssertionError(f"the table has other rows: {sorted(table)}")
    states = set().union(*table.values())
    for letter in table:
        if set(table[letter]) != states or not {after for _, after in table[letter].values()} <= states:
            raise AssertionError(f"the row {letter} has other states")
    return learner.Machine("idle", {s: {a: table[a][s] for a in letters} for s in states})


# --- the system -----------------------------------------------------------------------------------------------------


class System:
    """Says what the programs answer to the words of the page. One client of theirs."""

    def __init__(self, client, own, server_cred, method=3):
        self.client, self.own, self.server_cred, self.method = client, own, server_cred, method
        self.initiator, self.messages = edhoc.Initiator(), 0
        self.letters = {"message_1": self.begin, "message_2": lambda: self.send_string(45),
                        "message_3": self.send_message_3, "message_4": lambda: self.send_string(8),
                        "error": self.send_error, "combined": self.send_combined, "oscore": self.send_oscore,
                        "plain": self.send_plain, "ping": self.ping, "message_1 again": self.again,
                        "nothing": lambda: self.name(self.post(b""))}
        self.forget()

    def forget(self):
        """A client that has nothing."""
        self.run, self.is_over, self.message_2, self.established = None, True, None, None

    def steps(self, word):
        self.forget()
        return [self.letters[letter]() for letter in word]

    def exchange(self, message):
        self.messages += 1
        return self.client.exchange(message, SILENCE_S, echo=False)

    def post(self, payload):
        self.messages += 1
        return edhoc.post(self.client, payload, seconds=SILENCE_S)

    # --- what is sent

    def kid(self):
        return self.run.c_r if self.run is not None else os.urandom(5)

    def prefix(self):
        return edhoc.identifier(self.kid())

    def begin(self):
        self.run, self.is_over = edhoc.Run(self.initiator, self.method, [2], self.own), False
        got = self.post(b"\xf5" + self.run.message_1)
        if got is not None and got.code == coap.code("2.04") and self.run.read_message_2(got.payload, self.server_cred):
            self.message_2 = got.payload
            return "message_2" if got.uint(coap.CONTENT_FORMAT) == edhoc.EDHOC else "message_2 without its format"
        self.run, self.is_over = None, True
        return self.name(got)

    def again(self):
        if self.is_over:
            return self.begin()
        got = self.post(b"\xf5" + self.run.message_1)
        if got is not None and got.code == coap.code("2.04") and len(got.payload) >= 40:
            return "same" if got.payload == self.message_2 else "other"
        return self.name(got)

    def send_string(self, length):
        return self.over_if_refused(self.name(self.post(self.prefix() + edhoc.encode(os.urandom(length)))))

    def send_message_3(self):
        text = self.run.message_3 if self.run is not None else edhoc.encode(os.urandom(18))
        got = self.name(self.post(self.prefix() + text))
        if got in ("done", "message_4"):
            self.established, self.is_over = self.run.context, False
        return got

    def send_error(self):
        got = self.name(self.post(self.prefix() + b"\x01" + edhoc.encode("gone")))
        return self.over_if_refused(got, "done")

    def send_combined(self):
        if self.run is None:
            option, text = b"\x09\x00" + os.urandom(5), edhoc.encode(os.urandom(18)) + os.urandom(20)
        else:
            option, text = self.run.context.seal(coap.GET, "/est/att")
            text = self.run.message_3 + text
        context = self.run.context if self.run is not None else None
        got = self.send_sealed(context, option, text, [(coap.EDHOC, b"")])
        if got == "protected":
            self.established = context
        return self.over_if_refused(got)

    def send_oscore(self):
        context = self.established or (self.run.context if self.run is not None else None)
        option, text = context.seal(coap.GET, "/est/att") if context else (b"\x09\x00" + os.urandom(5), os.urandom(20))
        return self.send_sealed(context, option, text)

    def send_sealed(self, context, option, text, more=()):
        got = self.exchange(self.client.message(coap.POST, [(coap.OSCORE, option), *more], text))
        if got is not None and got.get(coap.OSCORE):
            opened = context.open(got) if context else None
            return "protected" if opened and opened[0] == coap.code("2.05") else f"protected, but {opened}"
        return self.name(got)

    def send_plain(self):
        path = [(coap.URI_PATH, b"est"), (coap.URI_PATH, b"crts")]
        return self.name(self.exchange(self.client.message(coap.GET, path)))

    def ping(self):
        message = self.client.message(0)
        message.token = b""
        self.client.send(message)
        self.messages += 1
        got = self.client.receive(SILENCE_S)
        return "reset" if got is not None and (got.type, got.mid) == (coap.RST, message.mid) else self.name(got)

    # --- what is answered

    def over_if_refused(self, name, sign="refused"):
        """The client's view: a run that waits is over then. A finished one is not."""
        if name == sign and (self.run is None or self.established is not self.run.context):
            self.is_over = True
        return name

    def name(self, got):
        if got is None:
            return "silence"
        code = coap.code_text(got.code)
        if got.get(coap.OSCORE):
            return f"{code} with OSCORE"
        if code == "2.04" and not got.payload and got.get(coap.CONTENT_FORMAT) == []:
            return "done"
        if got.uint(coap.CONTENT_FORMAT) == edhoc.EDHOC and got.payload:
            if code == "2.04" and self.run is not None and self.run.context and self.is_message_4(got.payload):
                return "message_4"
            if code == "4.00" and edhoc.is_error(got.payload):
                return "refused"
        is_bare = not got.get(coap.CONTENT_FORMAT)
        return code if code in ("4.00", "4.01", "4.02") and is_bare else f"{code} {got.options} {got.payload[:20].hex()}"

    def is_message_4(self, payload):
        if not hasattr(self.run, "message_4"):
            if not self.run.read_message_4(payload):
                return False
            self.run.message_4 = payload
        return self.run.message_4 == payload


class StatesCase(harness.Case):
    def start(self, message_4="never", combined="refuse", header=False):
        own = edhoc.RawKey(self.home, IDENTITY, b"\x0b")
        est = harness.Est(tempfile.mkdtemp(dir=self.home), init=["--edhoc"])
        words = {"message-4": message_4, "combined": combined, "crypto-budget": 100}
        est.rewrite(lambda text: edhoc.configure(text, words, [edhoc.peer(own.path, IDENTITY)]))
        est.start()
        self.addCleanup(est.stop)
        route = edhoc.PLAIN + ("    edhoc-header: true\n" if header else "")
        proxy = self.start_proxy(harness.proxy_config(f"http://127.0.0.1:{est.port}/", harness.TRUSTED, route=route))
        with open(os.path.join(est.folder, "edhoc-dh.ccs"), "rb") as f:
            system = System(self.client(proxy.address), own, f.read())
        self.addCleanup(system.initiator.close)
        return system

    def compare_cells(self, machine, **words):
        """Each cell of the page, and each state it leads to by what tells it from the others."""
        letters, system = list(machine.table["idle"]), self.start(**words)
        apart = learner.telling_apart(machine, [(a,) for a in letters] + [(a, b) for a in letters for b in letters])
        count = 0
        for state, word in machine.access().items():
            for letter in letters:
                for suffix in apart:
                    path = word + (letter,) + suffix
                    self.assertEqual(tuple(system.steps(path)), machine.run(path)[0], f"{state}: {path}")
                    count += 1
        print(f"T40 {len(machine.access())} states, {len(letters)} messages: {count} words as written PASS", flush=True)

    def learn_and_compare(self, machine, **words):
        letters = list(machine.table["idle"])
        system = self.start(**words)
        learnt, memory = learner.learn(system.steps, letters, DEPTH, SHARE, SEED)
        silent = [(s, a) for s in learnt.table for a in letters if learnt.table[s][a][0] == "silence"]
        word = learnt.difference(machine)
        self.assertIsNone(word, f"{word}: learnt {word and learnt.run(word)[0]}, "
                                f"written {word and machine.run(word)[0]}")
        self.assertEqual(silent, [])
        self.assertEqual(system.steps(["message_1", "message_3", "oscore"])[2], "protected", "alive at the end")
        print(f"T40 {len(learnt.table)} states, {len(letters)} messages, depth {DEPTH} ({SHARE:.0%}): "
              f"{memory.words} words, {memory.letters} messages sent, 0 differences, 0 silent PASS seed={SEED}",
              flush=True)


class LearnerTest(harness.Case):
    """The learner itself, on machines that are known."""

    def test_finds_every_machine(self):
        rng = random.Random(7)
        for titles in MACHINES[:2]:
            machine = written(*titles)
            for share in (1.0, SHARE):
                learnt, _ = learner.learn(lambda word, m=machine: m.run(word)[0], NINE + OURS, 1, share, SEED)
                self.assertIsNone(learnt.difference(machine), f"a share of {share} is enough")
            for _ in range(12):
                table = {s: dict(row) for s, row in machine.table.items()}
                state, letter = rng.choice(sorted(table)), rng.choice(NINE + OURS)
                said, after = table[state][letter]
                table[state][letter] = rng.choice([("5.00", after), (said, rng.choice(sorted(table)))])
                planted = learner.Machine("idle", table)
                learnt, _ = learner.learn(lambda word, m=planted: m.run(word)[0], NINE + OURS, 1)
                self.assertIsNone(learnt.difference(planted))
                if table[state][letter] != (said, after):
                    self.assertIsNotNone(learnt.difference(machine), f"{state} {letter} {table[state][letter]}")

    def test_written_machines_are_minimal(self):
        for titles in MACHINES:
            machine = written(*titles)
            learnt, _ = learner.learn(lambda word, m=machine: m.run(word)[0], NINE + OURS, 1)
            self.assertEqual(len(learnt.table), len(machine.access()), titles)


class StatesTest(StatesCase):
    def test_as_it_comes(self):
        self.learn_and_compare(written(*MACHINES[0]))

    def test_combined_requests(self):
        self.learn_and_compare(written(*MACHINES[1]), combined="accept", header=True)

    def test_message_4(self):
        self.compare_cells(written(*MACHINES[2], letters=SOME), message_4="always")
        self.compare_cells(written(*MACHINES[3], letters=SOME), message_4="always", combined="accept", header=True)

    @unittest.skipUnless(LONG, "SL_LONG")
    def test_message_4_to_the_end(self):
        self.learn_and_compare(written(*MACHINES[2]), message_4="always")
        self.learn_and_compare(written(*MACHINES[3]), message_4="always", combined="accept", header=True)


class ChangedTest(StatesCase):
    """Messages that were changed on their way, in every state: accepted is what gives a key or an answer to it."""

    def enter(self, state):
        word = self.machine.access()[state]
        self.assertEqual(tuple(self.system.steps(word)), self.machine.run(word)[0], f"on the way to {state}")

    def change(self, data):
        for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
            at = self.rng.randrange(len(data) + 1)
            how = self.rng.randrange(5)
            if how == 0 and at < len(data):
                data = data[:at] + bytes([data[at] ^ 1 << self.rng.randrange(8)]) + data[at + 1:]
            elif how == 1:
                data = data[:at] + self.rng.randbytes(1) + data[at + 1:]
            elif how == 2:
                data = data[:at] + data[at + self.rng.choice((1, 2, 8)):]
            elif how == 3:
                data = data[:at] + self.rng.randbytes(self.rng.choice((1, 2, 8))) + data[at:]
            else:
                data = data[:at] + data[:self.rng.randrange(len(data) + 1)]
        return data

    def changed(self, *parts):
        """One of the parts, changed."""
        while True:
            at = self.rng.randrange(len(parts))
            got = [self.change(p) if i == at else p for i, p in enumerate(parts)]
            if got != list(parts):
                return got

    def send_message_1(self):
        run = edhoc.Run(self.system.initiator, 3, [2], self.system.own)
        got = self.system.post(b"\xf5" + self.changed(run.message_1)[0])
        self.assertIsNotNone(got)
        self.assertFalse(got.code == coap.code("2.04") and run.read_message_2(got.payload, self.system.server_cred))

    def send_message_3(self):
        run = self.system.run
        c_r, text = (edhoc.identifier(run.c_r), run.message_3) if run else (b"\x41\x45", edhoc.encode(bytes(18)))
        got = self.system.post(b"".join(self.changed(c_r, text)))
        self.assertIsNotNone(got)
        if got.code == coap.code("2.04") and not got.payload and self.state in ("waiting", "renewing"):
            # It became an error message: the run's context must not work.
            opened = self.system.send_sealed(run.context, *run.context.seal(coap.GET, "/est/att"))
            self.assertEqual(opened, "4.01")
        return self.state in ("waiting", "renewing")

    def sealed(self):
        s = self.system
        context = s.established or (s.run.context if s.run else None)
        if context is None:
            return None, [b"\x09\x00\x07", self.rng.randbytes(20)]
        return context, list(context.seal(coap.GET, "/est/att"))

    def send_oscore(self):
        context, parts = self.sealed()
        option, text = self.changed(*parts)
        self.assertNotRegex(self.system.send_sealed(context, option, text), "protected|OSCORE")

    def send_combined(self):
        run = self.system.run
        context, (option, text) = self.sealed()
        if run is not None and self.rng.randrange(2):
            context = run.context
            option, text = context.seal(coap.GET, "/est/att")
        message_3 = run.message_3 if run else edhoc.encode(self.rng.randbytes(18))
        if self.rng.randrange(2):
            option, rest = self.changed(option, message_3 + text)
        else:
            option, rest = option, b"".join(self.changed(message_3, text))
        got = self.system.send_sealed(context, option, rest, [(coap.EDHOC, b"")])
        self.assertNotRegex(got, "protected|OSCORE")
        return self.state in ("waiting", "renewing")

    def test_changed_messages(self):
        self.machine = written(*MACHINES[1])
        self.system = self.start(combined="accept", header=True)
        self.rng = random.Random(SEED)
        for self.state in self.machine.table:
            self.enter(self.state)
            for count in range(CHANGED):
                send = self.rng.choice((self.send_message_1, self.send_message_3, self.send_oscore,
                                        self.send_combined))
                is_over = send()
                if is_over or count % 50 == 49:
                    if not is_over:
                        self.assertEqual(self.system.send_oscore(), self.machine.table[self.state]["oscore"][0])
                    self.enter(self.state)
        self.enter("done")
        self.assertEqual(self.system.send_oscore(), "protected", "alive at the end")
        print(f"T40 {CHANGED} changed messages in each of {len(self.machine.table)} states, 0 accepted PASS "
              f"seed={SEED}", flush=True)


if __name__ == "__main__":
    harness.main(2)
