"""The emulated line is what it says: its rate, its delay, its loss; and nothing of it is left afterwards."""

import os
import signal
import socket
import subprocess
import sys
import time
import unittest

from studio.case import SOURCE, StudioCase
from studio.process import Program, ProgramError
from wan.network import NAMES, Network

ECHO = """
import socket, sys
here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
here.bind((sys.argv[1], 7000))
print("ready", flush=True)
while True:
    data, there = here.recvfrom(2000)
    here.sendto(data, there)
"""
# Round trips one after the other, in milliseconds.
ASK = """
import socket, sys, time
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.connect((sys.argv[1], 7000))
there.settimeout(5)
for _ in range(int(sys.argv[2])):
    began = time.monotonic()
    there.send(b"x" * 100)
    there.recv(2000)
    print((time.monotonic() - began) * 1e3)
"""
# Packets of 1,500 bytes at MBIT_PER_SECOND for SECONDS, in bursts of a millisecond; then how many.
SEND = """
import socket, sys, time
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.connect((sys.argv[1], 9))
rate, seconds, sent, data = float(sys.argv[2]) * 1e6 / 8 / 1500, float(sys.argv[3]), 0, bytes(1472)
began = time.monotonic()
while (passed := time.monotonic() - began) < seconds:
    while sent < passed * rate:
        try:
            there.send(data)
        except ConnectionRefusedError:
            continue
        sent += 1
    time.sleep(0.001)
print(sent)
"""
CRASH = """
import os, signal
from wan.network import Network
with Network() as network:
    print(network.namespace("van"), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: the emulated line needs root (namespaces, TUN devices); nothing of it was tested")
class LongLineTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.network = cls.enterClassContext(Network())

    def python(self, site, code, *arguments):
        account = self.network.account(site, self.account)
        return account.run(["/usr/bin/python3", "-c", code, *map(str, arguments)], self.directory).stdout

    def send(self, mbit, seconds):
        return int(self.python("lon", SEND, self.network.wan_host("van"), mbit, seconds))

    def counters(self):
        return self.network.counters()["lon", "van"]

    def test_the_programs_on_the_line_are_not_root(self):
        self.assertEqual(self.python("lon", "import os; print(os.getuid())").strip(), str(self.account.uid))

    def test_a_round_trip_takes_as_long_as_asked(self):
        account = self.network.account("van", self.account)
        echo = Program("echo", ["/usr/bin/python3", "-c", ECHO, self.network.wan_host("van")], account, self.directory, self.logs)
        echo.start().wait_for_line("ready", 10)
        self.addCleanup(echo.stop)
        for rtt in (10, 100):
            self.network.set(500, rtt)
            trips = sorted(map(float, self.python("lon", ASK, self.network.wan_host("van"), 30).split()))
            self.assertGreater(trips[0], rtt - 1)
            # The quicker half: the others waited for a processor, here or at the echo.
            self.assertLess(trips[len(trips) // 4], rtt + 1)

    def test_more_than_the_rate_does_not_pass(self):
        for mbit in (50, 500):
            self.network.set(mbit, 20)
            self.send(mbit * 1.3, 0.5)  # fills the queue
            before, began = self.counters(), time.monotonic()
            self.send(mbit * 1.3, 3)
            after, seconds = self.counters(), time.monotonic() - began
            # The queue stays full until the last packet; what it drains while the next sender starts is the line's rate too.
            rate = (after["delivered_bytes"] - before["delivered_bytes"]) * 8 / 1e6 / seconds
            self.assertGreater(after["queue_dropped_packets"], before["queue_dropped_packets"])
            self.assertLess(rate, mbit * 1.02)
            self.assertGreater(after["delivered_bytes"] * 8 / 1e6, mbit * 3.5 * 0.98 - 5)
        self.assertEqual(self.network.device_drops(), 0)

    def test_less_than_the_rate_passes_whole(self):
        self.network.set(500, 20, queue_bytes=20_000_000)  # for a sender that has to catch up
        sent = self.send(450, 2)
        self.assertEqual(self.counters()["queue_dropped_packets"], 0)
        self.assertAlmostEqual(self.counters()["packets"], sent, delta=5)

    def test_loss_is_as_often_as_asked(self):
        self.network.set(500, 20, loss=0.02, queue_bytes=20_000_000, seed=7)
        sent = self.send(200, 3)
        self.assertGreater(sent, 40_000)
        self.assertAlmostEqual(self.counters()["lost_packets"] / sent, 0.02, delta=0.003)
        self.assertEqual(self.counters()["queue_dropped_packets"], 0)

    def test_a_crashed_run_leaves_nothing_once_the_next_began(self):
        environment = {**os.environ, "PYTHONPATH": str(SOURCE / "tests" / "support")}
        crashed = subprocess.run([sys.executable, "-c", CRASH], env=environment, text=True, capture_output=True, check=False)
        self.assertEqual(crashed.returncode, -signal.SIGKILL, crashed.stderr)
        name = crashed.stdout.strip()
        self.assertTrue((NAMES / name).exists())
        with Network(("a", "b")) as network:
            self.assertFalse((NAMES / name).exists())
            mine = network.namespace("a")
        self.assertFalse((NAMES / mine).exists())

    def test_what_the_emulator_does_not_understand_is_an_error(self):
        with Network(("c", "d")) as network, self.assertRaises(ProgramError):
            network.set(0, 20)

    def test_a_port_of_the_line_is_not_the_machines(self):
        with socket.socket() as probe:
            self.assertRaises(OSError, probe.bind, (self.network.wan_host("van"), 0))


if __name__ == "__main__":
    unittest.main()
