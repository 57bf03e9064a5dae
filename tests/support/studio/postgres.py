"""A private PostgreSQL server: its own directory, its own socket, a port on 127.0.0.1, an ordinary user."""

import json
import re
import secrets
import signal
import socket
import subprocess
from pathlib import Path

from .process import Program, ProgramError

SUPERUSER = "postgres"


def bin_directory():
    """The newest installed server's programs; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if not found:
        raise ProgramError("no PostgreSQL server below /usr/lib/postgresql: apt-get install postgresql")
    return found[-1].parent


class Postgres:
    """create(), start(), use, stop(). Over the socket, whose directory only the account can enter, every role is trusted;
    over TCP a role needs the password that grant_tcp() gave it."""

    def __init__(self, name, account, directory, log_directory, durable=False):
        self.name = name
        self.account = account
        self.directory = Path(directory)
        self.log_directory = Path(log_directory)
        self.durable = durable
        self.port = None
        self.program = None
        self._bin = bin_directory()
        self._data = self.directory / "data"

    def tool(self, name):
        """The path of one of the server's programs: psql, pg_dump."""
        return self._bin / name

    @property
    def socket_directory(self):
        return self.directory

    def create(self):
        """Makes the cluster. Quick rather than safe against a power cut; a killed server recovers all the same."""
        self.account.make_directory(self.directory)
        password = self.account.write(self.directory / "superuser", secrets.token_urlsafe(24))
        self._run([self._bin / "initdb", "--no-sync", "-D", self._data, "-U", SUPERUSER, "-E", "UTF8", "--no-locale", "-A", "trust",
                   f"--pwfile={password}"])
        password.unlink()
        self.account.write(self._data / "pg_hba.conf", "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        return self

    def start(self, deadline=30):
        for attempt in range(5):
            if self.port is None or attempt:
                self.port = _free_port()
            try:
                return self._start(deadline)
            except ProgramError as error:
                if "Address already in use" not in str(error):
                    raise
        raise ProgramError(f"{self.name} found no free port in 5 tries")

    def _start(self, deadline):
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.socket_directory,
                    "log_min_messages": "warning", "password_encryption": "scram-sha-256"}
        if not self.durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        arguments = [part for item in settings.items() for part in ("-c", "=".join(map(str, item)))]
        # SIGINT is the server's "fast" stop; if Python dies, SIGQUIT takes its children along.
        self.program = Program(self.name, [self._bin / "postgres", "-D", self._data, *arguments], self.account, self.directory,
                               self.log_directory, stop_signal=signal.SIGINT, death_signal="QUIT")
        self.program.start()
        self.program.wait_for_line("database system is ready to accept connections", deadline)
        return self

    def stop(self):
        if self.program:
            self.program.stop()

    def kill(self):
        """As a crash: start() recovers from the write-ahead log."""
        self.program.kill()

    def create_database(self, name):
        self.execute(f'create database "{name}"', "postgres")

    def uri(self, database, role=SUPERUSER):
        """For libpq, over the socket."""
        return f"host={self.socket_directory} port={self.port} dbname={database} user={role}"

    def grant_tcp(self, role):
        """Gives the role a password, in a passfile; tcp_uri() names the file, so that no secret stands in an argument."""
        password = secrets.token_urlsafe(24)
        self.execute(f"alter role \"{role}\" password '{password}'", "postgres")
        return self.account.write(self._passfile(role), f"127.0.0.1:*:*:{role}:{password}\n")

    def tcp_uri(self, database, role, port=None):
        return f"host=127.0.0.1 port={port or self.port} dbname={database} user={role} passfile={self._passfile(role)}"

    def _passfile(self, role):
        return self.directory / f"{role}.passfile"

    def execute(self, sql, database, role=SUPERUSER):
        """Runs statements one after the other, each result ignored; ProgramError has the server's words."""
        self._psql(sql, database, role)

    def run_file(self, path, database, role=SUPERUSER):
        """Runs a file as the DBA would: psql -f, stopping at the first error. The account need not be able to read the file."""
        self._psql(Path(path).read_text(encoding="utf-8"), database, role)

    def rows(self, query, database, role=SUPERUSER):
        """The rows of one query, as dicts."""
        text = self._psql(f"select coalesce(json_agg(row_to_json(result)), '[]') from ({query}) result;", database, role)
        return json.loads(text)

    def value(self, query, database, role=SUPERUSER):
        """The one value of one row."""
        rows = self.rows(query, database, role)
        if len(rows) != 1 or len(rows[0]) != 1:
            raise ProgramError(f"{len(rows)} rows where one value was expected: {query}")
        return next(iter(rows[0].values()))

    def session(self, database, role=SUPERUSER):
        return Session(self, database, role)

    def _psql(self, sql, database, role):
        return self._run(self.psql_command(database, role), sql).stdout

    def psql_command(self, database, role):
        return [self._bin / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.uri(database, role)]

    def _run(self, argv, text_in=None):
        try:
            return self.account.run(argv, self.directory, text_in)
        except subprocess.CalledProcessError as error:
            raise ProgramError(f"{self.name}: {error.stderr.strip() or error.stdout.strip()}") from None


class Session:
    """One open connection (a psql that waits), for transactions that overlap and for LISTEN. A context manager."""

    _MARK = "-- done --"

    def __init__(self, server, database, role):
        command = server.account.command(server.psql_command(database, role), "KILL")
        self._psql = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
                                      cwd=server.directory, env=server.account.environment(server.directory))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._psql.stdin.close()
        self._psql.wait(10)
        self._psql.stdout.close()

    def execute(self, sql):
        """Sends one statement and returns the lines that psql printed, notifications among them."""
        self._psql.stdin.write(f"{sql.rstrip(';')};\n\\echo {self._MARK}\n")
        self._psql.stdin.flush()
        lines = []
        for line in self._psql.stdout:
            if line.rstrip("\n") == self._MARK:
                return lines
            lines.append(line.rstrip("\n"))
        raise ProgramError("\n".join(lines) or "the session ended")

    def notifications(self):
        """(channel, payload) of what arrived since the last statement."""
        found = [re.match(r'Asynchronous notification "([^"]+)"(?: with payload "([^"]*)")? received', line) for line in self.execute("select")]
        return [(match[1], match[2] or "") for match in found if match]


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
