# SPDX-License-Identifier: BSD-2-Clause
"""Line plots as SVG, without any package: two axes, linear or logarithmic, and a legend."""
import math
import os

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 70, 20, 40, 56
COLOURS = ("#0b6e99", "#c2410c", "#4d7c0f", "#6b21a8")


class Axis:
    def __init__(self, values, begin, end, is_log, from_zero=False):
        low, high = min(values), max(values)
        self.is_log, self.begin, self.end = is_log, begin, end
        if is_log:
            self.low, self.high = math.floor(math.log10(low)), math.ceil(math.log10(high))
            if self.high == self.low:
                self.high += 1
            self.ticks = [10.0 ** e for e in range(int(self.low), int(self.high) + 1)]
        else:
            step = self.step((high - (0 if from_zero else low)) or 1)
            self.low = 0 if from_zero else math.floor(low / step) * step
            self.high = math.ceil(high / step) * step
            count = round((self.high - self.low) / step)
            self.ticks = [self.low + i * step for i in range(count + 1)]

    @staticmethod
    def step(span):
        rough = 10 ** math.floor(math.log10(span))
        return next(rough * f for f in (0.2, 0.5, 1, 2, 5) if span / (rough * f) <= 6)

    def place(self, value):
        v = math.log10(value) if self.is_log else value
        return self.begin + (v - self.low) / (self.high - self.low) * (self.end - self.begin)


def number(value):
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:g}"


def plot(path, title, x_name, y_name, series, log_x=False, log_y=False):
    """series: (name, [(x, y)])"""
    xs = [x for _, points in series for x, _ in points]
    ys = [y for _, points in series for _, y in points]
    ax = Axis(xs, LEFT, WIDTH - RIGHT, log_x)
    ay = Axis(ys, HEIGHT - BOTTOM, TOP, log_y, not log_y)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
           f'font-size="12"><rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
           f'<text x="{LEFT}" y="20" font-size="15">{title}</text>']
    for tick in ax.ticks:
        x = ax.place(tick)
        out.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#e5e5e5"/>'
                   f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{number(tick)}</text>')
    for tick in ay.ticks:
        y = ay.place(tick)
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#e5e5e5"/>'
                   f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    for i, (name, points) in enumerate(series):
        colour = COLOURS[i % len(COLOURS)]
        path_text = " ".join(f"{ax.place(x):.1f},{ay.place(y):.1f}" for x, y in points)
        out.append(f'<polyline points="{path_text}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{ax.place(x):.1f}" cy="{ay.place(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        out.append(f'<text x="{LEFT + 10 + 150 * i}" y="{HEIGHT - 8}" fill="{colour}">{name}</text>')
    out.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{x_name}</text>'
               f'<text x="{LEFT - 50}" y="{TOP - 8}">{y_name}</text></svg>')
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


def write_all(folder, got):
    os.makedirs(folder, exist_ok=True)
    if got.get("latency"):
        plot(os.path.join(folder, "latency.svg"), "Latency against load, 1000 clients, open loop",
             "requests offered each second", "ms",
             [(name, [(p["rate"], p[key] / 1000) for p in got["latency"]])
              for name, key in (("p50", "p50_us"), ("p99", "p99_us"), ("p99.9", "p999_us"))], log_y=True)
    if got.get("growth"):
        plot(os.path.join(folder, "growth.svg"), "Cost against client addresses, 64 requests in flight",
             "client addresses", "us CPU for each request",
             [("sealift-proxy", [(g["clients"], g["cpu_us"]) for g in got["growth"]]),
              ("UDP echo", [(g["clients"], g["udp_echo_cpu_us"]) for g in got["growth"]])], log_x=True)
