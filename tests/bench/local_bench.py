"""bench local: one package from site to site on this machine, tmpfs to tmpfs, both relays, encrypted and hashed."""

import argparse
import json
import os
import shutil
import sys

from studio.account import Account
from studio.process import ProgramError
from studio.scratch import scratch
from studio.studio import Studio

GOAL_GB_PER_SECOND = 0.85
FILE_BYTES = 25_000_000


def seconds_moving(studio, transfer):
    """From the assignment to the granted commit: dialling, moving, verifying, syncing."""
    return studio.postgres.value(f"select extract(epoch from max(at) filter (where cause = 'committed') - max(at) filter (where cause = 'assigned'))::float8 "
                                 f"as seconds from transfer_history where transfer = '{transfer}'", "crossdock")


def run_once(studio, number, files):
    block = os.urandom(FILE_BYTES)
    # Distinct, incompressible, and made faster than urandom makes 2 GB.
    content = {f"f.{1001 + i}.exr": i.to_bytes(8, "big") + block[8:] for i in range(files)}
    code = studio.add_version(f"bench-{number}", files=content)
    studio.set_status(code, "ready")
    transfer = studio.transfer_of(code)["transfer"]
    studio.wait_for_state(transfer, "CLOSED", deadline=300)
    seconds = seconds_moving(studio, transfer)
    for site in studio.sites:
        shutil.rmtree(studio.storage(site) / "northlight")
    return files * FILE_BYTES / seconds / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--files", type=int, default=40, help=f"of {FILE_BYTES // 1_000_000} MB")
    arguments = parser.parse_args()
    account = Account()
    try:
        with scratch(account) as directory:
            studio = Studio(directory, account)
            try:
                studio.create().start()
                rates = sorted(run_once(studio, number, arguments.files) for number in range(arguments.runs))
            finally:
                studio.stop()
    except ProgramError as error:
        print(f"bench local: {error}", file=sys.stderr)
        return 2
    median = rates[len(rates) // 2]
    passed = median >= GOAL_GB_PER_SECOND
    print(f"{'':24}{'min':>8}{'median':>8}{'max':>8}{'goal':>8}")
    print(f"{'throughput, GB/s':24}{rates[0]:8.2f}{median:8.2f}{rates[-1]:8.2f}{GOAL_GB_PER_SECOND:8.2f}")
    print(json.dumps({"bench": "local", "pass": passed, "figures": {"gb_per_second": {"min": rates[0], "median": median, "max": rates[-1]}},
                      "goals": {"gb_per_second": GOAL_GB_PER_SECOND}}))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
