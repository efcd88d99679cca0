# SPDX-License-Identifier: BSD-2-Clause
"""A UDP relay on loopback that loses, duplicates, delays and reorders datagrams, from one seed, and shows each
to a hook that may change, swallow or keep it. One socket towards the server per client address."""
import heapq
import random
import select
import socket
import threading
import time


class Relay:
    def __init__(self, target, seed=1, loss=0.0, dup=0.0, delay=0.0, jitter=0.0, hook=None):
        self.target, self.rng = target, random.Random(seed)
        self.loss, self.dup, self.delay, self.jitter = loss, dup, delay, jitter
        self.hook = hook  # hook(direction, bytes) -> bytes or None; direction is "up" or "down"
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.address = self.front.getsockname()
        self.backs = {}  # client address -> socket
        self.queue, self.turn = [], 0
        self.counts = {"up": 0, "down": 0, "lost": 0, "dup": 0}
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def stop(self):
        self.stopping = True
        self.thread.join()
        self.front.close()
        for s in self.backs.values():
            s.close()

    def schedule(self, direction, data, send):
        self.counts[direction] += 1
        if self.hook is not None:
            data = self.hook(direction, data)
            if data is None:
                return
        if self.rng.random() < self.loss:
            self.counts["lost"] += 1
            return
        copies = 1
        if self.rng.random() < self.dup:
            self.counts["dup"] += 1
            copies = 2
        for _ in range(copies):
            due = time.monotonic() + self.delay + self.rng.random() * self.jitter
            self.turn += 1
            heapq.heappush(self.queue, (due, self.turn, send, data))

    def take(self, sock):
        data, source = sock.recvfrom(65536)
        if sock is self.front:
            if source not in self.backs:
                back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                back.connect(self.target)
                self.backs[source] = back
            self.schedule("up", data, self.backs[source].send)
            return
        client = next(c for c, s in self.backs.items() if s is sock)
        self.schedule("down", data, lambda d, c=client: self.front.sendto(d, c))

    def run(self):
        while not self.stopping:
            wait = 0.05
            if self.queue:
                wait = min(wait, max(0.0, self.queue[0][0] - time.monotonic()))
            ready, _, _ = select.select([self.front] + list(self.backs.values()), [], [], wait)
            for sock in ready:
                try:
                    self.take(sock)
                except OSError:
                    pass
            while self.queue and self.queue[0][0] <= time.monotonic():
                _, _, send, data = heapq.heappop(self.queue)
                try:
                    send(data)
                except OSError:
                    pass
