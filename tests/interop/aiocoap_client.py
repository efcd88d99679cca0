# SPDX-License-Identifier: BSD-2-Clause
"""Runs in the Python that has aiocoap: one request under an OSCORE context, the body to a file. aiocoap turns its
OSCORE transport off, and says nothing, when one of its optional modules is missing (as in Debian 13); then
messages are protected here, by its library all the same.
usage: aiocoap_client.py CONTEXT-FOLDER METHOD URI BODY-FILE|- CONTENT-FORMAT|- OUT"""
import asyncio
import sys

import aiocoap
import aiocoap.oscore
from aiocoap.defaults import oscore_missing_modules


async def ask_by_transport(context, folder, message):
    host = message.get_request_uri().split("/")[2]
    context.client_credentials.load_from_dict({f"coap://{host}/*": {"oscore": {"basedir": folder + "/"}}})
    answer = await context.request(message).response
    if type(answer.remote).__name__ != "OSCOREAddress":
        raise SystemExit("unprotected")
    return answer


async def ask_by_library(context, folder, message):
    keys = aiocoap.oscore.FilesystemSecurityContext(folder)
    for _ in range(2):
        outer, sent = keys.protect(message)
        outer.unresolved_remote = message.unresolved_remote
        received = await context.request(outer).response
        answer, _ = keys.unprotect(received, sent)
        if answer.code != aiocoap.UNAUTHORIZED or answer.opt.echo is None:
            break
        message.opt.echo = answer.opt.echo  # RFC 8613 appendix B.1.2
    return answer


async def ask(folder, method, uri, body, content_format):
    message = aiocoap.Message(code=getattr(aiocoap, method), uri=uri)
    if body != "-":
        with open(body, "rb") as f:
            message.payload = f.read()
    if content_format != "-":
        message.opt.content_format = int(content_format)
    way = ask_by_library if oscore_missing_modules() else ask_by_transport
    context = await aiocoap.Context.create_client_context()
    try:
        return await asyncio.wait_for(way(context, folder, message), 20)
    finally:
        await context.shutdown()


def main(folder, method, uri, body, content_format, out):
    answer = asyncio.run(ask(folder, method, uri, body, content_format))
    print(f"{answer.code.dotted} {int(answer.opt.content_format or 0)}")
    with open(out, "wb") as f:
        f.write(answer.payload)


main(*sys.argv[1:])
