"""Trees as deep and names as long as may be, delivered by the real programs; beyond that they are refused by name."""

import os

from studio.case import StudioCase
from studio.package import RECORD
from studio.studio import Studio

DEPTH_MAX = 64
NAME_MAX = 255
PATH_MAX = 4095  # without its NUL
PACKAGE = "northlight/nl_010_0010"

DEEPEST = "/".join([*(f"d{level}" for level in range(1, DEPTH_MAX)), "deep.exr"])
# Sixteen names of 255 bytes and the slashes between them.
LONGEST = "/".join(chr(ord("a") + level) * NAME_MAX for level in range(16))
WIDEST = "ø" * 127 + "x"


class LimitsTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()

    def write(self, package, path, content):
        """Level by level, since the whole path is longer than any system call takes."""
        self.studio.write_file("lon", f"{PACKAGE}/{package}/start.exr", b"start")
        at = os.open(self.studio.storage("lon") / PACKAGE / package, os.O_RDONLY)
        *above, name = path.split("/")
        for level in above:
            if level not in os.listdir(at):
                os.mkdir(level, 0o755, dir_fd=at)
                os.chown(level, self.account.uid, self.account.gid, dir_fd=at)
            below = os.open(level, os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = below
        with open(os.open(name, os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=at), "wb") as file:
            file.write(content)
        os.chown(name, self.account.uid, self.account.gid, dir_fd=at)
        os.close(at)

    def deliver(self, package):
        return self.studio.cli("transfer", "create", "--client", "northlight", "--project", "nl", "--from", "lon", "--to", "van", "--volume", "proj",
                               "--purpose", "comp", "--path", f"{PACKAGE}/{package}").stdout.split()[0]

    def there(self, package):
        """Relative path to content, of the destination."""
        found = {}
        root = self.studio.storage("van") / PACKAGE / package
        for above, below, names, directory in os.fwalk(root):
            if RECORD in below:
                below.remove(RECORD)
            for name in names:
                with open(os.open(name, os.O_RDONLY, dir_fd=directory), "rb") as file:
                    found[os.path.normpath(os.path.join(os.path.relpath(above, root), name))] = file.read()
        return found

    def test_the_deepest_tree_and_the_longest_names_arrive(self):
        content = {DEEPEST: b"deep", LONGEST: b"long", WIDEST: b"wide", "start.exr": b"start"}
        self.assertEqual(len(LONGEST.encode()), PATH_MAX)
        self.assertEqual(len(WIDEST.encode()), NAME_MAX)
        for path, bytes_of_it in content.items():
            self.write("limits", path, bytes_of_it)
        self.studio.wait_for_state(self.deliver("limits"), "CLOSED")
        self.assertEqual(self.there("limits"), content)
        # And its staging could be removed.
        staging = self.studio.storage("van") / ".crossdock"
        self.assertEqual(list(staging.iterdir()) if staging.exists() else [], [])

    def test_one_level_more_is_refused_by_name(self):
        self.write("deeper", "d0/" + DEEPEST, b"deep")
        refused = self.studio.wait_for_state(self.deliver("deeper"), "FAILED")
        self.assertEqual(refused["reason"], "NAME_TOO_LONG")

    def test_a_path_of_one_byte_more_is_refused_by_name(self):
        self.write("longer", LONGEST[:-NAME_MAX] + "p/q" + "q" * (NAME_MAX - 2), b"long")
        refused = self.studio.wait_for_state(self.deliver("longer"), "FAILED")
        self.assertEqual(refused["reason"], "NAME_TOO_LONG")
        self.assertFalse((self.studio.storage("van") / PACKAGE / "longer").exists())
