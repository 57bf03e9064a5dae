"""Officers come and go: enough of those before and of those now sign, and an agent that was away meanwhile still believes the roster."""

import os
import unittest

from studio.case import StudioCase
from studio.studio import Studio

CLIENT = "northlight"


class RosterRotationTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()
        cls.roster = cls.studio.admin / "roster.yaml"

    def key(self, officer):
        return self.studio.admin / f"{officer}.key"

    def edit(self, verb, *arguments):
        self.studio.offline("roster", verb, self.roster, *arguments)

    def sign(self, out, held, *officers):
        """What the last of them is told."""
        said = [self.studio.offline("roster", "sign", self.roster, "--sign-with", self.key(officer), "--out", out, "--held", held) for officer in officers]
        return said[-1]

    def held(self, number):
        """The roster as it is, kept as the one in force."""
        return self.account.write(self.studio.admin / f"roster-{number}.yaml", self.roster.read_text(encoding="utf-8"))

    def hand_in(self, statement, check=True):
        return self.studio.cli("roster", "set", self.roster, statement, check=check)

    def test_officers_are_replaced_while_an_agent_is_away(self):
        studio = self.studio
        away = studio.program("van-agent")
        away.stop()

        # Two of three from now on: whoever was alone until now must sign, too.
        first = self.held(1)
        for officer in ("pete", "rita"):
            self.edit("add-officer", officer, "--key", studio.offline("key", "create", self.key(officer)).strip())
        self.edit("threshold", 2)
        statement = studio.admin / "second.signed"
        self.assertIn("not enough yet", self.sign(statement, first, "pete", "rita"))
        self.assertIn("ROSTER_UNSIGNED", self.hand_in(statement, check=False).stderr)
        self.assertIn("next:", self.sign(statement, first, "olga"))
        self.hand_in(statement)

        # What olga alone had signed is to be good when she is gone.
        text = (studio.admin / "policy.yaml").read_text(encoding="utf-8").replace("title: \"", "title: \"New officers. ")
        digest = studio.cli_json("policy", "propose", self.account.write(studio.admin / "candidate.yaml", text))["policy"]["digest"]
        studio.cli("policy", "approve", CLIENT, "--digest", digest, "--officer", "pete", "--sign-with", self.key("pete"), "--yes")
        studio.cli("policy", "activate", "--client", CLIENT, "--digest", digest)

        second = self.held(2)
        self.edit("add-officer", "tess", "--key", studio.offline("key", "create", self.key("tess")).strip())
        self.edit("remove-officer", "olga")
        statement = studio.admin / "third.signed"
        self.assertIn("not enough yet", self.sign(statement, second, "olga", "tess"))
        self.assertIn("ROSTER_UNSIGNED", self.hand_in(statement, check=False).stderr)
        statement.unlink()
        self.assertIn("next:", self.sign(statement, second, "pete", "rita"))
        self.hand_in(statement)

        # From its own roster it cannot judge the third: it is brought the second on the way.
        away.start()
        away.wait_for_record("agent is ready")
        code = studio.add_version("rotated", files={"f.1001.exr": os.urandom(100_000)})
        studio.set_status(code, "ready")
        transfer = studio.transfer_of(code)["transfer"]
        studio.wait_for_state(transfer, "CLOSED")
        for site in studio.sites:
            self.assertEqual([record for record in studio.program(f"{site}-agent").records() if record["message"] == "a roster was not believed"], [])

        # Nobody who left has a say.
        third = self.held(3)
        self.edit("extend", "--days", 30)
        self.assertIn("not enough yet", self.sign(studio.admin / "fourth.signed", third, "pete", "olga"))
        self.assertIn("ROSTER_UNSIGNED", self.hand_in(studio.admin / "fourth.signed", check=False).stderr)


if __name__ == "__main__":
    unittest.main()
