# SPDX-License-Identifier: BSD-2-Clause
"""What bench/run starts and stops: the floors, the proxy in its forms, nginx, and peers that a command line names.
Everything is pinned to a core and stopped by its process ID."""
import atexit
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time

LIVING = []
PING = bytes.fromhex("40000001")  # an empty confirmable message (RFC 7252 section 4.3)
CONNECTIONS = 64


def on_core(core):
    """For preexec_fn."""
    def pin():
        os.sched_setaffinity(0, {core % os.cpu_count()})
    return pin


def go_first():
    """This process and all that it starts go before everything else on the machine: by nice value, and where sessions
    are scheduled as groups (sched_autogroup), as a session of the highest priority."""
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        os.setsid()
    except OSError:
        pass  # leads one already
    try:
        with open("/proc/self/autogroup", "w", encoding="ascii") as f:
            f.write("-20")
    except OSError:
        pass  # no such kernel


def children(pid):
    """The process and everything below it."""
    found = [pid]
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += children(int(name))
    return found


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return int(re.search(r"VmRSS:\s*(\d+)", f.read()).group(1)) / 1024


def answers_ping(port, seconds):
    """Seconds until a CoAP server there answers an empty message with RST; None: it does not."""
    begin = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.002)
        s.connect(("127.0.0.1", port))
        while time.monotonic() - begin < seconds:
            try:
                s.send(PING)
                s.recv(64)
                return time.monotonic() - begin
            except OSError:
                time.sleep(0.0002)
    return None


class Server:
    """args until the pattern stands in its output (None: until it answers a CoAP ping at port)."""

    def __init__(self, args, core, pattern=None, port=None):
        self.port, self.name = port, os.path.basename(args[0])
        self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, preexec_fn=on_core(core),
                                        stdout=subprocess.PIPE if pattern else subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, text=True)
        LIVING.append(self.process)
        if pattern:
            self.port = int(re.search(pattern, self.process.stdout.readline()).group(1))
        elif answers_ping(port, 10) is None:
            raise SystemExit(f"{self.name} does not answer on port {port}")

    def pids(self):
        return children(self.process.pid)

    def watch(self):
        return ",".join(str(p) for p in self.pids())

    def worker_mib(self):
        """Of the largest process: a worker of the proxy, never its first process."""
        return max(resident_mib(p) for p in self.pids())

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process in LIVING:
            LIVING.remove(self.process)


@atexit.register
def stop_all():
    for process in LIVING:
        process.terminate()
    for process in LIVING:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()


LISTENING = r"listening on [\d.]+:(\d+)"


class House:
    """Folder of the programs, a temporary folder, and a fresh port for each."""

    def __init__(self, build, home):
        self.build, self.home, self.next_port = build, home, 20000

    def bench(self, name):
        return os.path.join(self.build, "bench", name)

    def program(self, name):
        return os.path.join(self.build, "bin", name)

    def port(self):
        self.next_port += 1
        return self.next_port

    def write(self, name, text):
        path = os.path.join(self.home, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def origin(self, *args, core=1):
        return Server([self.bench("origin"), "--listen", "127.0.0.1:0", *args], core, LISTENING)

    def udp_echo(self, core=0):
        return Server([self.bench("udp_echo"), "--listen", "127.0.0.1:0"], core, LISTENING)

    def proxy_config(self, origin, port, top="", route="", limits=""):
        """The default configuration but for the limits of rates, which one generator would meet at once."""
        base = {"requests-per-second": "0", "in-flight-per-prefix": "65536", "exchanges-per-prefix": "1048576"}
        base.update(re.findall(r"([\w-]+): *([^\s,]+)", limits))
        base["exchanges-per-prefix"] = base.get("exchanges", "262144")
        lines = "".join(f"  {k}: {v}\n" for k, v in base.items())
        return self.write(f"proxy-{port}.yaml", (
            f'listen: ["127.0.0.1:{port}"]\n{top}\nroutes:\n  - path: /\n'
            f'    origin: "http://127.0.0.1:{origin.port}/"\n    plain-http: ["127.0.0.0/8"]\n{route}\n'
            f'limits:\n{lines}'))

    def knows(self, origin, **keys):
        """Whether this build's configuration has the keys."""
        path = self.proxy_config(origin, 1, **keys)
        return subprocess.run([self.program("sealift-proxy"), "--check", path], capture_output=True,
                              check=False).returncode == 0

    def proxy(self, origin, core=0, **keys):
        port = self.port()
        config = self.proxy_config(origin, port, **keys)
        return Server([self.program("sealift-proxy"), "-c", config], core, port=port)

    def nginx(self, origin, core=0):
        """Debian's, as a reverse proxy with kept connections; None: not installed."""
        path = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if path is None:
            return None
        port = self.port()
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = "".join(f"  {kind}_temp_path {self.home};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.write("nginx.conf", f"""{user}
daemon off;
worker_processes 1;
pid {self.home}/nginx.pid;
error_log {self.home}/nginx.log;
events {{ worker_connections 1024; }}
http {{
{temporary}  access_log off;
  keepalive_requests 1000000000;
  upstream origin {{
    server 127.0.0.1:{origin.port};
    keepalive {CONNECTIONS};
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
""")
        server = Server.__new__(Server)
        server.port, server.name = port, "nginx"
        server.process = subprocess.Popen([path, "-e", f"{self.home}/nginx.log", "-c", config],
                                          preexec_fn=on_core(core), stdin=subprocess.DEVNULL,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        LIVING.append(server.process)
        end = time.monotonic() + 5
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
            if time.monotonic() > end:
                raise SystemExit("nginx does not listen")
            time.sleep(0.01)
        return server

    def peer(self, text, origin, core=0):
        """NAME=COMMAND:PORT; {origin} in the command is the origin's port. (name, server)"""
        name, rest = text.split("=", 1)
        command, port = rest.rsplit(":", 1)
        words = [w.replace("{origin}", str(origin.port)) for w in shlex.split(command)]
        if shutil.which(words[0]) is None:
            print(f"SKIPPED: the peer {name} is not installed ({words[0]})", file=sys.stderr, flush=True)
            return name, None
        return name, Server(words, core, port=int(port))
