"""bench resume: kill -9 of each program in mid-transfer over a long line; how soon bytes flow again, and what was done twice.

back to flow   from the line in the log that says that the program is ready until more content has come out of the line than a pause could still
               have held; 0 when it never stopped, as it need not when the orchestrator is away
sent again     what came out of the line beyond what an undisturbed transfer of the same files brought
read again     of the files that had landed a while before the kill, those that either site has read since, to hash them or to send them again:
               the kernel notes each reading (the files stand on a mount of this process's own, with strictatime)

Of several runs the median time counts, and the most that was sent or read again.
"""

import argparse
import ctypes
import os
import subprocess
import time

from line import FRAME_BYTES, studio_on_a_line
from record import Record, add_options, middle, run
from studio.process import ProgramError, wait_until
from studio.scratch import SHARED_MEMORY
from wan.delivery import PAYLOAD_SHARE, Delivery

MBIT, RTT, CAP_MBIT, STREAMS = 500, 50, 300, 8  # capped, so that the line drops nothing and what is sent twice is ours
BLOCK_BYTES = 32 * 2**20
READY = {"orchestrator": "orchestrator is ready", "agent": "agent is ready", "relay": "relay is ready"}
PROGRAMS = ("lon-agent", "van-agent", "lon-relay", "van-relay", "orchestrator")
BACK_MAX = 5.0  # seconds
KILL_AT = 0.4  # of the bytes
LANDED_BEFORE = 2.0  # seconds before the kill, for a file to count as done
DEAD_SECONDS = 1.0  # so that what was under way has come out of the line
LOOK_SECONDS = 0.05
FLOW_BYTES = 1_000_000
CLONE_NEWNS = 0x00020000


def names_of(program):
    return f"{program}: back to flow", f"{program}: sent again", f"{program}: read again"


ROWS = [name for program in PROGRAMS for name in names_of(program)]


def note_every_reading():
    """From now on this process and its children see a file's access time change with each reading; nobody else's mounts change."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise ProgramError(f"a mount of one's own needs root: {os.strerror(ctypes.get_errno())}")
    for argv in (["mount", "--make-rprivate", "/"], ["mount", "-o", "remount,bind,strictatime", SHARED_MEMORY]):
        subprocess.run(argv, check=True)


def whole_files(directory, size):
    """{name: path} of all regular files below that have all their bytes."""
    found = {}
    for folder, _, files in os.walk(directory):
        for name in files:
            path = os.path.join(folder, name)
            status = os.stat(path)
            if name.startswith("f.") and status.st_size == size and status.st_blocks * 512 >= size:
                found[name] = path
    return found


def read_times(paths):
    return {path: os.stat(path).st_atime_ns for path in paths if os.path.exists(path)}


class Kill:
    """One transfer in which one program dies and is started again."""

    def __init__(self, studio, network, program, files, number):
        self.studio, self.network, self.program = studio, network, program
        network.set(MBIT, RTT)
        self.delivery = Delivery(studio, network, f"bench-{program}-{number}").prepare(files, FRAME_BYTES)

    def crossed(self):
        return self.network.counters()["lon", "van"]["delivered_bytes"]

    def go(self):
        """Fills in seconds_to_flow, moved_while_dead, bytes_crossed, landed and read_again."""
        self.delivery.begin()
        wait_until(lambda: self.crossed() > KILL_AT * self.delivery.bytes, 300, lambda: f"{self.delivery.transfer} did not move")
        landed = whole_files(self.studio.storage("van"), FRAME_BYTES)
        self._pass(LANDED_BEFORE)
        self._kill_and_start()
        self.delivery.finish()
        self._count_readings(landed)
        self.bytes_crossed = self.crossed()
        self.delivery.remove()
        return self

    def _pass(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(LOOK_SECONDS)

    def _kill_and_start(self):
        program = self.studio.program(self.program)
        program.kill()
        sources = {path.name: str(path) for path in self.delivery.source.iterdir()}
        self._before = read_times(sources.values())
        self._before_van = {name: os.stat(path).st_atime_ns for name, path in whole_files(self.studio.storage("van"), FRAME_BYTES).items()}
        before = self.crossed()
        self._pass(DEAD_SECONDS)
        self.moved_while_dead = self.crossed() - before
        since = program.position()
        program.start()
        program.wait_for_record(READY[self.program.rpartition("-")[2]], since=since)
        back, before = time.monotonic(), self.crossed()
        # What the last moment before the start brought flows still, when it does at all.
        wait_until(lambda: self.crossed() > before + FLOW_BYTES, 120, lambda: f"nothing flows after {self.program} is back\n"
                   + self.studio.cli("transfer", "explain", self.delivery.transfer).stdout)
        self.seconds_to_flow = time.monotonic() - back
        if self.program == "orchestrator" and self.moved_while_dead > DEAD_SECONDS * CAP_MBIT * 1e6 / 8 / 2:
            self.seconds_to_flow = 0.0

    def _count_readings(self, landed):
        target = self.studio.storage("van") / self.delivery.source.relative_to(self.studio.storage("lon"))
        self.landed = [name for name in landed if name in self._before_van]
        again = {name for name in self.landed if os.stat(target / name).st_atime_ns > self._before_van[name]}
        sources = {name: str(self.delivery.source / name) for name in self.landed}
        again |= {name for name, path in sources.items() if os.stat(path).st_atime_ns > self._before[path]}
        self.read_again = len(again)


def undisturbed(studio, network, files):
    """Bytes that come out of the line when nobody dies."""
    network.set(MBIT, RTT)
    delivery = Delivery(studio, network, "bench-undisturbed").prepare(files, FRAME_BYTES).go()
    delivery.remove()
    return delivery.line["delivered_bytes"]


def measure(arguments, record, studio, network):
    files = max(16, int(arguments.size * 1e9) // FRAME_BYTES)
    plain = undisturbed(studio, network, files)
    for program in arguments.cells:
        kills = [Kill(studio, network, program, files, number).go() for number in range(arguments.runs)]
        flow, again, read = names_of(program)
        found = middle([kill.seconds_to_flow for kill in kills])
        record.add(flow, found["median"], "s after it is back", BACK_MAX, "most", **found,
                   bytes_while_dead=max(kill.moved_while_dead for kill in kills))
        sent = middle([max(0, PAYLOAD_SHARE * (kill.bytes_crossed - plain)) / 1e6 for kill in kills])
        record.add(again, sent["max"], "MB", STREAMS * BLOCK_BYTES / 1e6, "most", **sent)
        record.add(read, max(kill.read_again for kill in kills), "files", 0, "most", landed=min(len(kill.landed) for kill in kills))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, runs=3, cells=PROGRAMS)
    parser.add_argument("--size", type=float, help="GB of each package; 2, quick 0.6")
    arguments = parser.parse_args()
    arguments.size = arguments.size or (0.6 if arguments.quick else 2)
    arguments.runs = arguments.runs or (1 if arguments.quick else 3)
    arguments.cells = arguments.cells or PROGRAMS
    arguments.whole = arguments.size >= 2
    return arguments


def main():
    arguments = parse()
    runs = 1 + len(arguments.cells) * arguments.runs
    record = Record("resume", arguments, (25 + runs * (12 + arguments.size * 8000 / CAP_MBIT)) / 60, f"{runs} packages of {arguments.size:g} GB")
    note_every_reading()
    with studio_on_a_line(CAP_MBIT, {"streams": STREAMS}) as (studio, network):
        measure(arguments, record, studio, network)
    return record.finish()


if __name__ == "__main__":
    run("resume", main)
