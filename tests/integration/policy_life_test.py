"""The life of a client's policy with the real programs: two officers, a candidate over past decisions, bytes that stop."""

import json
import os
import time
import unittest

from studio.case import StudioCase
from studio.process import wait_until
from studio.studio import Studio

CLIENT = "northlight"
FILES = 12
FILE_BYTES = 2_000_000
STOPPED_WITHIN = 3  # seconds
HOLD = "  - id: N-50\n    effect: hold\n    reason: \"The client is looking into it\"\n    when: {asset.name: {in: [nl_010_0010]}}\n"


class PolicyLifeTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()
        cls.add_second_officer()

    @classmethod
    def add_second_officer(cls):
        """From now on nobody is both author and officer."""
        studio, roster = cls.studio, cls.studio.admin / "roster.yaml"
        pete = studio.offline("key", "create", studio.admin / "pete.key").strip()
        text = roster.read_text(encoding="utf-8").replace("number: 1\n", "number: 2\n").replace("officers:    [{", f"officers:    [{{name: pete, key: \"{pete}\"}}, {{")
        cls.account.write(roster, text)
        (studio.admin / "roster.signed").unlink()
        studio.offline("roster", "sign", roster, "--sign-with", studio.admin / "olga.key", "--out", studio.admin / "roster.signed")
        studio.cli("roster", "set", roster, studio.admin / "roster.signed")

    def setUp(self):
        self.text = (self.studio.admin / "policy.yaml").read_text(encoding="utf-8")

    def stricter(self):
        return self.text[:self.text.index("fixture:")] + HOLD

    def file(self, text, name="candidate.yaml"):
        return self.account.write(self.studio.admin / name, text)

    def propose(self, text):
        return self.studio.cli_json("policy", "propose", self.file(text))["policy"]["digest"]

    def sign(self, verb, officer, *arguments, check=True):
        return self.studio.cli("policy", verb, CLIENT, *arguments, "--officer", officer, "--sign-with", self.studio.admin / f"{officer}.key", "--yes",
                               check=check)

    def activate(self, digest):
        return self.studio.cli("policy", "activate", "--client", CLIENT, "--digest", digest)

    def put_in_force(self, text):
        digest = self.propose(text)
        if self.in_force() != digest:
            self.sign("approve", "pete", "--digest", digest)
            self.activate(digest)
        return digest

    def in_force(self):
        return self.studio.cli_json("policy", "show", CLIENT)["policy"]["digest"]

    def events(self):
        return [event["cause"] for event in self.studio.cli_json("policy", "history", CLIENT)["events"]]

    def begin(self, code):
        """A transfer that has landed something and has more to move: slow enough to be caught in the act."""
        self.studio.cli("link", "set", "lon", "van", "--cap-mbit", 16)
        self.studio.add_version(code, files={f"f.{1001 + i}.exr": os.urandom(FILE_BYTES) for i in range(FILES)})
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]
        wait_until(lambda: self.staged(transfer) > FILE_BYTES, 30, lambda: "it never moved\n" + self.studio.cli("transfer", "show", transfer).stdout)
        return transfer

    def staged(self, transfer):
        """Bytes that the receiver has written."""
        return sum(path.stat().st_blocks * 512 for path in (self.studio.storage("van") / ".crossdock" / transfer).glob("van-1-*/data/**/*") if path.is_file())

    def assert_bytes_stop(self, transfer):
        time.sleep(STOPPED_WITHIN)
        there = self.staged(transfer)
        time.sleep(1.5)
        self.assertEqual(self.staged(transfer), there, "bytes still came")
        self.assertLess(there, FILES * FILE_BYTES, "it was over before it could be stopped")

    def test_1_the_author_cannot_approve_and_another_officer_can(self):
        digest = self.propose(self.stricter())
        refused = self.sign("approve", "olga", "--digest", digest, check=False)
        self.assertIn("TWO_PERSONS_NEEDED", refused.stderr)
        early = self.studio.cli("policy", "activate", "--client", CLIENT, "--digest", digest, check=False)
        self.assertIn("POLICY_STATE_CONFLICT", early.stderr)
        self.sign("approve", "pete", "--digest", digest)
        before = self.in_force()
        self.assertNotEqual(before, digest)
        self.activate(digest)
        self.assertEqual(self.in_force(), digest)
        # Going back lets through what is held now: no rollback, but a proposal.
        self.assertIn("ROLLBACK_LOOSENS", self.sign("rollback", "pete", check=False).stderr)
        self.put_in_force(self.text)
        # The other way round one officer is enough, even the author.
        self.sign("rollback", "olga")
        self.assertEqual(self.in_force(), digest)
        self.assertEqual(self.events()[0], "rolled_back")
        self.put_in_force(self.text)
        self.assertEqual(self.in_force(), before)

    def test_2_a_candidate_is_held_against_what_was_decided_and_runs_in_the_shadow(self):
        candidate = self.file(self.stricter())
        self.studio.cli("policy", "shadow", candidate)
        code = self.studio.add_version("past", files={"a": b"x"})
        self.studio.set_status(code, "ready")
        self.studio.wait_for_state(self.studio.transfer_of(code)["transfer"], "CLOSED")
        replayed = self.studio.cli_json("policy", "replay", candidate, "--since", "1h")
        self.assertEqual(replayed["counts"][0]["kind"], "newly_refused")
        self.assertEqual(replayed["examples"][0]["after"], "hold")
        shadow = self.studio.cli_json("policy", "shadow", "--client", CLIENT)
        self.assertEqual([count["kind"] for count in shadow["counts"]], ["newly_refused"])
        self.studio.cli("policy", "shadow", "--client", CLIENT, "--off")
        # What was decided by the stricter one would be allowed by the looser: the exit code says so.
        self.put_in_force(self.stricter())
        code = self.studio.add_version("heldback", files={"a": b"x"})
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]
        self.studio.wait_for_state(transfer, "HELD")
        allowing = self.studio.cli("--json", "policy", "replay", self.file(self.text), "--since", "1h", check=False)
        self.assertEqual(allowing.returncode, 1, allowing)
        self.assertEqual(json.loads(allowing.stdout)["counts"][0]["kind"], "newly_allowed")
        self.put_in_force(self.text)
        self.studio.wait_for_state(transfer, "CLOSED")

    def test_3_revoking_a_policy_stops_running_bytes_within_3_s_and_its_successor_lets_them_go_on(self):
        transfer = self.begin("revoked")
        self.sign("revoke", "olga", "--reason", "A leak is looked into")
        self.assert_bytes_stop(transfer)
        self.studio.wait_for_reason(transfer, "HELD_BY_POLICY")
        self.put_in_force(self.text)
        self.studio.cli("link", "set", "lon", "van", "--cap-mbit", 0)
        self.studio.wait_for_state(transfer, "CLOSED")

    def test_4_activating_a_stricter_version_stops_running_bytes_within_3_s(self):
        digest = self.propose(self.stricter())
        self.sign("approve", "pete", "--digest", digest)
        transfer = self.begin("tightened")
        self.activate(digest)
        self.assert_bytes_stop(transfer)
        self.studio.wait_for_state(transfer, "HELD")
        self.put_in_force(self.text)
        self.studio.cli("link", "set", "lon", "van", "--cap-mbit", 0)
        self.studio.wait_for_state(transfer, "CLOSED")


if __name__ == "__main__":
    unittest.main()
