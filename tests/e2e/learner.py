# SPDX-License-Identifier: BSD-2-Clause
"""Learns a Mealy machine from outside: Angluin's L* with Rivest and Schapire's use of counterexamples, and the W-method
(Chow 1978) in place of the teacher. Machines are compared cell by cell."""
import itertools
import random


class Machine:
    """table[state][letter] is (output, next state)."""

    def __init__(self, start, table):
        self.start, self.table = start, table

    def run(self, word, state=None):
        """(outputs, state)"""
        state, outputs = self.start if state is None else state, []
        for letter in word:
            output, state = self.table[state][letter]
            outputs.append(output)
        return tuple(outputs), state

    def access(self):
        """The shortest word to each state that can be reached."""
        words, queue = {self.start: ()}, [self.start]
        for state in queue:
            for letter, (_, after) in self.table[state].items():
                if after not in words:
                    words[after] = words[state] + (letter,)
                    queue.append(after)
        return words

    def difference(self, other):
        """The shortest word with two answers, or None: the machines are equal."""
        seen, queue = {(self.start, other.start)}, [((), self.start, other.start)]
        for word, mine, theirs in queue:
            for letter in self.table[mine]:
                (said, after), (other_said, other_after) = self.table[mine][letter], other.table[theirs][letter]
                if said != other_said:
                    return word + (letter,)
                if (after, other_after) not in seen:
                    seen.add((after, other_after))
                    queue.append((word + (letter,), after, other_after))
        return None


class Memory:
    """What the system said to each word; a prefix of a word is known with it. steps(word) asks the system from its
    start and gives one output per letter."""

    def __init__(self, steps):
        self.steps, self.known, self.words, self.letters = steps, {}, 0, 0

    def ask(self, word):
        if word not in self.known:
            outputs = tuple(self.steps(word))
            self.words, self.letters = self.words + 1, self.letters + len(word)
            for n in range(1, len(word) + 1):
                before = self.known.setdefault(word[:n], outputs[:n])
                if before != outputs[:n]:
                    raise AssertionError(f"not the same twice: {word[:n]}: {before}, then {outputs[:n]}")
        return self.known[word]


class Table:
    """Rows are told apart by the answers to the suffixes."""

    def __init__(self, memory, alphabet):
        self.memory, self.alphabet = memory, alphabet
        self.prefixes, self.suffixes = [()], [(a,) for a in alphabet]

    def row(self, prefix):
        return tuple(self.memory.ask(prefix + s)[len(prefix):] for s in self.suffixes)

    def close(self):
        rows = {self.row(p) for p in self.prefixes}
        for prefix in self.prefixes:
            for letter in self.alphabet:
                row = self.row(prefix + (letter,))
                if row not in rows:
                    rows.add(row)
                    self.prefixes.append(prefix + (letter,))

    def machine(self):
        self.close()
        names = {self.row(p): p for p in self.prefixes}
        return Machine((), {p: {a: (self.memory.ask(p + (a,))[-1], names[self.row(p + (a,))])
                                for a in self.alphabet} for p in self.prefixes})

    def learn_from(self, word, machine):
        """word: only its last answer is other than machine says. Adds the suffix that shows why: there is a letter from
        which on the real state and the one that machine goes to behave in different ways."""
        truth = self.memory.ask(word)[-1]
        for i in range(1, len(word)):
            state, rest = machine.run(word[:i])[1], word[i:]
            if self.memory.ask(state + rest)[-1] != truth:
                self.suffixes.append(rest)
                return
        raise AssertionError(f"nothing to learn from {word}")


def suite(machine, alphabet, suffixes, depth, share=1.0, seed=1):
    """Words that find every machine with up to depth states more; with a share below 1 all that look at single cells, and
    that part of the rest."""
    rng = random.Random(seed)
    for prefix in machine.access().values():
        for n in range(1, depth + 2):
            for middle in itertools.product(alphabet, repeat=n):
                for suffix in suffixes if n == 1 or rng.random() < share else ():
                    yield prefix + middle + suffix


def telling_apart(machine, suffixes):
    """Few suffixes that still tell all states apart."""
    few, classes = [], 1
    for suffix in suffixes:
        got = len({tuple(machine.run(s, state)[0] for s in few + [suffix]) for state in machine.table})
        if got > classes:
            few, classes = few + [suffix], got
    return few or suffixes[:1]


def learn(steps, alphabet, depth, share=1.0, seed=1):
    """(machine, memory) of the system behind steps."""
    memory = Memory(steps)
    table = Table(memory, alphabet)
    while True:
        machine = table.machine()
        for word in suite(machine, alphabet, telling_apart(machine, table.suffixes), depth, share, seed):
            said = memory.ask(word)
            predicted = machine.run(word)[0]
            if said != predicted:
                at = next(i for i in range(len(word)) if said[i] != predicted[i])
                table.learn_from(word[:at + 1], machine)
                break
        else:
            return machine, memory
