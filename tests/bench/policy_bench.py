"""bench policy: a decision, the exact difference of two versions and a replay over stored decisions, with 200 rules; a PostgreSQL on this machine."""

import argparse
import json
import os
import subprocess
from pathlib import Path

from record import Record, add_options, run
from studio.process import ProgramError

DECISIONS, QUICK = 100_000, 2_000
ROWS = ["a decision with 200 rules, p99", "the exact difference of two versions", "a candidate over stored decisions"]
P99_MAX, DIFF_MAX, REPLAY_MAX = 1, 1, 10  # ms, s, s


def measure():
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    arguments = parser.parse_args()
    decisions = QUICK if arguments.quick else DECISIONS
    record = Record("policy", arguments, 3, f"200 rules; {decisions} stored decisions")
    program = Path(os.environ["CROSSDOCK_BINARY_DIR"]) / "tests" / "policy_bench"
    ended = subprocess.run([program, str(decisions)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if ended.returncode != 0:
        raise ProgramError(f"{program} ended with {ended.returncode}: {ended.stderr[-500:]}")
    measured = json.loads(ended.stdout.splitlines()[-1])
    if measured["replayed"] != decisions or not measured["diff_complete"]:
        raise ProgramError(f"not all was measured: {measured}")
    record.add(ROWS[0], measured["decision_p99_ms"], "ms", P99_MAX, "most")
    record.add(ROWS[1], measured["diff_seconds"], "s", DIFF_MAX, "most")
    record.add(ROWS[2], measured["replay_seconds"], "s", REPLAY_MAX, "most", decisions=decisions)
    record.note(f"{measured['diff_regions']} regions; of the decisions {measured.get('replay_same', 0)} the same")
    return record.finish()


if __name__ == "__main__":
    run("policy", measure)
