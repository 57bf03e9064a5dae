"""The contract with a studio's own asset database, kept by the demo's studio, on a real server."""

import json
import unittest

from studio.case import SOURCE, StudioCase

CONTRACT = SOURCE / "deploy" / "asset_db"
CONNECTOR = "crossdock_connector"
READY = "update studio.version set status = 'ready' where code = '{}'"
SHOT_10 = "nl_010_0010_comp_v003"
SHOT_20 = "nl_010_0020_comp_v003"
# What the connector reads; the place of its cursor is (xid, id).
FEED = """select xid::text as xid, id, kind, project, entity_type, entity_id, data from crossdock.outbox
           where (xid, id) > ('{}'::xid8, {}) and xid < pg_snapshot_xmin(pg_current_snapshot()) order by outbox.xid, outbox.id limit 500"""


class AssetDatabaseTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.start_postgres("assets")
        cls.server.execute("create role crossdock_publisher nologin; create role farm login in role crossdock_publisher", "postgres")

    def setUp(self):
        self.database = self.id().rpartition(".")[2][:60]
        self.server.create_database(self.database)
        for file in (CONTRACT / "crossdock.sql", SOURCE / "deploy" / "demo" / "studio.sql", CONTRACT / "grants.sql"):
            self.server.run_file(file, self.database)
        self.execute("truncate crossdock.outbox")

    def execute(self, sql, role="postgres"):
        self.server.execute(sql, self.database, role)

    def rows(self, query, role=CONNECTOR):
        return self.server.rows(query, self.database, role)

    def feed(self, cursor=("0", 0)):
        return self.rows(FEED.format(*cursor))

    def test_a_status_change_is_told_in_its_own_transaction(self):
        self.execute(READY.format(SHOT_10))
        (event,) = self.feed()
        self.assertEqual((event["kind"], event["project"], event["entity_type"], event["entity_id"]),
                         ("version.status_changed", "nl", "Version", SHOT_10))
        self.assertEqual(event["data"], {"from": "review", "to": "ready"})

    def test_a_change_that_is_rolled_back_was_never_told(self):
        with self.server.session(self.database) as artist:
            for statement in ("begin", READY.format(SHOT_10), "rollback"):
                artist.execute(statement)
        self.assertEqual(self.feed(), [])

    def test_a_save_that_changes_no_status_tells_nothing(self):
        self.execute(f"update studio.version set status = status, tags = '{{hero}}' where code = '{SHOT_10}'")
        self.assertEqual(self.feed(), [])

    def test_a_version_that_is_born_ready_is_told(self):
        self.execute("insert into studio.version (code, shot, name, status, publisher, path) "
                     "values ('nl_010_0010_comp_v004', 'nl_010_0010', 'comp_v004', 'ready', 'ana', 'northlight/nl_010_0010/comp/v004')")
        self.assertEqual([event["entity_id"] for event in self.feed()], ["nl_010_0010_comp_v004"])
        (entity,) = self.rows("select ready, generation from crossdock.entity('Version', 'nl_010_0010_comp_v004')")
        self.assertEqual(entity, {"ready": True, "generation": "1"})

    def test_no_event_is_lost_when_the_older_transaction_commits_last(self):
        with self.server.session(self.database) as slow:
            slow.execute("begin")
            slow.execute(READY.format(SHOT_10))
            self.execute(READY.format(SHOT_20))
            self.assertEqual(self.feed(), [], "the feed waits for the older transaction instead of passing it")
            slow.execute("commit")
        events = self.feed()
        self.assertEqual([event["entity_id"] for event in events], [SHOT_10, SHOT_20])
        self.assertEqual(self.feed((events[-1]["xid"], events[-1]["id"])), [])

    def test_a_commit_wakes_the_listener_once_with_a_constant_payload(self):
        with self.server.session(self.database, CONNECTOR) as listener:
            listener.execute("listen crossdock_outbox")
            self.execute("update studio.version set status = 'ready'")
            self.assertEqual(listener.notifications(), [("crossdock_outbox", "")])
        self.assertEqual(len(self.feed()), 2)

    def test_an_entity_is_read_with_every_fact(self):
        self.execute(READY.format(SHOT_20))
        self.assertEqual(self.rows(f"select * from crossdock.entity('Version', '{SHOT_20}')"), [{
            "client": "northlight", "project": "nl", "name": "nl_010_0020", "version": "comp_v003", "status": "ready", "ready": True,
            "generation": "1", "publisher": "ana", "classification": "confidential", "tags": [], "volume": "proj",
            "path": "northlight/nl_010_0020/comp/v003"}])
        self.assertEqual(self.rows("select * from crossdock.entity('Version', 'nl_999_0010_comp_v001')"), [])

    def test_each_entry_into_ready_is_a_generation_of_its_own(self):
        generations = []
        for status in ("ready", "review", "ready"):
            self.execute(f"update studio.version set status = '{status}' where code = '{SHOT_10}'")
            (entity,) = self.rows(f"select ready, generation from crossdock.entity('Version', '{SHOT_10}')")
            generations.append((entity["ready"], entity["generation"]))
        self.assertEqual(generations, [(True, "1"), (False, "1"), (True, "2")])

    def test_what_is_ready_is_read_in_pages(self):
        self.execute("insert into studio.version (code, shot, name, status, publisher, path) select 'nl_010_0010_comp_v' || n, "
                     "'nl_010_0010', 'v' || n, 'ready', 'ana', 'northlight/nl_010_0010/comp/v' || n from generate_series(100, 106) n")
        seen, after = [], ("", "")
        while page := self.rows(f"select * from crossdock.ready_entities('{after[0]}', '{after[1]}', 3)"):
            self.assertLessEqual(len(page), 3)
            self.assertGreater((page[0]["entity_type"], page[0]["entity_id"]), after)
            seen += [row["entity_id"] for row in page]
            after = (page[-1]["entity_type"], page[-1]["entity_id"])
        self.assertEqual(seen, [f"nl_010_0010_comp_v{n}" for n in range(100, 107)])

    def test_a_report_is_kept_per_destination_and_triggers_nothing(self):
        for state in ("running", "delivered", "delivered"):
            self.execute(f"select crossdock.report('Version', '{SHOT_10}', 'van', '{state}', 'transfers/1', 'note')", CONNECTOR)
        self.assertEqual(self.rows("select version, destination, state, transfer from studio.delivery_status", "postgres"),
                         [{"version": SHOT_10, "destination": "van", "state": "delivered", "transfer": "transfers/1"}])
        self.assertEqual(self.feed(), [])

    def test_the_connector_may_do_no_more_than_it_needs(self):
        for statement in ("select * from studio.version", "insert into crossdock.outbox (kind, project, entity_type, entity_id) values "
                          "('k', 'p', 't', 'i')", "delete from crossdock.outbox", "select crossdock.publish('k', 'p', 't', 'i')",
                          "create table crossdock.mine(n int)"):
            with self.subTest(statement):
                self.assert_refused("permission denied", self.execute, statement, CONNECTOR)

    def test_the_connector_sees_which_cluster_and_timeline_it_reads(self):
        (row,) = self.rows("select s.system_identifier, c.timeline_id from pg_control_system() s, pg_control_checkpoint() c")
        self.assertGreater(row["system_identifier"], 0)
        self.assertEqual(row["timeline_id"], 1)

    def test_a_writer_needs_no_right_on_the_outbox(self):
        publish = "select crossdock.publish('version.published', 'nl', 'Version', 'x')"
        self.execute("create role stranger login")
        self.addCleanup(self.execute, "drop role stranger")
        self.assert_refused("permission denied", self.execute, publish, "stranger")
        self.execute(publish, "farm")
        self.assertEqual([event["kind"] for event in self.feed()], ["version.published"])

    def test_a_writer_cannot_report_in_the_name_of_the_connector(self):
        self.assert_refused("permission denied for function report", self.execute,
                            f"select crossdock.report('Version', '{SHOT_10}', 'van', 'delivered', 't', '')", "farm")

    def test_an_event_is_small(self):
        data = json.dumps({"everything": "x" * 70_000})
        self.assert_refused("data_is_at_most_64_kib", self.execute, f"select crossdock.publish('k', 'p', 't', 'i', '{data}')")

    def test_running_the_contract_again_changes_nothing(self):
        self.execute(READY.format(SHOT_10))
        for file in ("crossdock.sql", "grants.sql"):
            self.server.run_file(CONTRACT / file, self.database)
        self.assertEqual(len(self.feed()), 1)
        self.assertEqual(len(self.rows(f"select * from crossdock.entity('Version', '{SHOT_10}')")), 1)

    def test_a_missing_or_wrong_function_is_named_before_the_connector_meets_it(self):
        self.execute("drop function crossdock.ready_entities(text, text, int)")
        self.assert_refused("crossdock.ready_entities(text, text, integer) is missing", self.server.run_file, CONTRACT / "grants.sql",
                            self.database)
        self.execute("create function crossdock.ready_entities(text, text, int) returns int language sql as 'select 1'")
        self.assert_refused("it must return TABLE(entity_type text, entity_id text)", self.server.run_file, CONTRACT / "grants.sql",
                            self.database)


if __name__ == "__main__":
    unittest.main()
