"""What somebody on the wire sees: every network leg captured, and nothing readable in it."""

import os
import shutil
import subprocess
import unittest

from studio.case import StudioCase
from studio.process import wait_until
from studio.studio import Studio

MARKER = b"CROSSDOCK-WIRE-MARKER"
NAME = "a_name_that_nobody_may_read.exr"
VERSION = "wire_comp_v001"


@unittest.skipUnless(os.geteuid() == 0, "capturing needs root")
class CaptureTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()

    def capture(self):
        ports = [self.studio.agents_port, self.studio.api_port, *(port for pair in self.studio.relay_ports.values() for port in pair)]
        self.file = self.directory / "wire.pcap"
        tcpdump = subprocess.Popen([shutil.which("tcpdump") or "/usr/bin/tcpdump", "-i", "lo", "-s", "0", "-B", "65536", "-U", "-w", self.file,
                                    " or ".join(f"tcp port {port}" for port in ports)], stderr=subprocess.PIPE, text=True)
        self.addCleanup(tcpdump.stderr.close)
        self.assertIn("listening on", tcpdump.stderr.readline())
        return tcpdump

    def test_no_leg_shows_content_names_titles_or_identities(self):
        content = b"".join(MARKER + os.urandom(4000) for _ in range(500))
        self.studio.add_version(VERSION, shot="nl_010_0020", files={NAME: content})
        tcpdump = self.capture()
        self.studio.set_status(VERSION, "ready")
        transfer = self.studio.transfer_of(VERSION)["transfer"]
        self.studio.wait_for_state(transfer, "AWAITING_APPROVAL")
        self.studio.approve(transfer)
        self.studio.wait_for_state(transfer, "CLOSED")
        size = 0

        def settled():
            nonlocal size
            before, size = size, self.file.stat().st_size
            return size == before and size > 3 * len(content)
        wait_until(settled, 15, lambda: f"the capture has {size} bytes: it missed a leg")
        tcpdump.terminate()
        tcpdump.wait(10)
        self.assertIn("\n0 packets dropped by kernel", "\n" + tcpdump.stderr.read())
        wire = self.file.read_bytes()
        # The content crossed agent-relay, relay-relay and relay-agent.
        self.assertGreater(len(wire), 3 * len(content))
        for secret in (MARKER, NAME.encode(), VERSION.encode(), b"northlight", b"Northern Lights", b"nl_010_0020", b"spiffe://", b"demo.studio", b"paula"):
            self.assertNotIn(secret, wire)


if __name__ == "__main__":
    unittest.main()
