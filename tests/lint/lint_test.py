"""Checks the source tree by the rules of rules.py, and the rules by small examples of what they forbid."""

import sys
import unittest
from pathlib import Path

import rules

SOURCE = Path(__file__).resolve().parents[2]
FOLDERS = ("lib", "orchestrator", "agent", "relay", "cli")


def sources():
    for folder in FOLDERS:
        for path in sorted((SOURCE / folder).rglob("*")):
            if path.suffix in (".h", ".cc"):
                yield path.relative_to(SOURCE).as_posix(), path.read_text(encoding="utf-8")


class TreeTest(unittest.TestCase):
    def test_the_tree_keeps_every_rule(self):
        complaints = [complaint for path, text in sources() for rule in rules.RULES for complaint in rule(path, text)]
        self.assertEqual(complaints, [], "\n" + "\n".join(complaints))

    def test_long_files_and_functions_are_named(self):
        for path, text in sources():
            for warning in rules.long_parts(path, text):
                print(f"warning: {warning}", file=sys.stderr)

    def test_no_exception_outlives_its_reason(self):
        for path, word in rules.CLOCK_EXCEPTIONS:
            self.assertIn(word, (SOURCE / path).read_text(encoding="utf-8"), path)


class RulesTest(unittest.TestCase):
    def assert_complains(self, rule, path, text, words):
        complaints = rule(path, text)
        self.assertEqual(len(complaints), 1, complaints)
        self.assertIn(words, complaints[0])

    def test_an_arrow_against_the_architecture_is_found(self):
        self.assert_complains(rules.arrows, "relay/pump.cc", '#include "lib/policy/policy.h"\n', "relay may not include lib/policy")
        self.assert_complains(rules.arrows, "agent/core/x.h", '\n#include "agent/transfer/y.h"\n', "agent/core/x.h:2:")
        self.assert_complains(rules.arrows, "agent/session/x.cc", '#include "agent/transfer/y.h"\n', "may not include agent/transfer")
        self.assert_complains(rules.arrows, "orchestrator/api/x.cc", '#include "orchestrator/loops/y.h"\n', "may not include orchestrator/loops")
        self.assert_complains(rules.arrows, "agent/main.cc", '#include "orchestrator/core/y.h"\n', "may not include orchestrator/core")
        self.assert_complains(rules.arrows, "orchestrator/core/x.h", '#include "crossdock/studio/v1/transfer.pb.h"\n', "may not include proto")
        self.assert_complains(rules.arrows, "relay/x.cc", "#include <grpcpp/server.h>\n", "may not know gRPC")
        self.assert_complains(rules.arrows, "orchestrator/api/x.cc", "#include <pqxx/pqxx>\n", "may not know libpqxx")
        self.assert_complains(rules.arrows, "lib/stuff/x.cc", "", "not in the architecture")

    def test_an_arrow_along_the_architecture_is_not(self):
        for path, text in (("lib/net/x.cc", '#include "lib/wire/admission.h"\n'), ("relay/x.cc", '#include "relay/y.h"\n'),
                           ("orchestrator/api/x.cc", '#include "crossdock/admin/v1/admin.grpc.pb.h"\n#include <grpcpp/server.h>\n'),
                           ("lib/base/x.cc", '#include <vector>\n#include "absl/status/status.h"\n')):
            self.assertEqual(rules.arrows(path, text), [], path)

    def test_a_number_that_would_be_sorted_as_text_is_found(self):
        query = 'constexpr pg::Query kRead{"read", R"sql(\n  SELECT xid::text, id FROM audit\n   WHERE id > $1 ORDER BY %s LIMIT $2)sql"};\n'
        for order in ("xid, id", "id, xid DESC", "xid"):
            self.assert_complains(rules.sorted_as_stored, "orchestrator/store/x.cc", query % order, "x.cc:1: ORDER BY xid")
        for order in ("audit.xid, audit.id", "id"):
            self.assertEqual(rules.sorted_as_stored("orchestrator/store/x.cc", query % order), [])

    def test_sql_outside_its_folders_is_found(self):
        statement = 'constexpr char kQuery[] = R"sql(\n  SELECT id\n    FROM transfer)sql";\n'
        self.assert_complains(rules.sql_in_its_place, "orchestrator/api/x.cc", "\n" + statement, "x.cc:2:")
        self.assert_complains(rules.sql_in_its_place, "cli/x.cc", 'auto s = "delete from transfer ";\n', "SQL stands only")
        self.assertEqual(rules.sql_in_its_place("orchestrator/store/x.cc", statement), [])
        self.assertEqual(rules.sql_in_its_place("cli/x.cc", '// SELECT a FROM b\nauto s = "select one from the list";\n')[1:], [])

    def test_a_clock_or_a_sleep_is_found(self):
        self.assert_complains(rules.no_clock, "agent/core/x.cc", "\nauto now = std::chrono::steady_clock::now();\n", "x.cc:2: steady_clock::now")
        self.assert_complains(rules.no_clock, "relay/x.cc", "std::this_thread::sleep_for(1s);\n", "sleep_for")
        self.assertEqual(rules.no_clock("lib/base/clock.cc", "std::chrono::system_clock::now()"), [])
        self.assertEqual(rules.no_clock("relay/x.cc", '// never usleep\nauto s = "time(nullptr)";\n'), [])

    def test_a_name_that_says_nothing_is_found(self):
        self.assert_complains(rules.clear_names, "lib/base/string_util.h", "", "'util'")
        self.assert_complains(rules.clear_names, "agent/core/x.h", "\nclass TransferManager {\n", "x.h:2:")
        self.assertEqual(rules.clear_names("agent/core/x.h", "class Worklist {};  // the manager of nothing\n"), [])

    def test_long_files_and_functions_are_warned_of(self):
        body = "".join(f"  Step({n});\n" for n in range(rules.FUNCTION_LINES + 1))
        (warning,) = rules.long_parts("relay/x.cc", "int a;\nvoid Relay::Run(int n) {\n" + body + "}\n")
        self.assertIn("relay/x.cc:2: 72 lines", warning)
        self.assertEqual(rules.long_parts("relay/x.cc", "void Relay::Run() {\n  Step();\n}\n"), [])
        self.assertIn("401 lines", rules.long_parts("relay/x.cc", "\n" * 401)[0])


if __name__ == "__main__":
    unittest.main()
