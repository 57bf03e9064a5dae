"""bench wan: one package from site to site over an emulated long line, both relays, encrypted and hashed.

The figure is file bytes over the wall time from dispatch to published, against the line's payload limit: rate x 1448/1500 x (1 - loss).
Times are the orchestrator's own, from the transfer's history. Run it on a quiet machine.
"""

import argparse

from line import FRAME_BYTES, studio_on_a_line
from record import Record, add_options, middle, run
from wan.delivery import Delivery, payload_limit

CELLS = [(rtt, loss) for rtt in (50, 100, 200) for loss in (0, 0.1, 1, 2, 5)]  # milliseconds, percent
QUICK_CELLS = [(50, 0), (100, 1), (200, 2)]
WASTE_POINTS_MAX = 0.5  # of a capped transfer, above the line's own loss
SECONDS_TO_BEGIN = 25  # building a studio
SECONDS_A_GB = 21  # at 500 Mbit/s, its files written and removed again


def name_of(rtt, loss):
    return f"{rtt} ms, {loss:g} %"


ROWS = [name_of(*cell) for cell in CELLS]


def goal(rtt, loss):
    """The share of the payload limit to reach."""
    if loss > 2:
        return 0.72
    if rtt > 100:
        return 0.85 if loss <= 1 else 0.78
    return 0.90 if loss <= 1 else 0.82


def detail(run):
    """Of one delivery: where the time went, in lines."""
    lines = [f"{run.seconds:.1f} s: the first 0.1 % across at {run.seconds_until(0.001):.1f} s, 10 % at {run.seconds_until(0.1):.1f} s, half at "
             f"{run.seconds_until(0.5):.1f} s, 90 % at {run.seconds_until(0.9):.1f} s, all at {run.seconds_until(1):.1f} s; commit to published "
             f"{run.seconds_to_publish:.2f} s; {run.attempts} attempt(s)",
             "processor seconds a GB: " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in run.cpu_per_gb.items()),
             f"line: {run.line['packets']} packets, {run.line['lost_packets']} lost, {run.line['queue_dropped_packets']} dropped by the queue"]
    if seen := run.sockets:
        lines.append(f"relay's sockets: {seen['sockets']} {seen['congestion']}, cwnd {seen['cwnd']:.0f}, rtt {seen['rtt_ms']:.0f} ms, pacing "
                     f"{seen['pacing_mbit']:.0f} Mbit/s each, resent {100 * seen['resent_share']:.1f} %, limited by send buffer "
                     f"{seen['sndbuf_limited']:.0f} %, by receive window {seen['rwnd_limited']:.0f} %")
    return lines


def measure(arguments, record, studio, network):
    for rtt, loss in arguments.cells:
        limit = payload_limit(arguments.mbit, loss / 100)
        runs = []
        for number in range(arguments.runs):
            network.set(arguments.mbit, rtt, loss / 100, seed=1 + 2 * number)
            delivery = Delivery(studio, network, f"bench-{rtt}-{loss}-{number}").prepare(max(1, arguments.size // FRAME_BYTES), FRAME_BYTES)
            runs.append(delivery.go())
            delivery.remove()
        shares = middle([one.bytes_per_second / limit for one in runs])
        one = min(runs, key=lambda run: abs(run.bytes_per_second / limit - shares["median"]))
        record.add(name_of(rtt, loss), shares["median"], "of the payload limit", goal(rtt, loss), **shares, rtt_ms=rtt, loss_percent=loss,
                   payload_limit_bytes_per_second=round(limit), bytes_per_second=round(one.bytes_per_second), bytes=one.bytes,
                   seconds=one.seconds, waste_percent=one.waste, cap_mbit=arguments.cap_mbit, streams=arguments.streams,
                   cpu_seconds_per_gb=one.cpu_per_gb, line=one.line, sockets=one.sockets)
        for line in detail(one):
            record.note(line)
        if arguments.cap_mbit:
            record.add(f"{name_of(rtt, loss)}, capped: wasted", one.waste, "% of the line's bytes", loss + WASTE_POINTS_MAX, "most")


def cell_of(text):
    rtt, loss = text.split(",")
    return int(rtt), float(loss)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, runs=5)
    parser.add_argument("--cells", type=cell_of, nargs="+", metavar="RTT_MS,LOSS_PERCENT", help="only these; all 15, quick three")
    parser.add_argument("--size", type=float, help="GB, in frames of 25 MB; 4, quick 1")
    parser.add_argument("--mbit", type=int, default=500, help="the line's rate, IP bytes")
    parser.add_argument("--cap-mbit", type=int, default=0, help="the link's cap, as `crossdock link set` takes it; 0: none")
    parser.add_argument("--streams", type=int, default=8, help="data legs of a transfer")
    arguments = parser.parse_args()
    arguments.cells = arguments.cells or (QUICK_CELLS if arguments.quick else CELLS)
    arguments.runs = arguments.runs or (1 if arguments.quick else 5)
    arguments.size = int((arguments.size or (1 if arguments.quick else 4)) * 1e9)
    arguments.whole = (arguments.size, arguments.mbit, arguments.cap_mbit, arguments.streams) == (4_000_000_000, 500, 0, 8)
    return arguments


def main():
    arguments = parse()
    gigabytes = len(arguments.cells) * arguments.runs * arguments.size / 1e9
    record = Record("wan", arguments, (SECONDS_TO_BEGIN + SECONDS_A_GB * gigabytes * 500 / arguments.mbit) / 60,
                    f"{len(arguments.cells)} cells, {arguments.runs} × {arguments.size / 1e9:g} GB each")
    with studio_on_a_line(arguments.cap_mbit, {"streams": arguments.streams}) as (studio, network):
        measure(arguments, record, studio, network)
    return record.finish()


if __name__ == "__main__":
    run("wan", main)
