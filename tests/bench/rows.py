"""The benches' rows: what was measured, when, on what, of which commit; JSON lines in docs/benchmarks, a file a bench, a row a line.

A row is {"bench", "row", "value", "unit", "goal", "at", "pass", "whole", "commit", "date", "machine", ...}. `at` is "least" or "most": the side of
the goal on which the value has to be; `whole` is false of a quick run and of one whose sizes were changed. A file has one row of a name and commit:
so a bench can be measured in parts, and what was measured of earlier commits stays.
"""

import json
from pathlib import Path


def file_of(folder, bench):
    return Path(folder) / f"{bench}.jsonl"


def load(file):
    if not Path(file).exists():
        return []
    return [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines() if line]


def keep(file, row):
    """Adds the row at the end, in place of the one of the same name and commit; one that is not whole never takes the place of one that is."""
    rows = load(file)
    same = [one for one in rows if (one["row"], one["commit"]) == (row["row"], row["commit"])]
    if any(one["whole"] for one in same) and not row["whole"]:
        return
    rows = [one for one in rows if one not in same] + [row]
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    beside = Path(f"{file}.new")
    beside.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), encoding="utf-8")
    beside.replace(file)


def newest(rows, also_quick=False):
    """{name: row}: of each name the row that was measured last, whatever its commit; only whole ones, unless `also_quick`."""
    found = {}
    for row in rows:
        if (row["whole"] or also_quick) and row["date"] >= found.get(row["row"], row)["date"]:
            found[row["row"]] = row
    return found
