# SPDX-License-Identifier: BSD-2-Clause
"""Where the CoAP implementations are that we did not write: installed, or in build/peers (tools/peers brings them).
A test whose peer is missing says SKIPPED and ends with status 77. Also what they want to read: their forms of a
security context."""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import coap  # noqa: E402
import harness  # noqa: E402

FOLDER = os.environ.get("SL_PEERS") or os.path.join(HERE, "..", "..", "build", "peers")
LIBCOAP_LEAST = (4, 3, 4)  # the first in Debian with OSCORE


def skip(peer, why):
    print(f"SKIPPED: {peer}: {why}")
    sys.exit(77)


def libcoap(tool):
    """The words that start coap-client-openssl or coap-server-openssl."""
    name = f"coap-{tool}-openssl"
    native = shutil.which(name)
    if native:
        told = subprocess.run([native, "-?"], capture_output=True, text=True, check=False)
        version = re.search(r"v(\d+)\.(\d+)\.(\d+)", told.stdout + told.stderr)
        if version and tuple(map(int, version.groups())) >= LIBCOAP_LEAST:
            return [native]
    root = os.path.abspath(os.path.join(FOLDER, "trixie", "root"))
    libraries = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    loader, binary = os.path.join(libraries, "ld-linux-x86-64.so.2"), os.path.join(root, "usr/bin", name)
    if os.access(loader, os.X_OK) and os.path.exists(binary):
        return [loader, "--library-path", libraries, binary]
    skip("libcoap", f"no {name} 4.3.4 or later; tools/peers brings one")
    return None


def aiocoap():
    """A Python that has aiocoap with OSCORE."""
    for python in ("/usr/bin/python3", os.path.join(FOLDER, "aiocoap", "bin", "python"), sys.executable):
        if not os.path.exists(python):
            continue
        done = subprocess.run([python, "-c", "import aiocoap.oscore, aiocoap.meta as m, aiocoap.defaults as d\n"
                               "print(m.version, 'without' if d.oscore_missing_modules() else 'with')"],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            version, how = done.stdout.split()
            print(f"aiocoap {version} in {python}, {how} its OSCORE transport")
            return python
    skip("aiocoap", "no Python has it with OSCORE; tools/peers brings one")
    return None


def lakers():
    """A Python that has lakers, aiocoap and what both need for EDHOC."""
    for python in (os.path.join(FOLDER, "aiocoap", "bin", "python"), "/usr/bin/python3", sys.executable):
        if not os.path.exists(python):
            continue
        done = subprocess.run([python, "-c", "import lakers, cbor2, cryptography, aiocoap.edhoc\n"
                               "from importlib.metadata import version\n"
                               "print('lakers', version('lakers-python'), 'aiocoap', version('aiocoap'))"],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            print(f"{done.stdout.strip()} in {python}")
            return python
    skip("lakers", "no Python has it; tools/peers brings one")
    return None


def promtool():
    """The path of Prometheus's reader of what it scrapes."""
    own = os.path.join(FOLDER, "prometheus", "usr", "bin", "promtool")
    found = own if os.access(own, os.X_OK) else shutil.which("promtool")
    return os.path.abspath(found) if found else skip("promtool", "not installed; tools/peers brings it")


def run_in(find):
    """Goes on in the interpreter that find() names: for tests that use a peer's library in their own process."""
    if "SL_INSIDE" not in os.environ:
        python = os.environ["SL_INSIDE"] = find()
        sys.stdout.flush()
        os.execv(python, [python, *sys.argv])


def read_context(provisioning):
    with open(provisioning, encoding="utf-8") as f:
        return json.load(f)


def libcoap_context(path, context, *more, mirrored=False):
    """A file of libcoap's form. mirrored: the server's side of a device's context."""
    mine, theirs = ("recipient-id", "sender-id") if mirrored else ("sender-id", "recipient-id")
    lines = [f'master_secret,hex,"{context["master-secret"]}"', f'master_salt,hex,"{context["master-salt"]}"',
             f'sender_id,hex,"{context[mine]}"', f'recipient_id,hex,"{context[theirs]}"', *more]
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    return path


def aiocoap_context(folder, context):
    """A folder of aiocoap's form."""
    os.makedirs(folder)
    with open(os.path.join(folder, "settings.json"), "w", encoding="utf-8") as f:
        json.dump({"algorithm": context["aead"], "kdf-hashfun": "sha256", "secret_hex": context["master-secret"],
                   "salt_hex": context["master-salt"], "sender-id_hex": context["sender-id"],
                   "recipient-id_hex": context["recipient-id"]}, f)
    return folder


def free_port():
    """Not one that a system gives to sockets without a wish: nobody takes it before its server does."""
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port")


class InteropCase(harness.StackCase):
    def new_context(self, identity):
        return read_context(self.est.add_context(identity))

    def openssl(self, *args):
        done = subprocess.run(["openssl", *args], cwd=self.home, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"openssl {' '.join(args)}:\n{done.stderr}")
        return done.stdout

    def path(self, name):
        return os.path.join(self.home, name)

    def make_request(self, name):
        """A certification request, by the openssl tool."""
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                     f"/CN={name}", "-keyout", f"{name}.key", "-outform", "DER", "-out", f"{name}.csr")
        return self.path(f"{name}.csr")

    def certificates(self, name, body):
        """PEM file of the certificates in a certs-only CMS, and how many there are."""
        with open(self.path(name + ".p7"), "wb") as f:
            f.write(body)
        text = self.openssl("pkcs7", "-inform", "DER", "-in", name + ".p7", "-print_certs")
        with open(self.path(name + ".pem"), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name + ".pem"), text.count("BEGIN CERTIFICATE")

    def check_issued(self, name, anchors, body):
        """The certificate names the one who asked, has the asked key, and verifies."""
        issued, count = self.certificates(name, body)
        self.assertEqual(count, 1)
        self.openssl("verify", "-x509_strict", "-CAfile", anchors, issued)
        self.assertIn(name, self.openssl("x509", "-in", issued, "-noout", "-subject"))
        self.assertEqual(self.openssl("x509", "-in", issued, "-noout", "-pubkey"),
                         self.openssl("pkey", "-in", f"{name}.key", "-pubout"))

    def check_wire(self):
        """OSCORE was used: option 9 in every message with a code but unprotected challenges, nothing readable."""
        messages = [coap.decode(data) for _, data in self.wire]
        self.assertGreater(len(messages), 1)
        for m in messages:
            if m.code and not (m.code == coap.code("4.01") and m.get(coap.ECHO)):
                self.assertEqual(len(m.get(coap.OSCORE)), 1, repr(m))
                self.assertEqual(m.get(coap.URI_PATH) + m.get(coap.CONTENT_FORMAT), [], repr(m))
        for _, data in self.wire:
            self.assertNotIn(b"crts", data)
