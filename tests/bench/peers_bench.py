"""bench peers: Crossdock beside rsync, scp, rclone and GridFTP on the same emulated line, with the same files, in the same run.

Each peer is cut after a time; its figure is the bytes that had arrived by then over that time. Crossdock's runs to its end: its figure is
the package's bytes over the time from the event to published: scan, hashing, decision, both relays, encryption, verification.
The peers' hosts use CUBIC, then BBR; Crossdock's own use neither: its relays choose.
"""

import argparse
import json
import shutil
import sys
from dataclasses import dataclass

from studio.account import Account
from studio.process import ProgramError
from studio.scratch import scratch
from studio.studio import Studio
from wan.delivery import Delivery, payload_limit
from wan.network import Network
from wan.peers import Peers

RATIO_MIN = 1.0  # against each peer


@dataclass
class Case:
    name: str
    count: int
    size: int
    rtt: int  # milliseconds
    loss: float  # percent

    def __str__(self):
        return f"{self.count} x {self.size / 1e6:g} MB, {self.rtt} ms, {self.loss} %"


def cases(scale):
    return [Case("frames", max(1, int(160 * scale)), 25_000_000, 100, 1), Case("small", max(1, int(20_000 * scale)), 100_000, 150, 0.1)]


def set_line(network, arguments, case):
    network.set(arguments.mbit, case.rtt, case.loss / 100)


def measure(arguments, studio, network, peers, case):
    """{who: bytes a second}"""
    limit = payload_limit(arguments.mbit, case.loss / 100)
    rates = {}

    def say(who, rate, note=""):
        rates[who] = rate
        ratio = rates["crossdock"] / rate if rate else float("inf")
        print(f"  {who:40}{rate / 1e6:9.2f}{rate / limit:8.3f}{ratio:10.2f}  {note}", flush=True)

    print(f"{case}; at most {limit / 1e6:.1f} MB/s\n  {'':40}{'MB/s':>9}{'share':>8}{'ratio':>10}", flush=True)
    set_line(network, arguments, case)
    network.hosts_use(None)
    delivery = Delivery(studio, network, f"bench-{case.name}").prepare(case.count, case.size).go()
    say("crossdock", delivery.bytes / delivery.seconds_from_event,
        f"{delivery.seconds_from_event:.1f} s; {delivery.seconds:.1f} s from dispatch, which is {delivery.bytes_per_second / 1e6:.2f} MB/s")
    shutil.rmtree(studio.storage("van") / "northlight")
    target = peers.directory / "arrived" / "package"
    for congestion in arguments.hosts:
        network.hosts_use(congestion)
        for name, argv in peers.commands(delivery.source, target).items():
            if arguments.only and not any(word in name for word in arguments.only):
                continue
            set_line(network, arguments, case)
            arrived, seconds, ended = peers.send(argv, target, arguments.cut)
            say(f"{name}, {congestion}", arrived / seconds, f"{seconds:.1f} s" if ended else f"cut after {seconds:.0f} s")
            shutil.rmtree(target.parent, ignore_errors=True)
    delivery.remove()
    return rates


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="an eighth of the files, cut after 15 s")
    parser.add_argument("--scale", type=float, help="of the numbers of files: 160 x 25 MB, 20,000 x 100 KB")
    parser.add_argument("--cut", type=float, help="seconds; 60")
    parser.add_argument("--mbit", type=int, default=500, help="the line's rate, IP bytes")
    parser.add_argument("--hosts", nargs="+", choices=("cubic", "bbr"), default=("cubic", "bbr"), help="the peers' hosts' congestion control")
    parser.add_argument("--cases", nargs="+", choices=("frames", "small"), default=("frames", "small"))
    parser.add_argument("--only", nargs="+", metavar="WORD", help="only peers with one of these words in their names")
    arguments = parser.parse_args()
    arguments.scale = arguments.scale or (1 / 8 if arguments.quick else 1)
    arguments.cut = arguments.cut or (15 if arguments.quick else 60)
    return arguments


def main():
    arguments = parse()
    account = Account()
    figures = {}
    try:
        with scratch(account) as directory, Network() as network:
            studio, peers = Studio(directory, account, network=network), Peers(network, account, directory / "peers")
            try:
                studio.create().start()
                peers.start()
                for case in cases(arguments.scale):
                    if case.name in arguments.cases:
                        figures[str(case)] = measure(arguments, studio, network, peers, case)
            finally:
                peers.stop()
                studio.stop()
    except ProgramError as error:
        print(f"bench peers: {error}", file=sys.stderr)
        return 2
    passed = all(rates["crossdock"] >= RATIO_MIN * rate for rates in figures.values() for rate in rates.values())
    print(json.dumps({"bench": "peers", "pass": passed, "figures": {"bytes_per_second": figures}, "goals": {"ratio_to_each_peer": RATIO_MIN}}))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
