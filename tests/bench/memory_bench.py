"""bench memory: the agents' greatest resident size (VmHWM) with very many files and with a very large one; a relay's by its joined pairs.

Everything on this machine, in memory, no long line; the agents are started anew before each row, so that it is that row's own.
"""

import argparse
import contextlib
import re
import shutil
from pathlib import Path

from record import Record, add_options, run, workplace
from studio.process import wait_until
from studio.studio import Studio
from wan.delivery import make_files

MANY, MANY_BYTES = 1_000_000, 64  # tiny files, bytes of each
SPARSE_BYTES = 200_000_000_000
SLOW_MBIT = 20  # so that a large file is on its way and does not arrive
LEGS = 64  # of each transfer
AT_ONCE = 4  # transfers
AGENT_MAX = 256  # MiB
RELAY_MAX = 64  # KiB a joined pair; its pipes are the kernel's
CELLS = ("pairs", "many", "sparse")
AGENTS = ("lon-agent", "van-agent")
WAIT = 3600  # seconds, for a million files

TINY = [f"1,000,000 files: {agent}" for agent in AGENTS]
SPARSE = [f"one sparse file of 200 GB: {agent}" for agent in AGENTS]
RELAY = ["a joined pair: lon-relay", "a joined pair: van-relay"]
ROWS = [*TINY, *SPARSE, *RELAY]


def memory_of(program, field):
    """KiB; VmHWM is the most there ever was, VmRSS what there is."""
    return int(re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{program.pid}/status").read_text(), re.MULTILINE)[1])


def begin(studio, code):
    studio.add_version(code)
    studio.set_status(code, "ready")
    return studio.transfer_of(code)["transfer"]


def place_of(studio, code):
    folder = studio.storage("lon") / "northlight" / "nl_010_0010"
    for made in (folder.parent, folder):
        studio.account.make_directory(made, 0o755)
    return folder / code


def clear(studio):
    """Ends what still goes, and removes every file."""
    for one in studio.transfers():
        if one["state"].removeprefix("TRANSFER_STATE_") not in ("CLOSED", "CANCELLED", "FAILED"):
            studio.cli("transfer", "cancel", one["transfer"], "--reason", "measured")
            studio.wait_for_state(one["transfer"], "CANCELLED", deadline=120)
    for site in studio.sites:
        for path in studio.storage(site).iterdir():
            shutil.rmtree(path, ignore_errors=True)


def start_agents_anew(studio):
    for agent in AGENTS:
        since = studio.program(agent).position()
        studio.program(agent).restart()
        studio.program(agent).wait_for_record("agent is ready", since=since)
    studio.wait_for_agents()


def add_agents(record, studio, rows, **more):
    for row, agent in zip(rows, AGENTS):
        record.add(row, memory_of(studio.program(agent), "VmHWM") / 1024, "MiB", AGENT_MAX, "most", **more)


def many_files(arguments, record, studio):
    start_agents_anew(studio)
    before = {agent: memory_of(studio.program(agent), "VmHWM") / 1024 for agent in AGENTS}
    make_files(studio.account, place_of(studio, "bench-many"), arguments.many, MANY_BYTES)
    studio.wait_for_state(begin(studio, "bench-many"), "CLOSED", deadline=WAIT)
    add_agents(record, studio, [name.replace("1,000,000", f"{arguments.many:,}") for name in TINY], at_rest=before)
    clear(studio)


def large_file(record, studio):
    start_agents_anew(studio)
    path = place_of(studio, "bench-sparse")
    studio.account.make_directory(path, 0o755)
    with open(path / "f.exr", "wb") as file:
        file.truncate(SPARSE_BYTES)
    studio.account.own(path / "f.exr", 0o644)
    studio.cli("link", "set", "lon", "van", "--cap-mbit", SLOW_MBIT)
    transfer = begin(studio, "bench-sparse")
    show = lambda: studio.cli_json("transfer", "show", transfer)["transfer"]  # noqa: E731
    wait_until(lambda: int(show().get("bytes_done", 0)) > 0 or show()["state"].endswith("CLOSED"), 300, lambda: f"it does not move: {show()}")
    add_agents(record, studio, SPARSE)
    clear(studio)


def joined_legs(relay):
    return sum({"leg joined": 1, "leg ended": -1}.get(record.get("message"), 0) for record in relay.records())


def joined_pairs(record, studio):
    """Of capped transfers that go on side by side."""
    relays = [studio.program(f"{site}-relay") for site in studio.sites]
    studio.cli("link", "set", "lon", "van", "--cap-mbit", SLOW_MBIT, "--concurrency", AT_ONCE)
    before = {relay.name: (memory_of(relay, "VmRSS"), joined_legs(relay)) for relay in relays}
    for number in range(AT_ONCE):
        make_files(studio.account, place_of(studio, f"bench-pairs-{number}"), 2 * LEGS, 1_000_000)
        begin(studio, f"bench-pairs-{number}")
    wait_until(lambda: all(joined_legs(relay) - before[relay.name][1] >= AT_ONCE * LEGS for relay in relays), 60,
               lambda: f"too few legs: {[joined_legs(relay) for relay in relays]}\n" + studio.cli("transfer", "list").stdout)
    for row, relay in zip(RELAY, relays):
        memory, legs = memory_of(relay, "VmRSS") - before[relay.name][0], joined_legs(relay) - before[relay.name][1]
        record.add(row, memory / legs, "KiB", RELAY_MAX, "most", legs=legs, kib=memory, at_rest_kib=before[relay.name][0])
    clear(studio)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, cells=CELLS)
    parser.add_argument("--many", type=int, help=f"tiny files; {MANY}, quick 100000")
    arguments = parser.parse_args()
    arguments.many = arguments.many or (100_000 if arguments.quick else MANY)
    arguments.cells = arguments.cells or CELLS
    arguments.whole = arguments.many == MANY
    return arguments


def main():
    arguments = parse()
    record = Record("memory", arguments, (30 + 20 * len(arguments.cells) + ("many" in arguments.cells) * arguments.many * 4e-4) / 60, f"{arguments.many:,} files; one of 200 GB; {AT_ONCE} × {LEGS} legs")
    with workplace() as (account, directory), contextlib.ExitStack() as stack:
        studio = Studio(directory, account, limits={"streams": LEGS})
        stack.callback(studio.stop)
        studio.create().start()
        if "pairs" in arguments.cells:
            joined_pairs(record, studio)
        if "many" in arguments.cells:
            many_files(arguments, record, studio)
        if "sparse" in arguments.cells:
            large_file(record, studio)
    return record.finish()


if __name__ == "__main__":
    run("memory", main)
