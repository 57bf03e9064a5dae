"""What the harness promises to every other test: it waits for the real thing, and leaves nothing running."""

import os
import signal
import subprocess
import sys
import time
import unittest

from studio.case import SOURCE, StudioCase
from studio.process import Program, ProgramError, ProgramSet

POLITE = r"""
import json, os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print(json.dumps({"level": "info", "message": "ready", "uid": os.getuid()}), flush=True)
signal.sigwait([signal.SIGTERM])
print(json.dumps({"level": "info", "message": "stopping"}), flush=True)
sys.exit(3)
"""


class HarnessTest(StudioCase):
    def program(self, name, code=POLITE):
        program = Program(name, ["/usr/bin/python3", "-c", code], self.account, self.directory, self.logs)
        self.addCleanup(program.kill)
        return program

    def test_a_program_runs_as_an_ordinary_user(self):
        record = self.program("ordinary").start().wait_for_record("ready", 10)
        self.assertEqual(record["uid"], self.account.uid)
        self.assertNotEqual(record["uid"], 0)

    def test_a_stop_is_polite_and_gives_the_exit_code(self):
        program = self.program("polite").start()
        program.wait_for_record("ready", 10)
        self.assertEqual(program.stop(), 3)
        self.assertEqual([record["message"] for record in program.records()], ["ready", "stopping"])
        self.assertIn("stopping", program.log_path.read_text())

    def test_a_program_that_is_paused_can_still_be_stopped(self):
        program = self.program("paused").start()
        program.wait_for_record("ready", 10)
        program.signal(signal.SIGSTOP)
        self.assertEqual(program.stop(), 3)

    def test_a_program_that_will_not_stop_is_killed_and_named(self):
        program = self.program("deaf", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)\n"
                                       "while True: signal.pause()").start()
        program.wait_for_line("deaf", 10)
        self.assert_refused("deaf did not stop", program.stop, 0.2)
        self.assertFalse(program.running)

    def test_waiting_for_a_program_that_died_ends_at_once_with_its_last_words(self):
        program = self.program("short", "raise SystemExit('no such volume')").start()
        began = time.monotonic()
        self.assert_refused("no such volume", program.wait_for_line, "ready", 30)
        self.assertLess(time.monotonic() - began, 10)

    def test_waiting_has_a_deadline(self):
        program = self.program("mute").start()
        self.assert_refused("within 0.1 s", program.wait_for_line, "never said", 0.1)
        self.assert_refused("did not write", program.wait_for_file, self.directory / "never", 0.1)

    def test_a_restart_is_seen_only_after_the_old_lines(self):
        program = self.program("again").start()
        program.wait_for_record("ready", 10)
        program.kill()
        self.assertEqual(program.exit_code, -signal.SIGKILL)
        before = program.position()
        program.start()
        program.wait_for_record("ready", 10, since=before)

    def test_a_set_is_stopped_last_started_first(self):
        programs, order = ProgramSet(), []
        for name in ("first", "second"):
            program = programs.start(self.program(name))
            program.wait_for_record("ready", 10)
            stop = program.stop
            program.stop = lambda name=name, stop=stop: (order.append(name), stop())[1]
        complaints = programs.stop()
        self.assertEqual(order, ["second", "first"])
        self.assertEqual([complaint.splitlines()[0] for complaint in complaints], ["second ended with 3", "first ended with 3"])

    def test_a_program_that_was_killed_is_no_complaint(self):
        programs = ProgramSet()
        program = programs.start(self.program("crashed"))
        program.wait_for_record("ready", 10)
        program.kill()
        self.assertEqual(programs.stop(), [])

    def test_no_program_outlives_the_python_that_started_it(self):
        code = ("from studio.account import Account; from studio.process import Program; import os, signal\n"
                f"program = Program('orphan', ['/usr/bin/sleep', '600'], Account(), {str(self.directory)!r}, {str(self.logs)!r}).start()\n"
                "print(program.pid, flush=True); signal.pause()")
        parent = subprocess.Popen([sys.executable, "-B", "-c", code], stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "PYTHONPATH": str(SOURCE / "tests" / "support")})
        with parent, open(f"/proc/{int(parent.stdout.readline())}/stat", encoding="ascii") as status:
            self.assertNotIn(status.read().split()[2], "Z")
            parent.kill()
            parent.wait(10)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                try:
                    status.seek(0)
                    if status.read().split()[2] in "ZX":
                        return
                except ProcessLookupError:
                    return
        self.fail("the program still runs")


class PostgresTest(StudioCase):
    def test_a_killed_server_comes_back_with_what_was_committed(self):
        server = self.start_postgres("killed")
        server.create_database("kept")
        server.execute("create table n(n int); insert into n values (7)", "kept")
        server.kill()
        self.assert_refused("onnection to server", server.execute, "select 1", "kept")
        server.start()
        self.assertEqual(server.value("select n from n", "kept"), 7)

    def test_over_tcp_a_role_needs_its_password(self):
        server = self.start_postgres("guarded")
        server.execute("create role someone login", "postgres")
        psql = [server._bin / "psql", "-X", "-A", "-t", "-w", "-c", "select current_user", "-d"]
        with self.assertRaises(subprocess.CalledProcessError) as refused:
            self.account.run([*psql, f"host=127.0.0.1 port={server.port} dbname=postgres user=someone"], self.directory)
        self.assertIn("no password supplied", refused.exception.stderr)
        server.grant_tcp("someone")
        self.assertEqual(self.account.run([*psql, server.tcp_uri("postgres", "someone")], self.directory).stdout.strip(), "someone")

    def test_a_server_does_not_run_as_root(self):
        server = self.start_postgres("humble")
        self.assertNotEqual(os.stat(f"/proc/{server.program.pid}").st_uid, 0)


if __name__ == "__main__":
    unittest.main()
