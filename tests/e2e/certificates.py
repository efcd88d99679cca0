# SPDX-License-Identifier: BSD-2-Clause
"""Certificates for TLS origins, made by the openssl tool in a folder: one authority, one good server and the bad
ones that a proxy must not trust."""
import os
import ssl
import subprocess

CA_CONFIG = """[ca]
default_ca = this
[this]
dir = {folder}
database = $dir/index.txt
serial = $dir/serial
new_certs_dir = $dir
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


class Authority:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test origins",
                     "-addext", "basicConstraints=critical,CA:TRUE")
        for name, text in (("ca.conf", CA_CONFIG.format(folder=folder)), ("index.txt", ""), ("serial", "01\n")):
            with open(self.path(name), "w", encoding="utf-8") as f:
                f.write(text)
        self.ca_file = self.path("ca.pem")

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *args):
        done = subprocess.run(["openssl", *args], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"openssl {' '.join(args)}:\n{done.stderr}")

    def server(self, name, host="localhost", self_signed=False, expired=False):
        """A context for a TLS server that shows the certificate."""
        key, cert, names = self.path(name + ".key"), self.path(name + ".pem"), f"subjectAltName=DNS:{host}"
        new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
               "-subj", f"/CN={host}", "-addext", names]
        if self_signed:
            self.openssl(*new, "-x509", "-days", "2", "-out", cert)
        else:
            self.openssl(*new, "-out", name + ".csr")
            when = ["20200101000000Z", "20200201000000Z"] if expired else ["20200101000000Z", "20491231000000Z"]
            self.openssl("ca", "-batch", "-notext", "-config", "ca.conf", "-keyfile", "ca.key", "-cert", "ca.pem",
                         "-in", name + ".csr", "-out", cert, "-startdate", when[0], "-enddate", when[1])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context
