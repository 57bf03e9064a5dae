"""What an attempt leaves in staging at its destination: kept for a retry, removed when it has lain there for long, by whoever made it."""

import json
import os
import time
import unittest

from studio.case import StudioCase
from studio.package import content
from studio.process import wait_until
from studio.studio import Studio

KEEP = 5  # seconds
FILES = 12
FILE_BYTES = 2_000_000
SHOT = "northlight/nl_010_0010"


class CleaningTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account, limits={"staging_keep": f"{KEEP}s"})
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()

    def cap(self, mbit):
        """Of the attempts that begin from now on."""
        self.studio.cli("link", "set", "lon", "van", "--cap-mbit", mbit)

    def staging(self, transfer):
        return self.studio.storage("van") / ".crossdock" / transfer

    def landed(self, transfer):
        """The files in staging that are recorded as complete, by name; at least they have their full size."""
        found = {}
        for path in self.staging(transfer).glob("van-1-*/data/*.exr"):
            if path.stat().st_size == FILE_BYTES:
                found[path.name] = path.stat().st_ino
        return found

    def begin(self, code):
        """A transfer that has landed something and has more to move: slow enough to be caught in the act."""
        self.cap(40)
        self.content = {f"f.{1001 + i}.exr": os.urandom(FILE_BYTES) for i in range(FILES)}
        self.studio.add_version(code, files=self.content)
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]

        def moving():
            now = self.studio.cli_json("transfer", "show", transfer)["transfer"]
            return now["state"] == "TRANSFER_STATE_RUNNING" and int(now.get("files_done", 0)) >= 2
        wait_until(moving, 30, lambda: "it never moved\n" + self.studio.cli("transfer", "show", transfer).stdout)
        return transfer

    def cleanings(self, transfer):
        """How often the receiver was asked, and how often it said that it had done so."""
        started = [record for record in self.studio.program("van-agent").records()
                   if record.get("message") == "task started" and record.get("kind") == "clean" and record.get("transfer") == transfer]
        audited = [json.loads(line) for line in self.studio.cli("--json", "audit", "tail", "--transfer", transfer).stdout.splitlines()]
        return len(started), [record["action"] for record in audited].count("staging.cleaned")

    def wait_until_clean(self, transfer):
        wait_until(lambda: not self.staging(transfer).exists(), KEEP + 25, lambda: f"{self.staging(transfer)} is still there")
        wait_until(lambda: self.cleanings(transfer)[1] == 1, 10, lambda: "nobody was told that it is clean")

    def assert_delivered_whole(self, code):
        place = self.studio.storage("van") / SHOT / code
        self.assertEqual(content(place), self.content)
        return place

    def test_a_cancelled_transfer_is_cleaned_once_and_nothing_else_is(self):
        published = self.studio.add_version("beside", files={"a": b"x"})
        self.studio.set_status(published, "ready")
        self.studio.wait_for_state(self.studio.transfer_of(published)["transfer"], "CLOSED")
        transfer = self.begin("cancelled")
        self.studio.cli("transfer", "cancel", transfer, "--reason", "not needed")
        self.assertTrue(self.landed(transfer))
        custody = ("audit", "custody", transfer)
        self.assertEqual([each["site"] for each in self.studio.cli_json(*custody, "--open")["intervals"]], ["lon", "van"])
        self.wait_until_clean(transfer)
        self.assertEqual(self.cleanings(transfer), (1, 1))
        # Nothing is left at the destination, and since when is on record.
        self.assertEqual([each["site"] for each in self.studio.cli_json(*custody, "--open")["intervals"]], ["lon"])
        van = self.studio.cli_json(*custody)["intervals"][1]
        self.assertLess(van["since"], van["until"])
        self.assertFalse((self.studio.storage("van") / SHOT / "cancelled").exists())
        self.assertEqual((self.studio.storage("van") / SHOT / published / "a").read_bytes(), b"x")
        # Cleaned is not lost: a retry begins from nothing.
        self.cap(0)
        self.studio.cli("transfer", "retry", transfer)
        self.studio.wait_for_state(transfer, "CLOSED")
        self.assert_delivered_whole("cancelled")
        self.assertFalse(self.staging(transfer).exists())

    def test_a_failed_transfer_that_is_retried_in_time_goes_on_from_its_staging(self):
        transfer = self.begin("failed")
        source = self.studio.storage("lon") / SHOT / "failed"
        before = self.landed(transfer)
        for name in self.content:
            os.chmod(source / name, 0)
        try:
            self.studio.wait_for_state(transfer, "FAILED")
            self.assertTrue(self.staging(transfer).exists())
        finally:
            for name in self.content:
                os.chmod(source / name, 0o644)
        self.cap(0)
        self.studio.cli("transfer", "retry", transfer)
        self.studio.wait_for_state(transfer, "CLOSED")
        place = self.assert_delivered_whole("failed")
        # The very files that had landed before stand there now: they were not sent again. The newest ones of `before` may not have
        # been recorded yet when the attempt ended.
        kept = [name for name, inode in before.items() if (place / name).stat().st_ino == inode]
        self.assertTrue(kept, before)
        self.assertFalse(self.staging(transfer).exists())

    def test_an_agent_that_was_away_cleans_when_it_is_back(self):
        transfer = self.begin("away")
        agent = self.studio.program("van-agent")
        agent.kill()
        since = agent.position()
        self.studio.cli("transfer", "cancel", transfer, "--reason", "not needed")
        self.studio.wait_for_state(transfer, "CANCELLED")
        due = time.monotonic() + KEEP + 1
        wait_until(lambda: time.monotonic() > due, KEEP + 20, lambda: "time stands still")
        self.assertTrue(self.landed(transfer))
        agent.start()
        agent.wait_for_record("agent is ready", since=since)
        self.wait_until_clean(transfer)

    def test_a_delivered_transfer_leaves_no_staging_whatever_happened_on_its_way(self):
        transfer = self.begin("delivered")
        agent = self.studio.program("van-agent")
        agent.kill()
        since = agent.position()
        agent.start()
        agent.wait_for_record("agent is ready", since=since)
        self.cap(0)
        self.studio.wait_for_state(transfer, "CLOSED", deadline=120)
        self.assert_delivered_whole("delivered")
        self.assertFalse(self.staging(transfer).exists())


if __name__ == "__main__":
    unittest.main()
