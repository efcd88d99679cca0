#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The demonstration behind tools/demo: real programs on loopback, a tap on the HTTP hop, a meter on the CoAP hop,
checks. Three devices enrol: by a pre-shared context, by a raw public key, by a manufacturer's certificate."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from demo_hops import Meter, Tap

SHARED, RAW, MADE = "sensor-0451", "sensor-0452", "sensor-0453"  # identities
# RFC 9528 section 1.2: bytes of message_1, message_2, message_3.
FIGURES = {"static DH, kid": (37, 45, 19), "signature, x5t": (37, 115, 90)}
# C_I in message_1 and C_R in message_2 are random: one byte in CBOR, or two.
NAMES = [(c_i, c_r, 0) for c_i in (0, 1) for c_r in (0, 1)]


class Demo:
    def __init__(self, programs, keep):
        self.programs, self.keep = os.path.abspath(programs), keep
        self.home = tempfile.mkdtemp(prefix="sealift-demo-")
        self.running, self.failed, self.rows = [], 0, []

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
        print("1. A certificate authority, an EST-oscore server behind HTTP that knows a context, a raw public key and "
              "a manufacturer")
        self.run("sealift-est", "init", "--edhoc", "--dir", "est", "--name", "Demo CA")
        self.make_credentials()
        with open(self.path("est/sealift-est.yaml"), encoding="utf-8") as f:
            text = re.sub(r"port: \d+", "port: 0", f.read()).replace("send: x5chain", "send: x5t")
        self.write("est/sealift-est.yaml", text + f"""peers:
  - credential: {RAW}.ccs
    identity: {RAW}
    profile: default
  - anchor: manufacturer.pem
    identity: "{{common-name}}"
    profile: default
""")
        self.run("sealift-est", "add-context", "-c", "est/sealift-est.yaml", "--identity", SHARED,
                 "--out", "shared.json")
        self.tap = Tap(self.start("sealift-est", "serve", "-c", "est/sealift-est.yaml"))
        print("2. A proxy at the edge: CoAP on one side, HTTP on the other, no key anywhere")
        self.write("proxy.yaml", f"""listen: ["127.0.0.1:0"]
routes:
  - path: "/"
    origin: "http://127.0.0.1:{self.tap.port}/"
    plain-http: ["127.0.0.0/8"]
    allow-plain: ["/.well-known/edhoc"]
""")
        self.meter = Meter(self.start("sealift-proxy", "-c", "proxy.yaml"))
        self.server = ("--server", f"coap://127.0.0.1:{self.meter.port}")
        self.run("sealift-device", "init", "--state", SHARED, "--provisioning", "shared.json", *self.server)

    def make_credentials(self):
        """A raw key with a kid of one byte, as in RFC 9529 section 3; a manufacturer and its certificate."""
        os.remove(self.path("est/edhoc-dh.ccs"))
        self.run("sealift-device", "credential", "--key", "est/edhoc-dh.key", "--subject", "Demo CA", "--kid", "32",
                 "--out", "est/edhoc-dh.ccs")
        self.run("sealift-device", "keygen", "--out", "raw.key")
        self.run("sealift-device", "credential", "--key", "raw.key", "--subject", RAW, "--kid", "2b",
                 "--out", f"est/{RAW}.ccs")
        for name in ("manufacturer", "made"):
            self.run("sealift-device", "keygen", "--out", f"{name}.key")
        self.openssl("req", "-x509", "-key", "manufacturer.key", "-subj", "/CN=Demo Manufacturer", "-days", "30",
                     "-out", "est/manufacturer.pem")
        self.write("leaf.ext", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n")
        self.openssl("req", "-new", "-key", "made.key", "-subj", f"/CN={MADE}", "-out", "made.csr")
        self.openssl("x509", "-req", "-in", "made.csr", "-CA", "est/manufacturer.pem", "-CAkey", "manufacturer.key",
                     "-days", "20", "-extfile", "leaf.ext", "-out", "made.pem")
        self.openssl("x509", "-in", "made.pem", "-outform", "DER", "-out", "made.der")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.home, stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def act(self, title, identity, *args):
        """One command of a device, with every message on both hops."""
        print(f"\n{title}")
        before, crossed = len(self.tap.seen), len(self.meter.seen)
        done = self.run("sealift-device", *args, "--state", identity, "--trace", "--json")
        for line in done.stderr.splitlines():
            print("   device | " + (line if len(line) < 120 else line[:117] + "..."))
        for way, head, body in self.tap.seen[before:]:
            for line in head.decode("latin-1").split("\r\n"):
                print(f"    proxy | {'->' if way == 'request' else '<-'} {line}")
            what = "it cannot read" if b"edhoc+cbor-seq" not in head else "of EDHOC"
            print(f"    proxy |    body, {len(body)} bytes {what}: {body[:24].hex()}...")
        self.check_hops(identity, self.tap.seen[before:], self.meter.seen[crossed:])
        result = json.loads(done.stdout)
        self.check_meter(result, self.meter.seen[crossed:])
        return result

    def check_hops(self, identity, hops, datagrams):
        plain = [(w, h, b) for w, h, b in hops if b"edhoc+cbor-seq" in h or h.startswith(b"POST /.well-known/edhoc")]
        sealed = [(w, h, b) for w, h, b in hops if (w, h, b) not in plain and not h.startswith(b"HTTP/1.1 204")]
        requests = [(h, b) for way, h, b in sealed if way == "request"]
        answers = [(h, b) for way, h, b in sealed if way == "response"]
        self.check("each HTTP request is POST / with Content-Type application/oscore and an OSCORE field",
                   bool(requests) and all(h.startswith(b"POST / HTTP/1.1") and b"application/oscore" in h
                                          and re.search(rb"(?im)^oscore: *\S", h) for h, _ in requests))
        self.check("each answer is 200 with an OSCORE field",
                   bool(answers) and all(h.startswith(b"HTTP/1.1 200") and
                                         re.search(rb"(?im)^oscore: *\S", h) for h, _ in answers))
        up, down = (b"".join(d.payload for d in datagrams if d.is_request == way) for way in (True, False))
        self.check("what crosses the HTTP hop are the CoAP payloads, byte for byte",
                   bool(hops) and all(b in (up if way == "request" else down) for way, _, b in hops))
        names = (identity.encode(), b"/est", b"/sen", b"/sren", b"/crts", b"Demo Manufacturer")
        self.check("nothing on the HTTP hop names the device, its maker, its path or its function",
                   not any(word in h + b for _, h, b in hops for word in names))

    def check_meter(self, result, datagrams):
        """The device counts as the meter does."""
        up, down = ([d.size for d in datagrams if d.is_request == way] for way in (True, False))
        got = tuple(result.get(f"link-{name}") for name in ("datagrams-sent", "bytes-sent", "datagrams-received",
                                                            "bytes-received"))
        self.check(f"on the link: {len(up)} datagrams with {sum(up)} bytes there, {len(down)} with {sum(down)} back",
                   got == (len(up), sum(up), len(down), sum(down)))

    def enrol_by_edhoc(self, title, identity, kind, *words):
        """EDHOC and enrolment in one go; what it cost goes into the table."""
        before = len(self.meter.seen)
        result = self.act(title, identity, "enroll", "--edhoc", *self.server, *words)
        self.verify(identity)
        hops = self.meter.edhoc(before)
        sizes = [result.get(f"edhoc-message-{i}", 0) for i in (1, 2, 3, 4)]
        # In front of message_1 stands true, of message_3 C_R with its one or two bytes (RFC 9528 A.2.1).
        self.check("the four EDHOC datagrams carry the messages that the device counted",
                   [len(d.payload) - n for d, n in zip(hops, sizes)] in ([1, 0, 1, 0], [1, 0, 2, 0]))
        self.rows.append((identity, kind, sizes, [d.size for d in hops], self.count(before)))
        return sizes

    def count(self, since):
        return sum(d.size for d in self.meter.seen[since:])

    def verify(self, state):
        done = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", f"{state}/anchors.pem",
                               f"{state}/cert.pem"], cwd=self.home, capture_output=True, text=True, check=False)
        self.check(f"openssl verify: {(done.stdout + done.stderr).strip()}", done.returncode == 0)
        text = subprocess.run(["openssl", "x509", "-noout", "-subject", "-issuer", "-serial", "-dates", "-in",
                               f"{state}/cert.pem"], cwd=self.home, capture_output=True, text=True, check=True)
        for line in text.stdout.splitlines():
            print("      cert | " + line)
        self.check(f"the certificate names {state}", state in text.stdout)

    def show_sizes(self):
        print("\n9. Bytes on the constrained link")
        print(f"   {'':45}{'message_1':>11}{'message_2':>11}{'message_3':>11}{'answer':>8}{'EDHOC':>8}{'in all':>8}")
        for identity, kind, sizes, datagrams, total in self.rows:
            if sizes:
                print(f"   {identity + ', ' + kind:45}" + self.cells(sizes) + f"{sum(sizes):8}")
                print(f"   {'  in CoAP datagrams':45}" + self.cells(datagrams) + f"{sum(datagrams):8}{total:8}")
            else:
                print(f"   {identity + ', ' + kind:45}{'':49}{total:8}")
        for kind, figures in FIGURES.items():
            print(f"   {'RFC 9528 section 1.2: ' + kind:45}" + self.cells(figures) + f"{'':8}{sum(figures):8}")
        print("   in all: EDHOC, anchors and certificate (/crts, /sen), both ways, with CoAP headers. C_I and C_R are "
              "random and\n   take one or two bytes each; the RFC counts one.")

    @staticmethod
    def over(kind, sizes):
        """Bytes beyond the figures, per message."""
        return tuple(ours - theirs for ours, theirs in zip(sizes, FIGURES[kind]))

    @staticmethod
    def cells(sizes):
        return "".join(f"{n:{w}}" for n, w in zip(sizes, (11, 11, 11, 8)))

    def play(self):
        self.set_up()
        before = len(self.meter.seen)
        self.act("3. By a pre-shared context: the device fetches the trust anchors, sealed end to end", SHARED, "crts")
        first = self.act("4. The device makes a key and enrols", SHARED, "enroll")
        self.verify(SHARED)
        self.rows.append((SHARED, "pre-shared context", [], [], self.count(before)))
        again = self.act("5. The device renews, with a new key", SHARED, "reenroll", "--rekey")
        self.verify(SHARED)
        self.check("the renewal is another certificate", first["serial"] != again["serial"])
        raw = self.enrol_by_edhoc("6. By a raw public key: EDHOC with static Diffie-Hellman keys (method 3), then it "
                                  "enrols", RAW, "static DH, kid", "--method", "3", "--key", "raw.key",
                                  "--credential", f"est/{RAW}.ccs", "--send", "kid", "--peer", "est/edhoc-dh.ccs")
        self.check("the EDHOC messages are as long as RFC 9528 section 1.2 says (C_I and C_R may take a second byte)",
                   self.over("static DH, kid", raw) in NAMES)
        made = self.enrol_by_edhoc("7. By a manufacturer's certificate that the server has never seen: EDHOC with "
                                   "signatures (method 0), then it enrols", MADE, "signature, certificate by value",
                                   "--method", "0", "--key", "made.key", "--credential", "made.pem", "--send",
                                   "x5chain", "--peer", "est/edhoc-sign.pem")
        self.check("so are message_1 and message_2; message_3 is longer by the certificate",
                   (*self.over("signature, x5t", made)[:2], 0) in NAMES and made[2] > os.path.getsize(
                       self.path("made.der")))
        self.check_record(first, again)
        self.show_sizes()

    def check_record(self, first, again):
        print("\n8. The server's record")
        text = self.run("sealift-est", "list-certs", "-c", "est/sealift-est.yaml", "--json").stdout
        self.check("it holds both certificates of the first device",
                   first["serial"] in text and again["serial"] in text)
        self.check("and those of the other two", RAW in text and MADE in text)
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
