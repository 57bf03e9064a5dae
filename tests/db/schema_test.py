"""The migrations make exactly the schema that sql/schema.sql shows.

After a new migration:  CROSSDOCK_WRITE_SCHEMA=1 python3 -m unittest schema_test.py
"""

import os
import unittest

from studio.case import SOURCE, StudioCase

SCHEMA = SOURCE / "sql" / "schema.sql"


class SchemaTest(StudioCase):
    def test_the_migrations_make_the_schema_that_is_shown(self):
        server = self.start_postgres("schema")
        server.create_database("crossdock")
        for migration in sorted((SOURCE / "sql" / "migrations").glob("*.sql")):
            server.run_file(migration, "crossdock")
        dump = self.account.run([server.tool("pg_dump"), "--schema-only", "--no-owner", "--no-privileges", "-d", server.uri("crossdock")],
                                self.directory).stdout
        # The server's version, session settings and one-time marks differ from machine to machine and say nothing of the schema.
        made = "\n".join(line for line in dump.splitlines() if line and not line.startswith(("--", "SET ", "SELECT pg_catalog", "\\"))) + "\n"
        if os.environ.get("CROSSDOCK_WRITE_SCHEMA"):
            SCHEMA.write_text(made, encoding="utf-8")
        self.assertEqual(made, SCHEMA.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
