"""kill -9 in mid-transfer, one program at a time: the transfer completes by itself, exactly once."""

import os
import unittest

from studio.case import StudioCase
from studio.package import content
from studio.process import wait_until
from studio.studio import Studio

READY = {"orchestrator": "orchestrator is ready", "agent": "agent is ready", "relay": "relay is ready"}
FILES = 12
FILE_BYTES = 2_000_000


class KillTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()

    def cap(self, mbit):
        """Of the attempts that begin from now on."""
        self.studio.cli("link", "set", "lon", "van", "--cap-mbit", mbit)

    def begin(self, code):
        self.content = {f"f.{1001 + i}.exr": os.urandom(FILE_BYTES) for i in range(FILES)}
        self.code = self.studio.add_version(code, files=self.content)
        self.studio.set_status(code, "ready")
        return self.studio.transfer_of(code)["transfer"]

    def catch(self, code):
        """A transfer that has moved something and has more to move: slow enough to be caught in the act."""
        self.cap(40)
        transfer = self.begin(code)

        def moving():
            now = self.studio.cli_json("transfer", "show", transfer)["transfer"]
            return now["state"] == "TRANSFER_STATE_RUNNING" and 0 < int(now.get("bytes_done", 0)) < FILES * FILE_BYTES
        wait_until(moving, 30, lambda: "it never moved\n" + self.studio.cli("transfer", "show", transfer).stdout)
        return transfer

    def restart(self, name):
        program = self.studio.program(name)
        program.kill()
        since = program.position()
        program.start()
        program.wait_for_record(READY[name.rpartition("-")[2]], since=since)

    def assert_delivered_once(self, transfer):
        self.cap(0)  # caught; another attempt goes as fast as it can
        self.studio.wait_for_state(transfer, "CLOSED", deadline=120)
        landed = self.studio.storage("van") / "northlight" / "nl_010_0010" / self.code
        self.assertEqual(content(landed), self.content)
        history = self.studio.cli_json("transfer", "show", transfer)["history"]
        self.assertEqual([entry["cause"] for entry in history].count("published"), 1)
        self.assertEqual(sum(one["entity"]["id"] == self.code for one in self.studio.transfers()), 1)

    def assert_each_move_has_its_leaf_and_its_event(self, transfer):
        def told(query):
            return self.studio.postgres.value(query.format(transfer), "crossdock")
        moves = told("select string_agg(cause, ' ' order by id) from transfer_history where transfer = '{}'")
        self.assertIn("published", moves)
        self.assertEqual(told("select string_agg(substr(convert_from(leaf, 'UTF8')::jsonb->>'action', 10), ' ' order by id) from audit "
                              "where transfer = '{}' and starts_with(action, 'transfer.')"), moves)
        self.assertEqual(told("select string_agg(substr(kind, 10), ' ' order by id) from outgoing_event where transfer = '{}'"), moves)

    def kill_and_recover(self, name):
        transfer = self.catch(f"kill-{name}")
        self.restart(name)
        self.assert_delivered_once(transfer)

    def test_the_orchestrator(self):
        self.kill_and_recover("orchestrator")

    def test_t42_at_whatever_moment_it_is_killed_no_move_is_without_its_leaf(self):
        self.cap(40)
        transfer = self.begin("kill-often")
        for _ in range(5):
            self.restart("orchestrator")
        self.assert_delivered_once(transfer)
        self.assert_each_move_has_its_leaf_and_its_event(transfer)

    def test_the_sending_agent(self):
        self.kill_and_recover("lon-agent")

    def test_the_receiving_agent(self):
        self.kill_and_recover("van-agent")

    def test_the_sending_relay(self):
        self.kill_and_recover("lon-relay")

    def test_the_receiving_relay(self):
        self.kill_and_recover("van-relay")

    def test_the_receiving_agent_between_commit_and_rename(self):
        # The commit is granted, and the rename cannot be made: the journal is all that is left of the attempt when its program dies.
        folder = self.studio.storage("van") / "northlight" / "nl_010_0010"
        self.studio.write_file("van", "northlight/nl_010_0010/neighbour/a", b"x")
        self.cap(0)
        os.chmod(folder, 0o555)
        try:
            transfer = self.begin("kill-committed")
            self.studio.wait_for_state(transfer, "PUBLISHING", deadline=60)
            self.studio.wait_for_reason(transfer, "DESTINATION_UNWRITABLE")
            self.studio.program("van-agent").kill()
        finally:
            os.chmod(folder, 0o755)
        self.restart("van-agent")
        self.assert_delivered_once(transfer)

    def test_an_agent_that_is_away_is_the_reason_and_its_return_the_remedy(self):
        self.content = {"a": b"x"}
        self.code = self.studio.add_version("agent-away", files=self.content)
        agent = self.studio.program("lon-agent")
        agent.stop()
        since = agent.position()
        try:
            self.studio.set_status(self.code, "ready")
            transfer = self.studio.transfer_of(self.code)["transfer"]
            self.studio.wait_for_reason(transfer, "AGENT_OFFLINE")
        finally:
            agent.start()
        agent.wait_for_record(READY["agent"], since=since)
        self.assert_delivered_once(transfer)

    def test_postgresql(self):
        transfer = self.catch("kill-postgres")
        self.studio.postgres.kill()
        self.studio.postgres.start()
        self.assert_delivered_once(transfer)


if __name__ == "__main__":
    unittest.main()
