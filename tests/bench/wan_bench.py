"""bench wan: one package from site to site over an emulated long line, both relays, encrypted and hashed.

The figure is file bytes over the wall time from dispatch to published, against the line's payload limit: rate x 1448/1500 x (1 - loss).
Times are the orchestrator's own, from the transfer's history. Run it on a quiet machine.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from studio.account import Account
from studio.process import ProgramError
from studio.studio import Studio
from wan.delivery import Delivery, payload_limit
from wan.network import Network

SHARED_MEMORY = "/dev/shm"
FRAME_BYTES = 25_000_000
CELLS = [(rtt, loss) for rtt in (50, 100, 200) for loss in (0, 0.1, 1, 2, 5)]  # milliseconds, percent
QUICK_CELLS = [(50, 0), (100, 1), (200, 2)]
WASTE_POINTS_MAX = 0.5  # of a capped transfer, above the line's own loss


def goal(rtt, loss):
    """The share of the payload limit to reach."""
    if loss > 2:
        return 0.72
    if rtt > 100:
        return 0.85 if loss <= 1 else 0.78
    return 0.90 if loss <= 1 else 0.82


class Cell:
    def __init__(self, rtt, loss, mbit, capped, runs):
        self.rtt, self.loss, self.limit, self.capped, self.runs = rtt, loss, payload_limit(mbit, loss / 100), capped, runs
        self.goal = goal(rtt, loss)
        shares = [run.bytes_per_second / self.limit for run in runs]
        self.min, self.median, self.max = min(shares), statistics.median(shares), max(shares)
        self.waste = statistics.median(run.waste for run in runs)
        self.passed = self.median >= self.goal and (not capped or self.waste <= loss + WASTE_POINTS_MAX)

    @property
    def middle(self):
        """The run nearest the median."""
        return min(self.runs, key=lambda run: abs(run.bytes_per_second / self.limit - self.median))

    def row(self):
        return (f"{self.rtt:>5} ms{self.loss:>7} %{self.limit / 1e6:9.1f}{self.middle.bytes_per_second / 1e6:9.1f}{self.min:8.2f}{self.median:8.2f}"
                f"{self.max:8.2f}{self.goal:8.2f}{self.waste:9.1f} %  {'' if self.passed else 'MISSED'}")

    def detail(self):
        run, seen = self.middle, self.middle.sockets
        lines = [f"  {run.seconds:.1f} s: the first 0.1 % across at {run.seconds_until(0.001):.1f} s, 10 % at {run.seconds_until(0.1):.1f} s, half at "
                 f"{run.seconds_until(0.5):.1f} s, 90 % at {run.seconds_until(0.9):.1f} s, all at {run.seconds_until(1):.1f} s; commit to published "
                 f"{run.seconds_to_publish:.2f} s; {run.attempts} attempt(s)",
                 "  processor seconds a GB: " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in run.cpu_per_gb.items()),
                 f"  line: {run.line['packets']} packets, {run.line['lost_packets']} lost, {run.line['queue_dropped_packets']} dropped by the queue"]
        if seen:
            lines.append(f"  relay's sockets: {seen['sockets']} {seen['congestion']}, cwnd {seen['cwnd']:.0f}, rtt {seen['rtt_ms']:.0f} ms, pacing "
                         f"{seen['pacing_mbit']:.0f} Mbit/s each, resent {100 * seen['resent_share']:.1f} %, limited by send buffer "
                         f"{seen['sndbuf_limited']:.0f} %, by receive window {seen['rwnd_limited']:.0f} %")
        return "\n".join(lines)

    def figures(self):
        run = self.middle
        return {"rtt_ms": self.rtt, "loss_percent": self.loss, "payload_limit_bytes_per_second": round(self.limit),
                "share": {"min": self.min, "median": self.median, "max": self.max}, "waste_percent": self.waste, "goal_share": self.goal,
                "pass": self.passed, "seconds": run.seconds, "cpu_seconds_per_gb": run.cpu_per_gb, "line": run.line, "sockets": run.sockets}


def measure(arguments, studio, network):
    cells = []
    print(f"{'RTT':>8}{'loss':>9}{'limit':>9}{'MB/s':>9}{'min':>8}{'median':>8}{'max':>8}{'goal':>8}{'wasted':>11}", flush=True)
    for rtt, loss in arguments.cells:
        runs = []
        for number in range(arguments.runs):
            network.set(arguments.mbit, rtt, loss / 100, seed=1 + 2 * number)
            run = Delivery(studio, network, f"bench-{rtt}-{loss}-{number}").prepare(max(1, arguments.size // FRAME_BYTES), FRAME_BYTES)
            runs.append(run.go())
            run.remove()
        cells.append(Cell(rtt, loss, arguments.mbit, arguments.cap_mbit > 0, runs))
        print(cells[-1].row(), cells[-1].detail(), sep="\n", flush=True)
    return cells


def cell_of(text):
    rtt, loss = text.split(",")
    return int(rtt), float(loss)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three cells, one run each")
    parser.add_argument("--cells", type=cell_of, nargs="+", metavar="RTT_MS,LOSS_PERCENT", help="only these")
    parser.add_argument("--runs", type=int, help="of each cell; 5, quick 1")
    parser.add_argument("--size", type=float, default=4, help="GB, in frames of 25 MB")
    parser.add_argument("--mbit", type=int, default=500, help="the line's rate, IP bytes")
    parser.add_argument("--cap-mbit", type=int, default=0, help="the link's cap, as `crossdock link set` takes it; 0: none")
    parser.add_argument("--streams", type=int, default=8, help="data legs of a transfer")
    arguments = parser.parse_args()
    arguments.cells = arguments.cells or (QUICK_CELLS if arguments.quick else CELLS)
    arguments.runs = arguments.runs or (1 if arguments.quick else 5)
    arguments.size = int(arguments.size * 1e9)
    return arguments


def main():
    arguments = parse()
    account = Account()
    directory = Path(tempfile.mkdtemp(prefix="crossdock-bench-", dir=SHARED_MEMORY))
    account.own(directory, 0o700)
    try:
        with Network() as network:
            studio = Studio(directory, account, network=network, limits={"streams": arguments.streams})
            try:
                studio.create().start()
                studio.cli("link", "set", "lon", "van", "--cap-mbit", arguments.cap_mbit)
                cells = measure(arguments, studio, network)
            finally:
                studio.stop()
            if drops := network.device_drops():
                print(f"the emulator did not keep up: {drops} packets never reached the line; these figures are too low", file=sys.stderr)
    except ProgramError as error:
        print(f"bench wan: {error}", file=sys.stderr)
        return 2
    finally:
        if not os.environ.get("CROSSDOCK_KEEP"):
            shutil.rmtree(directory, ignore_errors=True)
    passed = all(cell.passed for cell in cells)
    figures = {"mbit": arguments.mbit, "cap_mbit": arguments.cap_mbit, "streams": arguments.streams, "bytes": arguments.size,
               "runs": arguments.runs, "cells": [cell.figures() for cell in cells]}
    print(json.dumps({"bench": "wan", "pass": passed, "figures": figures,
                      "goals": {f"{cell.rtt} ms, {cell.loss} %": cell.goal for cell in cells}}))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
