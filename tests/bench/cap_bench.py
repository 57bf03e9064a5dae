"""bench cap: how well a link's cap is kept, how soon a new one, and what a capped transfer wastes.

`crossdock link set --cap-mbit` caps what the sending agent hands to TCP; headers come on top. So the rate is what TCP carried over the line,
its headers left out, in windows of 10 s; the cap's own rate on the line is a little higher. All caps are set while one transfer runs.
"""

import argparse
import statistics
import time

from line import FRAME_BYTES, set_cap, studio_on_a_line
from record import Record, add_options, run
from studio.process import ProgramError, wait_until
from wan.delivery import PAYLOAD_SHARE, Delivery

MBIT, RTT = 500, 100
LOSSES = (0.1, 1)  # percent
CAPS = (200, 100, 300)  # Mbit/s, one after the other
WINDOWS, WINDOW_SECONDS = 2, 10
LOOK_SECONDS = 0.1
NEAR = 0.10  # a new cap is kept when the rate of REACTED_SECONDS is as near as this
REACTED_SECONDS = 0.5
REACTION_WATCHED = 15  # seconds; then it is called that much
SETTLE_SECONDS = 3
DEVIATION_MAX, REACTION_MAX, WASTE_POINTS_MAX = 3.0, 2.0, 0.5  # percent, seconds, percentage points


def names_of(loss):
    return (f"farthest from the cap in any 10 s, {loss:g} % loss", f"slowest reaction to a new cap, {loss:g} % loss", f"wasted, {loss:g} % loss")


ROWS = [name for loss in LOSSES for name in names_of(loss)]


class Meter:
    """What TCP has carried over the line, looked at again and again."""

    def __init__(self, network):
        self.network, self.samples = network, []

    def look(self):
        """(time, bits so far)"""
        self.samples.append((time.monotonic(), 8 * PAYLOAD_SHARE * self.network.counters()["lon", "van"]["delivered_bytes"]))
        return self.samples[-1]

    def watch(self, seconds):
        """Looks for so long; returns Mbit/s over it."""
        began, before = self.look()
        while (last := self.look())[0] < began + seconds:
            time.sleep(LOOK_SECONDS)
        return (last[1] - before) / (last[0] - began) / 1e6

    def rate_before(self, at, seconds):
        """Mbit/s over the `seconds` before the last look, at `at`; None while they are too few to tell."""
        first, last = next(sample for sample in self.samples if sample[0] >= at - seconds), self.samples[-1]
        return (last[1] - first[1]) / (at - first[0]) / 1e6 if at - first[0] >= REACTED_SECONDS / 2 else None

    def seconds_until_near(self, since, cap):
        """Watches until a rate is near the cap; returns the seconds from `since` to the end of the first such REACTED_SECONDS."""
        first = len(self.samples)
        while (now := self.look()[0]) < since + REACTION_WATCHED:
            rate = self.rate_before(now, min(REACTED_SECONDS, now - self.samples[first][0]))
            if rate is not None and abs(rate - cap) <= NEAR * cap:
                return now - since
            time.sleep(LOOK_SECONDS)
        return REACTION_WATCHED


def measure_one(arguments, studio, network, loss):
    """(percent off the cap of each window, {cap: seconds to react}, percent wasted)"""
    network.set(MBIT, RTT, loss / 100)
    set_cap(studio, CAPS[0])
    seconds = SETTLE_SECONDS + arguments.windows * arguments.window
    # Enough for the slowest reaction that is watched for, each at the caps' highest.
    size = int(1e6 / 8 * (sum(cap * seconds for cap in CAPS) + (len(CAPS) - 1) * REACTION_WATCHED * max(CAPS)) * 1.1)
    delivery = Delivery(studio, network, f"bench-cap-{loss}").prepare(size // FRAME_BYTES + 1, FRAME_BYTES)
    delivery.begin()
    meter = Meter(network)
    wait_until(lambda: network.counters()["lon", "van"]["delivered_bytes"] > 2_000_000, 60, lambda: "it never moved")
    off, reactions = [], {}
    for number, cap in enumerate(CAPS):
        if number:
            began = time.monotonic()
            set_cap(studio, cap)
            reactions[cap] = meter.seconds_until_near(began, cap)
        meter.watch(SETTLE_SECONDS)
        off += [100 * abs(meter.watch(arguments.window) / cap - 1) for _ in range(arguments.windows)]
        if delivery.state() != "RUNNING":
            raise ProgramError(f"{delivery.transfer} ended before its caps were measured\n" + studio.cli("transfer", "show", delivery.transfer).stdout)
    delivery.finish()
    delivery.remove()
    return off, reactions, delivery.waste


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--cells", type=float, nargs="+", metavar="LOSS_PERCENT", choices=LOSSES, help="only these; 0.1 and 1, quick 0.1")
    arguments = parser.parse_args()
    arguments.cells = arguments.cells or (LOSSES[:1] if arguments.quick else LOSSES)
    arguments.windows, arguments.window = (1, 3) if arguments.quick else (WINDOWS, WINDOW_SECONDS)
    return arguments


def main():
    arguments = parse()
    seconds = len(CAPS) * (SETTLE_SECONDS + arguments.windows * arguments.window)
    record = Record("cap", arguments, (25 + len(arguments.cells) * (2.5 * seconds + 10)) / 60, f"caps of {', '.join(map(str, CAPS))} Mbit/s, {RTT} ms")
    with studio_on_a_line() as (studio, network):
        for loss in arguments.cells:
            off, reactions, waste = measure_one(arguments, studio, network, loss)
            accuracy, reaction, wasted = names_of(loss)
            record.add(accuracy, max(off), "% of the cap", DEVIATION_MAX, "most", median=statistics.median(off), windows=off, caps_mbit=CAPS)
            record.add(reaction, max(reactions.values()), "s from the command", REACTION_MAX, "most", reactions=reactions)
            record.add(wasted, waste, "% of the line's bytes", loss + WASTE_POINTS_MAX, "most", loss_percent=loss)
    return record.finish()


if __name__ == "__main__":
    run("cap", main)
