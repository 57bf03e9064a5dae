"""Break-glass with the real programs: two persons let through what a rule forbids, a third reviews it; what root forges, the agents refuse."""

import base64
import datetime
import hashlib
import subprocess
import unittest

from studio.case import SOURCE, StudioCase
from studio.process import wait_until
from studio.recipient import Recipient
from studio.studio import Studio

POLICY = (SOURCE / "deploy" / "demo" / "policy" / "northlight.yaml").read_text(encoding="utf-8")
GLASS = "break_glass: {from: [group:emergency], notify: [client:northlight/desk]}\n"
RULES = """
  - {id: N-02, effect: forbid, reason: "Episode 8 embargo", when: {asset.tags: {any_of: [ep08]}}}
  - {id: N-03, effect: forbid, strength: absolute, reason: "Never", when: {asset.tags: {any_of: [never]}}}
"""


class BreakGlassTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = Recipient(cls.directory / "desk")
        cls.desk.start()
        cls.addClassCleanup(cls.desk.stop)
        cls.studio = studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(studio.stop)
        studio.notify = f"""notify:
  - recipient: client:northlight/desk
    webhook: "{cls.desk.url}"
    key: {cls.account.write(cls.directory / "desk.key", cls.desk.key_text, 0o600)}
    ca: {cls.account.write(cls.directory / "desk.pem", cls.desk.ca.read_bytes())}
"""
        studio.create().start()
        # Rita has two keys: whoever holds both is one person all the same.
        for person, keys in {"rita": ("rita", "rita2"), "raj": ("raj",)}.items():
            public = [studio.offline("key", "create", studio.admin / f"{key}.key").strip() for key in keys]
            line = f"{{person: {person}, team: {person}, organisation: studio, groups: [emergency], keys: [{', '.join(f'{key!r}' for key in public)}]}}"
            studio.offline("roster", "add-approver", studio.admin / "roster.yaml", line)
        (studio.admin / "roster.signed").unlink()
        studio.offline("roster", "sign", studio.admin / "roster.yaml", "--sign-with", studio.admin / "olga.key", "--out", studio.admin / "roster.signed")
        studio.cli("roster", "set", studio.admin / "roster.yaml", studio.admin / "roster.signed")
        assert POLICY.count("rules:\n") == POLICY.count("  requester: pete\n") == 1
        tagged = POLICY.replace("  requester: pete\n", "  requester: pete\n  asset.tags: []\n")
        studio.activate_policy(tagged.replace("rules:\n", f"{GLASS}rules:\n{RULES}"), 2)

    def denied(self, code, tag="ep08"):
        self.studio.add_version(code, files={"a.exr": b"frame of " + code.encode()}, tags=f"{{{tag}}}")
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]
        self.studio.wait_for_state(transfer, "DENIED")
        return transfer

    def signing(self, verb, transfer, person, *more, check=True):
        return self.studio.cli("break-glass", verb, transfer, "--sign-with", self.studio.admin / f"{person}.key", "--approver", person, "--yes", *more,
                               user="paula", check=check)

    def ask(self, transfer, check=True):
        return self.signing("ask", transfer, "rita", "--with", "raj", "--reason", "the client waits", check=check)

    def review(self, transfer, person, check=True):
        return self.signing("review", transfer, person, "--justified", "--text", "security could not be reached", check=check)

    def explained(self, transfer):
        return self.studio.cli("transfer", "explain", transfer).stdout

    def landed(self, code):
        return (self.studio.storage("van") / "northlight" / "nl_010_0010" / code).exists()

    def execute(self, sql):
        self.studio.postgres.execute(sql, "crossdock")

    def test_1_a_forbidden_transfer_goes_when_the_second_has_signed_and_the_desk_is_told_at_once(self):
        transfer = self.denied("embargoed")
        self.assertIn("Rule N-02 forbids it", self.studio.cli("break-glass", "show", transfer, user="paula").stdout)
        self.ask(transfer)
        self.assertEqual(self.studio.cli_json("transfer", "show", transfer)["transfer"]["state"], "TRANSFER_STATE_DENIED")
        self.assertTrue(self.desk.taken.empty())
        self.signing("sign", transfer, "raj")
        _, message = self.desk.taken.get(timeout=30)
        self.assertEqual((message["type"], message["data"]["transfer"]), ("transfer.break_glass", transfer))
        self.assertIn("rita and raj broke the glass", message["data"]["detail"])
        self.studio.wait_for_state(transfer, "CLOSED")
        self.assertTrue(self.landed("embargoed"))
        audited = self.studio.cli("audit", "tail", "--transfer", transfer).stdout
        for action in ("break_glass.asked", "break_glass.broken"):
            self.assertEqual(audited.count(action), 1)

    def test_2_an_absolute_forbid_is_lifted_by_nobody(self):
        transfer = self.denied("never", "never")
        self.assertIn("BREAK_GLASS_ABSOLUTE", self.ask(transfer, check=False).stderr)
        self.assertIn("BREAK_GLASS_ABSOLUTE", self.studio.cli("break-glass", "show", transfer, user="paula").stdout)
        self.assertFalse(self.landed("never"))

    def test_3_a_second_one_waits_for_the_overdue_review_of_the_first(self):
        first = self.studio.transfer_of("embargoed")["transfer"]
        second = self.denied("second")
        self.ask(second)
        # Two days go by.
        self.execute("update break_glass set broken = broken - interval '49 hours', review_due = review_due - interval '49 hours' where broken is not null")
        refused = self.signing("sign", second, "raj", check=False)
        self.assertIn("BREAK_GLASS_REVIEW_OVERDUE", refused.stderr)
        self.assertIn(first, refused.stderr)
        self.assertIn("REVIEW OVERDUE", self.studio.cli("break-glass", "list", "--unreviewed", user="paula").stdout)
        self.assertIn("BREAK_GLASS_OWN_REVIEW", self.review(first, "raj", check=False).stderr)
        self.review(first, "paula")
        self.assertIn("paula reviewed it as justified", self.explained(first))
        self.signing("sign", second, "raj")
        self.studio.wait_for_state(second, "CLOSED")

    # -- what root makes of the database

    def statement_of(self, transfer):
        """What Rita signed over it."""
        (asked,) = self.studio.cli_json("break-glass", "list", "--transfer", transfer, user="paula")["break_glass"]
        return base64.b64decode(asked["statement"]).decode().split("\n\n")[0] + "\n"

    def signed(self, text, *keys):
        """By `openssl` alone, as anybody could who holds the keys."""
        lines = []
        for key in keys:
            path = self.studio.admin / f"{key}.key"
            raw = subprocess.check_output(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"])[-32:]
            content = self.account.write(self.directory / "to-sign", text)
            signature = subprocess.check_output(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", path, "-in", content])
            lines.append(f"signature: {hashlib.sha256(raw).hexdigest()[:16]} {base64.b64encode(signature).decode()}\n")
        return text + "\n" + "".join(lines)

    def force(self, transfer, statement):
        """Writes a broken glass and a running attempt past every check of the orchestrator's own."""
        self.execute(f"""delete from break_glass where transfer = '{transfer}';
            insert into break_glass (digest, transfer, client, first_person, second_person, reason, statement, not_before, not_after, asked, broken, review_due)
              values (md5(random()::text), '{transfer}', 'northlight', 'rita', 'raj', 'r', '{statement}', now(), now() + interval '2 hours', now(), now(), now());
            update transfer set state = 'running', state_since = now(), agent_from = 'lon-1', agent_to = 'van-1', epoch_generation = 1,
                epoch_n = epoch_n + 1, renewed = now(), reason = '', detail = '', decide_again = now() + interval '1 hour' where id = '{transfer}'""")

    def attempts(self, transfer):
        return [entry for entry in self.studio.cli_json("transfer", "show", transfer)["history"] if entry["cause"] == "attempt_failed"]

    def test_4_a_break_glass_that_root_forged_moves_nothing(self):
        transfer, other = self.denied("forged"), self.denied("kept")
        self.ask(transfer)
        self.ask(other)
        text, others = self.statement_of(transfer), self.statement_of(other)
        ended = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        began = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        expired = "".join(f"not_before: {began}\n" if line.startswith("not_before: ") else f"not_after: {ended}\n" if line.startswith("not_after: ") else line
                          for line in text.splitlines(keepends=True))
        forgeries = {
            "BREAK_GLASS_UNSIGNED": self.signed(text, "rita"),
            "BREAK_GLASS_ONE_PERSON": self.signed(text, "rita", "rita2"),
            "TRANSFER_MISMATCH": self.signed(others, "rita", "raj"),
            "SIGNATURE_INVALID": self.signed(others, "rita", "raj").replace(other, transfer),
            "BREAK_GLASS_EXPIRED": self.signed(expired, "rita", "raj"),
        }
        for reason, statement in forgeries.items():
            with self.subTest(reason):
                before = len(self.attempts(transfer))
                self.force(transfer, statement)
                wait_until(lambda before=before: len(self.attempts(transfer)) > before, 30, lambda: f"nobody refused it\n{self.explained(transfer)}")
                self.assertIn(reason, self.attempts(transfer)[-1]["detail"])
                self.assertFalse(self.landed("forged"))
                self.studio.wait_for_state(transfer, "DENIED")
        # The very same text is believed once both have signed it.
        self.execute(f"delete from break_glass where transfer = '{transfer}'")
        self.ask(transfer)
        self.signing("sign", transfer, "raj")
        self.studio.wait_for_state(transfer, "CLOSED")


if __name__ == "__main__":
    unittest.main()
