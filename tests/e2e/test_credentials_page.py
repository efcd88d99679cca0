#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/credentials.md, done as it stands: its commands, its lines of configuration, and every device enrols."""
import os
import re
import subprocess

import harness

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/credentials.md")


def blocks():
    """(language, text) in their order."""
    with open(PAGE, encoding="utf-8") as f:
        return re.findall(r"^```(\w+)\n(.*?)^```", f.read(), flags=re.M | re.S)


class PageTest(harness.StackCase):
    def sh(self, text, server=None):
        if server is not None:
            self.assertIn("coap://proxy.example.net", text)
            text = text.replace("coap://proxy.example.net", server)
        path = os.path.abspath(harness.PROGRAMS) + os.pathsep + os.environ["PATH"]
        done = subprocess.run(["sh", "-eu", "-c", text], cwd=self.home, env=dict(os.environ, PATH=path),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        harness.check_output("the page", done.stderr)
        self.assertEqual(done.returncode, 0, f"{text}\n{done.stdout}{done.stderr}")
        return done.stdout

    def init(self):
        """The first command of the page, as the harness does it."""
        words = 'sealift-est init --edhoc --dir est --name "Plant CA"\n'
        self.assertIn(("sh", words), [(language, text[:len(words)]) for language, text in blocks()])
        self.est = harness.Est(self.home, init=("--edhoc",), name="Plant CA")
        return words

    def serve(self, peers):
        """The server with the peers that the page names, behind a proxy as the page has it."""
        self.est.rewrite(lambda text: text + "peers:\n" + peers)
        self.sh("".join(text for language, text in blocks() if language == "sh" and "--check" in text))
        self.est.start()
        self.addCleanup(self.est.stop)
        (proxy,) = [text for language, text in blocks() if language == "yaml" and text.startswith("# proxy.yaml")]
        proxy = proxy.replace("[::]:5683", "127.0.0.1:0").replace("127.0.0.1:8080", f"127.0.0.1:{self.est.port}")
        return self.start_proxy(proxy)

    def test_the_page(self):
        shell = [text for language, text in blocks() if language == "sh"]
        entries = [text for language, text in blocks() if language == "yaml" and text.startswith("peers:\n")]
        enrolments = [text for text in shell if " enroll " in text]
        self.assertEqual((len(entries), len(enrolments)), (6, 6))
        init = self.init()
        for text in shell:
            if text not in enrolments and "--check" not in text:
                self.sh(text.replace(init, ""))
        proxy = self.serve("".join(text.removeprefix("peers:\n") for text in entries))
        for text in enrolments:
            (identity,) = re.findall(r"--state (\S+)", text)
            with self.subTest(identity):
                out = self.sh(text, f"coap://127.0.0.1:{proxy.port}")
                self.assertIn(f"subject: CN={identity}\n", out)
        kept = {row["identity"] for row in self.est.certificates()}
        self.assertEqual(kept, {re.search(r"--state (\S+)", text).group(1) for text in enrolments})

    def test_every_form_has_its_example(self):
        """What --send takes stands in the table and in an example."""
        with open(PAGE, encoding="utf-8") as f:
            page = f.read()
        for form in ("kid", "kccs", "x5t", "x5chain", "c5t", "c5c"):
            self.assertRegex(page, rf"\| `{form}` \|")
            self.assertRegex(page, rf"--send {form} ")
        self.assertRegex(page, r"(?m)^    uri: ")


if __name__ == "__main__":
    harness.main()
