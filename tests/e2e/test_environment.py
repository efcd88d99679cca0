#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What an HTTP client library may read or remember, and the proxy must not: proxies and files out of the environment,
netrc, cookies, credentials after 401, redirects (threats T13 and T14). A trap counts who goes astray."""
import os

import certificates
import coap
import harness
import origin

HOSTS = ("127.0.0.1", "localhost")
REDIRECTS = (301, 302, 303, 307, 308)


def conclude(name, value, limit, good):
    print(f"{name} {value} {limit} {'PASS' if good else 'FAIL'} -", flush=True)


class EnvironmentTest(harness.Case):
    def setUp(self):
        super().setUp()
        self.say = None
        self.trap = origin.Origin(origin.answer(origin.oscore_ok(b"trapped")))
        self.addCleanup(self.trap.stop)

    def start_origin(self, wrap=None):
        def behave(_origin, conn, request):
            conn.sendall(self.say or origin.oscore_ok(request.body))
        self.origin = origin.Origin(behave, wrap)
        self.addCleanup(self.origin.stop)

    def start(self, url, env=None, route=""):
        path = os.path.join(self.home, f"proxy-{len(os.listdir(self.home))}.yaml")
        with open(path, "w", encoding="utf-8") as f:
            # the system's anchors, read on a busy machine
            f.write(harness.proxy_config(url, harness.TRUSTED, "  connect-timeout: 20s\n", route))
        server = harness.Server(self.home, [harness.program("sealift-proxy"), "-c", path], "worker-started", env=env)
        self.addCleanup(server.stop)
        port = int(server.wait_for(r"listening on \S+:(\d+)")[0])
        return self.client(("127.0.0.1", port))

    def hostile_environment(self):
        """Every variable that libcurl, OpenSSL or the resolver would read."""
        home = os.path.join(self.home, "hostile")
        os.makedirs(home)

        def write(name, text):
            path = os.path.join(home, name)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            os.chmod(path, 0o600)
            return path
        names = "".join(f"machine {host} login u password p\n" for host in HOSTS) + "default login u password p\n"
        trap = f"http://127.0.0.1:{self.trap.port}"
        self.keys = os.path.join(home, "keys.log")
        env = dict(os.environ, HOME=home, CURL_HOME=home, XDG_CONFIG_HOME=home, NETRC=write(".netrc", names),
                   no_proxy="", NO_PROXY="", SSLKEYLOGFILE=self.keys, OPENSSL_CONF=write("openssl.cnf", "[broken\n"),
                   SSL_CERT_FILE=write("none.pem", ""), CURL_CA_BUNDLE=os.path.join(home, "none.pem"),
                   HOSTALIASES=write("aliases", "localhost trap.example\n"), LOCALDOMAIN="trap.example")
        write(".curlrc", f"proxy = {trap}\nnetrc\nlocation\n")
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            env[name] = trap
        return env

    def ask_all(self, client, count=3):
        for i in range(count):
            self.assert_code(self.ask(client, b"same%d" % i * 8), "2.04")
        got = [(r.raw_head, r.body) for r in self.origin.requests]
        self.origin.requests.clear()
        return got

    def test_the_environment_changes_nothing(self):
        self.start_origin()
        env = self.hostile_environment()
        for host in HOSTS:
            with self.subTest(host):
                url = self.origin.url.replace("127.0.0.1", host)
                clean = self.ask_all(self.start(url))
                hostile = self.ask_all(self.start(url, env))
                conclude(f"T14-{host}-requests", len(hostile), 3, len(hostile) == 3)
                different = sum(a != b for a, b in zip(clean, hostile))
                conclude(f"T14-{host}-different", different, 0, different == 0)
                self.assertEqual(hostile, clean)
                self.assertEqual(len(hostile), 3)
        conclude("T14-trap-connects", self.trap.connections, 0, self.trap.connections == 0)
        self.assertEqual(self.trap.connections, 0)

    def test_the_environment_changes_nothing_under_tls(self):
        ca = certificates.Authority(os.path.join(self.home, "ca"))
        context = ca.server("origin")
        self.start_origin(lambda conn: context.wrap_socket(conn, server_side=True))
        url = f"https://localhost:{self.origin.port}/"
        env = self.hostile_environment()
        route = '    addresses: ["127.0.0.0/8"]\n'
        self.assertEqual(len(self.ask_all(self.start(url, env, route + f"    ca-file: {ca.ca_file}\n"))), 3)
        env.update(SSL_CERT_FILE=ca.ca_file, CURL_CA_BUNDLE=ca.ca_file)
        self.assert_code(self.ask(self.start(url, env, route), b"x" * 40), "5.02", "an anchor out of the environment")
        wrong = int(os.path.exists(self.keys)) + self.trap.connections + len(self.origin.requests)
        conclude("T14-tls-traces", wrong, 0, wrong == 0)
        self.assertEqual(wrong, 0)

    def test_nothing_is_remembered(self):
        """Cookies, credentials that are asked for, other ways to the same origin."""
        self.start_origin()
        c = self.start(self.origin.url.replace("127.0.0.1", "localhost"), self.hostile_environment())
        self.say = (b"HTTP/1.1 200 OK\r\nContent-Type: application/oscore\r\nOSCORE: AA\r\nContent-Length: 1\r\n"
                    b"Set-Cookie: a=b; Path=/\r\nStrict-Transport-Security: max-age=9999\r\n"
                    b'Alt-Svc: http/1.1="127.0.0.1:%d"; ma=9999\r\n\r\nx' % self.trap.port)
        heads = [head for head, _ in self.ask_all(c)]
        self.say = (b'HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm="x"\r\nSet-Cookie: c=d\r\n'
                    b"Content-Length: 0\r\n\r\n")
        self.assert_code(self.ask(c, b"same0" * 8), "4.01")
        heads += [r.raw_head for r in self.origin.requests]
        conclude("T14-heads", len(heads), 4, len(heads) == 4)
        conclude("T14-heads-different", len(set(heads)) - 1, 0, len(set(heads)) == 1)
        self.assertEqual((len(heads), len(set(heads))), (4, 1), heads)
        self.assertEqual(self.trap.connections, 0)

    def test_redirects_are_not_followed(self):
        self.start_origin()
        c = self.start(self.origin.url)
        places = (b"/other", b"http://127.0.0.1:%d/" % self.trap.port, b"//127.0.0.1:%d/" % self.trap.port,
                  b"http://u:p@127.0.0.1:%d/" % self.trap.port, b"http://169.254.169.254/", b"file:///etc/passwd",
                  b"coap://127.0.0.1/")
        asked = 0
        for status in REDIRECTS:
            for place in places:
                with self.subTest(f"{status} {place}"):
                    self.say = (b"HTTP/1.1 %d x\r\nLocation: %s\r\nRefresh: 0; url=%s\r\nContent-Length: 0\r\n\r\n"
                                % (status, place, place))
                    self.assert_code(self.ask(c, b"x" * 40), "5.02")
                    asked += 1
        second = len(self.origin.requests) - asked + self.trap.connections
        conclude("T13-redirects", asked, 35, asked == 35)
        conclude("T13-second-requests", second, 0, second == 0)
        self.assertEqual((asked, second), (35, 0))
        self.assertEqual({r.target for r in self.origin.requests}, {"/"})


if __name__ == "__main__":
    harness.main()
