#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every test that docs/threat-model.md names exists, and every row names one.   usage: check_threats.py ROOT BUILD CTEST"""
import os
import re
import subprocess
import sys


def main():
    root, build, ctest = sys.argv[1:4]
    listed = subprocess.run([ctest, "-N"], cwd=build, capture_output=True, text=True, check=True).stdout
    there = set(re.findall(r"#\d+: (\S+)", listed))
    bad, rows = 0, 0
    with open(os.path.join(root, "docs", "threat-model.md"), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if not line.startswith("| T"):
                continue
            rows += 1
            named = re.findall(r"`([a-z0-9_]+)`", line.split("|")[4])
            for name in named:
                if name not in there:
                    print(f"docs/threat-model.md:{number}: there is no test {name}")
                    bad += 1
            if not named:
                print(f"docs/threat-model.md:{number}: no test")
                bad += 1
    print(f"threats: {rows} rows, {bad} findings")
    return 1 if bad or rows == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
