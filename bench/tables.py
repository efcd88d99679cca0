# SPDX-License-Identifier: BSD-2-Clause
"""The result of bench/run as tables: one form, Markdown, that is also read well on a terminal."""
import re

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def judge(got):
    """Each target with what was measured."""
    floor = got.get("udp_echo_cpu_us", 0) + got.get("http_client_cpu_us", 0)
    rows = got["targets"] = []

    def target(what, wanted, value, is_met, unit=""):
        if value is not None:
            rows.append({"what": what, "target": wanted, "measured": f"{value:.3g}{unit}" if value < 1000 else
                         f"{value:.0f}{unit}", "met": bool(is_met)})

    cpu, nginx = got.get("proxy_cpu_us"), got.get("nginx_cpu_us")
    if cpu:
        target("CPU for each forwarded request", "at most 20 us", cpu, cpu <= 20, " us")
        target("the same, over the floor", "at most 1.7", cpu / floor, cpu / floor <= 1.7, " x")
        if nginx:
            target("the same, over nginx's HTTP hop", "below 1", cpu / nginx, cpu < nginx, " x")
    growth = got.get("growth_64_to_100k")
    if growth:
        target("cost from 64 to 100 000 clients", "at most 1.3", growth, growth <= 1.3, " x")
    p99 = got.get("p99_ms_1000_clients")
    if p99 is not None:
        target("p99, 1000 clients at once", "at most 60 ms", p99, p99 <= 60, " ms")
        target("retransmissions there", "0", got["retransmissions"], got["retransmissions"] == 0)
    rss = got.get("rss_mib")
    if rss is not None:
        target("memory of a worker at rest", "at most 20 MB", rss * 1.048576, rss * 1.048576 <= 20, " MB")
    steps = got.get("memory") or []
    full = [s["rss_mib"] for s in steps if s["requests"] >= got.get("remembered", 0)]
    if len(full) > 1:
        target("more of it once all is remembered", "at most 1 MiB", full[-1] - full[0], full[-1] - full[0] <= 1, " MiB")
    scale = got.get("scale_2_workers")
    if scale is not None:
        target("two workers", "at least 1.9", scale, scale >= 1.9, " x")
    bodies = got.get("bodies")
    if bodies:
        target("64 KiB bodies both ways", "at least 200 MB/s a core", bodies["mb_per_s_core"],
               bodies["mb_per_s_core"] >= 200, " MB/s")
    if "start_ms" in got:
        target("start to the first answer", "at most 50 ms", got["start_ms"], got["start_ms"] <= 50, " ms")
        target("--check", "at most 20 ms", got["check_ms"], got["check_ms"] <= 20, " ms")
    backend = got.get("backend", {})
    if backend:
        target("EDHOC and enrolment", "at least 500/s a core", backend["enrolments_per_s_core"],
               backend["enrolments_per_s_core"] >= 500, "/s")
        target("OSCORE requests at the server", "at least 20000/s a core", backend["oscore_per_s_core"],
               backend["oscore_per_s_core"] >= 20000, "/s")


def table(heads, rows):
    cells = [heads, *[[str(c) for c in r] for r in rows]]
    widths = [max(len(r[i]) for r in cells) for i in range(len(heads))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(r, widths)) + " |" for r in cells]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)


def ms(us):
    return f"{us / 1000:.2f}"


def forward_table(got):
    floor = got["udp_echo_cpu_us"] + got["http_client_cpu_us"]
    names = {"udp_echo": "UDP echo (floor of the device side)",
             "http_client": "bare HTTP client (floor of the origin side)", "nginx": "nginx, the HTTP hop alone"}
    rows = []
    for name, r in got["forward"].items():
        calls = r.get("syscalls")
        rows.append([names.get(name, name), f"{r['cpu_us']:.1f}", f"{1e6 / r['cpu_us']:.0f}",
                     f"{r['cpu_us'] / floor:.2f}", ms(r["p50_us"]), ms(r["p99_us"]), ms(r["p999_us"]),
                     f"{r['rss_mib']:.1f}" if r["rss_mib"] else "-",
                     f"{calls:.1f} ({r['syscalls_by']})" if calls else "-"])
    return table(["what", "CPU us/request", "requests/s a core", "x floor", "p50 ms", "p99 ms", "p99.9 ms", "RSS MiB",
                  "system calls/request"], rows)


def growth_table(got):
    first = got["growth"][0]
    return table(["client addresses", "proxy CPU us", "ratio", "UDP echo CPU us", "ratio"],
                 [[g["clients"], f"{g['cpu_us']:.1f}", f"{g['cpu_us'] / first['cpu_us']:.2f}",
                   f"{g['udp_echo_cpu_us']:.1f}", f"{g['udp_echo_cpu_us'] / first['udp_echo_cpu_us']:.2f}"]
                  for g in got["growth"]])


def latency_table(got):
    return table(["offered/s", "answered/s", "p50 ms", "p99 ms", "p99.9 ms", "retransmissions", "refused"],
                 [[p["rate"], f"{p['per_second']:.0f}", ms(p["p50_us"]), ms(p["p99_us"]), ms(p["p999_us"]),
                   p["retransmissions"], p["refused"]] for p in got["latency"]])


def safety_table(got):
    base = next(iter(got["safety"].values()))["cpu_us"]
    return table(["configuration", "CPU us/request", "difference", "p99 ms"],
                 [[name, f"{r['cpu_us']:.1f}", f"{100 * (r['cpu_us'] / base - 1):+.0f} %", ms(r["p99_us"])]
                  for name, r in got["safety"].items()])


def bodies_table(got):
    b = got["bodies"]
    return table(["what", "CPU us for each KiB", "MB/s a core"],
                 [["64 KiB request and answer, blocks of 1 KiB, verified", f"{b['cpu_us_per_block']:.2f}",
                   f"{b['mb_per_s_core']:.0f}"],
                  ["floor: UDP echo of 1 KiB datagrams, one way counted", f"{b['floor_cpu_us_per_block']:.2f}",
                   f"{b['floor_mb_per_s_core']:.0f}"]])


def memory_table(got):
    return table(["requests answered", f"RSS of the worker, MiB ({got['remembered']} exchanges remembered at most)"],
                 [[m["requests"], f"{m['rss_mib']:.1f}"] for m in got["memory"]])


def workers_table(got):
    return table(["workers, all on one core", "CPU us/request", "requests/s"],
                 [[name, f"{got['workers'][name]['cpu_us']:.1f}", f"{got['workers'][name]['per_second']:.0f}"]
                  for name in ("one", "two")])


def backend_table(got):
    b = got["backend"]
    return table(["sealift-est", "CPU us", "1/s a core", "p50 ms", "p99 ms"],
                 [["OSCORE request", f"{b['oscore_cpu_us']:.1f}", f"{b['oscore_per_s_core']:.0f}",
                   f"{b['oscore_p50_ms']:.2f}", f"{b['oscore_p99_ms']:.2f}"],
                  ["EDHOC and enrolment, durable", f"{b['enrol_cpu_us']:.0f}", f"{b['enrolments_per_s_core']:.0f}",
                   f"{b['enrol_p50_ms']:.2f}", f"{b['enrol_p99_ms']:.2f}"]])


def target_table(got):
    return table(["what", "target", "measured", ""],
                 [[t["what"], t["target"], t["measured"], "met" if t["met"] else "**missed**"] for t in got["targets"]])


def machine_line(got):
    m = got["machine"]
    facts = [f"{m['cores']} cores of a virtual machine", m["arch"], m["system"],
             f"{m['rounds']} rounds of {m['seconds']} s" + (" (quick)" if m["quick"] else ""),
             "in a network namespace of its own" if m["own_namespace"] else "in the host's network",
             f"load average before: {m['load_average']}"]
    if m.get("first"):
        facts.append("the bench before all else (--first)")
    return ", ".join(facts) + ". Rate limits are off, all else is the default."


PARTS = (("targets", "Targets", target_table), ("forward", "A forwarded request: 60 bytes, 64 clients", forward_table),
         ("growth", "More clients, 64 requests in flight", growth_table),
         ("latency", "Latency against load: 1000 clients, open loop", latency_table),
         ("memory", "Memory", memory_table), ("workers", "Two workers", workers_table),
         ("bodies", "Large bodies", bodies_table), ("safety", "What it costs to be safe", safety_table),
         ("backend", "The server", backend_table))


def text(got):
    parts = [machine_line(got)]
    for key, title, make in PARTS:
        if got.get(key):
            parts.append(f"### {title}\n\n{make(got)}")
    return "\n\n".join(parts) + "\n"


def put_into(path, got):
    with open(path, encoding="utf-8") as f:
        page = f.read()
    if BEGIN not in page or END not in page:
        raise SystemExit(f"{path}: has no lines {BEGIN} and {END}")
    new = re.sub(re.escape(BEGIN) + r".*" + re.escape(END), lambda _: f"{BEGIN}\n{text(got)}{END}", page, flags=re.S)
    with open(path, "w", encoding="utf-8") as f:
        f.write(new)
