"""What a policy obliges to is carried out: whom it wants told is told, what it wants recorded is recorded."""

import json

from studio.case import SOURCE, StudioCase
from studio.mail_server import MailServer
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
        cls.post = MailServer(cls.directory / "post")
        cls.post.start()
        cls.addClassCleanup(cls.post.stop)
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.notify = f"""mail:
  host: 127.0.0.1
  port: {cls.post.port}
  from: crossdock@demo.studio
  ca: {cls.account.write(cls.directory / "post.pem", cls.post.ca.read_bytes())}
  login: {{user: {cls.post.USER}, password_file: {cls.account.write(cls.directory / "post.password", cls.post.PASSWORD, 0o600)}}}
notify:
  - recipient: studio/operations
    mail: operations@demo.studio
  - recipient: client:northlight/desk
    webhook: "{cls.desk.url}"
    key: {cls.account.write(cls.directory / "desk.key", cls.desk.key_text, 0o600)}
    ca: {cls.account.write(cls.directory / "desk.pem", cls.desk.ca.read_bytes())}
"""
        cls.studio.create().start()
        assert POLICY.count(FREE) == 1
        obligations = "{notify: [client:northlight/desk, studio/operations], mhl: required, record_formats: [c4]}"
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

    def test_mail_goes_encrypted_to_a_server_that_is_believed_or_not_at_all(self):
        while not self.post.taken.empty():
            self.post.taken.get()
        self.post.sessions.clear()
        self.post.moods = ["clear", "stranger", "full"]
        code = self.studio.add_version("mailed", files={"secret-title.exr": b"frame"})
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]
        sender, to, message = self.post.taken.get(timeout=60)
        self.assertEqual([mood for mood, _ in self.post.sessions], ["clear", "stranger", "full", "well"])
        for _, in_clear in self.post.sessions:
            self.assertLessEqual({line.split(" ")[0] for line in in_clear}, {"EHLO", "STARTTLS", "QUIT"})
        self.assertEqual((sender, to), ("MAIL FROM:<crossdock@demo.studio>", ["RCPT TO:<operations@demo.studio>"]))
        self.assertEqual((message["From"], message["To"]), ("Crossdock <crossdock@demo.studio>", "<operations@demo.studio>"))
        self.assertEqual(message["Subject"], f"Crossdock: {transfer} of northlight has arrived")
        self.assertRegex(message["Message-ID"], r"^<notification-\d+@demo\.studio>$")
        text = message.get_payload()
        self.assertIn(f"crossdock transfer explain {transfer}", text)
        for kept in (code, "nl_010_0010", "northlight/", "secret-title", self.post.PASSWORD, str(self.studio.directory)):
            self.assertNotIn(kept, message.as_string())
        for log in self.studio.logs.iterdir():
            self.assertNotIn(self.post.PASSWORD, log.read_text(encoding="utf-8", errors="replace"))
        wait_until(lambda: self.audited(transfer).count("notification.taken") == 2, 20, lambda: self.audited(transfer))

    def audited(self, transfer):
        lines = self.studio.cli("--json", "audit", "tail", "--transfer", transfer).stdout.splitlines()
        return [json.loads(line)["action"] for line in lines]
