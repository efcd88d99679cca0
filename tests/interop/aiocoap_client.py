# SPDX-License-Identifier: BSD-2-Clause
"""Runs in the Python that has aiocoap: one request under an OSCORE context, the body to a file.
usage: aiocoap_client.py CONTEXT-FOLDER METHOD URI BODY-FILE|- CONTENT-FORMAT|- OUT"""
import asyncio
import sys

import aiocoap


async def ask(folder, method, uri, body, content_format):
    context = await aiocoap.Context.create_client_context()
    host = uri.split("/")[2]
    context.client_credentials.load_from_dict({f"coap://{host}/*": {"oscore": {"basedir": folder + "/"}}})
    message = aiocoap.Message(code=getattr(aiocoap, method), uri=uri)
    if body != "-":
        with open(body, "rb") as f:
            message.payload = f.read()
    if content_format != "-":
        message.opt.content_format = int(content_format)
    try:
        return await asyncio.wait_for(context.request(message).response, 20)
    finally:
        await context.shutdown()


def main(folder, method, uri, body, content_format, out):
    answer = asyncio.run(ask(folder, method, uri, body, content_format))
    print(f"{answer.code.dotted} {int(answer.opt.content_format or 0)} {type(answer.remote).__name__}")
    with open(out, "wb") as f:
        f.write(answer.payload)


main(*sys.argv[1:])
