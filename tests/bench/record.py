"""What every bench shares: a line that says how long it will take, one table, one JSON object, and rows that can be kept.

A row is {"bench", "row", "value", "unit", "goal", "at", "pass", "whole", "commit", "date", "machine", ...}. `at` is "least" or "most": the side of
the goal on which the value has to be; `whole` is false of a quick run and of one whose sizes were changed. With `--save FILE` rows are kept as JSON lines, one row a line, each as soon as it is measured; a row of the
same name is replaced, so that a bench can be measured in pieces. ./dev bench page makes docs/benchmarks.md of these files.
"""

import contextlib
import datetime
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from studio.account import Account
from studio.case import SOURCE
from studio.process import ProgramError
from studio.scratch import scratch


def add_options(parser):
    parser.add_argument("--quick", action="store_true", help="small and few: shows that it works; a page never shows its figures")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the rows, as docs/benchmarks/NAME.json")


class Record:
    """The rows of one run. Not thread-safe."""

    def __init__(self, bench, arguments, minutes, what):
        self.bench, self.file = bench, arguments.save
        self.whole = not arguments.quick and getattr(arguments, "whole", True)
        self.rows = []
        self.circumstances = {"commit": commit(), "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
                              "machine": machine()}
        print(f"bench {bench}: {what}; takes about {minutes:.0f} min" if minutes >= 1 else f"bench {bench}: {what}; takes less than a minute",
              flush=True)
        self.width = 44
        print(f"{'':{self.width}}{'measured':>12}{'goal':>14}", flush=True)

    def add(self, row, value, unit, goal=None, at="least", **more):
        """One figure; a goal of None is a figure to know, which nothing hangs on. `more` is kept as it is. Returns the row."""
        passed = goal is None or (value >= goal if at == "least" else value <= goal)
        sign = "" if goal is None else f"{'≥' if at == 'least' else '≤'} {goal:g}"
        print(f"{row:{self.width}}{value:12.4g}{sign:>14}  {unit}{'' if passed else '  MISSED'}", flush=True)
        kept = {"bench": self.bench, "row": row, "value": value, "unit": unit, "goal": goal, "at": at, "pass": passed, "whole": self.whole, **more}
        self.rows.append(kept)
        if self.file:
            save(self.file, {**kept, **self.circumstances})
        return kept

    def note(self, text):
        print(f"  {text}", flush=True)

    def finish(self):
        """Prints the object; returns what the program ends with: 0, or 1 when a goal was missed."""
        passed = all(row["pass"] for row in self.rows)
        rows = [{name: value for name, value in row.items() if name not in ("bench", "whole")} for row in self.rows]
        print(json.dumps({"bench": self.bench, "pass": passed, "whole": self.whole, **self.circumstances, "rows": rows}))
        return 0 if passed else 1


def middle(values):
    """The figures of several runs, for a row."""
    return {"runs": len(values), "min": min(values), "median": statistics.median(values), "max": max(values)}


def load(file):
    if not Path(file).exists():
        return []
    return [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines() if line]


def save(file, row):
    """Replaces the row of the same name, or adds it; a row that is not whole never takes the place of one that is."""
    rows = load(file)
    names = [one["row"] for one in rows]
    if row["row"] not in names:
        rows.append(row)
    elif row["whole"] or not rows[names.index(row["row"])]["whole"]:
        rows[names.index(row["row"])] = row
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    beside = Path(f"{file}.new")
    beside.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    beside.replace(file)


@contextlib.contextmanager
def workplace():
    """(account, directory) in memory; the directory is gone afterwards, unless CROSSDOCK_KEEP is set."""
    account = Account()
    with scratch(account) as directory:
        yield account, directory


def run(bench, measure):
    """The program's end: what measure() returns, or 2 when it could not be measured."""
    try:
        sys.exit(measure())
    except ProgramError as error:
        print(f"bench {bench}: {error}", file=sys.stderr)
        sys.exit(2)


def commit():
    told = subprocess.run(["git", "-C", str(SOURCE), "-c", f"safe.directory={SOURCE}", "describe", "--always", "--dirty"],
                          capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def machine():
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} × {model or os.uname().machine}, {memory:.0f} GiB, Linux {os.uname().release}"
