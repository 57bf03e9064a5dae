"""What is refused, and how it says so: full disks, strangers, wrong sites, wrong CAs, events that are too large; and the Python hook."""

import os
import subprocess
import unittest
from pathlib import Path

from studio.case import BINARY, StudioCase
from studio.process import wait_until
from studio.studio import Studio


class RefusalTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()

    def token(self, subject, *roles):
        secret = self.studio.cli_json("token", "create", subject, *(part for role in roles for part in ("--role", role)), "--days", "1")["secret"]
        return self.account.write(self.studio.admin / f"{subject}.token", secret)

    def settings(self, name, token):
        return self.account.write(self.studio.admin / f"{name}.yaml", f"""schema: crossdock/cli/v1
server: 127.0.0.1:{self.studio.api_port}
ca: {self.studio.admin}/ca.pem
token_file: {token}
""")

    def python(self, program, *arguments):
        """Runs a program of a pipeline's, with our package and Debian's Python; returns what it printed."""
        return subprocess.run(["/usr/bin/python3", "-B", "-c", program, *map(str, arguments)], env={**os.environ, "PYTHONPATH": str(BINARY / "python")},
                              check=True, timeout=20, stdout=subprocess.PIPE, text=True).stdout

    def test_an_event_over_the_limit_is_refused_with_its_reason(self):
        settings = self.settings("large", self.token("large", "requester"))
        call = ("import sys, crossdock\n"
                "try:\n"
                "    crossdock.Client.from_config(sys.argv[1]).publish(source='studio', kind='k', project='nl', entity_type='Version', entity_id='x',\n"
                "                                                      data={'x': 'y' * 70000})\n"
                "except crossdock.CrossdockError as error:\n"
                "    print(error.reason)\n")
        self.assertEqual(self.python(call, settings).strip(), "EVENT_TOO_LARGE")

    def test_a_data_file_over_the_limit_is_not_even_sent(self):
        data = self.account.write(self.studio.admin / "large.json", '{"x": "' + "y" * 70_000 + '"}')
        refused = self.studio.cli("event", "publish", "--source", "studio", "--id", "large", "--kind", "version.status_changed", "--project", "nl",
                                  "--entity-type", "Version", "--entity-id", "x", "--data-file", data, check=False)
        self.assertEqual(refused.returncode, 6, refused.stderr)
        self.assertIn("65536", refused.stderr)

    def test_an_event_of_an_unknown_source_is_refused_with_its_reason(self):
        refused = self.studio.cli("event", "publish", "--source", "nowhere", "--id", "1", "--kind", "version.status_changed", "--project", "nl",
                                  "--entity-type", "Version", "--entity-id", "x", check=False)
        self.assertEqual(refused.returncode, 3, refused.stderr)
        self.assertIn("SOURCE_UNKNOWN", refused.stderr)

    def test_an_orchestrator_of_another_ca_is_not_spoken_to(self):
        other = self.account.make_directory(self.directory / "other")
        self.studio.offline("ca", "init", "--ca-key", other / "ca.key", "--ca-cert", other / "ca.pem", "--trust-domain", "demo.studio")
        refused = self.studio.run("crossdock", "--server", f"127.0.0.1:{self.studio.api_port}", "--ca", other / "ca.pem", "--cert",
                                  self.studio.admin / "olga.pem", "--key", self.studio.admin / "olga.tls.key", "site", "list", check=False)
        self.assertEqual(refused.returncode, 5, refused.stderr)

    def test_a_caller_without_the_role_is_refused(self):
        refused = self.studio.cli("roster", "set", self.studio.admin / "roster.yaml", self.studio.admin / "roster.signed", user="paula", check=False)
        self.assertEqual(refused.returncode, 4, refused.stderr)

    def test_a_token_for_one_site_admits_nobody_at_another(self):
        token = self.studio.make_token("lon")
        home = self.account.make_directory(self.directory / "wrong")
        config = self.account.write(home / "agent.yaml", (self.studio.directory / "van" / "agent.yaml").read_text(encoding="utf-8")
                                    .replace("agent: van-1", "agent: van-2").replace(f"{self.studio.directory}/van/agent", f"{home}/agent"))
        refused = self.studio.run("crossdock-agent", "--enrol", "--config", config, text_in=token.read_text(), check=False)
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn("GRANT_MISMATCH", refused.stderr)

    def test_a_token_admits_one_agent_only(self):
        token = self.studio.make_token("lon").read_text()
        for name, admitted in (("lon-2", True), ("lon-3", False)):
            home = self.account.make_directory(self.directory / name)
            config = self.account.write(home / "agent.yaml", (self.studio.directory / "lon" / "agent.yaml").read_text(encoding="utf-8")
                                        .replace("agent: lon-1", f"agent: {name}").replace(f"{self.studio.directory}/lon/agent", f"{home}/agent"))
            outcome = self.studio.run("crossdock-agent", "--enrol", "--config", config, text_in=token, check=False)
            self.assertEqual(outcome.returncode == 0, admitted, outcome.stderr)
        self.assertIn("GRANT_USED", outcome.stderr)

    def test_a_policy_with_a_key_twice_is_refused_with_its_place(self):
        path = self.account.write(self.studio.admin / "twice.yaml", (self.studio.admin / "policy.yaml").read_text(encoding="utf-8") + "title: again\n")
        refused = self.studio.cli("policy", "propose", path, check=False)
        self.assertEqual(refused.returncode, 6, refused.stderr)
        self.assertIn("YAML_INVALID", refused.stderr)

    def test_an_agents_certificate_is_no_key_to_the_api(self):
        agent = self.studio.directory / "lon" / "agent"
        refused = self.studio.run("crossdock", "--server", f"127.0.0.1:{self.studio.api_port}", "--ca", self.studio.admin / "ca.pem", "--cert",
                                  agent / "tls.pem", "--key", agent / "tls.key", "transfer", "list", check=False)
        self.assertEqual(refused.returncode, 4, refused.stderr)

    def test_an_agent_listens_nowhere_and_a_relay_on_its_two_ports_alone(self):
        for site, ports in self.studio.relay_ports.items():
            self.assertEqual(self.studio.program(f"{site}-relay").listening_ports(), set(ports))
            self.assertEqual(self.studio.program(f"{site}-agent").listening_ports(), set())

    def test_the_hook_publishes_to_the_orchestrator_and_spools_what_it_cannot_send(self):
        token = self.token("hook", "requester")
        settings = self.settings("hook", token)
        spool = self.account.make_directory(self.studio.admin / "spool")
        code = self.studio.add_version("hooked", files={"a": b"x"}, status="omit")
        self.studio.wait_for_events(code, 1)
        call = ("import sys, crossdock.hook as hook\n"
                "hook.status_changed(sys.argv[1], source='studio', project='nl', entity_type='Version', entity_id=sys.argv[2], config=sys.argv[3])\n")

        def fire(config):
            self.python(call, spool, code, config)
        fire(settings)
        self.studio.wait_for_events(code, 2)
        broken = self.account.write(self.studio.admin / "broken.yaml", settings.read_text().replace(str(self.studio.api_port), "1"))
        fire(broken)
        wait_until(lambda: any(spool.iterdir()), 10, lambda: "nothing was spooled")
        for path in spool.rglob("*"):
            self.account.own(path, 0o700 if path.is_dir() else 0o600)
        self.studio.cli("event", "flush", spool)
        self.studio.wait_for_events(code, 3)


@unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
class FullDiskTest(StudioCase):
    def test_a_full_destination_waits_and_goes_on_when_there_is_room(self):
        studio = Studio(self.directory / "full", self.account)
        self.addCleanup(studio.stop)
        studio.create()
        volume = studio.storage("van")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=2m,uid={self.account.uid},mode=0700", "tmpfs", volume], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", volume], check=True)
        studio.start()
        content = os.urandom(6_000_000)
        code = studio.add_version("large", files={"a.mov": content})
        studio.set_status(code, "ready")
        transfer = studio.transfer_of(code)["transfer"]
        studio.wait_for_reason(transfer, "DESTINATION_FULL")
        self.assertFalse((volume / "northlight").exists())
        subprocess.run(["mount", "-o", "remount,size=64m", volume], check=True)
        studio.cli("transfer", "retry", transfer)
        studio.wait_for_state(transfer, "CLOSED")
        self.assertEqual((volume / "northlight" / "nl_010_0010" / code / "a.mov").read_bytes(), content)


if __name__ == "__main__":
    unittest.main()
