# SPDX-License-Identifier: BSD-2-Clause
"""What an onlooker without keys can say about OSCORE traffic: no nonce protects two texts. A request's nonce is its
option value (kid and Partial IV); a response has its own Partial IV, or the nonce of its request (RFC 8613
section 5.2)."""


class Ledger:
    def __init__(self):
        self.texts, self.faults = {}, []

    def note(self, nonce, ciphertext, where):
        before = self.texts.setdefault(nonce, (ciphertext, where))
        if before[0] != ciphertext:
            self.faults.append(f"{nonce} protects two texts: {before[1]} and {where}")

    def request(self, option, ciphertext, where=""):
        self.note(("request", option), ciphertext, where)

    def response(self, request_option, option, ciphertext, where=""):
        if option and option[0] & 7:
            kid = request_option[1 + (request_option[0] & 7):]
            self.note(("response", kid, option), ciphertext, where)
        else:
            self.note(("response to", request_option), ciphertext, where)
