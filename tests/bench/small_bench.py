"""bench small: the same bytes as one large file and as ever smaller ones, 150 ms away, both relays, encrypted and hashed.

The figure is the rate, from dispatch to published, against that of the one large file on the same line in the same run; so with --cells the
large file is sent too.
"""

import argparse

from line import studio_on_a_line
from record import Record, add_options, middle, run
from wan.delivery import Delivery

MBIT, RTT = 500, 150
LOSSES = (0, 0.1)  # percent
SIZES = {"10 MB": (10_000_000, 0.95), "1 MB": (1_000_000, 0.90), "100 KB": (100_000, None), "10 KB": (10_000, 0.50)}  # bytes of a file, ratio to reach
NOTE = "durability `safe`: in memory, where this is measured, syncing costs next to nothing"


def name_of(files, loss):
    return f"{files}, {loss:g} % loss"


def cell(files, loss):
    return f"{files.replace(' ', '')},{loss:g}"


LARGE = "one file"
CELLS = [cell(files, loss) for loss in LOSSES for files in SIZES]
ROWS = [name_of(files, loss) for loss in LOSSES for files in (LARGE, *SIZES)]


def rates(arguments, studio, network, size, loss):
    """File bytes a second of each run."""
    found = []
    for number in range(arguments.runs):
        network.set(MBIT, RTT, loss / 100, seed=1 + 2 * number)
        delivery = Delivery(studio, network, f"bench-{size}-{loss}-{number}").prepare(max(1, arguments.bytes // size), size)
        found.append(delivery.go().bytes_per_second)
        delivery.remove()
    return found


def measure(arguments, record, studio, network):
    for loss in LOSSES:
        sizes = {name: wanted for name, wanted in SIZES.items() if cell(name, loss) in arguments.cells}
        if not sizes:
            continue
        large = middle(rates(arguments, studio, network, arguments.bytes, loss))
        record.add(name_of(LARGE, loss), large["median"] / 1e6, "MB/s", **large, loss_percent=loss)
        for name, (size, goal) in sizes.items():
            found = middle(rates(arguments, studio, network, size, loss))
            note = {"note": NOTE} if name == "10 KB" else {}
            record.add(name_of(name, loss), found["median"] / large["median"], "of the one large file's rate", goal, **found, loss_percent=loss,
                       bytes_per_file=size, durability="safe", **note)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, runs=3, cells=CELLS)
    parser.add_argument("--size", type=float, help="GB of each package; 2, quick 0.256")
    arguments = parser.parse_args()
    arguments.bytes = int((arguments.size or (0.256 if arguments.quick else 2)) * 1e9)
    arguments.runs = arguments.runs or (1 if arguments.quick else 3)
    arguments.cells = arguments.cells or CELLS
    arguments.whole = arguments.bytes >= 2_000_000_000
    return arguments


def main():
    arguments = parse()
    losses = {one.rpartition(",")[2] for one in arguments.cells}
    runs = (len(losses) + len(arguments.cells)) * arguments.runs
    record = Record("small", arguments, (25 + runs * (5 + 30 * arguments.bytes / 1e9)) / 60, f"{runs} packages of {arguments.bytes / 1e9:g} GB")
    record.note(NOTE)
    with studio_on_a_line() as (studio, network):
        measure(arguments, record, studio, network)
    return record.finish()


if __name__ == "__main__":
    run("small", main)
