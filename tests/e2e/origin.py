# SPDX-License-Identifier: BSD-2-Clause
"""An HTTP origin that answers as a test says: raw bytes, delays, resets. One thread per connection."""
import socket
import struct
import threading
import time

OSCORE_OK = (b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\n"
             b"Content-Length: %d\r\n\r\n%s")


def oscore_ok(body):
    return OSCORE_OK % (len(body), body)


class Origin:
    """behave(origin, connection, request) writes what it likes; request is a Request. Returning False closes
    the connection, anything else keeps it open."""

    def __init__(self, behave, wrap=None):
        self.behave, self.wrap = behave, wrap
        self.requests = []
        self.connections = 0
        self.open = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.lock = threading.Lock()
        self.stopping = False
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.stopping = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def accept(self):
        while not self.stopping:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is written is on its way
            self.connections += 1
            threading.Thread(target=self.serve, args=(conn, self.connections), daemon=True).start()

    def serve(self, conn, number):
        with self.lock:
            self.open += 1
        try:
            if self.wrap is not None:
                conn = self.wrap(conn)
            rest = b""
            while True:
                request, rest = read_request(conn, rest)
                if request is None:
                    break
                request.connection = number
                with self.lock:
                    self.requests.append(request)
                if self.behave(self, conn, request) is False:
                    break
        except OSError:
            pass
        finally:
            try:
                if not struct.unpack("ii", conn.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))[0]:
                    conn.shutdown(socket.SHUT_RDWR)  # at once, though a child may hold a copy until it execs
            except OSError:
                pass
            conn.close()
            with self.lock:
                self.open -= 1


class Request:
    def __init__(self, head, body):
        lines = head.split(b"\r\n")
        self.raw_head = head
        self.method, self.target, self.version = lines[0].decode("latin-1").split(" ")
        self.fields = [tuple(p.strip() for p in line.decode("latin-1").split(":", 1)) for line in lines[1:]]
        self.body = body

    def get(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]


def read_request(conn, rest):
    while b"\r\n\r\n" not in rest:
        data = conn.recv(65536)
        if not data:
            return None, b""
        rest += data
    head, rest = rest.split(b"\r\n\r\n", 1)
    request = Request(head, b"")
    size = int((request.get("Content-Length") or ["0"])[0])
    while len(rest) < size:
        data = conn.recv(65536)
        if not data:
            return None, b""
        rest += data
    request.body = rest[:size]
    return request, rest[size:]


def answer(raw, close=False):
    """A behaviour: always these bytes."""
    def behave(_origin, conn, _request):
        conn.sendall(raw)
        return not close
    return behave


def reset(after=b""):
    """A behaviour: some bytes, then a TCP reset."""
    def behave(_origin, conn, _request):
        if after:
            conn.sendall(after)
            time.sleep(0.05)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    return behave


def silent(seconds):
    """A behaviour: reads and says nothing."""
    def behave(_origin, _conn, _request):
        time.sleep(seconds)
        return False
    return behave


def full_backlog(later):
    """The port of a listener that never accepts, with no room left: the next connection attempt gets no answer.
    later(close) is called with what has to be closed."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(0)
    later(s.close)
    for _ in range(16):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(s.getsockname())
        later(filler.close)
    time.sleep(0.1)
    return s.getsockname()[1]
