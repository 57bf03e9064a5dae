"""bench page: makes docs/benchmarks.md and its plot of the rows that the benches have kept, without measuring anything.

Of each cell the newest row counts, whatever commit it is of. A cell that nobody has measured says so.
"""

import argparse
import importlib
import sys
from pathlib import Path

import peers_page
import rows
from record import ROWS_FOLDER
from studio.case import SOURCE

BENCHES = ("wan", "peers", "small", "firstbyte", "local", "memory", "resume", "cap", "policy", "audit")
PAGE, PLOT = "benchmarks.md", "benchmarks/goodput_over_loss.svg"
INTRODUCTION = """# Benchmarks

Both relays in the path, encrypted end to end and hashed, all programs as an ordinary user. The long line is emulated inside one machine
([how](../tests/support/wan/README.md)), which its two ends share. `./dev bench NAME` measures, prints each goal beside its figure and keeps the rows
in [docs/benchmarks](benchmarks); `./dev bench page` makes this page of them. Nothing here is written by hand.
"""


def number(value):
    """Three figures are what these measures are worth."""
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def goal_of(row):
    return "" if row["goal"] is None else f"{'≥' if row['at'] == 'least' else '≤'} {number(row['goal'])}"


def verdict_of(row):
    if row["goal"] is None:
        return ""
    return "met" if row["pass"] else "**missed**"


def runs_of(row):
    return f"{number(row['min'])} to {number(row['max'])} of {row['runs']}" if row.get("runs", 1) > 1 else ""


def circumstances(found):
    """When, on what and of which commits a bench's rows were measured."""
    commits, machines, dates = (sorted({row[name] for row in found}) for name in ("commit", "machine", "date"))
    when = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    return f"Measured {when}, {'; '.join(machines)}, commit {', '.join(commits)}."


def table(names, found):
    lines = ["| | measured | | goal | | runs |", "|---|---:|---|---:|---|---|"]
    for name in names:
        if row := found.get(name):
            lines.append(f"| {name} | {number(row['value'])} | {row['unit']} | {goal_of(row)} | {verdict_of(row)} | {runs_of(row)} |")
        else:
            lines.append(f"| {name} | not measured yet | | | | |")
    return lines


def section(name, found):
    bench = importlib.import_module(f"{name}_bench")
    title, _, rest = bench.__doc__.strip().partition("\n\n")
    heading = " ".join(title.removeprefix(f"bench {name}: ").split()).rstrip(".")
    lines = [f"## {heading[0].upper()}{heading[1:]}", "", f"`./dev bench {name}`", "", *rest.splitlines(), ""]
    if found:
        lines += [circumstances(found.values()), ""]
    if name == "peers":
        lines += peers_page.tables(bench, found, PLOT)
    else:
        lines += table(bench.ROWS, found)
    return [*lines, ""]


def summary(everything):
    judged = [row for found in everything.values() for row in found.values() if row["goal"] is not None]
    missed = [f"- {bench}, {row['row']}: {number(row['value'])} {row['unit']}, goal {goal_of(row)}"
              for bench, found in everything.items() for row in found.values() if not row["pass"]]
    lines = [f"{len(judged) - len(missed)} of {len(judged)} measured goals are met." + (" Missed:" if missed else ""), ""]
    return lines + ([*missed, ""] if missed else [])


def make(folder, also_quick=False):
    """(the page, the plot or None)"""
    everything = {}
    for name in BENCHES:
        names = importlib.import_module(f"{name}_bench").ROWS
        found = rows.newest(rows.load(rows.file_of(folder, name)), also_quick)
        everything[name] = {row: found[row] for row in names if row in found}
    lines = [INTRODUCTION, *summary(everything)]
    for name, found in everything.items():
        lines += section(name, found)
    return "\n".join(lines).rstrip() + "\n", peers_page.plot(importlib.import_module("peers_bench"), everything["peers"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, metavar="DIR", default=ROWS_FOLDER, help="whence; docs/benchmarks")
    parser.add_argument("--out", type=Path, metavar="DIR", default=SOURCE / "docs", help="whither; docs")
    parser.add_argument("--also-quick", action="store_true", help="for a look at the page: rows of quick runs too")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the page is not what the rows say")
    arguments = parser.parse_args()
    page, plot = make(arguments.rows, arguments.also_quick)
    files = {arguments.out / PAGE: page, **({arguments.out / PLOT: plot} if plot else {})}
    if arguments.check:
        stale = [str(path) for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
        if stale:
            print(f"not what the rows say: {', '.join(stale)}; run ./dev bench page", file=sys.stderr)
        return 1 if stale else 0
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
