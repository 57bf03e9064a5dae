"""The demo's content: real pictures, the same on every run, and nothing that shrinks on its way."""

import hashlib
import os
import unittest
import zlib
from pathlib import Path

from studio.case import StudioCase, program_path

RENDER = program_path("crossdock-demo-render")


@unittest.skipUnless(os.access(RENDER, os.X_OK), f"{RENDER} is not built")
class RenderTest(StudioCase):
    def render(self, name, shot="nl_010_0010", *options):
        folder = self.directory / name
        self.account.run([self.account.stage(RENDER, self.directory), "--shot", shot, "--out", folder, "--frames", "3", "--width", "256",
                          *options], self.directory)
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    def test_frames_are_openexr_with_the_marker_in_their_header(self):
        frames = self.render("named")
        self.assertEqual(list(frames), [f"nl_010_0010_comp_v003.{n}.exr" for n in (1001, 1002, 1003)])
        for content in frames.values():
            self.assertEqual(content[:4], b"\x76\x2f\x31\x01")
            self.assertIn(b"CROSSDOCK-DEMO-MARKER", content[:1024])

    def test_the_same_shot_is_the_same_bytes_with_any_number_of_threads(self):
        one, four = self.render("one", "nl_010_0010", "--threads", "1"), self.render("four", "nl_010_0010", "--threads", "4")
        self.assertEqual(one, four)

    def test_no_two_frames_and_no_two_shots_are_alike(self):
        frames = [*self.render("night").values(), *self.render("dawn", "nl_010_0020").values(),
                  *self.render("other", "nl_010_0010", "--seed", "7").values()]
        self.assertEqual(len({hashlib.sha256(frame).digest() for frame in frames}), 9)

    def test_grain_leaves_little_to_compress(self):
        content = next(iter(self.render("grain").values()))
        colour = len(content) * 3 // 4  # alpha is constant
        self.assertGreater(len(zlib.compress(content, 6)), colour * 0.7)


if __name__ == "__main__":
    unittest.main()
