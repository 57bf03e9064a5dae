"""Whom a policy wants told is told what becomes of a transfer, in words that it can verify."""

import json

from studio.case import SOURCE, StudioCase
from studio.process import wait_until
from studio.recipient import Recipient
from studio.studio import Studio

POLICY = (SOURCE / "deploy" / "demo" / "policy" / "northlight.yaml").read_text(encoding="utf-8")
FREE = "require: {approvals: none, verify: landed}"


class NotifyTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = Recipient(cls.directory / "desk")
        cls.desk.start()
        cls.addClassCleanup(cls.desk.stop)
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.notify = f"""notify:
  - recipient: client:northlight/desk
    webhook: "{cls.desk.url}"
    key: {cls.account.write(cls.directory / "desk.key", cls.desk.key_text, 0o600)}
    ca: {cls.account.write(cls.directory / "desk.pem", cls.desk.ca.read_bytes())}
"""
        cls.studio.create().start()
        assert POLICY.count(FREE) == 1
        cls.studio.activate_policy(POLICY.replace(FREE, f"{FREE}\n    obligations: {{notify: [client:northlight/desk]}}"), 2)

    def test_a_delivery_is_told_when_it_is_done_also_to_a_desk_that_was_away(self):
        self.desk.refusals = 2
        code = self.studio.add_version("told", files={"a.exr": b"frame"})
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]
        name, message = self.desk.taken.get(timeout=60)
        self.assertEqual(self.desk.refused, [(name, message)] * 2)
        self.assertEqual(message["type"], "transfer.closed")
        data = message["data"]
        self.assertEqual((data["transfer"], data["client"], data["source_site"], data["destination_site"], data["files"], data["bytes"]),
                         (transfer, "northlight", "lon", "van", 1, 5))
        self.assertTrue(self.desk.taken.empty())
        wait_until(lambda: "notification.taken" in self.audited(transfer), 20, lambda: self.audited(transfer))

    def audited(self, transfer):
        lines = self.studio.cli("--json", "audit", "tail", "--transfer", transfer).stdout.splitlines()
        return [json.loads(line)["action"] for line in lines]
