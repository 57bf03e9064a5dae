"""The account that the studio's processes run as."""

import copy
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path


class Account:
    """Whom to run as: the caller, or, when the caller is root, an ordinary user who is on every Debian.

    Root's Python keeps root's rights (fault tests need them); each program is started through setpriv without any.
    """

    ORDINARY = "nobody"

    def __init__(self):
        self.drops = os.geteuid() == 0
        entry = pwd.getpwnam(self.ORDINARY) if self.drops else pwd.getpwuid(os.geteuid())
        self.name, self.uid, self.gid = entry.pw_name, entry.pw_uid, entry.pw_gid
        self.setpriv = shutil.which("setpriv") or "/usr/bin/setpriv"
        self._entry = []  # what root does before it becomes the account

    def inside(self, namespace):
        """This account in a network namespace (a name that `ip netns` knows)."""
        return self._behind("/usr/bin/nsenter", f"--net=/run/netns/{namespace}", "--")

    def seeing(self, file, path):
        """This account where `path` has the content of `file`; for everyone else it stays what it is."""
        return self._behind("/usr/bin/unshare", "--mount", "/bin/sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"', str(file), str(path))

    def _behind(self, *argv):
        """Only root can go such ways, and then is root no more."""
        other = copy.copy(self)
        other._entry = [*self._entry, *argv]
        return other

    def command(self, argv, parent_death_signal=None):
        """`argv` as this account. `parent_death_signal` ("KILL") ends it with the *thread* that started it: start from the main thread."""
        prefix = [*self._entry, self.setpriv]
        if self.drops:
            prefix += [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--no-new-privs"]
        argv = [str(part) for part in argv]
        if parent_death_signal:
            # The kernel signals only a death that comes after setpriv asked for it; one that came before shows in the parent's id.
            prefix += ["--pdeathsig", parent_death_signal]
            argv = ["/bin/sh", "-c", f'[ $PPID = {os.getpid()} ] && exec "$@"', "sh", *argv]
        return argv if len(prefix) == 1 else [*prefix, "--", *argv]

    def environment(self, home):
        """What a program of ours sees: nothing of the caller's own environment, so that a studio is the same everywhere."""
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def run(self, argv, home, text_in=None, deadline=60, check=True):
        """Runs to its end and returns the CompletedProcess; CalledProcessError carries what it said."""
        return subprocess.run(self.command(argv, "KILL"), input=text_in, env=self.environment(home), cwd=home, text=True,
                              capture_output=True, timeout=deadline, check=check)

    def make_directory(self, path, mode=0o700):
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        self.own(path, mode)
        return path

    def write(self, path, content, mode=0o600):
        """Writes a file that this account owns; it never exists with wider rights than `mode`."""
        path = Path(path)
        data = content.encode() if isinstance(content, str) else content
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
            file.write(data)
        self.own(path, mode)
        return path

    def stage(self, program, directory):
        """A path of `program` that this account can execute: a copy below `directory` when root's checkout is closed to others."""
        if not self.drops:
            return Path(program)
        copy = self.make_directory(Path(directory) / "bin") / Path(program).name
        if not copy.exists():
            shutil.copyfile(program, copy)
            self.own(copy, 0o755)
        return copy

    def own(self, path, mode):
        if self.drops:
            os.chown(path, self.uid, self.gid)
        os.chmod(path, mode)

    def temporary_directory(self, purpose):
        """A new directory of this account's; short, because a Unix socket's path may have 107 bytes."""
        path = Path(tempfile.mkdtemp(prefix=f"crossdock-{purpose}-"))
        self.own(path, 0o700)
        return path
