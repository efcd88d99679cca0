#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Instructions of one forwarded request, by valgrind: the count for 2 N requests less the count for N, divided by N. It
is the same each time, which no clock is. More than five per cent over the limit of bench/instructions.limit is a failure;
five per cent under it is worth a lower limit. The limits are those of an optimised build by one compiler.

usage: instructions.py PROGRAM COMPILER BUILD-TYPE LIMITS [--print]
Exit status 77: not judged, because valgrind or a limit for this compiler is missing, or the build is not optimised."""
import re
import shutil
import subprocess
import sys

COUNT = 1000
SLACK = 1.05


def skip(why):
    print(f"SKIPPED: instructions of a request are not judged: {why}")
    sys.exit(77)


def instructions(program, count):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, str(count)],
                          capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"valgrind {program} {count}: exit status {done.returncode}\n{done.stderr}")
    return int(found[1])


def limit_of(path, compiler):
    with open(path, encoding="utf-8") as f:
        for line in f:
            words = line.split("#")[0].split()
            if words and words[0] == compiler:
                return int(words[1])
    return None


def main():
    program, compiler, build_type, limits = sys.argv[1:5]
    if shutil.which("valgrind") is None:
        skip("valgrind is not installed")
    if build_type != "RelWithDebInfo":  # the preset release
        skip(f"the build type is {build_type or 'none'}, not RelWithDebInfo")
    each = (instructions(program, 2 * COUNT) - instructions(program, COUNT)) // COUNT
    limit = limit_of(limits, compiler)
    print(f"{each} instructions for a request, {compiler}, limit {limit}")
    if limit is None:
        skip(f"no limit for {compiler}")
    if each > limit * SLACK:
        print(f"FAIL: more than {SLACK:.2f} of the limit; find what was added, or raise the limit and say why")
        sys.exit(1)
    if each * SLACK < limit:
        print("lower the limit: it lets too much pass")


if __name__ == "__main__":
    main()
