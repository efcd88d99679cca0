# SPDX-License-Identifier: BSD-2-Clause
"""A CoAP server of a few lines around lakers' Responder: message_4 or an empty answer, credentials by reference or by
value, EAD_2. What is asked inside OSCORE is answered 2.05 hello. Needs the Python that has lakers (peers.run_in)."""
import socket
import threading

import aiocoap
import cbor2
import coap
import lakers
from party import TRANSFER, Oscore


class LakersServer:
    """known: Party of the device. After a run c_i, id_cred_i and ead_1 say what it heard."""

    def __init__(self, own, known, transfer, message_4, ead_2=None):
        self.own, self.known, self.transfer, self.message_4, self.ead_2 = own, known, transfer, message_4, ead_2
        self.c_r, self.run, self.context = b"\x11\x22", None, None
        self.c_i = self.id_cred_i = self.ead_1 = None
        self.faults, self.answers = [], {}
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.address = self.sock.getsockname()
        threading.Thread(target=self.serve, daemon=True).start()

    def stop(self):
        self.sock.sendto(b"", self.address)

    def serve(self):
        while True:
            data, peer = self.sock.recvfrom(4096)
            if not data:
                self.sock.close()
                return
            m = coap.decode(data)
            if not m.code:
                continue
            if data not in self.answers:
                try:
                    self.answers[data] = self.answer(m, data).encode()
                except BaseException as e:  # lakers' own are no Exception
                    self.faults.append(repr(e))
                    self.answers[data] = coap.Message(coap.ACK, coap.code("4.00"), m.mid, m.token).encode()
            self.sock.sendto(self.answers[data], peer)

    def answer(self, m, data):
        reply = coap.Message(coap.ACK, coap.code("2.04"), m.mid, m.token)
        if m.get(coap.OSCORE):
            self.protected(reply, data)
        elif m.payload[:1] == b"\xf5":
            self.run = lakers.EdhocResponder(self.own.key, self.own.cred)
            self.c_i, self.ead_1 = self.run.process_message_1(m.payload[1:])
            self.edhoc(reply, self.run.prepare_message_2(TRANSFER[self.transfer], self.c_r, self.ead_2))
        else:
            self.edhoc(reply, self.third(m.payload))
        return reply

    @staticmethod
    def edhoc(reply, message):
        if message is not None:
            reply.payload = bytes(message)
            reply.options = [(coap.CONTENT_FORMAT, coap.uint(64))]

    def third(self, payload):
        prefix = cbor2.dumps(self.c_r)
        if not payload.startswith(prefix):
            raise ValueError("C_R")
        self.id_cred_i, _ = self.run.parse_message_3(payload[len(prefix):])
        self.run.verify_message_3(self.known.cred)
        message_4 = self.run.prepare_message_4() if self.message_4 else self.run.completed_without_message_4()
        self.context = Oscore(self.run, self.c_r, bytes(self.c_i), True)
        return message_4

    def protected(self, reply, data):
        request, number = self.context.unprotect(aiocoap.Message.decode(data))
        body = b"hello " + "/".join(request.opt.uri_path).encode()
        sealed, _ = self.context.protect(aiocoap.Message(code=aiocoap.CONTENT, payload=body), number)
        reply.options, reply.payload = [(coap.OSCORE, sealed.opt.oscore)], sealed.payload
