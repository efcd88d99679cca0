#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What systemd says of the exposure of our unit: at most 1.5 of 10."""
import re
import shutil
import subprocess
import sys

LIMIT = 1.5


def main():
    if shutil.which("systemd-analyze") is None:
        print("arch_unit: SKIPPED: systemd-analyze is not installed")
        return 77
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", sys.argv[1]],
                          capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    if found is None:
        print(done.stdout + done.stderr)
        return 1
    level = float(found.group(1))
    print(f"unit exposure {level} limit {LIMIT} {'PASS' if level <= LIMIT else 'FAIL'}")
    if level > LIMIT:
        print("\n".join(line for line in done.stdout.splitlines() if line.startswith("✗")))
    return 0 if level <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
