#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The house rules as a test: arrows, doors, budgets, banned words and functions, symbols.

usage: arch.py CHECK ROOT [BUILD]     CHECK is one of the functions named check_* below
Prints one line per finding, "file:line: what", and exits 1 when there is one.
"""
import os
import re
import subprocess
import sys

FUNCTION_MAX = 60
FILE_MAX = 500
HEADER_MAX = 250
MAIN_MAX = 150
PARAMS_MAX = 5
NESTING_MAX = 3
ROOM_FILES_MAX = 8
ROOM_LINES_MAX = 1800
COLUMNS_MAX = 100

ROOMS = {  # room: what it may use besides base (docs/architecture.md)
    "base": "", "sandbox": "", "crypto": "", "cbor": "", "coap": "", "x509": "crypto",
    "cose": "cbor crypto", "messaging": "coap", "client": "coap", "mappings": "coap",
    "transcode": "cbor x509", "c509": "transcode cbor crypto x509",
    "credentials": "cbor crypto x509 c509",
    "oscore": "cose cbor coap crypto", "edhoc": "cose cbor crypto", "est": "cbor crypto x509",
    "proxy": "mappings messaging coap sandbox",
    "backend": "sandbox mappings coap oscore edhoc credentials c509 est crypto x509 cbor",
    "device": "client coap oscore edhoc credentials c509 est crypto x509 cbor",
}
PROGRAMS = ("proxy", "backend", "device")
BANNED = ("strcpy", "strcat", "sprintf", "vsprintf", "strtok", "atoi", "atol", "gets", "alloca",
          "system", "popen", "rand", "random", "drand48", "scanf", "sscanf")
# Pure rooms may include no system header but these.
PURE_HEADERS = {"stdint.h", "stddef.h", "stdbool.h", "string.h", "limits.h", "inttypes.h", "assert.h"}
BASE_HEADERS = PURE_HEADERS | {"stdlib.h", "stdio.h", "stdarg.h"}
MESSAGING_HEADERS = PURE_HEADERS | {"stdlib.h"}  # its _new takes all memory at once
SANDBOX_HEADERS = PURE_HEADERS | {"errno.h", "unistd.h", "linux/capability.h", "linux/sched.h", "sys/mman.h",
                                  "sys/prctl.h", "sys/syscall.h"}
CRYPTO_HEADERS = PURE_HEADERS | {"stdlib.h", "stdio.h", "time.h"}
PURE_BANNED = ("malloc", "calloc", "realloc", "free", "printf", "fprintf", "time", "clock_gettime",
               "getrandom", "socket", "open", "fopen", "read", "write", "getenv")


def files(root, folders, endings):
    for folder in folders:
        for base, dirs, names in os.walk(os.path.join(root, folder)):
            dirs.sort()
            for name in sorted(names):
                if name.endswith(endings):
                    yield os.path.relpath(os.path.join(base, name), root)


def ours(root, endings=(".c", ".h")):
    return files(root, ("lib", "mappings", "proxy", "backend", "device", "bench"), endings)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def bare(text):
    """The text with comments, strings and character constants blanked, lines kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)


def room_of(path):
    parts = path.split(os.sep)
    return parts[1] if parts[0] == "lib" else parts[0]


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def functions(text):
    """(name, first line, last line, parameter text, body text) of each definition."""
    for m in re.finditer(r"^([A-Za-z_]\w*)\(", text, flags=re.M):
        depth, i = 0, m.end() - 1
        while i < len(text):
            depth += {"(": 1, ")": -1}.get(text[i], 0)
            if depth == 0:
                break
            i += 1
        rest = re.match(r"\)\s*\{", text[i:])
        if rest is None:
            continue
        end = text.find("\n}", i)
        if end < 0:
            continue
        yield (m.group(1), line_of(text, m.start()), line_of(text, end + 1), text[m.end():i],
               text[i + rest.end():end])


def count_params(text):
    text = text.strip()
    if text in ("", "void"):
        return 0
    depth, n = 0, 1
    for c in text:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(c, 0)
        n += c == "," and depth == 0
    return n


class Nesting:
    """Depth of control statements in a function body, braces or not."""

    def __init__(self, body):
        body = re.sub(r"^\s*#.*(?:\\\n.*)*", "", body, flags=re.M)
        self.tokens = re.findall(r"[A-Za-z_]\w*|[{}();:]|[^\sA-Za-z_{}();:]", body)
        self.at = 0
        self.deepest = 0
        while self.at < len(self.tokens):
            self.statement(0)

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def skip_group(self, opening, closing):
        depth = 0
        while self.at < len(self.tokens):
            depth += {opening: 1, closing: -1}.get(self.tokens[self.at], 0)
            self.at += 1
            if depth == 0:
                return

    def skip_simple(self):
        while self.peek() not in (None, ";", "}"):
            if self.peek() == "(":
                self.skip_group("(", ")")
            elif self.peek() == "{":
                self.skip_group("{", "}")
            else:
                self.at += 1
        if self.peek() == ";":
            self.at += 1

    def statement(self, depth):
        word = self.peek()
        if word == "{":
            self.at += 1
            while self.peek() not in (None, "}"):
                self.statement(depth)
            self.at += 1
        elif word in ("if", "for", "while", "switch"):
            self.controlled(depth)
        elif word == "do":
            self.at += 1
            self.inside(depth)
            self.skip_simple()
        elif word in ("case", "default"):
            while self.peek() not in (None, ":"):
                self.at += 1
            self.at += 1
        elif word == "}":
            self.at += 1
        else:
            self.skip_simple()

    def controlled(self, depth):
        self.at += 1
        self.skip_group("(", ")")
        self.inside(depth)
        if self.peek() == "else":
            self.at += 1
            if self.peek() == "if":
                self.statement(depth)
            else:
                self.inside(depth)

    def inside(self, depth):
        self.deepest = max(self.deepest, depth + 1)
        self.statement(depth + 1)


def foreign_signatures(root):
    """Callbacks whose parameter list a library dictates: (file, function)."""
    path = "tests/arch/foreign_signatures.txt"
    if not os.path.exists(os.path.join(root, path)):
        return set()
    rows = [re.sub(r"#.*", "", line).split() for line in read(root, path).splitlines()]
    return {(row[0], row[1]) for row in rows if len(row) > 1}


def check_budgets(root, _build):
    found = []
    rooms = {}
    foreign = foreign_signatures(root)
    for path in ours(root):
        raw = read(root, path)
        text = bare(raw)
        lines = raw.count("\n")
        name = os.path.basename(path)
        limit = HEADER_MAX if path.endswith(".h") else MAIN_MAX if name == "main.c" else FILE_MAX
        if lines > limit:
            found.append(f"{path}:{lines}: {lines} lines, the budget is {limit}")
        if path.startswith("lib") and path.endswith(".c"):
            rooms.setdefault(room_of(path), []).append(lines)
        for fn, first, last, params, body in functions(text):
            if last - first + 1 > FUNCTION_MAX:
                found.append(f"{path}:{first}: {fn} has {last - first + 1} lines, the budget is "
                             f"{FUNCTION_MAX}")
            if count_params(params) > PARAMS_MAX and (path, fn) not in foreign:
                found.append(f"{path}:{first}: {fn} takes {count_params(params)} parameters, the "
                             f"budget is {PARAMS_MAX}")
            deepest = Nesting(body).deepest
            if deepest > NESTING_MAX:
                found.append(f"{path}:{first}: {fn} nests {deepest} deep, the budget is "
                             f"{NESTING_MAX}")
        for m in re.finditer(r"^[^\n(){}#]*?\b(\w+)\(([^()]*(?:\([^()]*\)[^()]*)*)\)[^;{}\n]*;", text,
                             flags=re.M) if path.endswith(".h") else ():
            if count_params(m.group(2)) > PARAMS_MAX:
                found.append(f"{path}:{line_of(text, m.start())}: {m.group(1)} takes "
                             f"{count_params(m.group(2))} parameters, the budget is {PARAMS_MAX}")
    for path in files(root, ("tests",), (".c", ".h")):
        lines = read(root, path).count("\n")
        if lines > FILE_MAX:
            found.append(f"{path}:{lines}: {lines} lines, the budget is {FILE_MAX}")
    for room, sizes in rooms.items():
        if len(sizes) > ROOM_FILES_MAX or sum(sizes) > ROOM_LINES_MAX:
            found.append(f"lib/{room}:1: {len(sizes)} files, {sum(sizes)} lines; the budget is "
                         f"{ROOM_FILES_MAX} and {ROOM_LINES_MAX}")
    return found


def declared_arrows(root, path):
    """Room names after SHOWS and USES of the folder's CMakeLists.txt."""
    text = re.sub(r"#.*", "", read(root, path))
    used = []
    for call in re.findall(r"sl_(?:room|program|library)\(([^)]*)\)", text):
        mode = None
        for word in call.split()[1:]:
            if word in ("SOURCES", "SHOWS", "USES", "DOORS", "MAIN", "BINARY", "LIBRARY", "ARCHIVE", "HEADERS",
                        "NAMES"):
                mode = word
            elif mode in ("SHOWS", "USES"):
                used.append(word)
    return used


def check_arrows(root, _build):
    found = []
    for path in files(root, ("lib", "mappings") + PROGRAMS, ("CMakeLists.txt",)):
        room = room_of(path)
        if room not in ROOMS:
            found.append(f"{path}:1: the room {room} is not in the list of rooms")
            continue
        allowed = set(ROOMS[room].split()) | {"base"}
        for used in declared_arrows(root, path):
            if used not in allowed:
                found.append(f"{path}:1: {room} may not use {used}")
        if "target_link_libraries" in read(root, path) or "include_directories" in read(root, path):
            found.append(f"{path}:1: arrows are declared with sl_room, sl_library and sl_program only")
    for path in ours(root):
        text = read(root, path)
        for m in re.finditer(r'#include "\.\./', text):
            found.append(f"{path}:{line_of(text, m.start())}: includes by way of ../")
        if room_of(path) in PROGRAMS:
            for m in re.finditer(r'#include ["<](proxy|backend|device)/', text):
                found.append(f"{path}:{line_of(text, m.start())}: the programs meet on the wire only")
    return found


def read_doors(root):
    doors = []
    for line in read(root, "tests/arch/doors.txt").splitlines():
        words = re.sub(r"#.*", "", line).split()
        if words:
            doors.append((words[0], words[1:]))
    return doors


def may_open(path, places):
    return any(path.startswith(p) if p.endswith("/") else path == p for p in places)


def check_doors(root, _build):
    found = []
    doors = read_doors(root)
    for path in ours(root):
        text = read(root, path)
        room = room_of(path)
        pure = room in ROOMS and room not in PROGRAMS
        allowed = {"base": BASE_HEADERS, "messaging": MESSAGING_HEADERS,
                   "client": MESSAGING_HEADERS, "crypto": CRYPTO_HEADERS, "sandbox": SANDBOX_HEADERS,
                   "x509": CRYPTO_HEADERS}.get(room, PURE_HEADERS)
        for m in re.finditer(r"#include <([^>]+)>", text):
            header, line = m.group(1), line_of(text, m.start())
            door = next((places for prefix, places in doors if header.startswith(prefix)), None)
            if header.startswith("sl/"):
                continue
            if door is not None:
                if not may_open(path, door):
                    found.append(f"{path}:{line}: only {' '.join(door)} may include <{header}>")
            elif pure and header not in allowed:
                found.append(f"{path}:{line}: a pure room may not include <{header}>")
    return found


def check_words(root, _build):
    found = []
    for path in ours(root):
        text = read(root, path)
        code = bare(text)
        room = room_of(path)
        banned = list(BANNED)
        if room in ROOMS and room not in PROGRAMS + ("base", "crypto", "x509", "messaging", "client"):
            banned += PURE_BANNED
        for word in banned:
            for m in re.finditer(rf"(?<![\w.>]){word}\(", code):
                found.append(f"{path}:{line_of(code, m.start())}: {word} is banned here")
        for m in re.finditer(r"\b(TODO|FIXME|XXX|HACK)\b", text):
            found.append(f"{path}:{line_of(text, m.start())}: no {m.group(1)} in the main branch")
        if not text.startswith("/* SPDX-License-Identifier: BSD-2-Clause"):
            found.append(f"{path}:1: the SPDX line is missing")
        for m in re.finditer(r"\b(upstream|downstream)\b", text, flags=re.I):
            found.append(f"{path}:{line_of(text, m.start())}: say device side or origin side")
    return found


def nm(args):
    return subprocess.run(["nm"] + args, capture_output=True, text=True, check=True).stdout


def check_symbols(root, build):
    """Symbols that leave a room carry the tag; the proxy holds nothing that could open a message."""
    found = []
    seen = 0
    for base, _dirs, names in os.walk(build):
        for name in names:
            m = re.fullmatch(r"libsl_(\w+)\.a", name)
            if m is None or m.group(1).endswith("_parts") or m.group(1) == "support":
                continue
            seen += 1
            for line in nm(["-g", "--defined-only", os.path.join(base, name)]).splitlines():
                words = line.split()
                if len(words) == 3 and not words[2].startswith(("sl_", "__", "_Z")):
                    found.append(f"lib/{m.group(1)}:1: exported symbol {words[2]} without the tag")
    if seen == 0:
        found.append(f"{build}:1: no room library found")
    proxy = os.path.join(build, "bin", "sealift-proxy")
    symbols = nm([proxy])
    if "sl_map_reply" not in symbols:
        found.append(f"{proxy}:1: has no symbols at all, nothing can be proven")
    for m in sorted(set(re.findall(r"\bsl_(?:oscore|edhoc|cose|c509|credential|id_cred|aead|hkdf|hmac|hash|pkey|ecdh|sign|verify|csr|"
                                   r"cert|cms)_?\w*", symbols))):
        if not m.startswith("sl_map_"):
            found.append(f"{proxy}:1: holds {m}")
    needed = subprocess.run(["readelf", "-d", proxy], capture_output=True, text=True,
                            check=True).stdout
    for m in re.findall(r"NEEDED.*\[(lib(?:crypto|ssl|gnutls|mbed|wolf)\S*)\]", needed):
        found.append(f"{proxy}:1: is linked against {m}")
    return found


def main():
    checks = {name[6:]: fn for name, fn in globals().items() if name.startswith("check_")}
    if len(sys.argv) < 3 or sys.argv[1] not in checks:
        print(f"usage: arch.py {{{'|'.join(checks)}}} ROOT [BUILD]", file=sys.stderr)
        return 2
    found = checks[sys.argv[1]](sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
    for line in found:
        print(line)
    print(f"arch: {sys.argv[1]}: {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
