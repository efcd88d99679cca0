#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of this target.   usage: seeds.py FOLDER"""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import seed_files  # noqa: E402

HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\n"
CHUNKED = HEAD + "Transfer-Encoding: chunked\r\n\r\n"

seeds = {
    "length": HEAD + "Content-Length: 5\r\n\r\nhello",
    "length_zero": HEAD + "Content-Length: 0\r\n\r\n",
    "length_more_follows": HEAD + "Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n",
    "length_short": HEAD + "Content-Length: 9\r\n\r\nhello",
    "length_two": HEAD + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "length_and_chunked": HEAD + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "length_too_large": HEAD + "Content-Length: 1025\r\n\r\n",
    "length_at_limit": HEAD + "Content-Length: 1024\r\n\r\n" + "x" * 1024,
    "to_the_end": HEAD + "\r\nhello",
    "to_the_end_too_large": HEAD + "\r\n" + "y" * 1100,
    "chunked": CHUNKED + "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n",
    "chunked_upper": CHUNKED + "A\r\n0123456789\r\n0\r\n\r\n",
    "chunked_zeros": CHUNKED + "0005\r\nhello\r\n000\r\n\r\n",
    "chunked_trailer": CHUNKED + "5\r\nhello\r\n0\r\nX-T: 1\r\nOSCORE: CQQB\r\n\r\n",
    "chunked_bad_size": CHUNKED + "5g\r\nhello\r\n0\r\n\r\n",
    "chunked_sign": CHUNKED + "+5\r\nhello\r\n0\r\n\r\n",
    "chunked_bare_lf": CHUNKED + "5\nhello\n0\n\n",
    "chunked_long": CHUNKED + "fffffffffffffffff\r\n",
    "chunked_too_large": CHUNKED + "401\r\n",
    "chunked_no_end": CHUNKED + "5\r\nhelloX0\r\n\r\n",
    "chunked_extension_control": CHUNKED + "5;a=\x01\r\nhello\r\n0\r\n\r\n",
    "chunked_10": "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no_content": "HTTP/1.1 204 No Content\r\n\r\n",
    "not_modified": "HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n",
    "continue_first": "HTTP/1.1 100 Continue\r\n\r\n" + HEAD + "Content-Length: 1\r\n\r\nx",
    "plain": "HTTP/1.1 200 OK\r\nContent-Type: application/edhoc+cbor-seq\r\nContent-Length: 2\r\nCache-Control: max-age=9\r\n\r\nhi",
    "error": "HTTP/1.1 503 x\r\nRetry-After: 9\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
    "http10": "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "bare_lf": "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
    "encoding": HEAD + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi",
    "oscore_two": HEAD + "OSCORE: CQQB\r\nContent-Length: 2\r\n\r\nhi",
    "empty": "",
    "rubbish": "SSH-2.0-x\r\n",
}


def main():
    seed_files.write({name: (b"\x86" if "oscore" in text else b"\x06") + text.encode("latin-1")
                      for name, text in seeds.items()})


if __name__ == "__main__":
    main()
