"""Relays that are stopped under transfers, and a receiver that stops listening: what was going on goes on."""

import os
import signal
import threading
import unittest

from studio.case import StudioCase
from studio.package import content
from studio.process import wait_until
from studio.studio import Studio

FILES = 12
FILE_BYTES = 2_000_000


class DrainTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()
        cls.studio.add_relay("van", "van-r2")
        # Slow enough to be caught in the act.
        cls.studio.cli("link", "set", "lon", "van", "--cap-mbit", 40)

    def begin(self, code):
        """A transfer that has moved something and has more to move."""
        self.code = code
        self.content = {f"f.{1001 + i}.exr": os.urandom(FILE_BYTES) for i in range(FILES)}
        self.studio.add_version(code, files=self.content)
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]

        def moving():
            now = self.studio.cli_json("transfer", "show", transfer)["transfer"]
            return now["state"] == "TRANSFER_STATE_RUNNING" and 0 < int(now.get("bytes_done", 0)) < FILES * FILE_BYTES
        wait_until(moving, 30, lambda: "it never moved\n" + self.studio.cli("transfer", "show", transfer).stdout)
        return transfer

    def relays_of(self, transfer):
        """The destination's relay of each attempt, first to last."""
        history = self.studio.cli_json("transfer", "show", transfer)["history"]
        return [entry["detail"].rpartition(" and ")[2] for entry in history if entry["cause"] == "assigned"]

    def assert_delivered_once(self, transfer):
        self.studio.wait_for_state(transfer, "CLOSED", deadline=120)
        landed = self.studio.storage("van") / "northlight" / "nl_010_0010" / self.code
        self.assertEqual(content(landed), self.content)
        history = self.studio.cli_json("transfer", "show", transfer)["history"]
        self.assertEqual([entry["cause"] for entry in history].count("published"), 1)

    def test_a_transfer_whose_relay_drains_goes_on_over_the_other(self):
        transfer = self.begin("drained")
        first = self.relays_of(transfer)[0]
        other = {"van-r1": "van-r2", "van-r2": "van-r1"}[first]
        relay = self.studio.program({"van-r1": "van-relay", "van-r2": "van-r2"}[first])
        since = relay.position()
        self.assertEqual(relay.stop(), 0)
        self.assertIn("RELAY_DRAINING", [record.get("reason") for record in relay.records(since)])
        self.assert_delivered_once(transfer)
        self.assertEqual(self.relays_of(transfer)[-1], other)
        # The next one does not even try the one that is away.
        self.assert_delivered_once(after := self.begin("after-the-drain"))
        self.assertEqual(self.relays_of(after), [other])
        since = relay.position()
        relay.start()
        relay.wait_for_record("relay is ready", since=since)
        self.studio.wait_for_relay(first)

    def test_a_receiver_that_stops_reading_for_a_while_costs_time_and_nothing_else(self):
        transfer = self.begin("stopped")
        receiver = self.studio.program("van-agent")
        receiver.signal(signal.SIGSTOP)
        self.addCleanup(receiver.signal, signal.SIGCONT)
        moved = self.studio.cli_json("transfer", "show", transfer)["transfer"]["bytes_done"]
        threading.Event().wait(2)
        self.assertEqual(self.studio.cli_json("transfer", "show", transfer)["transfer"]["bytes_done"], moved)
        receiver.signal(signal.SIGCONT)
        self.assert_delivered_once(transfer)

    def test_how_busy_a_relay_is_reaches_the_orchestrator(self):
        self.begin("busy")
        wait_until(lambda: any(int(relay.get("busy_per_mille", 0)) > 0 for relay in self.studio.cli_json("relay", "list")["relays"]), 20,
                   lambda: "no relay was ever busy\n" + self.studio.cli("relay", "list").stdout)


if __name__ == "__main__":
    unittest.main()
