#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The demonstration behind tools/demo: real programs on loopback, a tap on the HTTP hop, checks."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

IDENTITY = "sensor-0451"


class Tap:
    """Stands between proxy and server and keeps what crosses: what the proxy sends and could see."""

    def __init__(self, port):
        self.target, self.seen = ("127.0.0.1", port), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            for a, b, way in ((near, far, "request"), (far, near, "response")):
                threading.Thread(target=self.carry, args=(a, b, way), daemon=True).start()

    def carry(self, source, sink, way):
        waiting = b""
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                waiting = self.note(way, waiting + data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def note(self, way, data):
        while b"\r\n\r\n" in data:
            head, rest = data.split(b"\r\n\r\n", 1)
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            size = int(length.group(1)) if length else 0
            if len(rest) < size:
                break
            self.seen.append((way, head, rest[:size]))
            data = rest[size:]
        return data


class Demo:
    def __init__(self, programs, keep):
        self.programs, self.keep = os.path.abspath(programs), keep
        self.home = tempfile.mkdtemp(prefix="sealift-demo-")
        self.running, self.failed = [], 0

    def path(self, name):
        return os.path.join(self.home, name)

    def run(self, program, *args):
        done = subprocess.run([os.path.join(self.programs, program), *args], cwd=self.home,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(f"{program} {' '.join(args)}: exit {done.returncode}\n{done.stderr}")
        return done

    def start(self, program, *args):
        """Starts a server and waits for its line 'listening on ...'. Returns the port."""
        log = open(self.path(program + ".log"), "w+", encoding="utf-8")
        process = subprocess.Popen([os.path.join(self.programs, program), *args], cwd=self.home,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.running.append(process)
        end = time.monotonic() + 10
        while time.monotonic() < end and process.poll() is None:
            with open(log.name, encoding="utf-8") as f:
                m = re.search(r"listening on \S*?:(\d+)\s", f.read())
            if m:
                return int(m.group(1))
            time.sleep(0.02)
        with open(log.name, encoding="utf-8") as f:
            raise RuntimeError(f"{program} did not start:\n{f.read()}")

    def stop(self):
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        if self.keep:
            print(f"kept: {self.home}")
        else:
            shutil.rmtree(self.home)

    def check(self, what, good):
        print(f"  [{'ok' if good else 'FAILED'}] {what}")
        self.failed += not good

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    # --- the acts ---------------------------------------------------------------------------------

    def set_up(self):
        print("1. A certificate authority, an EST-oscore server behind HTTP, one device's context")
        self.run("sealift-est", "init", "--dir", "est", "--name", "Demo CA")
        with open(self.path("est/sealift-est.yaml"), encoding="utf-8") as f:
            text = re.sub(r"port: \d+", "port: 0", f.read())
        self.write("est/sealift-est.yaml", text)
        self.run("sealift-est", "add-context", "-c", "est/sealift-est.yaml", "--identity", IDENTITY,
                 "--out", "device.json")
        self.tap = Tap(self.start("sealift-est", "serve", "-c", "est/sealift-est.yaml"))
        print("2. A proxy at the edge: CoAP on one side, HTTP on the other, no key anywhere")
        self.write("proxy.yaml", f"""listen: ["127.0.0.1:0"]
routes:
  - path: "/"
    origin: "http://127.0.0.1:{self.tap.port}/"
    plain-http: ["127.0.0.0/8"]
""")
        port = self.start("sealift-proxy", "-c", "proxy.yaml")
        self.run("sealift-device", "init", "--state", "device", "--provisioning", "device.json",
                 "--server", f"coap://127.0.0.1:{port}")

    def act(self, title, *args):
        """One command of the device, with every message on both hops."""
        print(f"\n{title}")
        before = len(self.tap.seen)
        done = self.run("sealift-device", *args, "--state", "device", "--trace", "--json")
        for line in done.stderr.splitlines():
            print("   device | " + (line if len(line) < 120 else line[:117] + "..."))
        for way, head, body in self.tap.seen[before:]:
            for line in head.decode("latin-1").split("\r\n"):
                print(f"    proxy | {'->' if way == 'request' else '<-'} {line}")
            print(f"    proxy |    body, {len(body)} bytes it cannot read: {body[:24].hex()}...")
        self.check_hops(done.stderr, self.tap.seen[before:])
        return json.loads(done.stdout)

    def check_hops(self, trace, hops):
        requests = [(h, b) for way, h, b in hops if way == "request"]
        answers = [(h, b) for way, h, b in hops if way == "response"]
        self.check("each HTTP request is POST / with Content-Type application/oscore and an OSCORE field",
                   bool(requests) and all(h.startswith(b"POST / HTTP/1.1") and b"application/oscore" in h
                                          and re.search(rb"(?im)^oscore: *\S", h) for h, _ in requests))
        self.check("each answer is 200 with an OSCORE field",
                   bool(answers) and all(h.startswith(b"HTTP/1.1 200") and
                                         re.search(rb"(?im)^oscore: *\S", h) for h, _ in answers))
        coap = "".join(re.findall(r"^ +\| ([0-9a-f]+)$", trace, flags=re.M))
        self.check("the ciphertext on the HTTP hop is the CoAP payload, byte for byte",
                   bool(requests) and all(b.hex() in coap for _, b in requests))
        self.check("nothing on the HTTP hop names the device, its path or its function",
                   not any(word in h + b for _, h, b in hops
                           for word in (IDENTITY.encode(), b"/est", b"/sen", b"/sren", b"/crts")))

    def verify(self):
        done = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", "device/anchors.pem",
                               "device/cert.pem"], cwd=self.home, capture_output=True, text=True, check=False)
        self.check(f"openssl verify: {(done.stdout + done.stderr).strip()}", done.returncode == 0)
        text = subprocess.run(["openssl", "x509", "-noout", "-subject", "-issuer", "-serial", "-dates", "-in",
                               "device/cert.pem"], cwd=self.home, capture_output=True, text=True, check=True)
        for line in text.stdout.splitlines():
            print("      cert | " + line)
        self.check(f"the certificate names {IDENTITY}", IDENTITY in text.stdout)

    def play(self):
        self.set_up()
        self.act("3. The device fetches the trust anchors, sealed end to end", "crts")
        first = self.act("4. The device makes a key and enrols", "enroll")
        self.verify()
        again = self.act("5. The device renews, with a new key", "reenroll", "--rekey")
        self.verify()
        self.check("the renewal is another certificate", first["serial"] != again["serial"])
        listed = json.loads(self.run("sealift-est", "list-certs", "-c", "est/sealift-est.yaml", "--json").stdout)
        serials = json.dumps(listed)
        self.check("the server's record holds both", first["serial"] in serials and again["serial"] in serials)
        self.check("the audit chain verifies", self.run("sealift-est", "audit", "verify", "-c",
                                                        "est/sealift-est.yaml").returncode == 0)


def main():
    demo = Demo(sys.argv[1], "--keep" in sys.argv[2:])
    started = time.monotonic()
    try:
        demo.play()
    except (RuntimeError, subprocess.SubprocessError, OSError, KeyError, ValueError) as e:
        print(f"demo: {e}")
        demo.failed += 1
    finally:
        demo.stop()
    print(f"\n{time.monotonic() - started:.1f} s")
    print("demo: ok" if demo.failed == 0 else f"demo: {demo.failed} checks failed")
    return 1 if demo.failed else 0


if __name__ == "__main__":
    sys.exit(main())
