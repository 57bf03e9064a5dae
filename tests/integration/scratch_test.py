"""A bench's directory does not outlive the bench, however that ends."""

import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from studio.scratch import OWNER, PREFIX

BENCH = """
import os, sys, time
from pathlib import Path
from studio.account import Account
from studio.scratch import scratch
with scratch(Account(), Path(sys.argv[1])) as directory:
    (directory / "content").write_bytes(b"x")
    print(directory, flush=True)
    sys.stdin.read()
"""


class ScratchTest(unittest.TestCase):
    def setUp(self):
        root = tempfile.TemporaryDirectory(prefix="crossdock-test-")
        self.addCleanup(root.cleanup)
        self.root = Path(root.name)

    def start(self, **environment):
        """A bench that runs until its standard input ends; (process, its directory)."""
        process = subprocess.Popen([sys.executable, "-B", "-c", BENCH, self.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, **environment})
        self.addCleanup(self.end, process)
        directory = Path(process.stdout.readline().strip())
        self.assertTrue((directory / "content").exists())
        return process, directory

    def end(self, process):
        if process.poll() is None:
            process.stdin.close()
            process.wait(10)
        process.stdin.close()
        process.stdout.close()

    def signalled(self, process, number):
        process.send_signal(number)
        return process.wait(10)

    def test_it_goes_with_the_bench(self):
        process, directory = self.start()
        self.end(process)
        self.assertFalse(directory.exists())

    def test_it_goes_when_the_bench_is_told_to_end(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                process, directory = self.start()
                self.assertEqual(self.signalled(process, number), 128 + number)
                self.assertFalse(directory.exists())

    def test_what_a_killed_bench_left_goes_at_the_next_start_and_what_a_living_one_owns_does_not(self):
        _, living = self.start()
        killed, left = self.start()
        self.signalled(killed, signal.SIGKILL)
        self.assertTrue(left.exists())
        _, third = self.start()
        self.assertFalse(left.exists())
        self.assertTrue((living / "content").exists())
        self.assertTrue((third / "content").exists())

    def test_what_is_not_known_to_be_a_bench_s_stays(self):
        stranger = self.root / f"{PREFIX}stranger"
        stranger.mkdir()
        self.start()
        self.assertTrue(stranger.exists())

    def test_what_somebody_wanted_to_keep_stays(self):
        process, kept = self.start(CROSSDOCK_KEEP="1")
        self.end(process)
        self.start()
        self.assertTrue((kept / "content").exists())
        self.assertTrue((kept / OWNER).exists())


if __name__ == "__main__":
    unittest.main()
