# SPDX-License-Identifier: BSD-2-Clause
"""One who runs EDHOC by lakers, and the OSCORE context that comes out of it, by aiocoap. Needs the Python that has
both (peers.run_in)."""
import logging
import os

import aiocoap
import aiocoap.oscore
import cbor2
import lakers
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

logging.getLogger("lakers").setLevel(logging.CRITICAL)
BY_KID, BY_VALUE = "kid", "kccs"
TRANSFER = {BY_KID: lakers.CredentialTransfer.ByReference, BY_VALUE: lakers.CredentialTransfer.ByValue}


class Party:
    """A P-256 key, and the CCS around its public half as RFC 9529 section 3 writes one."""

    def __init__(self, subject, kid):
        self.subject, self.secret = subject, ec.generate_private_key(ec.SECP256R1())
        public = self.secret.public_key().public_numbers()
        self.key = self.secret.private_numbers().private_value.to_bytes(32, "big")
        self.ccs = {2: subject, 8: {1: {1: 2, 2: kid, -1: 1, -2: public.x.to_bytes(32, "big"),
                                        -3: public.y.to_bytes(32, "big")}}}
        self.cred = cbor2.dumps(self.ccs)
        self.by = {BY_KID: cbor2.dumps({4: kid}), BY_VALUE: cbor2.dumps({14: self.ccs})}

    def write(self, folder):
        """(key file, credential file) as our programs read them."""
        key, credential = (os.path.join(folder, f"{self.subject}.{end}") for end in ("key", "ccs"))
        pem = self.secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                        serialization.NoEncryption())
        with open(key, "wb") as f:
            f.write(pem)
        os.chmod(key, 0o400)
        with open(credential, "wb") as f:
            f.write(self.cred)
        return key, credential


class Oscore(aiocoap.oscore.CanProtect, aiocoap.oscore.CanUnprotect, aiocoap.oscore.SecurityContextUtils):
    """The context out of a run that lakers ended (RFC 9528 appendix A.1)."""

    def __init__(self, run, c_ours, c_theirs, is_server):
        self.is_server, self.log = is_server, logging.getLogger("oscore")
        self.alg_aead = aiocoap.oscore.algorithms["AES-CCM-16-64-128"]
        self.hashfun = aiocoap.oscore.hashfunctions["sha256"]
        self.id_context, self.sender_id, self.recipient_id = None, c_theirs, c_ours
        self.secret, self.salt = bytes(run.edhoc_exporter(0, [], 16)), bytes(run.edhoc_exporter(1, [], 8))
        self.derive_keys(self.salt, self.secret)
        self.sender_sequence_number, self.mid = 0, 0
        self.recipient_replay_window = aiocoap.oscore.ReplayWindow(32, lambda: None)
        self.recipient_replay_window.initialize_empty()
        self.authenticated_claims = []

    def post_seqnoincrease(self):
        pass

    def seal(self, message):
        """(option, ciphertext) and what the answer is opened with."""
        outer, request = self.protect(message)
        return outer.opt.oscore, outer.payload, request

    def open(self, datagram, request):
        """The message inside a response."""
        return self.unprotect(aiocoap.Message.decode(datagram), request)[0]
