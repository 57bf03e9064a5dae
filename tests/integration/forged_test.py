"""Root on the orchestrator's database forges assignments; the agents believe their officers alone, and refuse.

Each test writes a running attempt straight into the database, past every check of the orchestrator's own.
"""

import unittest

from studio.case import SOURCE, StudioCase
from studio.studio import Studio


class ForgedTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()

    def execute(self, sql):
        self.studio.postgres.execute(sql, "crossdock")

    def waiting(self, code):
        """A confidential transfer that waits for an approval."""
        self.studio.add_version(code, shot="nl_010_0020", files={"a": b"secret"})
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]
        self.studio.wait_for_state(transfer, "AWAITING_APPROVAL")
        return transfer

    def force(self, transfer, receiver="van-1"):
        self.execute(f"update transfer set state = 'running', state_since = now(), agent_from = 'lon-1', agent_to = '{receiver}', epoch_generation = 1, "
                     f"epoch_n = epoch_n + 1, renewed = now(), reason = '', detail = '' where id = '{transfer}'")

    def assert_refused(self, transfer, reason, code):
        """The agents said why, explain shows it, and nothing moved."""
        self.studio.wait_for_history(transfer, "attempt_failed")
        text = self.studio.cli("transfer", "explain", transfer).stdout + self.studio.cli("transfer", "show", transfer).stdout
        self.assertIn(reason, text)
        self.assertFalse((self.studio.storage("van") / "northlight" / "nl_010_0020" / code).exists())
        self.studio.cli("transfer", "cancel", transfer, "--reason", "test over")

    def test_an_assignment_without_the_approval_that_the_policy_demands(self):
        transfer = self.waiting("unapproved")
        self.force(transfer)
        self.assert_refused(transfer, "CLEARANCE_NEEDS_APPROVALS", "unapproved")

    def test_an_approval_by_a_key_that_the_roster_does_not_know(self):
        approved = self.waiting("template")
        self.studio.approve(approved)
        self.studio.wait_for_state(approved, "CLOSED")
        transfer = self.waiting("forged")
        # Another transfer's approval, its text changed to name this one: the signature is no longer over it.
        self.execute(f"""insert into approval (transfer, client, requirement, approver, decision, statement, nonce, received)
            select '{transfer}', client, requirement, approver, decision, replace(statement, '{approved}', '{transfer}'), 'forged', now()
              from approval where transfer = '{approved}'""")
        self.force(transfer)
        self.assert_refused(transfer, "SIGNATURE_INVALID", "forged")

    def test_a_policy_that_allows_everything_swapped_in(self):
        transfer = self.waiting("swapped")
        text = (SOURCE / "deploy" / "demo" / "policy" / "northlight.yaml").read_text(encoding="utf-8")
        lenient = text.replace("at_most: internal", "at_most: secret").replace("'", "''")
        self.execute(f"create table kept as select digest, text from policy; update policy set text = convert_to('{lenient}', 'UTF8')")
        try:
            self.force(transfer)
            self.assert_refused(transfer, "POLICY_NOT_ACTIVE", "swapped")
        finally:
            self.execute("update policy p set text = k.text from kept k where k.digest = p.digest; drop table kept")

    def test_a_destination_agent_that_no_site_admin_let_in(self):
        transfer = self.waiting("stranger")
        self.execute("""insert into agent (id, site, identity, join_grant, identity_key, tls_spki, version, volumes, enrolled)
            select 'van-evil', site, replace(identity, 'agent: van-1', 'agent: van-evil'), join_grant, identity_key, tls_spki, version, volumes, now()
              from agent where id = 'van-1'""")
        self.force(transfer, "van-evil")
        self.assert_refused(transfer, "PEER_SIGNATURE_INVALID", "stranger")


if __name__ == "__main__":
    unittest.main()
