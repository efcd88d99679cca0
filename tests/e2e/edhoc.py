# SPDX-License-Identifier: BSD-2-Clause
"""An EDHOC Initiator of the tests' own (RFC 9528): it makes every message when it is told to, at the right time or not,
and sends it where a test says. Cryptography comes from two programs of the build that read lines."""
import base64
import os
import re
import subprocess
import sys
import tempfile

import coap
import harness

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cbor_items import encode  # noqa: E402

PATH = [(coap.URI_PATH, b".well-known"), (coap.URI_PATH, b"edhoc")]
CID_EDHOC, EDHOC = 65, 64  # content formats
KID, KCCS, X5CHAIN, X5T = 4, 14, 33, 34
PLAIN = '    allow-plain: ["/.well-known/edhoc", "/.well-known/core"]\n'


def identifier(value):
    """C_I and C_R (section 3.3.2): one byte that is itself an int goes as it is."""
    return value if len(value) == 1 and (value[0] < 0x18 or 0x20 <= value[0] < 0x38) else encode(value)


def behind_c_r(body):
    """What stands behind the identifier that a request begins with."""
    return body[body[0] - 0x40 + 1 if 0x40 <= body[0] < 0x58 else 1:]


def is_error(payload, code=1):
    """Whether it is an EDHOC error message (section 6) with that code."""
    return payload[:1] == bytes([code]) and len(payload) > 1


# --- credentials ----------------------------------------------------------------------------------------------------


class RawKey:
    """A key pair and the CWT Claims Set around its public part. curve: P-256, X25519 or ED25519."""
    CURVES = {"P-256": (2, 1), "X25519": (1, 4), "ED25519": (1, 6)}

    def __init__(self, folder, subject, kid, curve="P-256"):
        self.key = tempfile.mkstemp(prefix="key-", suffix=".pem", dir=folder)[1]
        algorithm = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"] if curve == "P-256" else [curve]
        subprocess.run(["openssl", "genpkey", "-algorithm", *algorithm, "-out", self.key], check=True,
                       capture_output=True)
        os.chmod(self.key, 0o400)
        self.private, public = key_bytes(self.key)
        cose = {1: self.CURVES[curve][0], 2: kid, -1: self.CURVES[curve][1], -2: public[:32]}
        if curve == "P-256":
            cose[-3] = public[32:]
        self.subject, self.kid = subject, kid
        self.cred = encode({2: subject, 8: {1: cose}})
        self.id_cred = encode({KID: kid})
        self.by_value = encode({KCCS: 0})[:-1] + self.cred
        self.path = self.key[:-4] + ".ccs"
        with open(self.path, "wb") as f:
            f.write(self.cred)


def key_bytes(path):
    """(private, public) as raw bytes."""
    private = subprocess.run(["openssl", "pkey", "-in", path, "-outform", "DER"], check=True,
                             capture_output=True).stdout
    public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True,
                            capture_output=True).stdout
    if b"\x02\x01\x01\x04\x20" in private:  # SEC1 inside PKCS#8
        at = private.index(b"\x02\x01\x01\x04\x20") + 5
        return private[at:at + 32], public[-64:]
    return private[-32:], public[-32:]


# --- one line in, one line out ----------------------------------------------------------------------------------------


class Lines:
    """A program of the build. ask returns the words of its answer, or None when it refuses."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        harness.living.append(self.process)

    def ask(self, *words):
        line = " ".join("-" if w == b"" else w.hex() if isinstance(w, bytes) else str(w) for w in words)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        got = self.process.stdout.readline().split()
        if not got:
            raise AssertionError(f"{self.process.args[0]} ended at: {line[:200]}")
        ok = "ok" in got
        return [w for w in got if w != "ok"] if ok else None

    def need(self, *words):
        got = self.ask(*words)
        if got is None:
            raise AssertionError(f"{self.process.args[0]} refuses: {words}")
        return got

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()
        if self.process.returncode != 0:
            raise AssertionError(f"{self.process.args[0]}: exit status {self.process.returncode}")


def unhex(word):
    return b"" if word == "-" else bytes.fromhex(word)


class Context:
    """OSCORE keys out of a run, at the client. aead: COSE number."""

    def __init__(self, lines, keys, aead=10):
        self.lines, (secret, salt, sender, recipient) = lines, keys
        self.words, self.next = (secret, salt, sender, recipient, aead), 0
        self.kid = unhex(sender)

    def seal(self, method, path, content_format=-1, payload=b""):
        """(option, ciphertext) of a request; the answer to it can be opened until the next one."""
        if self.lines.owner is not self:
            self.lines.need("context", *self.words, self.next)
            self.lines.owner = self
        self.next += 1
        option, text = self.lines.need("seal", method, path, content_format, payload)
        return unhex(option), unhex(text)

    def open(self, message):
        """(code, format, payload) of a response, or None when it is not protected for us."""
        option = message.get(coap.OSCORE)
        if len(option) != 1 or self.lines.owner is not self:
            return None
        got = self.lines.ask("open", option[0], message.payload)
        return None if got is None else (int(got[0]), int(got[1]), unhex(got[2]))


class Run:
    """One EDHOC run of the Initiator."""

    def __init__(self, initiator, method, suites, own, id_cred=None, c_i=None):
        self.i, self.c_r, self.message_3, self.context = initiator, None, None, None
        self.i.edhoc.need("init", "initiator", method, ",".join(map(str, suites)), 1, own.private,
                          id_cred or own.id_cred, own.cred)
        self.c_i = os.urandom(1 + os.urandom(1)[0] % 3) if c_i is None else c_i
        self.message_1 = unhex(self.i.edhoc.need("write_1", self.c_i, b"")[0])
        self.i.current = self

    def read_message_2(self, message, cred):
        """True when it verifies; then message_3 and the OSCORE context are there."""
        got = self.i.edhoc.ask("read_2", message) if self.i.current is self and message else None
        if got is None or self.i.edhoc.ask("verify", unhex(got[1]), cred) is None:
            return False
        self.c_r = unhex(got[0])
        self.message_3 = unhex(self.i.edhoc.need("write_3", b"")[0])
        self.context = Context(self.i.oscore, self.i.edhoc.need("oscore"))
        return True

    def read_message_4(self, message):
        return self.i.current is self and self.i.edhoc.ask("read_4", message) is not None

    def export(self, label, context, length):
        return unhex(self.i.edhoc.need("export", label, context, length)[0])


class Initiator:
    """Makes runs; the youngest can read messages."""

    def __init__(self):
        tests = os.path.join(harness.PROGRAMS, "..", "tests")
        self.edhoc = Lines(os.path.join(tests, "interop", "edhoc_lines"))
        self.oscore = Lines(os.path.join(tests, "e2e", "oscore_lines"))
        self.oscore.owner, self.current = None, None

    def close(self):
        self.edhoc.close()
        self.oscore.close()


def post(client, payload, content_format=CID_EDHOC, options=(), seconds=coap.PATIENCE_S):
    """A plain request to the EDHOC resource, and its answer."""
    more = [] if content_format is None else [(coap.CONTENT_FORMAT, coap.uint(content_format))]
    return client.exchange(client.message(coap.POST, PATH + more + list(options), payload), seconds)


def get(client, context, path, method=coap.GET, content_format=-1, payload=b""):
    """(code, format, payload) of the answer to a protected request; not protected: (outer code, None, payload)."""
    option, text = context.seal(method, path, content_format, payload)
    got = client.exchange(client.message(coap.POST, [(coap.OSCORE, option)], text))
    if got is None:
        raise AssertionError("no answer")
    return (context.open(got) if got.get(coap.OSCORE) else None) or (got.code, None, got.payload)


def complete(case, initiator, client, own, server_cred, method=3, suite=2):
    """A whole run, message after message."""
    run = Run(initiator, method, [suite], own)
    got = post(client, b"\xf5" + run.message_1)
    case.assert_code(got, "2.04")
    case.assertTrue(run.read_message_2(got.payload, server_cred), "message_2 verifies")
    got = post(client, identifier(run.c_r) + run.message_3)
    case.assert_code(got, "2.04")
    case.assertEqual((got.payload, got.get(coap.CONTENT_FORMAT)), (b"", []))
    return run


def base64_of(data):
    return base64.b64encode(data).decode()


def der_of(path):
    """Of the certificate in a PEM file."""
    return subprocess.run(["openssl", "x509", "-in", path, "-outform", "DER"], check=True, capture_output=True).stdout


def cred_of(path):
    """CRED_x of it."""
    return encode(der_of(path))


# --- the server's configuration -------------------------------------------------------------------------------------


def configure(text, words, peers):
    """The text of init --edhoc with further words in its edhoc section, and peers: dicts of words each."""
    for key in words:
        text = re.sub(rf"(?m)^  {key}:.*\n", "", text)
    more = "".join(f"  {key}: {value}\n" for key, value in words.items())
    rows = "".join("  - " + "\n    ".join(f"{key}: {value}" for key, value in peer.items()) + "\n" for peer in peers)
    text = text.replace("\nedhoc:\n", "\nedhoc:\n" + more)
    return text + ("peers:\n" + rows if rows else "")


def peer(credential, identity, **more):
    return {"credential": credential, "identity": f'"{identity}"', "profile": "default", **more}


def anchor(path, identity, **more):
    return {"anchor": path, "identity": f'"{identity}"', "profile": "default", **more}


# --- devices --------------------------------------------------------------------------------------------------------


class Certificates:
    """An authority of a manufacturer, for credentials of devices."""

    def __init__(self, folder):
        self.folder = tempfile.mkdtemp(prefix="manufacturer-", dir=folder)
        self.ca, self.count = self.path("ca.pem"), 0
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                     "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Manufacturer", "-addext",
                     "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name, usage="digitalSignature", algorithm=("EC", "-pkeyopt", "ec_paramgen_curve:P-256")):
        """(key file, certificate file)"""
        self.count += 1
        key, cert = self.path(f"{self.count}.key"), self.path(f"{self.count}.pem")
        self.openssl("genpkey", "-algorithm", *algorithm, "-out", key)
        os.chmod(key, 0o400)
        with open(self.path("ext"), "w", encoding="utf-8") as f:
            f.write(f"keyUsage=critical,{usage}\nbasicConstraints=critical,CA:FALSE\n")
        self.openssl("req", "-new", "-key", key, "-subj", f"/CN={name}/serialNumber=SN-{name}", "-out", "csr")
        self.openssl("x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                     "-extfile", "ext", "-out", cert)
        return key, cert


class Device(harness.Device):
    """sealift-device that gets its contexts from EDHOC."""

    def __init__(self, home, address, key, credential, *args):
        self.home, self.state = home, tempfile.mkdtemp(prefix="device-", dir=home)
        os.rmdir(self.state)
        harness.run(home, "sealift-device", "init", "--edhoc", "--state", self.state, "--server",
                    f"coap://{address[0]}:{address[1]}", "--key", key, "--credential", credential, *args)


class Case(harness.StackCase):
    """The stack with a server that speaks EDHOC."""
    METHOD_0, METHOD_3 = ("--method", "0"), ("--method", "3")

    def start_edhoc(self, peers=(), words=None, more="", change=lambda text: text, **link):
        """words: of the server's edhoc section; more: lines at the end of its list of credentials; change: of all."""
        def configured(text):
            text = configure(text, words or {}, peers)
            return change(text.replace("      send: x5chain\n", "      send: x5chain\n" + more, 1))
        link["route"] = link.get("route", "") + PLAIN
        self.start_stack(link.pop("proxy_extra", harness.TRUSTED), est_init=["--edhoc"], est_change=configured, **link)
        self.server_dh = os.path.join(self.est.folder, "edhoc-dh.ccs")
        self.server_sign = os.path.join(self.est.folder, "edhoc-sign.pem")
        with open(self.server_dh, "rb") as f:
            self.server_cred = f.read()

    def raw_device(self, key, *args):
        """With a raw key for static DH, that knows the server's raw key."""
        return Device(self.home, self.relay.address, key.key, key.path, "--peer", self.server_dh, *args)

    def initiator(self):
        got = Initiator()
        self.addCleanup(got.close)
        return got

    def edhoc_crossings(self):
        """(request, response) of the EDHOC resource on the HTTP hop."""
        return [pair for pair in self.tap.exchanges() if pair[0].oscore is None]

    def check_hop(self):
        """RFC 9528 appendix A.2.3 and A.2, as HTTP: methods, types and statuses of all that crossed; how many."""
        for request, response in self.tap.exchanges():
            self.assertEqual(request.head.split(b" ")[0], b"POST")
            if request.oscore is not None:
                self.assertEqual(request.field("Content-Type"), "application/oscore")
                self.assertIn(request.field("CoAP-EDHOC"), (None, "?1"))
                continue
            self.assertEqual(request.path, "/.well-known/edhoc")
            self.assertIsNone(request.field("CoAP-EDHOC"))
            self.assertEqual(request.field("Content-Type"), "application/cid-edhoc+cbor-seq")
            if response is None:
                continue
            self.assertIn(response.status, (200, 204, 400, 503))
            typed = response.status in (200, 400)
            self.assertEqual(response.field("Content-Type"), "application/edhoc+cbor-seq" if typed else None)
            self.assertEqual(bool(response.body), typed)
            if response.status == 400:
                self.assertIn(response.body[0], (1, 2), "an error message")
        return len(self.tap.exchanges())
