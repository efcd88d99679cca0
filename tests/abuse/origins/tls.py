#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""T21: servers that a proxy must not trust. Each one listens, shows what it has, and counts the bytes of HTTP that it
gets: none may come. Two good ones beside them show that the others are refused for their fault alone.

usage: tls.py FOLDER-OF-PROGRAMS"""
import os
import ssl
import subprocess
import warnings

import origin_lab  # first: it knows where the others lie
import coap
import origin

CONFIG = """[req]
distinguished_name = dn
[dn]
[ca]
default_ca = this
[this]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = optional
"""
GOOD_TIME = ("20200101000000Z", "20491231000000Z")
LEAF = "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost\n"
EC, RSA_WEAK = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["rsa:1024"]


class Authority:
    """An authority in a folder; what it signs is as bad as asked for."""

    def __init__(self, folder, name, root=None):
        self.folder, self.name = folder, name
        os.makedirs(folder, exist_ok=True)
        for file, text in (("openssl.cnf", CONFIG), ("index.txt", ""), ("serial", "01\n")):
            with open(os.path.join(folder, file), "w", encoding="utf-8") as f:
                f.write(text)
        if root is None:
            self.openssl("req", "-config", "openssl.cnf", "-x509", "-newkey", *EC, "-nodes", "-keyout", f"{name}.key",
                         "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}",
                         "-addext", "basicConstraints=critical,CA:TRUE")

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *args):
        done = subprocess.run(["openssl", *args], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"openssl {' '.join(args)}:\n{done.stderr}")

    def issue(self, name, extensions=LEAF, subject="/CN=localhost", times=GOOD_TIME, key=None, digest="sha256",
              issuer=None):
        """A key and a certificate, name.key and name.pem, signed by issuer (or by this authority)."""
        issuer = issuer or self.name
        with open(self.path(name + ".ext"), "w", encoding="utf-8") as f:
            f.write(extensions)
        self.openssl("req", "-config", "openssl.cnf", "-newkey", *(key or EC), "-nodes", "-keyout", name + ".key",
                     "-out", name + ".csr", "-subj", subject)
        self.openssl("ca", "-batch", "-notext", "-config", "openssl.cnf", "-keyfile", issuer + ".key",
                     "-cert", issuer + ".pem", "-in", name + ".csr", "-out", name + ".pem", "-md", digest,
                     "-startdate", times[0], "-enddate", times[1], "-extfile", name + ".ext")
        return name

    def self_signed(self, name, days="2"):
        self.openssl("req", "-config", "openssl.cnf", "-x509", "-newkey", *EC, "-nodes", "-keyout", name + ".key",
                     "-out", name + ".pem", "-days", days, "-subj", "/CN=localhost",
                     "-addext", "subjectAltName=DNS:localhost")
        return name


def context_of(authority, name, chain=()):
    """A TLS server without scruples: any key size, any digest."""
    bundle = authority.path(name + ".chain")
    with open(bundle, "w", encoding="utf-8") as out:
        for part in (name, *chain):
            with open(authority.path(part + ".pem"), encoding="utf-8") as f:
                out.write(f.read())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(bundle, authority.path(name + ".key"))
    return context


def old(context, version):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is the point
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = version
    return context


def servers(authority, other):
    """{name: (context, is it good)}"""
    a, later = authority, ("20400101000000Z", "20491231000000Z")
    name = b"localhost\0.other.test"
    san = bytes([0x30, len(name) + 2, 0x82, len(name)]) + name  # RFC 5280 section 4.2.1.6
    a.issue("intermediate", "basicConstraints=critical,CA:TRUE\n", "/CN=intermediate")
    a.issue("no-authority", LEAF, "/CN=no authority")
    a.issue("below", issuer="intermediate")
    rows = {
        "good": (context_of(a, a.issue("good")), True),
        "good-chain": (context_of(a, "below", ["intermediate"]), True),
        "expired": (context_of(a, a.issue("expired", times=("20200101000000Z", "20200201000000Z"))), False),
        "not-yet": (context_of(a, a.issue("not-yet", times=later)), False),
        "wrong-name": (context_of(a, a.issue("wrong-name", "subjectAltName=DNS:other.test\n")), False),
        "name-in-subject-beside-others": (context_of(a, a.issue("subject-only", "subjectAltName=DNS:other.test\n",
                                                                "/CN=localhost")), False),
        "wildcard-for-another-label": (context_of(a, a.issue("wildcard", "subjectAltName=DNS:*.localhost\n")), False),
        "address-instead-of-the-name": (context_of(a, a.issue("address", "subjectAltName=IP:127.0.0.1\n", "/CN=x")), False),
        "name-with-a-nul": (context_of(a, a.issue("nul", f"subjectAltName=DER:{san.hex(':')}\n", "/CN=x")), False),
        "self-signed": (context_of(a, a.self_signed("self-signed")), False),
        "unknown-authority": (context_of(other, other.issue("stranger")), False),
        "for-clients-only": (context_of(a, a.issue("client", LEAF + "extendedKeyUsage=clientAuth\n")), False),
        "chain-without-its-middle": (context_of(a, "below"), False),
        "signed-by-no-authority": (context_of(a, a.issue("child", issuer="no-authority"), ["no-authority"]), False),
        "sha1": (context_of(a, a.issue("sha1", digest="sha1")), False),
        "rsa-of-1024-bits": (context_of(a, a.issue("rsa1024", key=RSA_WEAK)), False),
        "tls-1.0": (old(context_of(a, "good"), ssl.TLSVersion.TLSv1), False),
        "tls-1.1": (old(context_of(a, "good"), ssl.TLSVersion.TLSv1_1), False),
        "no-cipher-that-hides": (weak(context_of(a, "good")), False),
    }
    return rows


def weak(context):
    """TLS 1.2 with integrity alone (RFC 4492 section 6)."""
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0")
    return context


def row(lab):
    authority = Authority(os.path.join(lab.home, "ca"), "authority")
    other = Authority(os.path.join(lab.home, "other"), "stranger-authority")
    rows, routes, origins = servers(authority, other), "", {}
    for i, (name, (context, _)) in enumerate(rows.items()):
        origins[name] = origin.Origin(lambda _o, conn, r: conn.sendall(origin.oscore_ok(r.body)),
                                      wrap=lambda conn, c=context: c.wrap_socket(conn, server_side=True))
        lab.later(origins[name].stop)
        more = f'    ca-file: {authority.path("authority.pem")}\n    addresses: ["127.0.0.0/8", "::1"]\n'
        routes += origin_lab.route(f"/s{i}", f"https://localhost:{origins[name].port}/", "", more)
    proxy = lab.start_proxy(routes, limits=origin_lab.default_limits(connect=5, total=10, queue=10))
    client, sent, refused = lab.client(proxy), 0, 0
    for i, (name, (_, is_good)) in enumerate(rows.items()):
        got, _ = origin_lab.ask(client, b"x" * 40, [(coap.URI_PATH, b"s%d" % i)], 15.0)
        code, want = origin_lab.code_of(got), "2.04" if is_good else "5.02"
        requests = len(origins[name].requests)
        lab.say(f"T21.{name}", code, want, code == want and requests == is_good, f"{requests} requests")
        sent += 0 if is_good else requests
        refused += not is_good
    lab.say("T21.bad-servers", refused, 16, refused >= 16)
    lab.say("T21.requests-at-bad-servers", sent, 0, sent == 0)


if __name__ == "__main__":
    origin_lab.main({"tls": row}, needs_namespace=False)
