"""A policy whose hours go by a calendar's file: handed in with it, given to the agents."""

import datetime
import hashlib
import json

from studio.case import SOURCE, StudioCase
from studio.studio import Studio

POLICY = (SOURCE / "deploy" / "demo" / "policy" / "northlight.yaml").read_text(encoding="utf-8")
RULES = POLICY[:POLICY.index("fixture:")]  # whose own tests are of a day that may be closed here
FREE = "require: {approvals: none, verify: landed}"
HOURS = "require: {approvals: none, verify: landed, window: {clock: UTC, at_close: pause, except: [calendar:holidays]}}"


def calendar(days_from_now):
    """Closed for four days each year, from so many days before or after today."""
    first = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days_from_now)
    return (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{first:%Y%m%d}\r\nDURATION:P4D\r\nRRULE:FREQ=YEARLY\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n")


def bound(content):
    digest = hashlib.sha256(content.encode()).hexdigest()
    return RULES.replace(FREE, HOURS).replace("rules:\n", f"calendars: {{holidays: {{file: holidays.ics, sha256: {digest}}}}}\nrules:\n", 1)


class CalendarTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()
        assert POLICY.count(FREE) == 1

    def put_in_force(self, content, number):
        self.account.write(self.studio.admin / "holidays.ics", content)
        self.studio.activate_policy(bound(content), number)

    def deliver(self, code):
        self.studio.add_version(code, files={"a.exr": b"frame"})
        self.studio.set_status(code, "ready")
        return self.studio.transfer_of(code)["transfer"]

    def test_1_a_policy_is_not_proposed_without_the_file_that_it_names(self):
        path = self.account.write(self.studio.admin / "alone.yaml", bound(calendar(0)))
        refused = self.studio.cli("--json", "policy", "propose", path, check=False)
        self.assertEqual(json.loads(refused.stderr)["error"]["reason"], "CALENDAR_MISSING")

    def test_2_orchestrator_and_agents_decide_by_the_file_that_they_are_given(self):
        self.put_in_force(calendar(180), 2)
        self.studio.wait_for_state(self.deliver("open"), "CLOSED")

    def test_3_on_a_day_of_the_calendar_nothing_moves(self):
        self.put_in_force(calendar(-1), 3)
        transfer = self.deliver("closed")
        self.studio.wait_for_state(transfer, "HELD")
        self.assertIn("lets it run again", self.studio.cli("transfer", "explain", transfer).stdout)
