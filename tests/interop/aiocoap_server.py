# SPDX-License-Identifier: BSD-2-Clause
"""Runs in the Python that has aiocoap and lakers: a CoAP server whose resources want OSCORE out of EDHOC (method 3,
suite 2, credentials as CCS). GET /hello says hello, POST /echo returns the body; without OSCORE both are 4.01.
usage: aiocoap_server.py PORT JSON     {"private": hex, "cred": CCS in hex, "style": .., "peers": [CCS in hex, ..]}"""
import asyncio
import json
import os
import sys
import tempfile

import aiocoap
import aiocoap.credentials
import aiocoap.error
import aiocoap.resource
import cbor2
from aiocoap.oscore_sitewrapper import OscoreSiteWrapper
from aiocoap.transports.oscore import OSCOREAddress


def want_oscore(request):
    if not isinstance(request.remote, OSCOREAddress):
        raise aiocoap.error.Unauthorized


class Hello(aiocoap.resource.Resource):
    async def render_get(self, request):
        want_oscore(request)
        return aiocoap.Message(payload=b"hello " + ",".join(request.remote.authenticated_claims).encode())


class Echo(aiocoap.resource.Resource):
    async def render_post(self, request):
        want_oscore(request)
        return aiocoap.Message(code=aiocoap.CHANGED, payload=request.payload)


def key_file(private):
    """Of its own form: a COSE_Key, for its owner only."""
    handle, path = tempfile.mkstemp(suffix=".cosekey")
    with os.fdopen(handle, "wb") as f:
        cbor2.dump({1: 2, -1: 1, -4: bytes.fromhex(private)}, f)
    return path


def credentials(origin, settings):
    def ccs(text):
        return {14: cbor2.loads(bytes.fromhex(text))}
    path = key_file(settings["private"])
    entries = {origin + "/*": {"edhoc-oscore": {
        "suite": 2, "method": 3, "own-cred-style": settings["style"], "own-cred": ccs(settings["cred"]),
        "private-key-file": path}}}
    for i, peer in enumerate(settings["peers"]):
        entries[f":peer-{i}"] = {"edhoc-oscore": {"suite": 2, "method": 3, "peer-cred": ccs(peer)}}
    found = aiocoap.credentials.CredentialsMap()
    found.load_from_dict(entries)
    os.unlink(path)
    return found


async def main(port, settings):
    site = aiocoap.resource.Site()
    site.add_resource(["hello"], Hello())
    site.add_resource(["echo"], Echo())
    origin = f"coap://127.0.0.1:{port}"
    wrapped = OscoreSiteWrapper(site, credentials(origin, json.loads(settings)))
    await aiocoap.Context.create_server_context(wrapped, bind=("127.0.0.1", int(port)))
    print("ready", flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
