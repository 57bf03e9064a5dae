"""Programs of the studio: start, wait until ready, read their logs, stop or kill, leave nothing behind."""

import collections
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

KEPT_LINES = 100_000  # in memory, for waiting; the file has them all


class ProgramError(Exception):
    """A program did not do what was waited for; says which, and the end of its log."""


class Program:
    """One program with its log: standard output and standard error, as they came, in one file.

    Not thread-safe: one thread starts, waits and stops. It dies with the thread that started it, so that is the main thread.
    """

    def __init__(self, name, argv, account, directory, log_directory, *, stop_signal=signal.SIGTERM, death_signal="KILL",
                 environment=None):
        self.name = name
        self.argv = [str(part) for part in argv]
        self.account = account
        self.directory = Path(directory)
        self.log_path = Path(log_directory) / f"{name}.log"
        self.stop_signal = stop_signal
        self.death_signal = death_signal
        self.environment = {**account.environment(directory), **(environment or {})}
        self._process = None
        self._reader = None
        self._lines = collections.deque(maxlen=KEPT_LINES)
        self._read = 0  # lines ever read; the deque holds the last of them
        self._changed = threading.Condition()

    @property
    def pid(self):
        return self._process.pid if self._process else None

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self):
        return self._process.poll() if self._process else None

    def listening_ports(self):
        """The TCP ports on which it takes connections."""
        links = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{self.pid}/fd")]
        inodes = {link[len("socket:["):-1] for link in links if link.startswith("socket:[")}
        rows = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/{self.pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]]
        return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and row[9] in inodes}

    def start(self):
        if self.running:
            raise ProgramError(f"{self.name} runs already")
        self._process = subprocess.Popen(self.account.command(self.argv, self.death_signal), cwd=self.directory, env=self.environment,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read_log, args=(self._process.stdout,), name=f"log of {self.name}", daemon=True)
        self._reader.start()
        return self

    def _read_log(self, pipe):
        with pipe, open(self.log_path, "ab", buffering=0) as file:
            for line in pipe:
                file.write(line)
                with self._changed:
                    self._lines.append(line.decode(errors="replace").rstrip("\n"))
                    self._read += 1
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def position(self):
        """Where the log is now: pass it to a later wait, to see only what comes after."""
        with self._changed:
            return self._read

    def lines(self, since=0):
        with self._changed:
            first = self._read - len(self._lines)
            return list(self._lines)[max(0, since - first):]

    def records(self, since=0):
        """The log's JSON objects; other lines (a sanitizer's, a library's) are left out."""
        return [record for record in map(_parse, self.lines(since)) if record is not None]

    def wait_for_line(self, wanted, deadline=30, since=0):
        """Waits for a log line that holds the text `wanted`, or that a function `wanted(line)` accepts. Returns it."""
        matches = wanted if callable(wanted) else lambda line: wanted in line
        end = time.monotonic() + deadline
        seen = since
        while True:
            with self._changed:
                if self._read <= seen and self._reader.is_alive():
                    self._changed.wait(min(0.5, max(0.0, end - time.monotonic())))
                seen_before, seen = seen, self._read
            for line in self.lines(seen_before):
                if matches(line):
                    return line
            if not self._reader.is_alive() and self.position() == seen:
                self._process.wait()
                raise ProgramError(f"{self.name} ended ({self._process.returncode}) before {wanted!r}{self.tail()}")
            if time.monotonic() >= end:
                raise ProgramError(f"{self.name}: no line with {wanted!r} within {deadline} s{self.tail()}")

    def wait_for_record(self, message, deadline=30, since=0, **fields):
        """Waits for a JSON log line with this message and these fields. Returns it as a dict."""
        def matches(line):
            record = _parse(line)
            return record is not None and record.get("message") == message and all(record.get(k) == v for k, v in fields.items())
        return _parse(self.wait_for_line(matches, deadline, since))

    def wait_for_file(self, path, deadline=30):
        """Waits until `path` exists and is not empty."""
        def there():
            try:
                return os.stat(path).st_size > 0
            except FileNotFoundError:
                return False
        wait_until(there, deadline, lambda: f"{self.name} did not write {path}{self.tail()}", lambda: self._require_running(path))

    def _require_running(self, what):
        if not self.running:
            self._reader.join()
            raise ProgramError(f"{self.name} ended ({self.exit_code}) before {what}{self.tail()}")

    def tail(self):
        """The last lines of its log, for a message."""
        return "".join(f"\n  {line}" for line in self.lines()[-15:]) or "\n  (its log is empty)"

    def signal(self, number):
        if self.running:
            self._process.send_signal(number)

    def kill(self):
        """SIGKILL: what a crash looks like from outside."""
        self.signal(signal.SIGKILL)
        self._join(10)

    def stop(self, deadline=15):
        """Asks it to end, and returns its exit code; kills it when the deadline has passed, and says so."""
        if self._process is None:
            return None
        self.signal(self.stop_signal)
        self.signal(signal.SIGCONT)  # a stopped process would not hear the first
        try:
            self._join(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProgramError(f"{self.name} did not stop within {deadline} s and was killed{self.tail()}") from None
        return self._process.returncode

    def _join(self, deadline):
        if self._process is not None:
            self._process.wait(deadline)
            self._reader.join(deadline)

    def restart(self):
        self.stop()
        return self.start()


class ProgramSet:
    """The programs of one studio in the order of their start. stop() ends them the other way round and never leaves one running."""

    def __init__(self):
        self._programs = []

    def start(self, program):
        self._programs.append(program)
        return program.start()

    def __iter__(self):
        return iter(self._programs)

    def __getitem__(self, name):
        return next(program for program in self._programs if program.name == name)

    def stop(self):
        """Stops all; what would not stop is killed. Returns the complaints: who would not, or did not end well."""
        complaints = []
        while self._programs:
            program = self._programs[-1]
            try:
                code = program.stop()
                # Killed: by a test, and on purpose. Anything else but 0 is a crash, or a sanitizer's finding.
                if code not in (0, -signal.SIGKILL):
                    complaints.append(f"{program.name} ended with {code}{program.tail()}")
            except ProgramError as error:
                complaints.append(str(error))
            self._programs.pop()
        return complaints


def wait_until(condition, deadline, complaint, also=None):
    """Asks `condition` again and again until it is true; ProgramError(complaint()) at the deadline. `also` may raise earlier."""
    end = time.monotonic() + deadline
    pause = threading.Event()  # never set: a wait that Ctrl-C interrupts
    while not condition():
        if also:
            also()
        if time.monotonic() >= end:
            raise ProgramError(complaint())
        pause.wait(0.02)


def _parse(line):
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
