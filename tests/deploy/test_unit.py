#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Of each of our units: what systemd says of its exposure, at most 1.5 of 10; that its settings are understood; that its
filter leaves the programs what they need to enter their own lists."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

LIMIT = 1.5
NEEDED = {"seccomp", "pipe2"}  # systemd's groups deny both


def ask(*args):
    return subprocess.run(["systemd-analyze", "--no-pager", *args], capture_output=True, text=True, check=False)


def exposure(path):
    done = ask("security", "--offline=true", path)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    if found is None:
        print(done.stdout + done.stderr)
        return False
    level = float(found.group(1))
    print(f"T50.exposure-{os.path.basename(path)} {level} {LIMIT} {'PASS' if level <= LIMIT else 'FAIL'} -")
    if level > LIMIT:
        print("\n".join(line for line in done.stdout.splitlines() if line.startswith("✗")))
    return level <= LIMIT


def is_understood(path):
    """Programs and pages that are not installed here do not matter: a copy names others."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    text = re.sub(r"(?m)^(Exec\w+=)\S+", r"\1/bin/true", text)
    text = re.sub(r"(?m)^Documentation=.*\n", "", text)
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, os.path.basename(path))
        with open(copy, "w", encoding="utf-8") as f:
            f.write(text)
        done = ask("verify", copy)
    said = [line for line in done.stderr.splitlines() if os.path.basename(path) in line]
    print("\n".join(said), end="\n" if said else "")
    return done.returncode == 0 and not said


def lets_lists_in(path):
    with open(path, encoding="utf-8") as f:
        last = re.findall(r"(?m)^SystemCallFilter=(.*)$", f.read())[-1]
    missing = NEEDED - set(last.split())
    if missing:
        print(f"{path}: SystemCallFilter ends without {' '.join(sorted(missing))}")
    return not missing


def commands_exist(path):
    """--check takes the file itself."""
    with open(path, encoding="utf-8") as f:
        found = re.findall(r"(?m)^ExecStartPre=\S+ --check (\S+)$", f.read())
    if len(found) != 1 or found[0].startswith("-"):
        print(f"{path}: ExecStartPre is no check of one file")
    return len(found) == 1 and not found[0].startswith("-")


def main():
    if shutil.which("systemd-analyze") is None:
        print("arch_unit: SKIPPED: systemd-analyze is not installed")
        return 77
    good = [check(path) for path in sys.argv[1:]
            for check in (exposure, is_understood, lets_lists_in, commands_exist)]
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
