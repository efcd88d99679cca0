# SPDX-License-Identifier: BSD-2-Clause
"""What the targets' seeds.py have in common.   usage of each: seeds.py FOLDER"""
import os
import sys


def write(seeds):
    """{name: bytes} as files of the folder that the first argument names."""
    for name, data in seeds.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)
    print(f"{len(seeds)} seeds")
