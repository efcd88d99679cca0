# SPDX-License-Identifier: BSD-2-Clause
"""The real programs on loopback, for the end-to-end tests: a temporary folder, servers that say when they are
ready, a tap on the HTTP hop, a relay on the CoAP hop, devices. A test file ends with harness.main(); its first
argument (or SL_PROGRAMS) is the folder of the programs. What a program prints is searched for sanitizer
reports, and its exit status is asked for; nothing outlives the test."""
import atexit
import base64
import concurrent.futures
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import coap
import ledger
import relay

PROGRAMS = os.environ.get("SL_PROGRAMS", "")
SANDBOX = os.environ.get("SL_SANDBOX", "on")  # tools/syscalls measures with "log"
REPORT = re.compile(r"ERROR: AddressSanitizer|runtime error:|LeakSanitizer|ThreadSanitizer|DEADLYSIGNAL")
TRUSTED = 'trusted-prefixes: ["127.0.0.0/8"]\n'
OPTION = (coap.OSCORE, bytes.fromhex("090114"))  # a kid of one byte, Partial IV 01: for origins that only look
living = []


def program(name):
    return os.path.join(PROGRAMS, name)


def check_output(what, text):
    if REPORT.search(text):
        raise AssertionError(f"{what}: a sanitizer reports:\n{text}")


def wait_until(condition, seconds=30.0, what="it"):
    """The first true value of condition()."""
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.01)


class Server:
    """One running program with its log."""

    def __init__(self, folder, args, ready, env=None):
        self.name = os.path.basename(args[0])
        self.log_path = tempfile.mkstemp(prefix=self.name + "-", suffix=".log", dir=folder)[1]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                            cwd=folder)
        living.append(self.process)
        self.wait_for(ready)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def wait_for(self, pattern, seconds=60.0, count=1):
        """Everything that matches, once there are count of it."""
        def find():
            found = re.findall(pattern, self.log())
            if len(found) < count and self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log()}")
            return found if len(found) >= count else None
        try:
            return wait_until(find, seconds, f"{pattern!r} in the log of {self.name}")
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.log()}") from None

    def stop(self, seconds=20):
        """SIGTERM, then status 0 and a clean log."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "none: it did not stop"
        check_output(self.name, self.log())
        if status != 0:
            raise AssertionError(f"{self.name}: exit status {status}\n{self.log()}")

    def kill(self):
        """As a power cut does it."""
        self.process.kill()
        self.process.wait()
        check_output(self.name, self.log())


@atexit.register
def kill_all():
    for process in living:
        if process.poll() is None:
            process.terminate()
    end = time.monotonic() + 3
    for process in living:
        try:
            process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()


def run(folder, name, *args, status=0, seconds=60):
    """One command to its end. status None: any."""
    done = subprocess.run([program(name), *args], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=seconds, check=False)
    check_output(name, done.stderr)
    if status is not None and done.returncode != status:
        raise AssertionError(f"{name} {' '.join(args)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


# --- the three programs --------------------------------------------------------------------------------------


class Est:
    """sealift-est in a folder of its own. It keeps its port when it is started again."""

    def __init__(self, home, more="", init=(), name="Test CA"):
        self.home, self.folder = home, os.path.join(home, "est")
        run(home, "sealift-est", "init", "--dir", "est", "--name", name, *init)
        self.config = os.path.join(self.folder, "sealift-est.yaml")
        self.rewrite(lambda text: re.sub(r"port: *\d+", "port: 0", text) + more +
                     ("" if SANDBOX == "on" else f"\nsandbox: {SANDBOX}\n"))
        self.server, self.port = None, 0

    def rewrite(self, change):
        with open(self.config, encoding="utf-8") as f:
            text = change(f.read())
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(text)

    def start(self):
        self.server = Server(self.home, [program("sealift-est"), "serve", "-c", self.config], "listening on")
        self.port = int(self.server.wait_for(r"listening on \S+?:(\d+)")[0])
        self.rewrite(lambda text: text.replace("port: 0", f"port: {self.port}"))

    def stop(self):
        self.server.stop()

    def kill(self):
        self.server.kill()

    def command(self, name, *args, status=0):
        words = name.split()
        return run(self.home, "sealift-est", *words, "-c", self.config, *args, status=status).stdout

    def add_context(self, identity, *args):
        """Path of the provisioning file."""
        path = os.path.join(self.home, f"{identity}.json")
        self.command("add-context", "--identity", identity, "--out", path, *args)
        return path

    def certificates(self):
        """The record: one dict per certificate."""
        text = self.command("list-certs", "--json").strip()
        return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def proxy_config(url, extra="", limits="", route=""):
    """Reverse mode: everything goes to one origin on loopback."""
    plain = '    plain-http: ["127.0.0.0/8"]\n' if url.startswith("http:") else ""
    return (f'listen: ["127.0.0.1:0"]\n{extra}\nroutes:\n  - path: /\n    origin: "{url}"\n{plain}{route}\n'
            f"limits:\n  drain-timeout: 8s\n  requests-per-second: 0\n{limits}\n")


def forward_config(urls, extra="", limits="", route=""):
    """Forward mode: an allow-list. route: as above."""
    more = "".join(f"  {line}\n" for line in route.splitlines())
    allow = "".join(f'    - origin: "{url}"\n      plain-http: ["127.0.0.0/8"]\n{more}' for url in urls)
    return (f'listen: ["127.0.0.1:0"]\n{extra}\nforward:\n  allow:\n{allow}'
            f"limits:\n  drain-timeout: 8s\n  requests-per-second: 0\n{limits}\n")


def with_transport(config):
    """SL_TRANSPORT says which client of the proxy asks the origins of plain http; otherwise the proxy chooses."""
    transport = os.environ.get("SL_TRANSPORT", "")
    return re.sub(r"(?m)^( +)plain-http: .*$", rf"\g<0>\n\1transport: {transport}", config) if transport else config


class Proxy:
    def __init__(self, home, config):
        path = tempfile.mkstemp(prefix="proxy-", suffix=".yaml", dir=home)[1]
        with open(path, "w", encoding="utf-8") as f:
            f.write(with_transport(config if SANDBOX == "on" else f"sandbox: {SANDBOX}\n{config}"))
        self.server = Server(home, [program("sealift-proxy"), "-c", path], "worker-started")
        self.port = int(self.server.wait_for(r"listening on \S+:(\d+)")[0])
        self.address = ("127.0.0.1", self.port)

    def worker_pid(self):
        """Of worker 0, the youngest."""
        return int(self.server.wait_for(r"worker-started worker=0 pid=(\d+)")[-1])

    def serving_worker(self):
        """worker_pid() of one that answers: it has all that it opens at its start."""
        client = coap.Client(self.address)
        ping = coap.Message(coap.CON, 0, 1)
        wait_until(lambda: client.send(ping) or client.receive(0.5), what="an answer to a ping")
        client.close()
        return self.worker_pid()

    def kill_worker(self):
        workers = len(self.server.wait_for(r"worker-started"))
        os.kill(self.worker_pid(), signal.SIGKILL)
        self.server.wait_for("worker-started", count=workers + 1)

    def stop(self):
        self.server.stop()


class Command:
    """A command in the background."""

    def __init__(self, args, folder):
        self.name = os.path.basename(args[0])
        self.process = subprocess.Popen(args, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        living.append(self.process)

    def wait(self, seconds=90):
        """(exit status, JSON object on standard output, standard error)"""
        out, err = self.process.communicate(timeout=seconds)
        check_output(self.name, err)
        return self.process.returncode, json.loads(out) if out.strip() else {}, err

    def kill(self):
        self.process.kill()
        _, err = self.process.communicate()
        check_output(self.name, err)


class Device:
    """sealift-device with a state folder. The server's place may change between two commands."""

    def __init__(self, home, provisioning, address, *args):
        self.home, self.state = home, tempfile.mkdtemp(prefix="device-", dir=home)
        self.provisioning, self.args = provisioning, args
        os.rmdir(self.state)
        run(home, "sealift-device", "init", "--state", self.state, "--provisioning", provisioning,
            "--server", f"coap://{address[0]}:{address[1]}", *args)

    def run(self, *args, status=0, seconds=90):
        """The JSON object that the command printed."""
        done = run(self.home, "sealift-device", *args, "--state", self.state, "--json", status=status,
                   seconds=seconds)
        return json.loads(done.stdout)

    def start(self, *args):
        """In the background."""
        return Command([program("sealift-device"), *args, "--state", self.state, "--json"], self.home)

    def path(self, name):
        return os.path.join(self.state, name)

    def verify(self):
        """openssl agrees with the certificate; returns its serial number."""
        subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", self.path("anchors.pem"),
                        self.path("cert.pem")], check=True, capture_output=True)
        done = subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", self.path("cert.pem")], check=True,
                              capture_output=True, text=True)
        return done.stdout.strip().split("=")[1]


# --- the hops ------------------------------------------------------------------------------------------------


class Crossing:
    """One HTTP message at the tap. way is "request" or "response"."""

    def __init__(self, way, head, body, connection):
        self.way, self.head, self.body, self.connection = way, head, body, connection

    @property
    def oscore(self):
        """The OSCORE field's value, or None."""
        found = re.findall(rb"(?im)^oscore: *(\S+) *\r?$", self.head)
        return found[0].decode() if found else None

    @property
    def option(self):
        """The option's value (RFC 8613 section 11.1)."""
        return b"" if self.oscore == "AA" else base64.urlsafe_b64decode(self.oscore + "=" * (-len(self.oscore) % 4))

    def field(self, name):
        """The value of a field that stands once, or None."""
        found = re.findall(rb"(?im)^" + re.escape(name.encode()) + rb": *([^\r\n]*?) *\r?$", self.head)
        return found[0].decode() if len(found) == 1 else None

    @property
    def path(self):
        return self.head.split(b" ")[1].decode()

    @property
    def status(self):
        return int(self.head.split(b" ")[1])


class Tap:
    """Stands between proxy and server and shows each whole HTTP message to hook(crossing), which may wait, or return
    False to cut the connection."""

    def __init__(self, port, hook=None):
        self.target, self.hook, self.seen, self.connections = ("127.0.0.1", port), hook, [], 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def requests(self):
        return [c for c in self.seen if c.way == "request"]

    def exchanges(self):
        """(request, response or None): on one connection they take turns."""
        waiting, pairs = {}, []
        for c in list(self.seen):
            if c.way == "request":
                waiting[c.connection] = len(pairs)
                pairs.append((c, None))
            else:
                at = waiting.pop(c.connection)
                pairs[at] = (pairs[at][0], c)
        return pairs

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            self.connections += 1
            for a, b, way in ((near, far, "request"), (far, near, "response")):
                threading.Thread(target=self.carry, args=(a, b, way, self.connections), daemon=True).start()

    def carry(self, source, sink, way, number):
        waiting = b""
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                waiting += data
                while True:
                    message, waiting = self.take(way, waiting, number)
                    if message is None:
                        break
                    sink.sendall(message)
            sink.sendall(waiting)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (source, sink):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def take(self, way, data, number):
        """The first whole message, and the rest."""
        if b"\r\n\r\n" not in data:
            return None, data
        head, rest = data.split(b"\r\n\r\n", 1)
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        size = int(length.group(1)) if length else 0
        if len(rest) < size:
            return None, data
        body = rest[:size]
        crossing = Crossing(way, head, body, number)
        self.seen.append(crossing)
        if self.hook is not None and self.hook(crossing) is False:
            raise OSError("cut")
        return head + b"\r\n\r\n" + body, rest[size:]


class Case(unittest.TestCase):
    """Gives tests a folder and the programs; everything is stopped behind the test."""

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="sealift-e2e-")
        self.addCleanup(shutil.rmtree, self.home)

    def start_proxy(self, config):
        proxy = Proxy(self.home, config)
        self.addCleanup(proxy.stop)
        return proxy

    def client(self, address):
        c = coap.Client(address)
        self.addCleanup(c.close)
        return c

    def ask(self, c, payload, options=(OPTION,), seconds=coap.PATIENCE_S, mcode=coap.POST):
        """The answer to one confirmable request as it is; an Echo challenge is an answer too."""
        return c.exchange(c.message(mcode, list(options), payload), seconds, echo=False)

    def assert_code(self, got, text, msg=None):
        self.assertIsNotNone(got, f"no answer {msg or ''}")
        self.assertEqual(coap.code_text(got.code), text, f"{msg or ''} {got!r}")


class StackCase(Case):
    """est, a tap, the proxy, a relay and a device."""

    def start_stack(self, proxy_extra="", limits="", est_more="", http_hook=None, forward=False, **link):
        """est_init: words for the server's init; est_change: of its configuration; route: more lines of the proxy's
        route; the rest is the relay's."""
        self.est = Est(self.home, est_more, link.pop("est_init", ()))
        self.est.rewrite(link.pop("est_change", lambda text: text))
        self.est.start()
        self.addCleanup(self.est.stop)
        self.tap = Tap(self.est.port, http_hook)
        self.addCleanup(self.tap.stop)
        url, route = self.tap.url, link.pop("route", "")
        make = forward_config([url], proxy_extra, limits, route) if forward else \
            proxy_config(url, proxy_extra, limits, route)
        self.proxy = self.start_proxy(make)
        self.wire = []  # (direction, datagram) as the relay got them
        asked = link.pop("hook", None)

        def hook(direction, data):
            self.wire.append((direction, data))
            return data if asked is None else asked(direction, data)
        self.relay = relay.Relay(self.proxy.address, hook=hook, **link)
        self.addCleanup(self.relay.stop)

    def new_device(self, identity, *args, provisioning=None):
        path = provisioning or self.est.add_context(identity)
        return Device(self.home, path, self.relay.address, *args)

    def sent_requests(self):
        """What the device sent, as messages."""
        got = [coap.decode(d) for way, d in self.wire if way == "up"]
        return [m for m in got if 0 < m.code < 32]

    def replies(self):
        """What came back to the device, empty messages left out."""
        got = [coap.decode(d) for way, d in self.wire if way == "down"]
        return [m for m in got if m.code != 0]

    def forget(self):
        """Of both hops."""
        del self.wire[:], self.tap.seen[:]

    def check_nonces(self):
        """On both hops no nonce protected two texts."""
        book = ledger.Ledger()
        for m in self.sent_requests():
            if m.payload and m.get(coap.OSCORE):  # a follow-up of outer blocks has no text
                book.request(m.get(coap.OSCORE)[0], m.payload, "device side")
        for request, response in self.tap.exchanges():
            if request.oscore is None:
                continue  # EDHOC
            book.request(request.option, request.body, "origin side")
            if response is not None and response.status == 200:
                book.response(request.option, response.option, response.body, "origin side")
        self.assertEqual(book.faults, [])
        self.assertGreater(len(book.texts), 0)


# --- running ---------------------------------------------------------------------------------------------------


def cases_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases_of(test)
        else:
            yield test


def run_case(case):
    """(result, what it printed)"""
    out = io.StringIO()
    result = unittest.TextTestResult(unittest.runner._WritelnDecorator(out), True, 2)
    begun = time.monotonic()
    case(result)
    result.printErrors()
    return result, out.getvalue(), time.monotonic() - begun


def run_all(cases, at_once):
    """Most of a test's time is waiting for timers of the protocol, so they run side by side."""
    good = True
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_case, case) for case in cases]):
            result, text, seconds = done.result()
            print(f"{text.strip()} ({seconds:.1f} s)", flush=True)
            good = good and result.wasSuccessful()
    print(f"{len(cases)} tests: {'ok' if good else 'FAILED'}")
    return 0 if good else 1


def main(at_once=4):
    """Arguments: the folder of the programs (or SL_PROGRAMS), then names of tests; none: all."""
    global PROGRAMS
    if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]):
        PROGRAMS = os.path.abspath(sys.argv.pop(1))
    if not os.path.exists(program("sealift-proxy")):
        sys.exit(f"usage: {sys.argv[0]} FOLDER-OF-PROGRAMS [TEST...]")
    module, loader = sys.modules["__main__"], unittest.TestLoader()
    suite = loader.loadTestsFromNames(sys.argv[1:], module) if len(sys.argv) > 1 else \
        loader.loadTestsFromModule(module)
    sys.exit(run_all(list(cases_of(suite)), at_once))
