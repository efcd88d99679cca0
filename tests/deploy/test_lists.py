#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/hardening.md names the system calls of each process as the tables in the source do.   usage: test_lists.py ROOT"""
import importlib.machinery
import importlib.util
import os
import re
import sys


def load(path):
    loader = importlib.machinery.SourceFileLoader("syscalls", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("syscalls", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def documented(text, first):
    """Calls of the row that begins so."""
    row = re.search(rf"(?m)^\| {re.escape(first)}[^|]*\|(.*)\|$", text)
    return set(re.findall(r"`(\w+)`", row.group(1))) if row else set()


def main():
    root = sys.argv[1]
    syscalls = load(os.path.join(root, "tools", "syscalls"))
    with open(os.path.join(root, "docs", "hardening.md"), encoding="utf-8") as f:
        text = f.read()
    basic, threads = documented(text, "all"), documented(text, "with threads")
    worker, admin = documented(text, "worker"), documented(text, "operator's process")
    serve = documented(text, "server, to serve")
    pages = {
        "worker": basic | threads | worker,
        "admin": basic | admin,
        "supervisor": basic | threads | worker | admin | documented(text, "supervisor"),
        "est": basic | threads | serve,
        "starting": basic | threads | serve | documented(text, "server, to begin"),
    }
    bad = 0
    for role, said in pages.items():
        allowed, _ = syscalls.table(role)
        for name in sorted(allowed ^ said):
            print(f"docs/hardening.md: {role}: {name} is {'missing' if name in allowed else 'not in the table'}")
            bad += 1
    print(f"lists: {len(pages)} processes, {bad} findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
