# SPDX-License-Identifier: BSD-2-Clause
"""Single measurements of bench/run, and the rounds in which those that are compared take turns."""
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time

from servers import CONNECTIONS, answers_ping, on_core

WARM = 1  # seconds before each measurement
RECORDS = 100000  # message IDs in use of all clients: what the proxy has to remember, the same in each case


def seconds_word(seconds):
    return f"{int(seconds * 1000)}ms"


def run_json(args, core):
    done = subprocess.run(args, preexec_fn=on_core(core), capture_output=True, text=True, check=False)
    if not done.stdout.startswith("{"):
        raise SystemExit(f"{' '.join(args)}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def load(house, server, seconds, clients=64, **more):
    """One run of bench/load; more: its options."""
    options = {"clients": clients, "in-flight": 64, "seconds": seconds, "warm": WARM, "port": 40000,
               "ids": max(1, min(65536, RECORDS // clients)), "seed": time.monotonic_ns() % 1000000007}
    options.update({k.replace("_", "-"): v for k, v in more.items()})
    for key in ("seconds", "warm"):
        options[key] = seconds_word(options[key])
    words = [w for k, v in options.items() for w in ([f"--{k}"] if v is True else [f"--{k}", str(v)])]
    for _ in range(3):  # a machine that is very busy may answer nothing in half a second
        got = run_json([house.bench("load"), "--target", f"127.0.0.1:{server.port}", "--json", "-", "--watch",
                        server.watch(), *words], 1)
        if got["answered"] and not got["wrong"]:
            return got
        print(f"{server.name}: wrong answers, or none: {got}", file=sys.stderr)
        if got["wrong"]:
            break
    raise SystemExit(1)


def http_client(house, origin, seconds):
    """The floor: the client itself is measured."""
    got = run_json([house.bench("http_client"), "--target", f"127.0.0.1:{origin.port}", "--connections",
                    str(CONNECTIONS), "--seconds", seconds_word(seconds), "--warm", seconds_word(WARM)], 0)
    got["cpu_us"] = got["self_cpu_us"]
    return got


def http_load(house, server, seconds):
    return run_json([house.bench("http_client"), "--target", f"127.0.0.1:{server.port}", "--connections",
                     str(CONNECTIONS), "--seconds", seconds_word(seconds), "--warm", seconds_word(WARM), "--watch",
                     server.watch()], 1)


def median(rows, key):
    return statistics.median(r[key] for r in rows)


def middle(rows):
    """The row whose CPU time is the median, with the sums of what must not happen, and the spread."""
    rows = sorted(rows, key=lambda r: r["cpu_us"])
    got = dict(rows[(len(rows) - 1) // 2])
    for key in ("retransmissions", "lost", "refused"):
        if key in got:
            got[key] = sum(r[key] for r in rows)
    for key in ("p50_us", "p99_us", "p999_us", "per_second"):
        got[key] = median(rows, key)
    got["cpu_us_all"] = [round(r["cpu_us"], 2) for r in rows]
    return got


def rounds(cases, count):
    """cases: (name, function) that take turns. {name: middle row} Each round
    begins with another one."""
    rows = {name: [] for name, _ in cases}
    for i in range(count):
        for name, measure in cases[i % len(cases):] + cases[:i % len(cases)]:
            rows[name].append(measure())
    return {name: middle(r) for name, r in rows.items()}


def syscalls(house, server, **more):
    """System calls for each request: by perf where the kernel lets us, else by strace, which slows what it counts (and
    so shows fewer datagrams for each call)."""
    command = ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", server.watch()]
    counter = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(0.3)
        got = load(house, server, 1, warm=0, **more)
    finally:
        counter.send_signal(signal.SIGINT)
    text = counter.communicate(timeout=10)[1]
    found = re.search(r"^(\d+),,raw_syscalls", text, flags=re.M)
    if found and int(found.group(1)) > 0:
        return int(found.group(1)) / max(1, got["answered"]), "perf"
    return syscalls_strace(house, server, **more)


def syscalls_strace(house, server, **more):
    out = os.path.join(house.home, "strace")
    words = [w for pid in server.pids() for w in ("-p", str(pid))]
    try:
        tracer = subprocess.Popen(["strace", "-c", "-f", "-o", out, *words], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        return None, "none"
    time.sleep(0.3)
    got = load(house, server, 1, warm=0, **more)
    tracer.send_signal(signal.SIGINT)
    tracer.wait(10)
    with open(out, encoding="utf-8") as f:
        total = re.search(r"^100\.00\s+\S+\s+\S*\s+(\d+)", f.read(), flags=re.M)
    return (int(total.group(1)) / max(1, got["answered"]) if total else None), "strace"


def start_ms(house, origin, count):
    """From exec to the first answered ping, and --check from exec to exit: medians."""
    starts, checks = [], []
    for _ in range(count):
        port = house.port()
        config = house.proxy_config(origin, port)
        begin = time.monotonic()
        process = subprocess.Popen([house.program("sealift-proxy"), "-c", config], preexec_fn=on_core(0),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took = answers_ping(port, 5)
        starts.append(time.monotonic() - begin if took is not None else 5)
        process.terminate()
        process.wait(15)
        begin = time.monotonic()
        subprocess.run([house.program("sealift-proxy"), "--check", config], preexec_fn=on_core(0),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        checks.append(time.monotonic() - begin)
    return statistics.median(starts) * 1000, statistics.median(checks) * 1000


def bodies(house, origin, seconds):
    """64 KiB both ways in blocks of 1 KiB, 16 clients in 16 networks, beside
    datagrams of that size to the echo."""
    size = 65536
    proxy = house.proxy(origin, limits="request-body: 64KiB, response-body: 64KiB")
    echo = house.udp_echo()
    floor = load(house, echo, seconds, body=1024)
    got = load(house, proxy, max(1, seconds), clients=16, in_flight=16, stride=256, ids=65536, body=size, blocks=1024,
               verify=True)
    proxy.stop()
    echo.stop()
    return {"cpu_us": got["cpu_us"], "answered": got["answered"], "refused": got["refused"],
            "mb_per_s_core": 2 * size / got["cpu_us"] if got["cpu_us"] else 0,
            "cpu_us_per_block": got["cpu_us"] * 1024 / (2 * size),
            "floor_cpu_us_per_block": floor["cpu_us"], "floor_mb_per_s_core": 1024 / floor["cpu_us"],
            "p50_us": got["p50_us"], "p99_us": got["p99_us"], "retransmissions": got["retransmissions"]}
