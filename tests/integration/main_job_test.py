"""The main job on real programs: two sites, two relays, an asset database; and what goes wrong on a usual day."""

import os
import unittest

from studio.case import StudioCase
from studio.studio import Studio

SHOTS = {"free": "nl_010_0010", "guarded": "nl_010_0020"}


class MainJobTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()

    def deliver(self, code, *states, deadline=40):
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]
        return self.studio.wait_for_state(transfer, *(states or ("CLOSED",)), deadline=deadline)

    def assert_reason(self, transfer, reason):
        explanation = self.studio.cli_json("transfer", "explain", transfer["transfer"])
        self.assertEqual(explanation["reason"], reason, explanation)
        return explanation

    def landed(self, code, name, shot="nl_010_0010"):
        return self.studio.storage("van") / "northlight" / shot / code / name

    def assert_nothing_landed(self, code, shot="nl_010_0010"):
        self.assertFalse((self.studio.storage("van") / "northlight" / shot / code).exists())

    def test_what_is_ready_is_delivered_whole_and_reported_back(self):
        files = {"a.1001.exr": os.urandom(3_000_000), "sub/b.txt": b"notes", "n" * 255: b"a long name"}
        code = self.studio.add_version("whole", files=files)
        self.deliver(code)
        for name, content in files.items():
            self.assertEqual(self.landed(code, name).read_bytes(), content)
        self.studio.wait_for_report(code, "closed")

    def test_the_same_event_twice_is_one_delivery(self):
        code = self.studio.add_version("twice", files={"a": b"x"})
        self.deliver(code)
        self.studio.postgres.execute(f"select crossdock.publish('version.status_changed', 'nl', 'Version', '{code}')", "assets")
        self.studio.wait_for_events(code, 3)  # its birth, its readiness, and again
        self.assertEqual(sum(one["entity"]["id"] == code for one in self.studio.transfers()), 1)

    def test_what_is_no_longer_ready_is_not_delivered(self):
        code = self.studio.add_version("retracted", files={"a": b"x"})
        self.studio.postgres.execute(f"select crossdock.publish('version.status_changed', 'nl', 'Version', '{code}')", "assets")
        self.studio.wait_for_events(code, 2, outcome="EVENT_OUTCOME_SUPERSEDED")
        self.assertFalse(any(one["entity"]["id"] == code for one in self.studio.transfers()))
        self.assert_nothing_landed(code)

    def test_confidential_work_waits_for_its_approver_and_no_one_else(self):
        code = self.studio.add_version("secret", shot="nl_010_0020", files={"a": b"x"})
        transfer = self.deliver(code, "AWAITING_APPROVAL")
        self.assert_reason(transfer, "APPROVAL_MISSING")
        self.assert_nothing_landed(code, "nl_010_0020")
        self.studio.approve(transfer["transfer"])
        self.studio.wait_for_state(transfer["transfer"], "CLOSED")
        self.assertEqual(self.landed(code, "a", "nl_010_0020").read_bytes(), b"x")

    def test_an_approval_by_a_key_that_the_roster_does_not_know_is_refused(self):
        code = self.studio.add_version("forged", shot="nl_010_0020", files={"a": b"x"})
        transfer = self.deliver(code, "AWAITING_APPROVAL")["transfer"]
        stranger = self.studio.admin / "stranger.key"
        if not stranger.exists():
            self.studio.offline("key", "create", stranger)
        refused = self.studio.cli("approval", "approve", transfer, "--sign-with", stranger, "--approver", "paula", "--yes", user="paula", check=False)
        self.assertEqual(refused.returncode, 4, refused)
        self.assertIn("APPROVER_UNKNOWN", refused.stderr)
        self.studio.cli("transfer", "cancel", transfer, "--reason", "test over")

    def test_a_source_that_changed_while_people_looked_must_be_approved_again(self):
        code = self.studio.add_version("swapped", shot="nl_010_0020", files={"a": b"approved"})
        transfer = self.deliver(code, "AWAITING_APPROVAL")["transfer"]
        self.studio.write_file("lon", f"northlight/nl_010_0020/{code}/a", b"something else")
        self.studio.approve(transfer)
        # The sender finds it, the transfer is scanned again, and waits again.
        self.studio.wait_for_history(transfer, "content_changed")
        self.studio.wait_for_state(transfer, "AWAITING_APPROVAL")
        self.assert_nothing_landed(code, "nl_010_0020")
        self.studio.approve(transfer)
        self.studio.wait_for_state(transfer, "CLOSED")
        self.assertEqual(self.landed(code, "a", "nl_010_0020").read_bytes(), b"something else")

    def test_a_package_that_is_not_there_fails_with_its_reason(self):
        transfer = self.deliver(self.studio.add_version("missing"), "FAILED")
        self.assert_reason(transfer, "SOURCE_MISSING")

    def test_an_empty_package_fails_with_its_reason(self):
        path = self.studio.storage("lon") / "northlight" / "nl_010_0010" / "hollow"
        self.studio.write_file("lon", "northlight/nl_010_0010/hollow/x", b"")
        (path / "x").unlink()
        self.assert_reason(self.deliver(self.studio.add_version("hollow"), "FAILED"), "PACKAGE_EMPTY")

    def test_an_empty_file_fails_with_its_reason(self):
        self.assert_reason(self.deliver(self.studio.add_version("blank", files={"a.exr": b""}), "FAILED"), "FILE_EMPTY")

    def test_a_file_that_cannot_be_read_fails_with_its_reason(self):
        code = self.studio.add_version("locked", files={"a": b"x"})
        os.chmod(self.studio.storage("lon") / "northlight" / "nl_010_0010" / code / "a", 0)
        self.assert_reason(self.deliver(code, "FAILED"), "SOURCE_UNREADABLE")

    def test_a_link_out_of_the_volume_fails_with_its_reason(self):
        code = self.studio.add_version("linked", files={"a": b"x"})
        os.symlink("/etc/passwd", self.studio.storage("lon") / "northlight" / "nl_010_0010" / code / "b")
        self.assert_reason(self.deliver(code, "FAILED"), "SYMLINK_OUTSIDE")

    def test_names_that_other_systems_cannot_hold_fail_with_their_reason(self):
        for name, reason in ((b"new\nline", "NAME_CONTROL"), (b"\xff\xfe", "NAME_INVALID_UTF8")):
            code = f"named-{reason.lower()}"
            self.studio.add_version(code)
            self.studio.write_file("lon", os.fsencode(f"northlight/nl_010_0010/{code}/") + name, b"x")
            self.assert_reason(self.deliver(code, "FAILED"), reason)

    def test_a_path_out_of_the_volume_is_refused(self):
        code = self.studio.add_version("climber", path="../../etc", status="review")
        self.studio.set_status(code, "ready")
        entry = self.studio.wait_for_events(code, 1, outcome="EVENT_OUTCOME_PARKED")[0]
        self.assertIn("..", entry["detail"])

    def test_a_path_that_no_client_owns_is_denied(self):
        self.studio.write_file("lon", "elsewhere/a", b"x")
        transfer = self.deliver(self.studio.add_version("orphan", path="elsewhere"), "DENIED")
        self.assert_reason(transfer, "PATH_NOT_MAPPED")

    def test_other_content_at_the_destination_is_never_overwritten(self):
        code = self.studio.add_version("occupied", files={"a": b"new"})
        self.studio.write_file("van", f"northlight/nl_010_0010/{code}/a", b"old")
        self.assert_reason(self.deliver(code, "FAILED"), "DESTINATION_EXISTS")
        self.assertEqual(self.landed(code, "a").read_bytes(), b"old")

    def test_the_same_content_at_the_destination_counts_as_delivered(self):
        code = self.studio.add_version("there", files={"a": b"same"})
        self.studio.write_file("van", f"northlight/nl_010_0010/{code}/a", b"same")
        self.deliver(code)
        self.assertEqual(self.landed(code, "a").read_bytes(), b"same")

    def test_a_transfer_made_by_hand_takes_the_same_way(self):
        self.studio.write_file("lon", "northlight/nl_010_0010/byhand/a", b"x")
        made = self.studio.cli_json("transfer", "create", "--client", "northlight", "--project", "nl", "--from", "lon", "--to", "van",
                                    "--volume", "proj", "--path", "northlight/nl_010_0010/byhand", "--purpose", "comp")
        state = self.studio.wait_for_state(made["transfer"]["transfer"], "CLOSED", "HELD")
        # Nobody published it, so the policy's exclusion of publishers has nothing to exclude; work in progress needs no approval.
        self.assertEqual(state["state"], "TRANSFER_STATE_CLOSED")
        self.assertEqual(self.landed("byhand", "a").read_bytes(), b"x")

    def test_an_unknown_site_is_refused_at_once(self):
        refused = self.studio.cli("transfer", "create", "--client", "northlight", "--project", "nl", "--from", "lon", "--to", "atlantis",
                                  "--volume", "proj", "--path", "northlight/nl_010_0010/x", "--purpose", "comp", check=False)
        self.assertEqual(refused.returncode, 3, refused)
        self.assertIn("SITE_UNKNOWN", refused.stderr)

    def test_a_policy_that_holds_is_the_reason_and_its_successor_the_remedy(self):
        text = (self.studio.admin / "policy.yaml").read_text(encoding="utf-8")
        rules = text[:text.index("fixture:")]
        hold = "  - id: N-50\n    effect: hold\n    reason: \"The client is looking into it\"\n    when: {asset.name: {in: [nl_010_0010]}}\n"
        self.studio.activate_policy(rules + hold, 2)
        try:
            code = self.studio.add_version("onhold", files={"a": b"x"})
            transfer = self.deliver(code, "HELD")["transfer"]
            explanation = self.assert_reason({"transfer": transfer}, "HELD_BY_POLICY")
            self.assertIn("looking into it", " ".join(explanation["lines"]))
        finally:
            self.studio.activate_policy(text, 3)
        self.studio.wait_for_state(transfer, "CLOSED")

    def test_a_paused_transfer_waits_and_says_so_and_goes_on(self):
        code = self.studio.add_version("paused", shot="nl_010_0020", files={"a": b"x"})
        transfer = self.deliver(code, "AWAITING_APPROVAL")["transfer"]
        self.studio.cli("transfer", "pause", transfer, "--reason", "lunch")
        self.studio.approve(transfer)
        self.studio.wait_for_reason(transfer, "PAUSED")
        self.assert_nothing_landed(code, "nl_010_0020")
        self.studio.cli("transfer", "resume", transfer)
        self.studio.wait_for_state(transfer, "CLOSED")

    def test_a_held_link_is_the_reason_and_its_release_the_remedy(self):
        self.studio.cli("link", "set", "lon", "van", "--hold", "maintenance")
        try:
            code = self.studio.add_version("linkheld", files={"a": b"x"})
            transfer = self.deliver(code, "QUEUED")
            self.studio.wait_for_reason(transfer["transfer"], "LINK_HELD")
        finally:
            self.studio.cli("link", "set", "lon", "van", "--release")
        self.studio.wait_for_state(transfer["transfer"], "CLOSED")


if __name__ == "__main__":
    unittest.main()
