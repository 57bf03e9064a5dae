"""bench peers: Crossdock beside rsync, scp, rclone and GridFTP on the same emulated line, with the same files, in the same run.

Each peer is cut after 60 s (40 s where there is one point more for the plot); its figure is the bytes that had arrived by then over that time.
Crossdock's runs to its end: its figure is the package's bytes over the time from the event to published: scan, hashing, decision, both relays,
encryption, verification.
The peers' hosts use CUBIC, then BBR; Crossdock's own use neither: its relays choose. A row's value is how many times faster Crossdock was.
"""

import argparse
import shutil
from dataclasses import dataclass

from line import FRAME_BYTES, add_peers, choose_peers, studio_on_a_line
from record import Record, add_options, run
from studio.process import ProgramError
from wan.delivery import Delivery, payload_limit
from wan.peers import NAMES, Peers

RATIO_MIN = 1.0  # against each peer
HOSTS = ("cubic", "bbr")
FRAMES, SMALL, SMALL_BYTES = 160, 20_000, 100_000
OURS = "crossdock"


@dataclass
class Case:
    name: str
    count: int
    size: int
    rtt: int  # milliseconds
    loss: float  # percent
    cut: int  # seconds, of each peer

    def __str__(self):
        return f"{self.count} × {self.size / 1e6:g} MB, {self.rtt} ms, {self.loss:g} %"


# The last four give the plot its other points.
CASES = [Case("frames", FRAMES, FRAME_BYTES, 100, 1, 60), Case("small", SMALL, SMALL_BYTES, 150, 0.1, 60),
         *(Case(f"frames-{loss:g}", FRAMES, FRAME_BYTES, 100, loss, 40) for loss in (0, 0.1, 2, 5))]


def name_of(case, who, congestion=None):
    return f"{case.name}: {who}" + (f", {congestion}" if congestion else "")


ROWS = [row for case in CASES for row in (name_of(case, OURS), *(name_of(case, who, congestion) for congestion in HOSTS for who in NAMES))]


def measure(arguments, record, studio, network, peers, case):
    count = max(1, int(case.count * arguments.scale))
    limit = payload_limit(arguments.mbit, case.loss / 100)
    shape = {"rtt_ms": case.rtt, "loss_percent": case.loss, "files": count, "bytes_per_file": case.size, "mbit": arguments.mbit}
    record.note(f"{case}; at most {limit / 1e6:.1f} MB/s")

    def set_line():
        network.set(arguments.mbit, case.rtt, case.loss / 100)

    set_line()
    network.hosts_use(None)
    delivery = Delivery(studio, network, f"bench-{case.name}").prepare(count, case.size).go()
    ours = delivery.bytes / delivery.seconds_from_event
    record.add(name_of(case, OURS), ours / 1e6, "MB/s", **shape, who=OURS, bytes_per_second=round(ours), seconds=delivery.seconds_from_event,
               seconds_from_dispatch=delivery.seconds)
    shutil.rmtree(studio.storage("van") / "northlight")
    target = peers.directory / "arrived" / "package"
    for congestion in arguments.hosts:
        network.hosts_use(congestion)
        for name, argv in peers.commands(delivery.source, target).items():
            if name not in arguments.peer:
                continue
            set_line()
            try:
                sent = peers.send(argv, target, arguments.cut or case.cut)
            except ProgramError as error:  # the others are worth measuring all the same
                record.note(f"{name}, {congestion}: {error}")
                continue
            theirs = sent.bytes / sent.seconds
            # In a minute under loss some do not get a single file across.
            record.add(name_of(case, name, congestion), ours / max(theirs, 1), f"times faster than {theirs / 1e6:.2f} MB/s", RATIO_MIN, **shape, who=name,
                       congestion=congestion, bytes_per_second=round(theirs), seconds=sent.seconds, ended=sent.ended)
            shutil.rmtree(target.parent, ignore_errors=True)
    delivery.remove()


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, cells=[case.name for case in CASES])
    add_peers(parser, NAMES)
    parser.add_argument("--scale", type=float, help="of the numbers of files: 160 × 25 MB, 20,000 × 100 KB; 1, quick an eighth")
    parser.add_argument("--cut", type=float, help="every peer after so many seconds; quick 15")
    parser.add_argument("--mbit", type=int, default=500, help="the line's rate, IP bytes")
    parser.add_argument("--hosts", nargs="+", choices=HOSTS, default=HOSTS, help="the peers' hosts' congestion control")
    arguments = parser.parse_args()
    arguments.whole = not arguments.scale and not arguments.cut and arguments.mbit == 500
    arguments.scale = arguments.scale or (1 / 8 if arguments.quick else 1)
    arguments.cut = arguments.cut or (15 if arguments.quick else None)
    choose_peers(arguments, NAMES)
    arguments.cells = arguments.cells or [case.name for case in (CASES[:2] if arguments.quick else CASES)]
    return arguments


def main():
    arguments = parse()
    cases = [case for case in CASES if case.name in arguments.cells]
    seconds = sum(10 + 85 * arguments.scale + len(arguments.hosts) * len(arguments.peer) * ((arguments.cut or case.cut) + 1) for case in cases)
    record = Record("peers", arguments, (25 + seconds) / 60, f"{len(cases)} cases, {len(arguments.hosts) * len(arguments.peer)} peers each")
    with studio_on_a_line() as (studio, network):
        peers = Peers(network, studio.account, studio.directory / "peers")
        try:
            peers.start()
            for case in cases:
                measure(arguments, record, studio, network, peers, case)
        finally:
            peers.stop()
    return record.finish()


if __name__ == "__main__":
    run("peers", main)
