"""What of a file's metadata travels with the real programs, what is refused, and when a package is whole (docs/packages.md)."""

import os
import subprocess
import time
import unittest

from studio.case import StudioCase
from studio.package import content
from studio.studio import Studio

SPARSE_BYTES = 200_000_000_000
STORED = {0: os.urandom(1 << 20), 77 << 20: os.urandom(1 << 20), 150_000_000_000 // 4096 * 4096: os.urandom(1 << 20)}


class PackagesTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create()
        if os.geteuid() == 0:
            cls.make_small_volume()
        cls.studio.start()

    @classmethod
    def make_small_volume(cls):
        """The destination gets 64 MiB. Without root it has what the machine has, which the sparse file exceeds as a rule too."""
        volume, image = cls.studio.storage("van"), cls.directory / "disk.img"
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["/sbin/mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, volume], check=True)
        cls.addClassCleanup(subprocess.run, ["umount", "-l", volume], check=True)
        cls.account.own(volume, 0o700)

    def deliver(self, name, *options):
        return self.studio.cli("transfer", "create", "--client", "northlight", "--project", "nl", "--from", "lon", "--to", "van", "--volume", "proj",
                               "--purpose", "comp", "--path", f"northlight/nl_010_0010/{name}", *options).stdout.split()[0]

    def wait_until_not_ready(self, transfer):
        """The sentence that says why."""
        self.studio.wait_for_reason(transfer, "SOURCE_NOT_READY")
        return self.studio.cli_json("transfer", "show", transfer)["transfer"]["detail"]

    def source(self, name, file):
        return self.studio.storage("lon") / "northlight" / "nl_010_0010" / name / file

    def landed(self, name, file):
        return self.studio.storage("van") / "northlight" / "nl_010_0010" / name / file

    def write(self, name, file, content):
        self.studio.write_file("lon", f"northlight/nl_010_0010/{name}/{file}", content)

    def test_a_sparse_file_of_200_gb_arrives_in_seconds_where_there_is_far_less_space(self):
        self.write("sparse", "sim.vdb", b"")
        with open(self.source("sparse", "sim.vdb"), "r+b") as file:
            file.truncate(SPARSE_BYTES)
            for offset, content in STORED.items():
                file.seek(offset)
                file.write(content)
        began = time.monotonic()
        self.studio.wait_for_state(self.deliver("sparse"), "CLOSED", deadline=120)
        print(f"200 GB of which 3 MiB are stored: {time.monotonic() - began:.1f} s")
        arrived = self.landed("sparse", "sim.vdb")
        self.assertEqual(arrived.stat().st_size, SPARSE_BYTES)
        self.assertLessEqual(arrived.stat().st_blocks * 512, 8 << 20)
        with open(arrived, "rb") as file:
            for offset, content in STORED.items():
                file.seek(offset)
                self.assertEqual(file.read(len(content)), content)
                self.assertEqual(file.read(4096), bytes(4096))

    def test_links_permissions_times_and_attributes_arrive(self):
        self.write("meta", "d/a.sh", b"#!/bin/sh\n")
        source = self.source("meta", "d/a.sh")
        os.chmod(source, 0o750)
        os.link(source, self.source("meta", "b.sh"))
        os.symlink("d/a.sh", self.source("meta", "c.sh"))
        os.setxattr(source, "user.shot", b"nl_010_0010")
        os.utime(source, ns=(0, 1_600_000_000_123_456_789))
        os.utime(source.parent, ns=(0, 1_500_000_000_000_000_000))
        self.studio.wait_for_state(self.deliver("meta"), "CLOSED")
        arrived = self.landed("meta", "d/a.sh")
        self.assertEqual(arrived.stat().st_mode & 0o7777, 0o750)
        self.assertEqual(arrived.stat().st_mtime_ns, 1_600_000_000_123_456_789)
        self.assertEqual(arrived.parent.stat().st_mtime_ns, 1_500_000_000_000_000_000)
        self.assertEqual(arrived.stat().st_ino, self.landed("meta", "b.sh").stat().st_ino)
        self.assertEqual(os.readlink(self.landed("meta", "c.sh")), "d/a.sh")
        self.assertEqual(os.getxattr(arrived, "user.shot"), b"nl_010_0010")

    def test_a_package_waits_for_its_marker_and_leaves_it_behind(self):
        self.write("marked", "a.exr", b"a")
        waiting = self.deliver("marked", "--ready", "marker .done")
        self.assertIn(".done", self.wait_until_not_ready(waiting))
        self.studio.cli("transfer", "cancel", waiting, "--reason", "enough seen")
        self.write("marked", ".done", b"")
        self.studio.wait_for_state(self.deliver("marked", "--ready", "marker .done"), "CLOSED")
        self.assertEqual(list(content(self.landed("marked", ""))), ["a.exr"])

    def test_a_package_waits_until_it_is_quiet(self):
        self.write("growing", "a.exr", b"a")
        waiting = self.deliver("growing", "--ready", "stable 1h")
        self.assertIn("a.exr", self.wait_until_not_ready(waiting))
        self.studio.cli("transfer", "cancel", waiting, "--reason", "enough seen")
        refused = self.studio.cli("transfer", "create", "--client", "northlight", "--project", "nl", "--from", "lon", "--to", "van", "--volume", "proj",
                                  "--purpose", "comp", "--path", "northlight/nl_010_0010/growing", "--ready", "soon", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("stable 30s", refused.stderr)


if __name__ == "__main__":
    unittest.main()
