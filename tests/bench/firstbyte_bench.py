"""bench firstbyte: from dispatch to the first byte of content on the long line, with few files and with very many.

A relay's connections over the line are the attempt's legs: one for control, which carries the list of files, the others for content. Content is
on its way when two of them have sent more than their handshakes take. They are looked at every 10 to 20 ms, which is how exact the figure is;
dispatch is the orchestrator's own time of the assignment.
"""

import argparse
import time

from line import studio_on_a_line
from record import Record, add_options, middle, run
from studio.process import ProgramError
from wan.delivery import Delivery
from wan.measure import sockets_to

MBIT = 500
RTTS = (50, 100, 200)  # milliseconds
HANDSHAKE_BYTES_MAX = 8 * 1024  # both TLS handshakes of a leg, its ticket and its first frame, from the sender's side
FEW = (8, 25_000_000)  # files, bytes of each
MANY = (200_000, 1_000)
GIVE_UP = 300  # seconds


def name_of(count, rtt):
    return f"{count:,} files, {rtt} ms"


def cell(count, rtt):
    return f"{'few' if count == FEW[0] else 'many'},{rtt}"


ROWS = [name_of(count, rtt) for count in (FEW[0], MANY[0]) for rtt in RTTS]
CELLS = [cell(count, rtt) for count in (FEW[0], MANY[0]) for rtt in RTTS]


def goal(count, rtt):
    """Seconds."""
    least = 6 * rtt / 1e3 + 0.5
    return least if count == FEW[0] else max(least, 2.0)


def content_flows(studio, network):
    """Waits for it; returns when it was (time.time())."""
    end = time.time() + GIVE_UP
    while (now := time.time()) < end:
        if len(sockets_to(network.namespace("lon"), network.wan_host("van"), HANDSHAKE_BYTES_MAX)) >= 2:
            return now
    raise ProgramError(f"nothing crossed the line within {GIVE_UP} s\n" + studio.cli("transfer", "list").stdout)


def time_one(studio, network, rtt, files, number):
    """(seconds from dispatch, seconds from the event) to the first byte of content."""
    network.set(MBIT, rtt)
    delivery = Delivery(studio, network, f"bench-{rtt}-{files[0]}-{number}").prepare(*files)
    delivery.begin()
    flowed = content_flows(studio, network)
    delivery.finish()
    delivery.remove()
    return flowed - delivery.assigned_at, flowed - delivery.received_at


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, runs=5, cells=CELLS)
    parser.add_argument("--many", type=int, help=f"files; {MANY[0]}, quick 20000")
    arguments = parser.parse_args()
    arguments.many = arguments.many or (20_000 if arguments.quick else MANY[0])
    arguments.runs = arguments.runs or (1 if arguments.quick else 5)
    arguments.cells = arguments.cells or CELLS
    arguments.whole = arguments.many == MANY[0]
    return arguments


def main():
    arguments = parse()
    many = sum(one.startswith("many") for one in arguments.cells)
    seconds = len(arguments.cells) * 9 + many * arguments.many * 4e-4
    record = Record("firstbyte", arguments, (25 + arguments.runs * seconds) / 60, f"{len(arguments.cells) * arguments.runs} packages")
    with studio_on_a_line() as (studio, network):
        for files in (FEW, (arguments.many, MANY[1])):
            for rtt in RTTS:
                if cell(files[0], rtt) not in arguments.cells:
                    continue
                times = [time_one(studio, network, rtt, files, number) for number in range(arguments.runs)]
                found = middle([dispatch for dispatch, _ in times])
                record.add(name_of(files[0], rtt), found["median"], "s from dispatch", goal(files[0], rtt), "most", **found, rtt_ms=rtt,
                           files=files[0], seconds_from_event=middle([event for _, event in times]))
    return record.finish()


if __name__ == "__main__":
    run("firstbyte", main)
