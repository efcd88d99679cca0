#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""EDHOC with implementations that we did not write, through our programs: lakers' and aiocoap's Initiator enrol
through our proxy at our server; our device gets its context from aiocoap's server."""
import asyncio
import json
import os
import shutil
import subprocess

import peers

if __name__ == "__main__":
    peers.run_in(peers.lakers)

import aiocoap  # noqa: E402
import lakers  # noqa: E402
import coap  # noqa: E402
import harness  # noqa: E402
import pcap  # noqa: E402
import relay  # noqa: E402
from aiocoap_server import key_file  # noqa: E402
from lakers_server import LakersServer  # noqa: E402
from party import BY_KID, BY_VALUE, TRANSFER, Oscore, Party  # noqa: E402

EDHOC = [(coap.URI_PATH, b".well-known"), (coap.URI_PATH, b"edhoc")]
CRTS, SEN = "/.well-known/est/crts", "/.well-known/est/sen"
PLAIN = '    allow-plain: ["/.well-known/edhoc"]\n'
STYLE = {BY_KID: "by-key-id", BY_VALUE: "by-value"}


class EdhocCase(peers.InteropCase):
    def check_edhoc_wire(self, combined=False):
        """EDHOC first, then OSCORE, and nothing else."""
        kinds = []
        for way, data in self.wire:
            m = coap.decode(data)
            if not m.code:
                continue
            if m.get(coap.OSCORE):
                kinds.append("oscore" if not m.get(coap.EDHOC) else "combined")
                self.assertEqual(m.get(coap.URI_PATH) + m.get(coap.CONTENT_FORMAT), [], repr(m))
            elif way == "up":
                self.assertEqual(m.get(coap.URI_PATH), [b".well-known", b"edhoc"], repr(m))
                kinds.append("edhoc")
            else:
                self.assertEqual(m.code, coap.code("2.04"), repr(m))
                kinds.append("edhoc")
            self.assertNotIn(b"crts", data)
        handshake = 2 if combined else 4
        self.assertEqual(kinds[:handshake], ["edhoc"] * handshake)
        self.assertEqual(kinds[handshake:handshake + 1], ["combined" if combined else "oscore"])
        self.assertEqual(set(kinds[handshake + 1:]), {"oscore"})


    def dissect(self, context):
        """What tshark, a third implementation, makes of the wire with the keys that lakers exports: a row per
        datagram."""
        if not shutil.which("tshark"):
            self.skipTest("no tshark")
        pcap.write(self.path("wire.pcap"), self.wire)
        device, server = context.sender_id, context.recipient_id
        if context.is_server:
            device, server = server, device
        keys = (f'uat:oscore_contexts:"{device.hex()}","{server.hex()}","{context.secret.hex()}",'
                f'"{context.salt.hex()}","","AES-CCM-16-64-128 (CCM*)"')
        done = subprocess.run(["tshark", "-r", self.path("wire.pcap"), "-o", keys, "-T", "fields", "-e", "coap.code",
                               "-e", "coap.opt.uri_path", "-e", "coap.opt.object_security_kid", "-e", "oscore.code",
                               "-e", "oscore.opt.uri_path", "-e", "oscore.tag_check_failed"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()], device.hex()

    def check_dissected(self, context, path):
        rows, kid = self.dissect(context)
        self.assertEqual([r[0] for r in rows], ["2", "68", "2", "68", "2", "68"], "POST, 2.04, ...")
        self.assertEqual([r[1] for r in rows[:4]], [".well-known,edhoc", "", ".well-known,edhoc", ""])
        self.assertEqual(rows[4][2].replace(":", ""), kid)
        self.assertEqual(rows[4][3:], ["1", path, ""], "GET, opened")
        self.assertEqual(rows[5][3], "69", "2.05")


class InitiatorCase(EdhocCase):
    """Theirs; the server, the proxy and the relay are ours."""

    def start(self, send=BY_KID, message_4="never", combined="refuse", forward=False, extra=harness.TRUSTED):
        self.ours, self.theirs = Party("server", b"\x32"), Party("sensor-7", b"\x2b")
        key, credential = self.ours.write(self.home)
        known = self.theirs.write(self.home)[1]
        more = (f"edhoc:\n  message-4: {message_4}\n  combined: {combined}\n  credentials:\n    - key: {key}\n"
                f"      credential: {credential}\n      use: static-dh\n      send: {send}\n  methods: [3]\n"
                f"peers:\n  - credential: {known}\n    identity: sensor-7\n    profile: default\n")
        route = PLAIN + ("    edhoc-header: true\n" if combined == "accept" else "")
        self.start_stack(extra, est_more=more, route=route, forward=forward)

    def check_enrolled(self, anchors, issued):
        path, count = self.certificates("anchors", anchors)
        self.assertEqual(count, 1)
        self.check_issued("sensor-7", path, issued)
        self.assertEqual([c["identity"] for c in self.est.certificates()], ["sensor-7"])

    def body(self):
        with open(self.make_request("sensor-7"), "rb") as f:
            return f.read()


class LakersTest(InitiatorCase):
    """lakers makes the messages, the tests' own client sends them."""

    def target(self):
        """Outer options that choose the origin."""
        if not self.is_forward:
            return []
        return [(coap.PROXY_SCHEME, b"http"), (coap.URI_HOST, b"127.0.0.1"), (coap.URI_PORT, coap.uint(self.tap.port))]

    def ask(self, options, payload, mcode=coap.POST):
        got = self.c.exchange(self.c.message(mcode, self.target() + options, payload), 10)
        self.assertIsNotNone(got, "no answer")
        return got

    def handshake(self, transfer=BY_KID, message_4=False, stranger=None):
        """The OSCORE context; the answer to message_3 without one when it was refused."""
        who, run, c_i = stranger or self.theirs, lakers.EdhocInitiator(), b"\x15"
        form = (coap.CONTENT_FORMAT, coap.uint(65))
        got = self.ask(EDHOC + [form], b"\xf5" + bytes(run.prepare_message_1(c_i, [])))
        self.assertEqual((got.code, got.uint(coap.CONTENT_FORMAT)), (coap.code("2.04"), 64), repr(got))
        c_r, id_cred_r, _ = run.parse_message_2(got.payload)
        self.assertEqual(bytes(id_cred_r), self.ours.by[self.send])
        run.verify_message_2(who.key, who.cred, self.ours.cred)
        message_3, _ = run.prepare_message_3(TRANSFER[transfer], None)
        c_r = bytes(c_r)
        prefix = c_r if len(c_r) == 1 and (c_r[0] < 24 or 0x20 <= c_r[0] < 0x38) else bytes([0x40 + len(c_r)]) + c_r
        got = self.ask(EDHOC + [form], prefix + bytes(message_3))
        if got.code != coap.code("2.04"):
            return None, got
        if message_4:
            self.assertEqual(got.uint(coap.CONTENT_FORMAT), 64)
            run.process_message_4(got.payload)
        else:
            self.assertEqual((got.payload, got.get(coap.CONTENT_FORMAT)), (b"", []))
            run.completed_without_message_4()
        return Oscore(run, c_i, c_r, False), got

    def protected(self, context, code, path, payload=b"", content_format=None):
        message = aiocoap.Message(code=code, payload=payload, uri_path=path.strip("/").split("/"))
        message.opt.content_format = content_format
        option, text, request = context.seal(message)
        got = self.ask([(coap.OSCORE, option)], text)
        self.assertEqual(len(got.get(coap.OSCORE)), 1, repr(got))
        return context.open(got.encode(), request)

    def begin(self, send=BY_KID, forward=False, **more):
        self.send, self.is_forward = send, forward
        self.start(send, forward=forward, **more)
        self.c = self.client(self.relay.address)

    def enrol(self, context):
        anchors = self.protected(context, aiocoap.GET, CRTS)
        self.assertEqual((anchors.code, int(anchors.opt.content_format)), (aiocoap.CONTENT, 281))
        issued = self.protected(context, aiocoap.POST, SEN, self.body(), 286)
        self.assertEqual((issued.code, int(issued.opt.content_format)), (aiocoap.CHANGED, 281))
        self.check_enrolled(anchors.payload, issued.payload)
        self.check_edhoc_wire()
        self.check_nonces()

    def test_enrol(self):
        self.begin()
        self.enrol(self.handshake()[0])

    def test_enrol_by_value(self):
        self.begin(send=BY_VALUE)
        self.enrol(self.handshake(transfer=BY_VALUE)[0])

    def test_enrol_in_forward_mode(self):
        self.begin(forward=True)
        self.enrol(self.handshake()[0])

    def test_enrol_after_message_4(self):
        self.begin(message_4="always")
        self.enrol(self.handshake(message_4=True)[0])

    def test_sizes(self):
        """What the draft says of static Diffie-Hellman keys by kid: 37, 45 and 19 bytes (RFC 9528 table 1)."""
        self.begin()
        self.handshake()
        bodies = [c.body for c in self.tap.requests()]
        answers = [c.body for c in self.tap.seen if c.way == "response"]
        c_r = len(bodies[1]) - 19  # C_R as it goes: one byte when it is an int, two when it is another one
        self.assertIn(c_r, (1, 2))
        self.assertEqual((len(bodies[0]) - 1, len(answers[0])), (37, 44 + c_r))

    def test_stranger(self):
        """Not one of the peers: no context, no certificate."""
        self.begin()
        context, got = self.handshake(stranger=Party("sensor-7", b"\x2c"))
        self.assertIsNone(context)
        self.assertEqual((got.code, got.uint(coap.CONTENT_FORMAT)), (coap.code("4.00"), 64))
        self.assertEqual(self.est.certificates(), [])

    def test_stranger_with_a_known_name(self):
        """The kid and the CCS of a peer, without its key."""
        self.begin()
        thief = Party("sensor-7", b"\x2b")
        thief.cred, thief.by = self.theirs.cred, self.theirs.by
        context, got = self.handshake(stranger=thief)
        self.assertIsNone(context)
        self.assertEqual(got.code, coap.code("4.00"))
        self.assertEqual(self.est.certificates(), [])

    def test_tshark(self):
        self.begin()
        context, _ = self.handshake()
        self.protected(context, aiocoap.GET, CRTS)
        self.check_dissected(context, ".well-known,est,crts")


class AiocoapTest(InitiatorCase):
    """aiocoap's own client does all of it. It runs EDHOC anew for every request."""

    def ask(self, requests, transfer=BY_KID, combined=True):
        """requests: (code, path, payload, format). What came back inside OSCORE."""
        async def go():
            context = await aiocoap.Context.create_client_context()
            base = f"coap://127.0.0.1:{self.relay.address[1]}"
            key = key_file(self.theirs.key.hex())
            context.client_credentials.load_from_dict({base + "/*": {"edhoc-oscore": {
                "suite": 2, "method": 3, "own-cred-style": STYLE[transfer], "own-cred": {14: self.theirs.ccs},
                "peer-cred": {14: self.ours.ccs}, "private-key-file": key, "use-combined-edhoc": combined}}})
            os.unlink(key)
            answers = []
            for code, path, payload, content_format in requests:
                message = aiocoap.Message(code=code, uri=base + path, payload=payload)
                message.opt.content_format = content_format
                answer = await context.request(message).response
                self.assertEqual(type(answer.remote).__name__, "OSCOREAddress", "unprotected")
                answers.append(answer)
            await context.shutdown()
            return answers
        return asyncio.run(asyncio.wait_for(go(), 60))

    def enrol(self, **how):
        anchors, = self.ask([(aiocoap.GET, CRTS, b"", None)], **how)
        self.check_edhoc_wire(combined=how.get("combined", True))
        issued, = self.ask([(aiocoap.POST, SEN, self.body(), 286)], **how)
        self.assertEqual((anchors.code, issued.code), (aiocoap.CONTENT, aiocoap.CHANGED))
        self.check_enrolled(anchors.payload, issued.payload)

    def test_combined(self):
        """message_3 and the first request in one (RFC 9668)."""
        self.start(combined="accept")
        self.enrol()
        self.assertEqual(len(self.tap.requests()), 4, "two round trips for each request")

    def test_combined_by_value(self):
        self.start(BY_VALUE, combined="accept")
        self.enrol(transfer=BY_VALUE)

    def test_one_after_the_other(self):
        """Then it wants message_4."""
        self.start(message_4="always")
        self.enrol(combined=False)

    def test_one_after_the_other_by_value(self):
        self.start(BY_VALUE, message_4="always")
        self.enrol(combined=False, transfer=BY_VALUE)


class ResponderCase(EdhocCase):
    """Our device and the tests' relay. No proxy between."""

    def start_relay(self, address):
        self.wire = []

        def hook(way, data):
            self.wire.append((way, data))
            return data
        self.relay = relay.Relay(address, hook=hook)
        self.addCleanup(self.relay.stop)

    def device(self, send=BY_KID, *more, server=None):
        """A function that runs commands."""
        key, credential = self.ours.write(self.home)
        state, (_, peer) = self.path("state"), (server or self.theirs).write(self.home)
        harness.run(self.home, "sealift-device", "init", "--edhoc", "--state", state, "--server",
                    f"coap://127.0.0.1:{self.relay.address[1]}", "--key", key, "--credential", credential, "--send",
                    send, "--peer", peer, "--method", "3", "--suites", "2", *more)

        def ask(*words, status=0):
            done = harness.run(self.home, "sealift-device", *words, "--state", state, "--json", "--timeout", "20s",
                               status=status)
            return json.loads(done.stdout)
        return ask


class AiocoapServerTest(ResponderCase):
    """aiocoap's server, which is lakers' Responder and always has a message_4."""

    def start(self, style=BY_KID, knows_us=True):
        self.ours, self.theirs, port = Party("device", b"\x2b"), Party("resource", b"\x32"), peers.free_port()
        words = json.dumps({"private": self.theirs.key.hex(), "cred": self.theirs.cred.hex(), "style": STYLE[style],
                            "peers": [self.ours.cred.hex()] if knows_us else []})
        script = os.path.join(peers.HERE, "aiocoap_server.py")
        server = harness.Server(self.home, [os.environ["SL_INSIDE"], script, str(port), words], "ready")
        self.addCleanup(server.process.wait)
        self.addCleanup(server.process.terminate)
        self.start_relay(("127.0.0.1", port))

    def check_hello(self, said):
        self.assertEqual((said["code"], said["body"]), ("2.05", "hello :peer-0"))

    def test_get(self):
        self.start()
        self.check_hello(self.device()("get", "/hello"))
        self.check_edhoc_wire()

    def test_get_by_value(self):
        self.start(BY_VALUE)
        self.check_hello(self.device(BY_VALUE)("get", "/hello"))
        self.check_edhoc_wire()

    def test_get_after_message_4(self):
        self.start()
        self.check_hello(self.device(BY_KID, "--message-4", "require")("get", "/hello"))
        self.check_edhoc_wire()

    def test_combined(self):
        self.start()
        self.check_hello(self.device(BY_KID, "--combined")("get", "/hello"))
        self.check_edhoc_wire(combined=True)

    def test_server_with_another_key(self):
        self.start()
        said = self.device(server=Party("resource", b"\x32"))("get", "/hello", status=1)
        self.assertNotIn("body", said)
        self.assertFalse(any(m.get(coap.OSCORE) for m in self.sent_requests()))

    def test_device_that_it_does_not_know(self):
        self.start(knows_us=False)
        self.device()("get", "/hello", status=1)
        self.assertFalse(any(m.get(coap.OSCORE) for m in self.replies()))


class LakersServerTest(ResponderCase):
    """A server of the tests' own around lakers."""

    def start(self, transfer=BY_KID, message_4=False, ead_2=None):
        self.ours, self.theirs = Party("device", b"\x2b"), Party("resource", b"\x32")
        self.server = LakersServer(self.theirs, self.ours, transfer, message_4, ead_2)
        self.addCleanup(self.server.stop)
        self.start_relay(self.server.address)

    def check(self, ask, send=BY_KID):
        said = ask("get", "/a/b")
        self.assertEqual((said["code"], said["body"]), ("2.05", "hello a/b"))
        self.assertEqual(self.server.faults, [])
        self.assertEqual(bytes(self.server.id_cred_i), self.ours.by[send])
        self.check_edhoc_wire()

    def test_without_message_4(self):
        self.start()
        self.check(self.device())

    def test_with_message_4(self):
        self.start(message_4=True)
        self.check(self.device())

    def test_tshark(self):
        self.start()
        self.check(self.device())
        self.check_dissected(self.server.context, "a,b")

    def test_required_message_4(self):
        self.start(message_4=True)
        self.check(self.device(BY_KID, "--message-4", "require"))

    def test_message_4_that_does_not_come(self):
        self.start()
        self.device(BY_KID, "--message-4", "require")("get", "/a/b", status=1)
        self.assertFalse(any(m.get(coap.OSCORE) for m in self.sent_requests()))

    def test_by_value(self):
        self.start(BY_VALUE)
        self.check(self.device(BY_VALUE), BY_VALUE)

    def test_padding(self):
        """EAD_2 of label 0 (RFC 9528 section 3.8.1), and one that nobody has to understand."""
        self.start(ead_2=[lakers.EADItem(0, False, b"\0" * 20), lakers.EADItem(9, False, b"news")])
        self.check(self.device())

    def test_critical_ead(self):
        self.start(ead_2=[lakers.EADItem(9, True, b"news")])
        self.device()("get", "/a/b", status=1)
        self.assertFalse(any(m.get(coap.OSCORE) for m in self.sent_requests()))


if __name__ == "__main__":
    harness.main()
