"""What happens at a destination: a disk that fills up in the middle of a file, and packages for directories that are there."""

import os
import subprocess
import unittest

from studio.case import StudioCase
from studio.package import content
from studio.process import wait_until
from studio.studio import Studio

FRAMES = {f"f.{number}.exr": os.urandom(1_000_000) for number in range(1001, 1013)}


class MergeTest(StudioCase):
    """One studio whose destination allows everything, and one that allows nothing, as when nobody says otherwise."""

    def start_studio(self, name, allowed):
        studio = Studio(self.directory / name, self.account)
        self.addCleanup(studio.stop)
        studio.create()
        config = studio.directory / "van" / "agent.yaml"
        text = config.read_text(encoding="utf-8").replace("}}\n", f"{allowed}}}}}\n")
        self.account.write(config, text)
        return studio.start()

    def deliver(self, studio, name, content, *options):
        path = f"northlight/nl_010_0010/{name}"
        for file, data in content.items():
            studio.write_file("lon", f"{path}/{file}", data)
        made = studio.cli("transfer", "create", "--client", "northlight", "--project", "nl", "--from", "lon", "--to", "van", "--volume", "proj",
                          "--purpose", "comp", "--path", path, "--as", "northlight/in", *options).stdout.split()[0]
        return made

    def there(self, studio):
        return content(studio.storage("van") / "northlight" / "in")

    def test_a_package_joins_a_directory_and_replaces_files_only_when_it_is_asked_to(self):
        studio = self.start_studio("kind", ", merge_allowed: whole, replace_allowed: true")
        studio.wait_for_state(self.deliver(studio, "v1", {"a.exr": b"one", "sub/b.exr": b"b"}), "CLOSED")
        refused = self.deliver(studio, "v2", {"c.exr": b"c"})
        self.assertEqual(studio.wait_for_state(refused, "FAILED")["reason"], "DESTINATION_EXISTS")
        studio.wait_for_state(self.deliver(studio, "v3", {"c.exr": b"c", "sub/d.exr": b"d"}, "--merge", "whole"), "CLOSED")
        self.assertEqual(self.there(studio), {"a.exr": b"one", "sub/b.exr": b"b", "c.exr": b"c", "sub/d.exr": b"d"})
        taken = self.deliver(studio, "v4", {"a.exr": b"two"}, "--merge", "whole")
        self.assertEqual(studio.wait_for_state(taken, "FAILED")["reason"], "DESTINATION_EXISTS")
        self.assertEqual(self.there(studio)["a.exr"], b"one")
        studio.wait_for_state(self.deliver(studio, "v5", {"a.exr": b"two", "e.exr": b"e"}, "--merge", "whole", "--replace"), "CLOSED")
        self.assertEqual(self.there(studio), {"a.exr": b"two", "sub/b.exr": b"b", "c.exr": b"c", "sub/d.exr": b"d", "e.exr": b"e"})
        verified = studio.cli_json("mhl", "verify", studio.storage("van") / "northlight" / "in")
        self.assertEqual((verified["result"], verified["files"], verified["generation"]), ("verified", 5, 3))
        beyond = self.deliver(studio, "v6", {"f.exr": b"f", "g.exr": b"g"}, "--merge", "visible")
        self.assertEqual(studio.wait_for_state(beyond, "FAILED")["reason"], "LANDING_NOT_ALLOWED")

    def test_a_volume_whose_people_said_nothing_is_only_added_to(self):
        studio = self.start_studio("strict", "")
        studio.wait_for_state(self.deliver(studio, "v1", {"a.exr": b"one"}), "CLOSED")
        for options in (("--merge", "whole"), ("--replace",)):
            refused = self.deliver(studio, "v2" + options[0], {"a.exr": b"two"}, *options)
            self.assertEqual(studio.wait_for_state(refused, "FAILED")["reason"], "LANDING_NOT_ALLOWED")
        self.assertEqual(self.there(studio), {"a.exr": b"one"})


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: a disk of a size of its own needs root, to mount one")
class SmallDiskTest(StudioCase):
    def test_what_does_not_fit_is_refused_before_it_is_sent_and_a_read_only_disk_too_and_both_go_on_when_they_can(self):
        studio = Studio(self.directory / "small", self.account)
        self.addCleanup(studio.stop)
        studio.create()
        volume = studio.storage("van")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", volume], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", volume], check=True)
        self.account.own(volume, 0o700)
        studio.start()
        code = studio.add_version("large", files=FRAMES)
        studio.set_status(code, "ready")
        transfer = studio.transfer_of(code)["transfer"]
        why = studio.wait_for_reason(transfer, "DESTINATION_FULL")
        self.assertIn("bytes free", str(why))
        self.assertEqual([path for path in volume.rglob("*.exr")], [])
        self.assertEqual(int(studio.cli_json("transfer", "show", transfer)["transfer"].get("bytes_done", 0)), 0)
        subprocess.run(["mount", "-o", "remount,size=64m,ro", volume], check=True)
        studio.cli("transfer", "retry", transfer)
        studio.wait_for_reason(transfer, "DESTINATION_READ_ONLY")
        subprocess.run(["mount", "-o", "remount,rw", volume], check=True)
        studio.cli("transfer", "retry", transfer)
        studio.wait_for_state(transfer, "CLOSED")
        place = volume / "northlight" / "nl_010_0010" / code
        self.assertEqual({path.name: path.read_bytes() for path in place.glob("*.exr")}, FRAMES)


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: a disk that really fills up needs root, to mount one")
class FillingDiskTest(StudioCase):
    def test_a_disk_that_fills_up_in_the_middle_pauses_the_transfer_and_what_has_landed_is_not_sent_again(self):
        studio = Studio(self.directory / "filling", self.account)
        self.addCleanup(studio.stop)
        studio.create()
        volume = studio.storage("van")
        image = self.directory / "disk.img"
        with open(image, "wb") as file:
            file.truncate(32 << 20)
        subprocess.run(["/sbin/mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, volume], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", volume], check=True)
        self.account.own(volume, 0o700)
        studio.start()
        studio.cli("link", "set", "lon", "van", "--cap-mbit", 24)
        code = studio.add_version("long", files=FRAMES)
        studio.set_status(code, "ready")
        transfer = studio.transfer_of(code)["transfer"]

        def landed():
            """Staged files that are whole, by their inodes: they have the source's time."""
            source = studio.storage("lon") / "northlight" / "nl_010_0010" / code
            times = {name: (source / name).stat().st_mtime_ns for name in FRAMES}
            whole = {}
            for path in (volume / ".crossdock").rglob("*.exr"):
                try:
                    info = path.stat()
                except FileNotFoundError:
                    continue
                if info.st_mtime_ns == times[path.name]:
                    whole[path.name] = info.st_ino
            return whole
        wait_until(lambda: len(landed()) >= 3, 20, lambda: "nothing landed")
        # Somebody else's render takes the rest.
        filler = volume / "render.tmp"
        with open(filler, "wb") as file:
            try:
                while True:
                    file.write(b"\1" * (1 << 16))
                    file.flush()
            except OSError:
                pass
        studio.wait_for_reason(transfer, "DESTINATION_FULL")
        kept = landed()
        self.assertGreaterEqual(len(kept), 3)
        self.assertFalse((volume / "northlight").exists())
        filler.unlink()
        studio.cli("link", "set", "lon", "van", "--cap-mbit", 0)
        studio.cli("transfer", "retry", transfer)
        studio.wait_for_state(transfer, "CLOSED")
        place = volume / "northlight" / "nl_010_0010" / code
        self.assertEqual(content(place), FRAMES)
        for name, inode in kept.items():
            self.assertEqual((place / name).stat().st_ino, inode, f"{name} was sent again")


if __name__ == "__main__":
    unittest.main()
