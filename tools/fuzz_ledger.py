#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The hours that each fuzz target has run: tests/fuzz/ledger.csv, and the table of docs/fuzzing.md made from it.

usage: fuzz_ledger.py add RESULT...        appends runs ("RESULT.result", one line that tools/fuzz wrote), makes the table
       fuzz_ledger.py table [--check]      makes the table, or fails when it is not the one that the ledger gives
       fuzz_ledger.py cover TARGET REPORT  line coverage of the target's module out of a report of llvm-cov; notes it
       fuzz_ledger.py hours                hours since each module last changed
       fuzz_ledger.py module TARGET        the files of its module
"""
import csv
import datetime
import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FUZZ = os.path.join(ROOT, "tests", "fuzz")
LEDGER = os.path.join(FUZZ, "ledger.csv")
COVERAGE = os.path.join(FUZZ, "coverage.csv")
PAGE = os.path.join(ROOT, "docs", "fuzzing.md")
BEGIN, END = "<!-- ledger: made by tools/fuzz_ledger.py table -->\n", "<!-- end of the ledger -->\n"
HEADER = ["date", "target", "module", "commit", "cpu_seconds", "runs", "findings"]


def targets():
    """target: (rows of the plan, who sends its input, files of its module)"""
    found = {}
    with open(os.path.join(FUZZ, "targets.txt"), encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                name, rows, sender, module = (part.strip() for part in line.split("|"))
                found[name] = (rows, sender, module_files(module.split()))
    return found


def module_files(paths):
    files = []
    for path in paths:
        whole = os.path.join(ROOT, path)
        if os.path.isfile(whole):
            files.append(path)
        elif os.path.isdir(whole):
            files += sorted(f"{path}/{name}" for name in os.listdir(whole) if name.endswith(".c"))
        else:
            sys.exit(f"tests/fuzz/targets.txt: there is no {path}")
    return files


def digest(files):
    """Names the version of a module by what it says, so that no history is needed to know it again."""
    h = hashlib.sha256()
    for path in files:
        with open(os.path.join(ROOT, path), "rb") as f:
            h.update(path.encode() + b"\0" + f.read() + b"\0")
    return h.hexdigest()[:12]


def commit_of(files):
    git = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%h", "--abbrev=9", "--", *files],
                         capture_output=True, text=True, check=False)
    return git.stdout.strip() or "-"


def rows_of(path):
    if not os.path.exists(path):
        return []
    with open(path, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def add(results):
    known, rows = targets(), rows_of(LEDGER)
    for result in results:
        with open(f"{result}.result", encoding="utf-8") as f:
            name, cpu, runs, found = f.read().split()[:4]
        files = known[name][2]
        rows.append({"date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(), "target": name,
                     "module": digest(files), "commit": commit_of(files), "cpu_seconds": round(float(cpu)),
                     "runs": int(runs), "findings": int(found)})
    with open(LEDGER, "w", newline="", encoding="utf-8") as f:
        w = csv.DictWriter(f, HEADER, lineterminator="\n")
        w.writeheader()
        w.writerows(rows)
    table(check=False)


def hours(rows):
    return f"{sum(int(r['cpu_seconds']) for r in rows) / 3600:.3f}"


def table_text():
    ledger, covered = rows_of(LEDGER), {r["target"]: r for r in rows_of(COVERAGE)}
    lines = ["| target | plan | input from | hours on the version last run | of commit | hours in all | last run | executions | findings | "
             "lines |\n", "|---|---|---|---|---|---|---|---|---|---|\n"]
    for name, (plan, sender, _) in targets().items():
        mine = [r for r in ledger if r["target"] == name]
        lines_covered = covered[name]["percent"] + " %" if name in covered else "-"
        if not mine:
            lines.append(f"| `{name}` | {plan} | {sender} | 0 | - | 0 | - | 0 | 0 | {lines_covered} |\n")
            continue
        last = mine[-1]
        same = [r for r in mine if r["module"] == last["module"]]
        lines.append(f"| `{name}` | {plan} | {sender} | {hours(same)} | {last['commit']} | {hours(mine)} | {last['date']} | "
                     f"{sum(int(r['runs']) for r in mine):,} | {sum(int(r['findings']) for r in mine)} | {lines_covered} |\n")
    return "".join(lines)


def table(check):
    with open(PAGE, encoding="utf-8") as f:
        page = f.read()
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    new = before + BEGIN + table_text() + END + after
    if check and new != page:
        print("docs/fuzzing.md is not what tests/fuzz says; run tools/fuzz_ledger.py table")
        return 1
    if not check:
        with open(PAGE, "w", encoding="utf-8") as f:
            f.write(new)
    return 0


def check():
    """The page agrees with the ledger, every target is listed, has inputs, and is known to be a test."""
    bad = table(check=True)
    listed = set(targets())
    there = {name for name in os.listdir(FUZZ) if os.path.isdir(os.path.join(FUZZ, name))}
    for name in sorted(listed ^ there):
        print(f"tests/fuzz/targets.txt and tests/fuzz/ do not agree on {name}")
        bad = 1
    for name in sorted(listed & there):
        folder = os.path.join(FUZZ, name)
        if not os.listdir(os.path.join(folder, "corpus")):
            print(f"tests/fuzz/{name}: no corpus")
            bad = 1
        if not any(f.endswith(".dict") for f in os.listdir(folder)):
            print(f"tests/fuzz/{name}: no dictionary")
            bad = 1
    print(f"fuzz targets: {len(listed)} listed")
    return bad


def cover(name, report):
    files = lines = missed = 0
    with open(report, encoding="utf-8") as f:
        for line in f:
            parts = line.split()
            if parts and parts[0] == "TOTAL":
                lines, missed = int(parts[7]), int(parts[8])
            elif parts and parts[0].endswith(".c"):
                files += 1
                print(f"  {parts[0]:44} {parts[9]:>8}")
    percent = f"{100 * (lines - missed) / max(lines, 1):.1f}"
    print(f"coverage of {name}: {percent} % of {lines} lines in {files} files")
    rows = [r for r in rows_of(COVERAGE) if r["target"] != name] + [{"target": name, "percent": percent, "lines": lines}]
    with open(COVERAGE, "w", newline="", encoding="utf-8") as f:
        w = csv.DictWriter(f, ["target", "percent", "lines"], lineterminator="\n")
        w.writeheader()
        w.writerows(sorted(rows, key=lambda r: r["target"]))
    table(check=False)


def print_hours():
    ledger = rows_of(LEDGER)
    for name, (_, _, files) in targets().items():
        now = digest(files)
        print(f"{name:16} {hours([r for r in ledger if r['target'] == name and r['module'] == now]):>8} h  {commit_of(files)}")


def main(args):
    if args[:1] == ["add"]:
        add(args[1:])
    elif args[:1] == ["table"]:
        return check() if args[1:] == ["--check"] else table(check=False)
    elif args[:1] == ["cover"]:
        cover(args[1], args[2])
    elif args == ["hours"]:
        print_hours()
    elif args[:1] == ["module"]:
        print("\n".join(targets()[args[1]][2]))
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
