"""The base of test cases that start programs: a directory, an account, and nothing left running."""

import os
import shutil
import unittest
from pathlib import Path

from .account import Account
from .postgres import Postgres
from .process import ProgramError

SOURCE = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("CROSSDOCK_BINARY_DIR", SOURCE / "build" / "dev"))


def program_path(name):
    """Where the build puts a program; CROSSDOCK_BINARY_DIR names another build."""
    return BINARY / "bin" / name


class StudioCase(unittest.TestCase):
    """Keeps its directory, with all logs, when CROSSDOCK_KEEP is set."""

    @classmethod
    def setUpClass(cls):
        cls.account = Account()
        cls.directory = cls.account.temporary_directory("test")
        cls.logs = cls.account.make_directory(cls.directory / "logs")
        if os.environ.get("CROSSDOCK_KEEP"):
            print(f"kept: {cls.directory}", flush=True)
        else:
            cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)

    @classmethod
    def start_postgres(cls, name):
        server = Postgres(name, cls.account, cls.directory / name, cls.logs).create()
        cls.addClassCleanup(server.stop)
        return server.start()

    def assert_refused(self, words, call, *arguments):
        with self.assertRaises(ProgramError) as caught:
            call(*arguments)
        self.assertIn(words, str(caught.exception))
