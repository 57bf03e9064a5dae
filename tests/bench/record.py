"""What every bench shares: a line that says how long it will take, one table, one JSON object, and rows that are kept (rows.py).

Rows are kept as soon as each is measured: in docs/benchmarks, or with `--rows DIR` there; of a quick run, or one whose sizes were changed, only with
`--rows`. `./dev bench page` makes docs/benchmarks.md of them.
"""

import contextlib
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import rows
from studio.account import Account
from studio.case import SOURCE
from studio.process import ProgramError
from studio.scratch import scratch

ROWS_FOLDER = SOURCE / "docs" / "benchmarks"


def add_options(parser, runs=None, cells=None):
    """`runs`: how often a cell is measured; `cells`: which there are, when they can be chosen by their names."""
    parser.add_argument("--quick", action="store_true", help="small and few: shows that it works; the page never shows its figures")
    parser.add_argument("--rows", type=Path, metavar="DIR", help="keep the rows there, not in docs/benchmarks")
    if runs:
        parser.add_argument("--runs", type=int, metavar="N", help=f"of each cell, of which the median counts; {runs}, quick 1")
    if cells:
        parser.add_argument("--cells", nargs="+", choices=cells, metavar="CELL", help=f"only these of: {', '.join(cells)}")


class Record:
    """The rows of one run. Not thread-safe."""

    def __init__(self, bench, arguments, minutes, what):
        self.bench = bench
        self.whole = not arguments.quick and getattr(arguments, "whole", True)
        folder = arguments.rows or (ROWS_FOLDER if self.whole else None)
        self.file = rows.file_of(folder, bench) if folder else None
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
            rows.keep(self.file, {**kept, **self.circumstances})
        return kept

    def note(self, text):
        print(f"  {text}", flush=True)

    def finish(self):
        """Prints the object; returns what the program ends with: 0, or 1 when a goal was missed."""
        passed = all(row["pass"] for row in self.rows)
        figures = [{name: value for name, value in row.items() if name not in ("bench", "whole")} for row in self.rows]
        print(json.dumps({"bench": self.bench, "pass": passed, "whole": self.whole, **self.circumstances, "rows": figures}, ensure_ascii=False))
        if self.file:
            print(f"rows kept in {self.file}", file=sys.stderr)
        return 0 if passed else 1


def middle(values):
    """The figures of several runs, for a row."""
    return {"runs": len(values), "min": min(values), "median": statistics.median(values), "max": max(values)}


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
    """Of what is measured: pages and kept rows do not make it another."""
    told = _git("rev-parse", "--short=8", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs", ":!*.md")
    return (told or "unknown") + ("-dirty" if changed else "")


def _git(*argv):
    return subprocess.run(["git", "-C", str(SOURCE), "-c", f"safe.directory={SOURCE}", *argv], capture_output=True, text=True, check=False).stdout.strip()


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.freedesktop_os_release()
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {system['ID'].capitalize()} {system.get('VERSION_ID', '')}".rstrip()
