"""Two sites in two network namespaces, a long line between them, and a hub that both reach without it."""

import contextlib
import itertools
import json
import os
import re
import subprocess
from pathlib import Path

from studio.case import BINARY
from studio.process import ProgramError

NAMES = Path("/run/netns")
DEVICE = "wan"
HUB = "hub"
MTU = 1500
QUEUE_BYTES_MIN = 256 * 1024
# 198.18.0.0/15 is set aside for measurements (RFC 2544): the hub's side in the first half, the long line in the second.
HUB_ADDRESS = "198.18.0.1"
LINE_RANGE = "198.19.0.0/16"
_COUNT = itertools.count(1)  # of this process's networks


class Network:
    """A context manager; what it makes is gone afterwards, and what a killed run left is gone when the next one begins.

    `sites` names two. Each has loopback, the device `wan` with an address of its own, and a link to the hub. Hosts' own congestion control
    is Reno, because the kernel allows a namespace nothing else but BBR; `hosts_use()` sets another for the line. Not thread-safe.
    """

    def __init__(self, sites=("lon", "van")):
        self.sites = tuple(sites)
        self._prefix = f"crossdock-{os.getpid()}-{next(_COUNT)}-"
        self._emulator = None

    def __enter__(self):
        if os.geteuid() != 0:
            raise ProgramError("a long line needs root, for namespaces and TUN devices; the programs on it run as an ordinary user all the same")
        forget_the_dead()
        try:
            self._make()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._emulator:
            emulator, self._emulator = self._emulator, None
            with contextlib.suppress(BrokenPipeError):
                emulator.stdin.close()
            try:
                emulator.wait(10)
            except subprocess.TimeoutExpired:
                emulator.kill()
                emulator.wait()
            emulator.stdout.close()
        for path in NAMES.glob(self._prefix + "*"):
            _run("ip", "netns", "del", path.name)

    # -- what a studio asks (see studio.loopback for the other answer)

    def namespace(self, place):
        """Of a site, or of the hub."""
        return self._prefix + (place if place in self.sites else HUB)

    def account(self, place, account):
        return account.inside(self.namespace(place))

    def host(self, place):
        """Where a place listens for its own programs; the hub also for everyone's."""
        return "127.0.0.1" if place in self.sites else HUB_ADDRESS

    def wan_host(self, site):
        return f"198.19.{self.sites.index(site) + 1}.1"

    def next_hops(self):
        return LINE_RANGE

    # -- the line

    def set(self, mbit, rtt_ms, loss=0.0, queue_bytes=None, seed=1):
        """Starts the line anew, the same both ways: IP bytes, `loss` a share of packets, the queue one bandwidth-delay product."""
        if queue_bytes is None:
            queue_bytes = max(QUEUE_BYTES_MIN, int(mbit * 1e6 / 8 * rtt_ms / 1e3))
        answer = self._ask(f"set {mbit} {rtt_ms} {loss} {queue_bytes} {seed}")
        if answer != "ok":
            raise ProgramError(f"wan_emulator answered {answer!r}")

    def counters(self):
        """Since set(): {(from, to): {packets, bytes, lost_packets, queue_dropped_packets, delivered_bytes, ...}}."""
        both = json.loads(self._ask("count"))
        first, second = self.sites
        return {(first, second): both["a_to_b"], (second, first): both["b_to_a"]}

    def device_drops(self):
        """Packets that never reached the line because its device was full: not 0 when the emulator has not kept up."""
        links = (json.loads(self._ip(site, "-j", "-s", "link", "show", "dev", DEVICE)) for site in self.sites)
        return sum(link[0]["stats64"]["tx"]["dropped"] for link in links)

    def hosts_use(self, congestion_control=None, lock=False):
        """The congestion control of every connection over the line that is begun from now on: "cubic", "bbr", or None for the namespaces'
        own. A program may still choose another once it is connected, unless `lock`."""
        words = ("congctl", *(("lock",) if lock else ()), congestion_control) if congestion_control else ()
        for site in self.sites:
            self._ip(site, "route", "replace", self._peer(site) + "/32", "dev", DEVICE, "src", self.wan_host(site), *words)

    @property
    def emulator_pid(self):
        return self._emulator.pid

    # -- making it

    def _make(self):
        for place in (HUB, *self.sites):
            _run("ip", "netns", "add", self.namespace(place))
            self._ip(place, "link", "set", "lo", "up")
            # A later connection must not profit from what an earlier one learnt.
            self._sysctl(place, "net.ipv4.tcp_no_metrics_save", 1)
            self._sysctl(place, "net.ipv4.tcp_congestion_control", "reno")
        self._ip(HUB, "addr", "add", HUB_ADDRESS + "/32", "dev", "lo")
        for number, site in enumerate(self.sites, 1):
            self._link_to_hub(site, f"198.18.{number}.1")
        self._start_emulator()
        for site in self.sites:
            self._sysctl(site, f"net.ipv6.conf.{DEVICE}.disable_ipv6", 1)
            # Only the emulator's queue may drop.
            self._ip(site, "link", "set", "dev", DEVICE, "mtu", MTU, "txqueuelen", 20_000, "up")
            self._ip(site, "addr", "add", self.wan_host(site) + "/32", "dev", DEVICE)
        self.hosts_use(None)
        self.set(1000, 0)

    def _link_to_hub(self, site, address):
        self._ip(HUB, "link", "add", "name", site, "type", "veth", "peer", "name", HUB, "netns", self.namespace(site))
        self._ip(HUB, "link", "set", "dev", site, "up")
        self._ip(site, "link", "set", "dev", HUB, "up")
        self._ip(site, "addr", "add", address + "/32", "dev", HUB)
        self._ip(site, "route", "add", HUB_ADDRESS + "/32", "dev", HUB, "src", address)
        self._ip(HUB, "route", "add", address + "/32", "dev", site)

    def _start_emulator(self):
        program = BINARY / "tests" / "wan_emulator"
        self._emulator = subprocess.Popen([program, *(self.namespace(site) for site in self.sites)], stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE, text=True, bufsize=1)
        self._ask("count")  # answers when the devices are there

    def _ask(self, command):
        with contextlib.suppress(BrokenPipeError):
            self._emulator.stdin.write(command + "\n")
        answer = self._emulator.stdout.readline()
        if not answer:
            raise ProgramError(f"wan_emulator ended ({self._emulator.wait(10)}) at {command!r}; what it said stands above")
        return answer.rstrip("\n")

    def _peer(self, site):
        return self.wan_host(next(other for other in self.sites if other != site))

    def _ip(self, place, *arguments):
        return _run("ip", "-n", self.namespace(place), *arguments)

    def _sysctl(self, place, name, value):
        _run("nsenter", f"--net={NAMES / self.namespace(place)}", "sysctl", "-q", "-w", f"{name}={value}")


def forget_the_dead():
    """Deletes the namespaces of processes that are no more."""
    for path in NAMES.glob("crossdock-*"):
        owner = re.fullmatch(r"crossdock-(\d+)-\d+-\w+", path.name)
        if owner and not Path("/proc", owner[1]).exists():
            _run("ip", "netns", "del", path.name)


def _run(*argv):
    done = subprocess.run([str(part) for part in argv], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ProgramError(f"{' '.join(map(str, argv))}: {done.stderr.strip()}")
    return done.stdout
