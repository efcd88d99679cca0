#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every YAML example in README, docs and deploy is accepted by the program it is for; manual pages lint.

usage: check_examples.py ROOT SEALIFT-PROXY SEALIFT-EST
An example that starts with "# proxy.yaml" or "# est.yaml" is checked; a proxy example's ca-file that this machine lacks
is replaced by an empty-handed one made here. A server example finds the files that init --edhoc makes, and a sensor,
a manufacturer and an empty revocation file."""
import os
import re
import shutil
import subprocess
import sys
import tempfile


def examples(root):
    for folder in (".", "docs"):
        for name in sorted(os.listdir(os.path.join(root, folder))):
            if not name.endswith(".md"):
                continue
            path = os.path.join(root, folder, name)
            with open(path, encoding="utf-8") as f:
                text = f.read()
            for m in re.finditer(r"^```yaml\n(.*?)^```", text, flags=re.M | re.S):
                yield f"{name}:{text.count(chr(10), 0, m.start()) + 1}", m.group(1)
    for name in ("proxy.yaml",):
        with open(os.path.join(root, "deploy/compose", name), encoding="utf-8") as f:
            yield f"deploy/compose/{name}", f"# {name}\n" + f.read()


def check_proxy(program, where, text, home):
    anchor = os.path.join(home, "ca.pem")
    text = re.sub(r"(ca-file: *)\S+", rf"\g<1>{anchor}", text)
    path = os.path.join(home, "proxy.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    done = subprocess.run([program, "--check", path], capture_output=True, text=True, check=False)
    print(f"{where}: {done.stdout.strip()}{done.stderr.strip()}")
    return done.returncode == 0


def check_est(program, where, text, home):
    path = os.path.join(home, "est", "example.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o644)
    done = subprocess.run([program, "--check", path], capture_output=True, text=True, check=False)
    print(f"{where}: {done.stdout.strip()}{done.stderr.strip()}")
    return done.returncode == 0


def make_server(est, home):
    """A server's folder, and files of others in it: another server's key is a sensor's, its authority a maker."""
    here, other = os.path.join(home, "est"), os.path.join(home, "other")
    for folder in (here, other):
        subprocess.run([est, "init", "--edhoc", "--dir", folder], check=True, capture_output=True)
    shutil.copy(os.path.join(other, "edhoc-dh.ccs"), os.path.join(here, "sensor-7.ccs"))
    shutil.copy(os.path.join(other, "ca.pem"), os.path.join(here, "manufacturer.pem"))
    with open(os.path.join(here, "revoked.txt"), "w", encoding="utf-8") as f:
        f.write("# nobody yet\n")


def main():
    root, proxy, est = sys.argv[1:4]
    home = tempfile.mkdtemp()
    bad = ran = 0
    try:
        make_server(est, home)
        shutil.copy(os.path.join(home, "est", "ca.pem"), home)
        for where, text in examples(root):
            if text.startswith("# proxy.yaml"):
                ran += 1
                bad += not check_proxy(proxy, where, text, home)
            if text.startswith("# est.yaml"):
                ran += 1
                bad += not check_est(est, where, text, home)
        for name in sorted(os.listdir(os.path.join(root, "docs", "man"))):
            if shutil.which("mandoc") is None:
                print(f"SKIPPED: {name}: mandoc is not installed")
                continue
            done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", os.path.join(root, "docs", "man", name)],
                                  capture_output=True, text=True, check=False)
            print(f"{name}: {done.stdout.strip() or 'clean'}")
            ran += 1
            bad += done.returncode != 0
    finally:
        shutil.rmtree(home)
    print(f"examples: {ran} checked, {bad} bad")
    return 1 if bad or ran < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
