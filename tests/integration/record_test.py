"""The integrity record that travels with what is delivered: made by real agents, verified by the command."""

import json
import unittest

from studio.case import StudioCase
from studio.package import content, manifests
from studio.studio import Studio

FILES = {"a.1001.exr": b"frame one", "a.1002.exr": b"frame two", "sub/notes.txt": b"notes", "sub/empty-not": b"."}


class RecordTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()

    def place(self, site, code):
        return self.studio.storage(site) / "northlight" / "nl_010_0010" / code

    def deliver(self, code, state="CLOSED"):
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]
        return self.studio.wait_for_state(transfer, state, deadline=60)

    def mhl(self, verb, directory, *options, code=0):
        done = self.studio.run("crossdock", "--json", "mhl", verb, directory, *options, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(done.stdout or done.stderr)

    def test_what_was_delivered_verifies_and_what_was_changed_since_does_not(self):
        code = self.studio.add_version("recorded", files=FILES)
        transfer = self.deliver(code)["transfer"]
        place = self.place("van", code)
        self.assertEqual(content(place), FILES)
        verified = self.mhl("verify", place)
        self.assertEqual((verified["result"], verified["files"], verified["generation"]), ("verified", len(FILES), 1))
        (generation,) = self.mhl("info", place)["histories"][0]["generations"]
        self.assertEqual((generation["process"], generation["hostname"]), ("transfer", "van"))
        self.assertEqual(generation["comment"], f"transfer {transfer}, site lon to site van")
        (manifest,) = manifests(place)
        text = manifest.read_text(encoding="utf-8")
        self.assertNotIn(str(self.directory), text)
        self.assertNotIn("northlight/", text)
        (place / "a.1001.exr").write_bytes(b"frame 0ne")
        (place / "sub/notes.txt").unlink()
        (place / "new").write_bytes(b"")
        problems = self.mhl("verify", place, code=1)["problems"]
        self.assertEqual({one["path"]: one["ascmhl_code"] for one in problems}, {"a.1001.exr": 11, "sub/notes.txt": 10, "new": 21})
        manifest.write_text(text + "\n", encoding="utf-8")
        self.assertEqual(self.mhl("verify", place, code=6)["error"]["reason"], "MHL_MANIFEST_ALTERED")

    def test_the_record_of_the_source_goes_on_at_the_destination_and_an_unchanged_package_is_there_already(self):
        code = self.studio.add_version("continued", files=FILES)
        self.mhl("create", self.place("lon", code), "--format", "md5", "--author", "Jo Doe")
        self.deliver(code)
        place = self.place("van", code)
        generations = self.mhl("info", place)["histories"][0]["generations"]
        self.assertEqual([one["process"] for one in generations], ["in-place", "transfer"])
        self.assertEqual(self.mhl("verify", place)["result"], "verified")
        self.assertEqual(manifests(place)[0].read_bytes(), manifests(self.place("lon", code))[0].read_bytes())
        again = self.studio.cli("transfer", "create", "--client", "northlight", "--project", "nl", "--from", "lon", "--to", "van", "--volume", "proj",
                                "--purpose", "comp", "--path", f"northlight/nl_010_0010/{code}").stdout.split()[0]
        self.studio.wait_for_state(again, "CLOSED", deadline=60)
        self.assertEqual(len(manifests(place)), 2)

    def test_a_file_that_is_not_what_the_record_of_its_source_says_is_not_delivered(self):
        code = self.studio.add_version("damaged", files=FILES)
        source = self.place("lon", code)
        self.mhl("create", source)
        (source / "a.1002.exr").write_bytes(b"frame 2wo")
        failed = self.deliver(code, "FAILED")
        self.assertEqual(failed["reason"], "RECORD_MISMATCH")
        self.assertFalse(self.place("van", code).exists())


if __name__ == "__main__":
    unittest.main()
