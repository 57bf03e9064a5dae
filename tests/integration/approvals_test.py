"""Approvals with the real programs: taken back while bytes run, brought back by whoever owns the database, denied."""

import datetime
import os
import time
import unittest

from studio.case import StudioCase
from studio.process import wait_until
from studio.studio import Studio

FILES = 12
FILE_BYTES = 2_000_000
STOPPED_WITHIN = 3  # seconds
WATCHED_FOR = 5


class ApprovalsTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account, more_approvers=("dana",))
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()

    def waiting(self, code, files=None):
        """A confidential transfer that waits for Paula."""
        self.studio.add_version(code, shot="nl_010_0020", files=files or {"a": b"secret"})
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]
        self.studio.wait_for_state(transfer, "AWAITING_APPROVAL")
        return transfer

    def paula(self, verb, *arguments, check=True):
        return self.sign("paula", verb, *arguments, check=check)

    def sign(self, who, verb, *arguments, check=True):
        return self.studio.cli("approval", verb, *arguments, "--sign-with", self.studio.admin / f"{who}.key", "--approver", who, "--yes",
                               user=who, check=check)

    def running(self, code, approver="paula"):
        """One that has landed something and has more to move: slow enough to be caught in the act."""
        self.studio.cli("link", "set", "lon", "van", "--cap-mbit", 16)
        transfer = self.waiting(code, {f"f.{1001 + i}.exr": os.urandom(FILE_BYTES) for i in range(FILES)})
        self.sign(approver, "approve", transfer)
        wait_until(lambda: self.staged(transfer) > FILE_BYTES, 30, lambda: "it never moved\n" + self.studio.cli("transfer", "show", transfer).stdout)
        return transfer

    def staged(self, transfer):
        """Bytes that the receiver has written."""
        return sum(path.stat().st_blocks * 512 for path in (self.studio.storage("van") / ".crossdock" / transfer).glob("van-1-*/data/**/*") if path.is_file())

    def seconds_until_last_byte(self, transfer, command):
        """From the start of `command` to the last byte that was seen to land, watched for longer than is allowed."""
        began = time.monotonic()
        last, there = began, self.staged(transfer)
        command()
        while time.monotonic() < began + WATCHED_FOR:
            now = self.staged(transfer)
            if now != there:
                last, there = time.monotonic(), now
            time.sleep(0.02)
        self.assertLess(there, FILES * FILE_BYTES, "it was over before it could be stopped")
        return last - began

    def explained(self, transfer):
        return self.studio.cli("transfer", "explain", transfer).stdout

    def test_1_a_withdrawn_approval_stops_running_bytes_within_3_s_and_a_new_one_lets_them_go_on(self):
        transfer = self.running("withdrawn")
        took = self.seconds_until_last_byte(transfer, lambda: self.paula("withdraw", transfer, "--reason", "too early"))
        self.assertLess(took, STOPPED_WITHIN)
        self.studio.wait_for_state(transfer, "AWAITING_APPROVAL")
        self.assertIn("paula withdrew the approval of 'production'", self.explained(transfer))
        self.assertIn("too early", self.explained(transfer))
        given = self.studio.cli_json("approval", "given", transfer)["approvals"]
        self.assertEqual([(each["approver"], each["dismissed_reason"], each["words"]) for each in given], [("paula", "APPROVAL_WITHDRAWN", "too early")])
        audited = [row for row in self.studio.cli("audit", "tail", "--after", "0").stdout.splitlines() if "approval.withdrawn" in row]
        self.assertEqual(len(audited), 1)
        self.paula("approve", transfer)
        self.studio.cli("link", "set", "lon", "van", "--cap-mbit", 0)
        self.studio.wait_for_state(transfer, "CLOSED")
        late = self.paula("withdraw", transfer, check=False)
        self.assertIn("WITHDRAWAL_TOO_LATE", late.stderr)

    def test_2_an_approval_that_root_brings_back_in_the_database_moves_nothing(self):
        transfer = self.running("brought-back")
        self.paula("withdraw", transfer)
        self.studio.wait_for_state(transfer, "AWAITING_APPROVAL")
        for site in ("lon", "van"):
            kept = self.studio.directory / site / "agent" / "objections.json"
            wait_until(lambda kept=kept: kept.exists() and transfer in kept.read_text(encoding="utf-8"), 20, lambda: f"{site} was not told")
        self.studio.postgres.execute(f"""delete from withdrawal where transfer = '{transfer}';
            update approval set dismissed = null, dismissed_reason = '' where transfer = '{transfer}';
            update transfer set state = 'running', state_since = now(), agent_from = 'lon-1', agent_to = 'van-1', epoch_generation = 1,
                epoch_n = epoch_n + 1, renewed = now(), reason = '', detail = '' where id = '{transfer}'""", "crossdock")
        wait_until(lambda: "APPROVAL_WITHDRAWN" in self.explained(transfer) + self.studio.cli("transfer", "show", transfer).stdout, 20,
                   lambda: "nobody refused it\n" + self.explained(transfer))
        self.assertFalse((self.studio.storage("van") / "northlight" / "nl_010_0020" / "brought-back").exists())
        self.studio.cli("transfer", "cancel", transfer, "--reason", "test over", check=False)
        self.studio.cli("link", "set", "lon", "van", "--cap-mbit", 0)

    def test_3_a_denial_ends_it_with_name_and_words_and_a_retry_meets_it_again(self):
        transfer = self.waiting("denied")
        self.paula("deny", transfer, "--reason", "the wrong plate")
        self.studio.wait_for_state(transfer, "DENIED")
        for text in ("Paula P (paula) denied 'production'", "the wrong plate"):
            self.assertIn(text, self.explained(transfer))
        self.studio.wait_for_report("denied", "denied")
        self.assertIn("the wrong plate", self.studio.delivery("denied")["note"])
        self.assertIn("APPROVAL_NOT_ASKED", self.paula("approve", transfer, check=False).stderr)
        self.studio.cli("transfer", "retry", transfer)
        wait_until(lambda: len([entry for entry in self.studio.cli_json("transfer", "show", transfer)["history"] if entry["cause"] == "denied"]) == 2, 20,
                   lambda: "the retry was not denied\n" + self.explained(transfer))
        self.assertIn("the wrong plate", self.explained(transfer))

    def test_4_who_stands_in_approves_and_ending_that_stops_running_bytes_within_3_s_whatever_root_brings_back(self):
        self.studio.cli("link", "set", "lon", "van", "--cap-mbit", 0)
        first = self.waiting("stood-in")
        self.assertIn("APPROVER_NOT_ELIGIBLE", self.sign("dana", "approve", first, check=False).stderr)
        tomorrow = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).strftime("%Y-%m-%d")
        self.paula("delegate", "--to", "dana", "--until", tomorrow, "--client", "northlight", "--reason", "on the set")
        self.assertIn("on the set", self.studio.cli("approval", "delegations").stdout)
        self.sign("dana", "approve", first)
        self.studio.wait_for_state(first, "CLOSED")
        self.assertTrue((self.studio.storage("van") / "northlight" / "nl_010_0020" / "stood-in" / "a").is_file())
        self.assertEqual([each["approver"] for each in self.studio.cli_json("approval", "given", first)["approvals"]], ["dana"])

        transfer = self.running("stopped", approver="dana")
        took = self.seconds_until_last_byte(transfer, lambda: self.paula("end-delegation", "--to", "dana", "--reason", "back"))
        self.assertLess(took, STOPPED_WITHIN)
        self.studio.wait_for_state(transfer, "AWAITING_APPROVAL")
        self.assertNotIn("dana", self.studio.cli("approval", "delegations").stdout)
        self.assertIn("DELEGATION_UNKNOWN", self.paula("end-delegation", "--to", "dana", check=False).stderr)
        audited = self.studio.cli("audit", "tail", "--after", "0").stdout.splitlines()
        self.assertEqual(len([row for row in audited if "approval.delegation_ended" in row]), 1)
        for site in ("lon", "van"):
            kept = self.studio.directory / site / "agent" / "objections.json"
            wait_until(lambda kept=kept: kept.exists() and "delegation-end" in kept.read_text(encoding="utf-8"), 20, lambda: f"{site} was not told")

        self.studio.postgres.execute(f"""update delegation set ended = null, end_statement = null;
            update transfer set decide_again = now() where id = '{transfer}'""", "crossdock")
        wait_until(lambda: "CLEARANCE_NEEDS_APPROVALS" in self.studio.cli("transfer", "show", transfer).stdout + self.explained(transfer), 20,
                   lambda: "nobody refused it\n" + self.explained(transfer))
        self.assertFalse((self.studio.storage("van") / "northlight" / "nl_010_0020" / "stopped").exists())
        self.studio.cli("transfer", "cancel", transfer, "--reason", "test over", check=False)


if __name__ == "__main__":
    unittest.main()
