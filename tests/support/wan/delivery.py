"""One delivery of a studio whose sites stand in a wan.network.Network, measured while it goes."""

import contextlib
import datetime
import os
import shutil
import subprocess
import time

from studio.process import ProgramError

from .measure import CpuClock, sockets_to, summary

LOOK_SECONDS = 0.25
PAYLOAD_SHARE = 1448 / 1500  # of an IP packet's bytes, with TCP's timestamps


def payload_limit(mbit, loss):
    """File bytes a second that a line of `mbit` Mbit/s of IP bytes can carry at most; `loss` is a share of packets."""
    return mbit * 1e6 / 8 * PAYLOAD_SHARE * (1 - loss)


def make_files(account, directory, count, size):
    """`count` files of `size` bytes: distinct, incompressible, and made faster than urandom makes them. Returns their bytes together."""
    account.make_directory(directory, 0o755)
    block = os.urandom(size)
    for i in range(count):
        path = directory / f"f.{i:06}.exr"
        with open(path, "wb") as file:
            file.write(i.to_bytes(8, "big"))
            file.write(memoryview(block)[8:])
        account.own(path, 0o644)
    return count * size


class Delivery:
    """prepare() puts the files down, go() sends them from lon to van (begin() and finish(), for whoever does something meanwhile) and fills in
    what was seen:

    seconds              from dispatch (the assignment to two agents) to published
    seconds_from_event   from the transfer's making: scan, decision and dispatch too
    seconds_to_publish   from the granted commit to published
    received_at, assigned_at    the transfer's making, its first dispatch (time.time())
    cpu                  {process: seconds}
    line                 the emulator's counters
    sockets              the sending relay's on the line, when last seen
    progress             [(seconds since dispatch, bytes that have come out of the line)]
    """

    def __init__(self, studio, network, code, give_up=600):
        self.studio, self.network, self.code, self.give_up = studio, network, code, give_up
        self.source = studio.storage("lon") / "northlight" / "nl_010_0010" / code
        self.sockets, self._samples = {}, []

    def prepare(self, count, size):
        self.studio.account.make_directory(self.source.parent.parent, 0o755)
        self.studio.account.make_directory(self.source.parent, 0o755)
        self.bytes = make_files(self.studio.account, self.source, count, size)
        self.studio.add_version(self.code)
        return self

    def go(self):
        self.begin()
        self._watch()
        return self._read()

    def begin(self):
        """Returns when the transfer is there, whatever its state."""
        self._clock = CpuClock({"emulator": self.network.emulator_pid, **{program.name: program.pid for program in self.studio.programs}})
        self.studio.set_status(self.code, "ready")
        self.transfer = self.studio.transfer_of(self.code)["transfer"]
        return self

    def state(self):
        return self.studio.cli_json("transfer", "show", self.transfer)["transfer"]["state"].removeprefix("TRANSFER_STATE_")

    def finish(self):
        """Waits for its end; samples, and the sockets, are not taken."""
        self.studio.wait_for_state(self.transfer, "CLOSED", deadline=self.give_up)
        return self._read()

    def _read(self):
        self.cpu = self._clock.read()
        self.line = self.network.counters()["lon", "van"]
        self._read_history()
        return self

    def remove(self):
        for site in self.studio.sites:
            shutil.rmtree(self.studio.storage(site) / "northlight", ignore_errors=True)

    def _watch(self):
        """Until it has ended, without asking again and again: that would cost a processor."""
        account = self.network.account("hub", self.studio.account)
        argv = [self.studio.binary("crossdock"), *self.studio.connection(), "transfer", "watch", self.transfer]
        end = time.monotonic() + self.give_up
        with subprocess.Popen(account.command(argv, "KILL"), stdout=subprocess.DEVNULL, cwd=self.studio.directory,
                              env=account.environment(self.studio.directory)) as watch:
            while watch.poll() is None:
                if time.monotonic() > end:
                    watch.kill()
                    raise ProgramError(f"{self.transfer} has not ended after {self.give_up} s\n"
                                       + self.studio.cli("transfer", "explain", self.transfer).stdout)
                self._look()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    watch.wait(LOOK_SECONDS)

    def _look(self):
        self._samples.append((time.time(), self.network.counters()["lon", "van"]["delivered_bytes"]))
        if len(self._samples) % 10 == 0:
            seen = summary(sockets_to(self.network.namespace("lon"), self.network.wan_host("van")))
            self.sockets = seen or self.sockets

    def _read_history(self):
        history = self.studio.cli_json("transfer", "show", self.transfer)["history"]
        at = {entry["cause"]: datetime.datetime.fromisoformat(entry["at"]) for entry in history}
        if "published" not in at:
            raise ProgramError(f"{self.transfer} was not published\n" + self.studio.cli("transfer", "show", self.transfer).stdout)
        self.seconds = (at["published"] - at["assigned"]).total_seconds()
        self.seconds_from_event = (at["published"] - min(at.values())).total_seconds()
        self.seconds_to_publish = (at["published"] - at["committed"]).total_seconds()
        began = at["assigned"].timestamp()
        self.received_at = min(at.values()).timestamp()
        self.assigned_at = min(datetime.datetime.fromisoformat(entry["at"]) for entry in history if entry["cause"] == "assigned").timestamp()
        self.progress = [(when - began, count) for when, count in self._samples if when >= began]
        self.attempts = sum(entry["cause"] == "assigned" for entry in history)

    def seconds_until(self, share):
        """From dispatch until this share of the bytes had come out of the line; to LOOK_SECONDS."""
        return next((when for when, count in self.progress if count >= share * self.bytes), self.seconds)

    @property
    def bytes_per_second(self):
        return self.bytes / self.seconds

    @property
    def waste(self):
        """Percent of the bytes handed to the line that carried no file: lost, dropped, sent twice, or overhead of TLS and the protocol."""
        return 100 * (1 - self.bytes / PAYLOAD_SHARE / self.line["bytes"])

    @property
    def cpu_per_gb(self):
        return {name: seconds / (self.bytes / 1e9) for name, seconds in self.cpu.items()}
