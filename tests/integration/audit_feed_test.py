"""The audit log in a log collector of others: all of it, at least once, whatever goes away meanwhile."""

import re
import unittest

from studio.case import StudioCase
from studio.collector import Collector
from studio.process import Program, wait_until
from studio.studio import Studio

NUMBER = re.compile(r' number="(\d+)"')


class AuditFeedTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()
        admin = cls.studio.admin
        cls.certificate, cls.key = cls.directory / "s" / "orchestrator" / "tls.pem", cls.directory / "s" / "orchestrator" / "tls.key"
        cls.ours = admin / "olga.pem", admin / "olga.tls.key"

    def collector(self, port=0):
        made = Collector(self.certificate, self.key, self.studio.admin / "ca.pem", port)
        self.addCleanup(made.stop)
        return made

    def arguments(self, port, state, *more):
        certificate, key = self.ours
        return ("audit", "feed", "--to", f"localhost:{port}", "--collector-ca", self.studio.admin / "ca.pem", "--collector-cert", certificate,
                "--collector-key", key, "--state", self.studio.admin / state, *more)

    def numbers(self):
        """Of all records that there are, oldest first."""
        lines = self.studio.cli("audit", "search", "--syslog").stdout.splitlines()
        return [int(NUMBER.search(line)[1]) for line in lines]

    def something_happens(self, name):
        self.studio.cli("token", "create", name, "--role", "viewer", "--days", "1")

    def test_all_records_arrive_framed_and_the_next_feed_goes_on(self):
        collector = self.collector()
        self.studio.cli(*self.arguments(collector.port, "once", "--once"))
        came = collector.all()
        self.assertEqual([int(NUMBER.search(message)[1]) for message in came], self.numbers())
        self.assertTrue(all(message.startswith("<10") and "\n" not in message for message in came))
        self.something_happens("later")
        self.studio.cli(*self.arguments(collector.port, "once", "--once"))
        self.assertEqual([int(NUMBER.search(message)[1]) for message in collector.all()], self.numbers()[len(came):])

    def test_what_happens_while_the_collector_is_away_arrives_later(self):
        first = self.collector()
        feed = self.studio.programs.start(Program("feed", [self.studio.binary("crossdock"), *self.studio.connection(), *self.arguments(first.port, "always")],
                                                  self.account, self.studio.admin, self.logs))
        state = self.studio.admin / "always"
        wait_until(lambda: state.exists() and int(state.read_text()) == self.numbers()[-1], 20, lambda: "nothing was delivered" + feed.tail())
        self.assertEqual([int(NUMBER.search(message)[1]) for message in first.all()], self.numbers())
        first.stop()
        self.something_happens("alone")
        feed.wait_for_line("again in")
        self.something_happens("still-alone")
        second = self.collector(first.port)
        wait_until(lambda: int(state.read_text()) == self.numbers()[-1], 20, lambda: "it did not go on" + feed.tail())
        later = [message for message in second.all() if "token.created" in message]
        self.assertGreaterEqual(len(later), 2)
        self.assertTrue(feed.running)
        feed.kill()

    def test_a_collector_of_another_ca_is_told_nothing(self):
        other = self.directory / "other"
        self.account.make_directory(other)
        self.studio.offline("ca", "init", "--ca-key", other / "ca.key", "--ca-cert", other / "ca.pem", "--trust-domain", "other.studio")
        collector = self.collector()
        arguments = [other / "ca.pem" if part == self.studio.admin / "ca.pem" else part for part in self.arguments(collector.port, "never", "--once")]
        refused = self.studio.cli(*arguments, check=False)
        self.assertIn("TLS_STREAM_FAILED", refused.stderr)
        self.assertEqual(collector.all(), [])
        self.assertFalse((self.studio.admin / "never").exists())


if __name__ == "__main__":
    unittest.main()
