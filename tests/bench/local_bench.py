"""bench local: one package from site to site on this machine, memory to memory, both relays, encrypted and hashed; beside it scp, rsync and
rclone through sshd, encrypted too, with the same files.

Our time is that from dispatch to published, a peer's that of its command. Processor time is that of all a program's threads and children.
"""

import argparse
import contextlib
import mmap
import shutil
from pathlib import Path

from line import FRAME_BYTES, add_peers, choose_peers
from record import Record, add_options, middle, run, workplace
from studio.studio import Loopback, Studio, free_ports
from wan.delivery import make_files
from wan.measure import CpuClock
from wan.peers import SSH_NAMES, Peers

GOAL_GB_PER_SECOND = 0.85
RATIO_MIN = 1.3  # against the best peer
AGENTS_MAX, RELAY_MAX = 1.4, 0.25  # processor seconds a GB
GIVE_UP = 600  # seconds
THROUGHPUT, RATIO, AGENTS = "throughput", "against the best encrypted peer", "processor time: both agents"
RELAYS = ["processor time: lon-relay", "processor time: van-relay"]
OTHERS = ["processor time: orchestrator", "processor time: lon-agent", "processor time: van-agent"]
ROWS = [THROUGHPUT, RATIO, *SSH_NAMES, AGENTS, *RELAYS, *OTHERS, *(f"processor time: {name}" for name in SSH_NAMES)]


def warm_memory():
    """Memory that its host has not yet given a virtual machine costs whoever writes there first: 0.4 GB/s instead of 3 where it was measured."""
    available = next(int(line.split()[1]) * 1024 for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable:"))
    mmap.mmap(-1, available * 4 // 5, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE).close()


def deliver(studio, number, files):
    """(GB a second, {program: processor seconds a GB}) of one package."""
    code = f"bench-{number}"
    source = studio.storage("lon") / "northlight" / "nl_010_0010" / code
    for folder in (source.parent.parent, source.parent):
        studio.account.make_directory(folder, 0o755)
    gigabytes = make_files(studio.account, source, files, FRAME_BYTES) / 1e9
    studio.add_version(code)
    clock = CpuClock({program.name: program.pid for program in studio.programs})
    studio.set_status(code, "ready")
    transfer = studio.transfer_of(code)["transfer"]
    studio.wait_for_state(transfer, "CLOSED", deadline=GIVE_UP)
    spent = {name: seconds / gigabytes for name, seconds in clock.read().items()}
    seconds = studio.postgres.value("select extract(epoch from max(at) filter (where cause = 'published') - max(at) filter (where cause = 'assigned'))::float8 "
                                    f"as seconds from transfer_history where transfer = '{transfer}'", "crossdock")
    for site in studio.sites:
        shutil.rmtree(studio.storage(site) / "northlight")
    return gigabytes / seconds, spent


def send(peers, name, source, target, gigabytes):
    """The same of a peer."""
    sent = peers.send(peers.commands(source, target)[name], target, GIVE_UP)
    shutil.rmtree(target.parent)
    return gigabytes / sent.seconds, {"client": sent.client_cpu / gigabytes, "server": sent.server_cpu / gigabytes}


def middles(runs):
    """(the rates of all runs, {program: the middle of its processor times})"""
    rates, spent = zip(*runs)
    return middle(rates), {name: middle([one[name] for one in spent])["median"] for name in spent[0]}


def measure(arguments, record, studio, peers):
    ours, spent = middles([deliver(studio, number, arguments.files) for number in range(arguments.runs)])
    source, target = peers.directory / "source", peers.directory / "arrived" / "package"
    gigabytes = make_files(studio.account, source, arguments.files, FRAME_BYTES) / 1e9
    found = {name: middles([send(peers, name, source, target, gigabytes) for _ in range(arguments.runs)]) for name in arguments.peer}
    record.add(THROUGHPUT, ours["median"], "GB/s", GOAL_GB_PER_SECOND, **ours)
    if tuple(arguments.peer) == SSH_NAMES:
        best = max(found, key=lambda name: found[name][0]["median"])
        record.add(RATIO, ours["median"] / found[best][0]["median"], f"times {best}", RATIO_MIN)
    for name, (rates, _) in found.items():
        record.add(name, rates["median"], "GB/s", **rates)
    record.add(AGENTS, spent["lon-agent"] + spent["van-agent"], "s a GB", AGENTS_MAX, "most")
    for row in (*RELAYS, *OTHERS):
        limit = RELAY_MAX if row in RELAYS else None
        record.add(row, spent[row.rpartition(" ")[2]], "s a GB", limit, "most")
    for name, (_, times) in found.items():
        record.add(f"processor time: {name}", sum(times.values()), "s a GB", **times)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, runs=5)
    parser.add_argument("--files", type=int, help=f"of {FRAME_BYTES // 1_000_000} MB; 80, quick 20")
    add_peers(parser, SSH_NAMES)
    arguments = parser.parse_args()
    choose_peers(arguments, SSH_NAMES)
    arguments.runs = arguments.runs or (1 if arguments.quick else 5)
    arguments.files = arguments.files or (20 if arguments.quick else 80)
    arguments.whole = arguments.files >= 40
    return arguments


def main():
    arguments = parse()
    gigabytes = arguments.files * FRAME_BYTES / 1e9
    record = Record("local", arguments, (20 + arguments.runs * gigabytes * (4 + 4 * len(arguments.peer))) / 60,
                    f"{arguments.runs} × {gigabytes:g} GB, each peer the same")
    with workplace() as (account, directory), contextlib.ExitStack() as stack:
        studio = Studio(directory, account)
        stack.callback(studio.stop)
        studio.create().start()
        peers = Peers(Loopback(), account, directory / "peers", ssh_port=free_ports(1)[0])
        stack.callback(peers.stop)
        peers.start_ssh()
        warm_memory()
        measure(arguments, record, studio, peers)
    return record.finish()


if __name__ == "__main__":
    run("local", main)
