"""What a policy obliges to is carried out: whom it wants told is told, what it wants recorded is recorded."""

import json

from studio.case import SOURCE, StudioCase
from studio.package import manifests
from studio.process import wait_until
from studio.recipient import Recipient
from studio.studio import Studio

POLICY = (SOURCE / "deploy" / "demo" / "policy" / "northlight.yaml").read_text(encoding="utf-8")
FREE = "require: {approvals: none, verify: landed}"


class ObligationsTest(StudioCase):
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
        obligations = "{notify: [client:northlight/desk], mhl: required, record_formats: [c4]}"
        cls.studio.activate_policy(POLICY.replace(FREE, f"{FREE}\n    obligations: {obligations}"), 2)

    def test_a_delivery_is_recorded_as_it_was_wanted_and_told_also_to_a_desk_that_was_away(self):
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
        (manifest,) = manifests(self.studio.storage("van") / "northlight" / "nl_010_0010" / code)
        self.assertRegex(manifest.read_text(encoding="utf-8"), r"<c4[ >]")
        wait_until(lambda: "notification.taken" in self.audited(transfer), 20, lambda: self.audited(transfer))

    def audited(self, transfer):
        lines = self.studio.cli("--json", "audit", "tail", "--transfer", transfer).stdout.splitlines()
        return [json.loads(line)["action"] for line in lines]
