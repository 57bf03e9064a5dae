"""The audit log as an auditor gets it: exported, verified by hand and by program, and changed by those who could."""

import contextlib
import csv
import json
import shutil
import subprocess
import unittest

from studio.case import StudioCase
from studio.process import wait_until
from studio.studio import Studio


def recipe(pack):
    """The commands of the pack's README, as an auditor would copy them."""
    return "".join(line[4:] for line in (pack / "README.txt").read_text(encoding="utf-8").splitlines(keepends=True) if line.startswith("    "))


class AuditTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()
        code = cls.studio.add_version("audited", shot="nl_010_0020", files={"a": b"x"})
        cls.studio.set_status(code, "ready")
        cls.transfer = cls.studio.transfer_of(code)["transfer"]
        cls.studio.wait_for_state(cls.transfer, "AWAITING_APPROVAL")
        cls.studio.approve(cls.transfer)
        cls.studio.wait_for_state(cls.transfer, "CLOSED")
        # Another client's doings, which an export must not show.
        cls.studio.postgres.execute(cls.row("southlight", "transfer.accepted"), "crossdock")
        cls.settle()

    @staticmethod
    def row(client, action, result="ok"):
        return ("insert into audit (at, client, actor, action, transfer, result, detail) "
                f"values (now(), '{client}', '=cmd|calc', '{action}', 't-x', '{result}', '{{}}')")

    @classmethod
    def settle(cls):
        """Until the logs that nobody forges stand under a checkpoint that both sites have co-signed, all of them."""
        logs = "log in ('client/northlight', 'client/southlight', 'client/restarted')"
        open_rows = f"select count(*) from audit where {logs.replace('log', 'audit_log_of(client)', 1)} and not exists (select from audit_leaf where audit = audit.id)"
        open_logs = (f"select count(*) from audit_log l where {logs} and (select count(distinct agent) from audit_cosignature c "
                     "where c.log = l.log and c.size = l.size) < 2")
        wait_until(lambda: cls.studio.postgres.value(open_rows, "crossdock") == 0 and cls.studio.postgres.value(open_logs, "crossdock") == 0,
                   40, lambda: f"not every leaf is co-signed: {cls.studio.postgres.rows('select * from audit_log', 'crossdock')}")

    def place(self, name):
        """An empty directory, which others may read."""
        return self.account.make_directory(self.directory / "s" / name, 0o755)

    def export(self, name, *options, client="northlight"):
        pack = self.place(name)
        which = ("--client", client) if client else ()
        self.studio.cli("audit", "export", *which, "--out", pack, *options)
        return pack

    def verify(self, pack, *options, code=0):
        done = self.studio.run("crossdock", "--json", "audit", "verify", "--export", pack, *options, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout or done.stderr)

    def by_hand(self, pack):
        return subprocess.run(["/bin/sh", "-c", recipe(pack)], cwd=pack, capture_output=True, text=True, timeout=120, check=False)

    def copy(self, pack, name):
        place = pack.parent / name
        shutil.copytree(pack, place)
        return place

    def test_t44_the_recipe_verifies_with_openssl_alone_and_sees_one_changed_byte(self):
        pack = self.export("whole")
        done = self.by_hand(pack)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for words in ("checkpoint is signed", "none is missing", "site/lon/agent/lon-1", "site/van/agent/van-1"):
            self.assertIn(words, done.stdout)
        leaves = (pack / "leaves.jsonl").read_bytes()
        self.assertIn(b'"action":"approval.given"', leaves)
        number = leaves[:leaves.index(b"paula")].count(b"\n")

        changed = self.copy(pack, "changed")
        (changed / "leaves.jsonl").write_bytes(leaves.replace(b"paula", b"pbula", 1))
        self.assertNotEqual(self.by_hand(changed).returncode, 0)
        finding = self.verify(changed, code=1)["findings"][0]
        self.assertEqual((finding["reason"], finding["first_bad"]), ("LEAF_CHANGED", number))

        shorter = self.copy(pack, "shorter")
        lines = leaves.splitlines(keepends=True)
        (shorter / "leaves.jsonl").write_bytes(b"".join(lines[:-1]))
        self.assertNotEqual(self.by_hand(shorter).returncode, 0)
        finding = self.verify(shorter, code=1)["findings"][0]
        self.assertEqual((finding["reason"], finding["first_bad"]), ("LEAVES_MISSING", len(lines) - 1))

    def test_two_sites_have_co_signed_and_three_are_not_claimed(self):
        pack = self.export("sites")
        roster = self.studio.admin / "roster.yaml"
        self.assertEqual(self.verify(pack, "--roster", roster, "--sites", "2")["sites"], ["lon", "van"])
        (finding,) = self.verify(pack, "--roster", roster, "--sites", "3", code=1)["findings"]
        self.assertEqual(finding["reason"], "WITNESSES_MISSING")

    def test_t41_one_clients_export_shows_no_other_client(self):
        pack = self.export("alone")
        everything = b"".join(path.read_bytes() for path in pack.rglob("*") if path.is_file())
        self.assertNotIn(b"southlight", everything)
        self.assertIn(b"southlight", (self.export("south", client="southlight") / "leaves.jsonl").read_bytes())

    def test_t43_a_spreadsheet_is_given_no_formula(self):
        cells = (self.export("formulas", client="southlight") / "events.csv").read_text(encoding="utf-8")
        self.assertIn("\"'=cmd|calc\"", cells)

    def test_a_pack_groups_its_events_by_control(self):
        pack = self.export("controls", client="northlight")
        rows = {row["control"]: row for row in csv.DictReader((pack / "controls.csv").read_text(encoding="utf-8").splitlines())}
        with open(pack / "events.csv", encoding="utf-8", newline="") as table:
            approvals = sum(event["action"].startswith(("transfer.", "approval.", "staging.", "notification.")) for event in csv.DictReader(table))
        self.assertEqual(int(rows["TS-1.16"]["events"]), approvals)
        self.assertGreater(approvals, 0)

    def test_one_leaf_is_proved_and_so_is_a_day(self):
        third = self.place("third")
        self.studio.cli("audit", "prove", "3", "--client", "northlight", "--out", third)
        self.assertEqual((third / "leaves.jsonl").read_bytes().count(b"\n"), 1)
        done = self.by_hand(third)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertTrue(self.verify(third)["sound"])
        day = self.export("day", "--from", "2020-01-01T00:00:00Z", "--to", "2090-01-01T00:00:00Z")
        self.assertTrue(self.verify(day)["sound"])

    def test_rows_are_searched(self):
        found = [json.loads(line) for line in self.studio.cli("--json", "audit", "search", "--action", "approval", "--client", "northlight").stdout.splitlines()]
        self.assertEqual([one["action"] for one in found], ["approval.given"])

    def online(self, *options, code=0):
        done = self.studio.cli("--json", "audit", "verify", *options, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout or done.stderr)

    def found(self, *options, code=1):
        """[(reason, first bad number)] of a log as it is now."""
        return [(each["reason"], each["first_bad"]) for each in self.online(*options, code=code)["findings"]]

    def status(self, client, code):
        done = self.studio.cli("--json", "audit", "status", "--client", client, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        (log,) = json.loads(done.stdout)["logs"]
        return log

    # -- what the database's administrator can do

    def sql(self, *statements):
        for statement in statements:
            self.studio.postgres.execute(statement, "crossdock")

    def grow(self, client, *actions, witnesses=("lon-1", "van-1")):
        """Rows that one checkpoint covers; an approval among them, so at once. Waits for the co-signatures."""
        values = ", ".join(f"(now(), '{client}', 'ada', '{action}', 't-x', 'ok', '{{}}')" for action in (*actions, "approval.given"))
        self.sql(f"insert into audit (at, client, actor, action, transfer, result, detail) values {values}")
        covered = (f"select count(*) from audit_cosignature s join audit_log l using (log, size) where log = 'client/{client}' "
                   f"and agent in ({', '.join(repr(one) for one in witnesses)}) and not exists "
                   f"(select from audit where client = '{client}' and not exists (select from audit_leaf where audit = audit.id))")
        wait_until(lambda: self.studio.postgres.value(covered, "crossdock") == len(witnesses), 40, lambda: f"{client} is not co-signed")

    @contextlib.contextmanager
    def orchestrator_stopped(self):
        """It remembers what it has signed; whoever wants it to forget restarts it."""
        orchestrator = self.studio.program("orchestrator")
        orchestrator.stop()
        since = orchestrator.position()
        try:
            yield
        finally:
            orchestrator.start()
        orchestrator.wait_for_record("orchestrator is ready", since=since)
        self.studio.wait_for_agents()

    def edit(self, client, number):
        self.sql("update audit set leaf = convert_to(replace(convert_from(leaf, 'UTF8'), '\"ok\"', '\"no\"'), 'UTF8') "
                 f"where id = (select audit from audit_leaf where log = 'client/{client}' and number = {number})")

    def edit_with_its_hash(self, client, number):
        self.edit(client, number)
        self.sql(f"update audit_tile set hashes = overlay(hashes placing sha256('\\x00'::bytea || (select leaf from audit join audit_leaf on audit = id "
                 f"where log = 'client/{client}' and number = {number})) from {32 * number + 1} for 32) where log = 'client/{client}' and level = 0")

    def truncate(self, client, size):
        self.sql(f"delete from audit where id in (select audit from audit_leaf where log = 'client/{client}' and number >= {size})",
                 f"delete from audit_leaf where log = 'client/{client}' and number >= {size}",
                 f"update audit_tile set hashes = substr(hashes, 1, {32 * size}) where log = 'client/{client}'",
                 f"update audit_log set size = {size} where log = 'client/{client}'")

    def unseal(self, client, above=0):
        """So that the orchestrator, when it has forgotten, signs anew what it finds: its key in the forger's hand."""
        self.sql(f"delete from audit_checkpoint where log = 'client/{client}' and size > {above}",
                 f"delete from audit_cosignature where log = 'client/{client}' and size > {above}",
                 f"update audit_log set urgent = true where log = 'client/{client}'")

    def wait_for_refusals(self, client, reason, agents):
        told = (f"select count(*) from audit_leaf join audit on audit = id where audit_leaf.log = 'studio' and action = 'audit.refused' "
                f"and result = '{reason}' and detail->>'log' = 'client/{client}'")
        wait_until(lambda: self.studio.postgres.value(told, "crossdock") == agents, 30, lambda: f"{reason} of {client} does not stand in the studio's log")

    def note_of(self, agent_site, client):
        folder = self.studio.directory / agent_site / "agent" / "witness"
        return next(path for path in folder.glob("*.note") if f"/{client}\n".encode() in path.read_bytes())

    EVENTS = tuple(f"transfer.event{number}" for number in range(5))

    def test_t40_what_an_administrator_edits_or_deletes_is_named_by_its_number(self):
        self.grow("eastlight", *self.EVENTS)
        self.assertTrue(self.online("--client", "eastlight")["sound"])
        self.edit("eastlight", 2)
        self.assertEqual(self.found("--client", "eastlight"), [("LEAF_CHANGED", 2)])
        self.sql("delete from audit where client = 'eastlight' and action = 'transfer.event1'")
        self.assertEqual(self.found("--client", "eastlight"), [("LEAF_CHANGED", 1)])
        self.sql("delete from audit_leaf where log = 'client/eastlight' and number = 0")
        self.assertEqual(self.found("--client", "eastlight"), [("LEAF_CHANGED", 0)])
        # Rows at the end, which leave no gap between others.
        self.grow("eastmost", *self.EVENTS)
        self.sql("delete from audit where client = 'eastmost' and action in ('transfer.event4', 'approval.given')",
                 "delete from audit_leaf where log = 'client/eastmost' and number >= 4")
        self.assertEqual(self.found("--client", "eastmost"), [("LEAF_CHANGED", 4)])

    def test_t40_a_log_that_is_less_than_was_signed_is_said_aloud_by_the_orchestrator(self):
        self.grow("westlight", *self.EVENTS)
        self.assertEqual(self.status("westlight", 0)["cosigned_by"], ["lon-1", "van-1"])
        since = self.studio.program("orchestrator").position()
        self.truncate("westlight", 2)
        said = self.studio.program("orchestrator").wait_for_record("AN AUDIT LOG IS NOT WHAT WAS SIGNED", since=since, log="client/westlight")
        self.assertIn("number 2 is gone", said["detail"])
        state = self.status("westlight", 1)
        self.assertEqual(state["reason"], "AUDIT_LOG_REWRITTEN")
        self.assertIn("number 2 is gone", state["detail"])
        raised = "select count(*) from audit where action = 'audit.rewritten' and detail->>'log' = 'client/westlight'"
        wait_until(lambda: self.studio.postgres.value(raised, "crossdock") == 1, 10, lambda: "it does not stand in the studio's log")
        self.assertEqual(self.found("--client", "westlight"), [("LEAVES_MISSING", 2)])
        # What comes afterwards is not signed on top of it.
        sealed = "select count(*) from audit_checkpoint where log = 'client/westlight'"
        before = self.studio.postgres.value(sealed, "crossdock")
        since = self.studio.program("orchestrator").position()
        self.sql(self.row("westlight", "approval.given"), self.row("westlight", "approval.given"), self.row("westlight", "approval.given"),
                 self.row("westlight", "approval.given"), self.row("westlight", "approval.given"))
        self.studio.program("orchestrator").wait_for_record("AN AUDIT LOG IS NOT WHAT WAS SIGNED", since=since, log="client/westlight")
        self.assertEqual(self.studio.postgres.value(sealed, "crossdock"), before)

    def test_t25_a_log_that_is_truncated_and_sealed_again_with_the_log_s_own_key_is_refused_by_the_agents(self):
        self.grow("shortlight", *self.EVENTS)
        earlier, note = self.export("short-before", client="shortlight"), self.note_of("van", "shortlight")
        with self.orchestrator_stopped():
            self.truncate("shortlight", 2)
            self.unseal("shortlight")
        for site in ("lon", "van"):
            self.studio.program(f"{site}-agent").wait_for_record("AN AUDIT LOG WAS NOT WITNESSED", log="client/shortlight", reason="WITNESS_LOG_SHRUNK")
        self.wait_for_refusals("shortlight", "WITNESS_LOG_SHRUNK", 2)
        # The orchestrator, which has forgotten, finds nothing wrong; its witnesses do.
        state = self.status("shortlight", 1)
        self.assertEqual(state.get("reason", ""), "")
        self.assertEqual(sorted(each["agent"] for each in state["refusals"]), ["lon-1", "van-1"])
        self.assertEqual(self.found("--client", "shortlight"), [("LOG_TRUNCATED", 2)] * 2)
        # Also when those refusals are kept from the auditor: an agent's own note, and an earlier export.
        self.sql("delete from audit where action = 'audit.refused' and detail->>'log' = 'client/shortlight'")
        self.assertTrue(self.online("--client", "shortlight")["sound"])
        for held in (note, earlier):
            self.assertEqual(self.found("--client", "shortlight", "--against", held), [("LOG_TRUNCATED", 2)])
        # And nobody co-signs it any more.
        self.assertEqual(self.found("--client", "shortlight", "--roster", self.studio.admin / "roster.yaml", "--sites", "1"), [("WITNESSES_MISSING", 0)])

    def test_t40_a_log_that_is_edited_and_sealed_again_is_a_fork_to_the_agents(self):
        self.grow("forklight", *self.EVENTS)
        earlier = self.export("fork-before", client="forklight")
        with self.orchestrator_stopped():
            self.edit_with_its_hash("forklight", 3)
            self.unseal("forklight")
        self.wait_for_refusals("forklight", "WITNESS_LOG_FORKED", 2)
        self.assertEqual({reason for reason, _ in self.found("--client", "forklight")}, {"CHECKPOINT_CONTRADICTED"})
        self.assertIn(("CHECKPOINT_CONTRADICTED", 3), self.found("--client", "forklight", "--against", earlier))
        # As it grows, it stays one.
        agent = self.studio.program("van-agent")
        since = agent.position()
        self.sql(self.row("forklight", "approval.given"))
        wait_until(lambda: int(self.status("forklight", 1)["sealed"]) == 7, 20, lambda: "the forged log is not signed")
        agent.wait_for_record("AN AUDIT LOG WAS NOT WITNESSED", since=since, log="client/forklight", reason="WITNESS_LOG_FORKED")

    def test_t40_a_log_that_is_forked_for_one_witness_contradicts_the_other_one(self):
        self.grow("twolight", *self.EVENTS)  # 6 leaves, which both have seen
        lon = self.studio.program("lon-agent")
        self.addCleanup(lambda: lon.running or lon.start())
        lon.stop()
        self.grow("twolight", "transfer.event6", witnesses=["van-1"])
        seen_by_van, note = self.export("two-van", client="twolight"), self.note_of("van", "twolight").read_text(encoding="utf-8")
        with self.orchestrator_stopped():
            self.edit_with_its_hash("twolight", 7)
            self.unseal("twolight", above=6)
            lon.start()
        self.wait_for_refusals("twolight", "WITNESS_LOG_FORKED", 1)
        roster = ("--roster", self.studio.admin / "roster.yaml", "--sites", "1")
        wait_until(lambda: self.status("twolight", 1).get("cosigned_by") == ["lon-1"], 20, lambda: "lon has not co-signed the fork")
        held = self.account.write(self.place("two") / "van.note", note)
        for options in ((), ("--against", held)):
            findings = self.online("--client", "twolight", *roster, *options, code=1)["findings"]
            # The six that both have co-signed agree: the first bad one is 6 or 7.
            self.assertEqual({(each["reason"], each["first_bad"], each["last_bad"]) for each in findings}, {("CHECKPOINT_CONTRADICTED", 6, 7)})
        self.assertIn(("CHECKPOINT_CONTRADICTED", 7), self.found("--client", "twolight", "--against", seen_by_van))

    def test_custody_has_both_sites_from_when_they_had_it(self):
        lon, van = self.studio.cli_json("audit", "custody", self.transfer)["intervals"]
        self.assertEqual((lon["site"], lon["agents"], van["site"], van["agents"]), ("lon", ["lon-1"], "van", ["van-1"]))
        self.assertTrue(lon["since"] < van["since"] < van["published"])
        self.assertEqual(lon["listing"], van["listing"])
        # Both still have it, as far as anybody knows.
        self.assertNotIn("until", {**lon, **van})

    def test_t43_lines_for_a_log_collector_are_one_each(self):
        self.sql("insert into audit (at, client, actor, action, transfer, result, detail) "
                 "values (now(), 'linelight', E'ada\\n<13>1 - - forged', 'transfer.accepted', 't-x', E'\"]\\x1b[2J', '{}')")
        lines = self.studio.cli("audit", "search", "--syslog", "--client", "linelight").stdout.splitlines()
        self.assertEqual(len(lines), 1)
        self.assertTrue(lines[0].startswith("<109>1 20"), lines[0])
        self.assertIn('actor="ada%0A<13>1 - - forged"', lines[0])
        self.assertNotIn("\x1b", lines[0])

    def test_what_is_written_meanwhile_is_sealed_after_a_restart(self):
        with self.orchestrator_stopped():
            self.sql(self.row("restarted", "transfer.accepted"))
        self.settle()
        self.assertTrue(self.verify(self.export("restarted", client="restarted"), "--roster", self.studio.admin / "roster.yaml", "--sites", "2")["sound"])


if __name__ == "__main__":
    unittest.main()
