#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The device as a library, as a stranger meets it: installed into an empty prefix, found by pkg-config, linked into
embed.c, which then enrols through the real proxy. The example in docs/device.md is compiled, too. SL_BUILD is the build tree; SL_CMAKE, SL_CC and SL_CFLAGS are those
that it was built with."""
import atexit
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import harness  # noqa: E402

prefix = tempfile.mkdtemp(prefix="sealift-embed-")
atexit.register(shutil.rmtree, prefix)
EMBED = os.path.join(prefix, "embed")


def must(*args, env=None):
    done = subprocess.run(args, capture_output=True, text=True, env=env, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(args)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def installed(name):
    """The one file of that name below the prefix."""
    found = [os.path.join(base, name) for base, _, names in os.walk(prefix) if name in names]
    if len(found) != 1:
        sys.exit(f"{name} is installed {len(found)} times")
    return found[0]


def example():
    """The one in docs/device.md, as a file."""
    with open(os.path.join(HERE, "../../../docs/device.md"), encoding="utf-8") as f:
        found = re.findall(r"^```c\n(.*?)^```", f.read(), flags=re.M | re.S)
    if len(found) != 1:
        sys.exit(f"docs/device.md has {len(found)} examples in C")
    path = os.path.join(prefix, "example.c")
    with open(path, "w", encoding="utf-8") as f:
        f.write(found[0])
    return path


def build():
    """Moved after it was installed: nothing may hold the place."""
    first = os.path.join(prefix, "first")
    must(os.environ.get("SL_CMAKE", "cmake"), "--install", os.environ["SL_BUILD"], "--prefix", first)
    os.rename(first, os.path.join(prefix, "moved"))
    env = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(installed("sealift-device.pc")))
    flags = must("pkg-config", "--static", "--cflags", "--libs", "sealift-device", env=env)
    cc = [os.environ.get("SL_CC", "cc"), "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
          *shlex.split(os.environ.get("SL_CFLAGS", ""))]
    must(*cc, os.path.join(HERE, "embed.c"), "-o", EMBED, *shlex.split(flags))
    must(*cc, "-c", example(), "-o", os.path.join(prefix, "example.o"), *shlex.split(flags))


class EmbedTest(harness.StackCase):
    def setUp(self):
        super().setUp()
        self.start_stack()
        self.state = os.path.join(self.home, "state")
        self.words = [EMBED, self.state, self.est.add_context("embedded"), "coap://%s:%d" % self.relay.address]

    def embed(self, status=0, words=None):
        done = subprocess.run(words or self.words, capture_output=True, text=True, timeout=90, check=False)
        harness.check_output("embed", done.stderr)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_enrols_and_verifies(self):
        done = self.embed()
        self.assertRegex(done.stdout, r"^embedded: done; [12] certificates, ours of \d+ bytes; 1 anchors; valid\n$")
        self.assertIn("... asking /.well-known/est/crts\n", done.stderr)
        self.assertIn("... certificate verified\n", done.stderr)
        must("openssl", "verify", "-x509_strict", "-CAfile", os.path.join(self.state, "anchors.pem"),
             os.path.join(self.state, "cert.pem"))
        serial = must("openssl", "x509", "-noout", "-serial", "-in", os.path.join(self.state, "cert.pem"))
        listed = [c["serial"].upper() for c in self.est.certificates() if c["identity"] == "embedded"]
        self.assertEqual([serial.strip().split("=")[1]], listed)
        self.forget()
        self.assertIn("there is a valid certificate already", self.embed().stdout)
        self.assertEqual(self.wire, [], "nobody was asked")

    def test_both_work_on_one_directory(self):
        """The program and the library, one after the other."""
        self.embed()
        shown = harness.run(self.home, "sealift-device", "show", "--state", self.state).stdout
        self.assertIn("valid: yes", shown)
        harness.run(self.home, "sealift-device", "reenroll", "--state", self.state)
        found = harness.run(self.home, "sealift-device", "discover", "--state", self.state, "--json").stdout
        self.assertIn("ace.est.sen", [link["rt"] for link in json.loads(found)["links"]])
        self.assertIn("valid", self.embed().stdout)

    def test_ends_when_interrupted(self):
        nobody = self.words[:3] + ["coap://127.0.0.1:9"]
        command = subprocess.Popen(nobody, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(command.kill)
        self.assertIn("asking", command.stderr.readline())
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=20)
        harness.check_output("embed", err)
        self.assertEqual(command.returncode, 1, err)
        self.assertIn("embed: cancelled\n", err)

    def test_says_what_is_wrong(self):
        self.assertIn("say three words", self.embed(status=2, words=[EMBED]).stderr)
        self.assertIn("is not coap://", self.embed(status=2, words=self.words[:3] + ["http://a"]).stderr)


class ArchiveTest(harness.Case):
    def test_shows_only_the_names_of_its_headers(self):
        text = must("nm", "-g", "--defined-only", installed("libsealift-device.a"))
        names = {line.split()[2] for line in text.splitlines() if len(line.split()) == 3}
        headers = ""
        for name in os.listdir(os.path.dirname(installed("device.h"))):
            with open(installed(name), encoding="utf-8") as f:
                headers += f.read()
        declared = set(re.findall(r"\b(sl_\w+)\(", headers))
        self.assertEqual(names - declared, set(), "in the archive, but in no header")
        self.assertEqual(declared - names, {"sl_span"}, "in a header, but not in the archive: inline only")


if __name__ == "__main__":
    build()
    harness.main()
