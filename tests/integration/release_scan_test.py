"""Obligation `scan`: a site's own program looks at a package before anything of it leaves."""

import json

from studio.case import SOURCE, StudioCase
from studio.studio import Studio

POLICY = (SOURCE / "deploy" / "demo" / "policy" / "northlight.yaml").read_text(encoding="utf-8")
FREE = "require: {approvals: none, verify: landed}"
PROGRAM = """#!/bin/sh
if grep -q infected; then
  echo "infected.exr: Eicar"
  exit 1
fi
"""


class ReleaseScanTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create()
        # Only lon has a program; van sends nothing that has to be scanned.
        program = cls.account.write(cls.studio.directory / "lon" / "scan", PROGRAM, 0o700)
        config = cls.studio.directory / "lon" / "agent.yaml"
        cls.account.write(config, config.read_text(encoding="utf-8") + f"release_scan: {{program: {program}, within: 30s}}\n")
        cls.studio.start()
        assert POLICY.count(FREE) == 1
        cls.studio.activate_policy(POLICY.replace(FREE, f"{FREE}\n    obligations: {{scan: before_release}}"), 2)

    def deliver(self, code, files):
        self.studio.add_version(code, files=files)
        self.studio.set_status(code, "ready")
        return self.studio.transfer_of(code)["transfer"]

    def test_what_is_clean_goes_and_the_senders_receipt_says_so(self):
        transfer = self.deliver("clean", {"a.exr": b"frame"})
        self.studio.wait_for_state(transfer, "CLOSED")
        lines = self.studio.cli("--json", "audit", "tail", "--transfer", transfer).stdout
        (leaf,) = [line for line in map(json.loads, lines.splitlines()) if line["action"] == "release.scanned"]
        self.assertEqual((leaf["actor"], leaf["result"]), ("agent/lon-1", "clean"))
        self.assertIn("scan: clean", json.loads(leaf["detail_json"])["statement"])

    def test_what_is_found_ends_the_transfer_before_a_name_leaves(self):
        transfer = self.deliver("found", {"a.exr": b"frame", "infected.exr": b"x"})
        self.studio.wait_for_state(transfer, "FAILED")
        explained = self.studio.cli("transfer", "explain", transfer).stdout
        self.assertIn("infected.exr: Eicar", explained)
        staged = [path for path in self.studio.storage("van").rglob("*") if "found" in path.name or "infected" in path.name]
        self.assertEqual(staged, [])
        actions = [json.loads(line) for line in self.studio.cli("--json", "audit", "tail", "--transfer", transfer).stdout.splitlines()]
        self.assertTrue(any("RELEASE_SCAN_FOUND" in json.dumps(action) for action in actions), actions)
