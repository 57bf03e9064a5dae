"""A bench's directory in shared memory: gone when the bench ends, and at the latest when the next one starts."""

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
PREFIX = "crossdock-bench-"
KEPT_PREFIX = "crossdock-kept-"  # with CROSSDOCK_KEEP; whoever asked for it removes it
OWNER = ".owner"  # locked by the process whose directory it is, for as long as that lives, however it ends


@contextlib.contextmanager
def scratch(account, root=SHARED_MEMORY):
    """`with scratch(account) as directory:` A new directory of the account's, after those that nobody owns any more are removed.

    SIGTERM and SIGINT end the body as an exception would, once: what comes while it cleans up is not heard. From the main thread.
    """
    keep = bool(os.environ.get("CROSSDOCK_KEEP"))
    before = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGINT)}
    directory = lock = None
    try:
        with _alone(root):
            remove_abandoned(root)
            directory = Path(tempfile.mkdtemp(prefix=KEPT_PREFIX if keep else PREFIX, dir=root))
            lock = os.open(directory / OWNER, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
        account.own(directory, 0o700)
        yield directory
    finally:
        if directory and not keep:
            shutil.rmtree(directory, ignore_errors=True)
        if lock is not None:
            os.close(lock)
        for number, handler in before.items():
            signal.signal(number, handler)


def remove_abandoned(root):
    """Removes the directories whose owners do not live; one without the owner's file is not ours to judge. The caller is alone."""
    for directory in root.glob(PREFIX + "*"):
        try:
            file = os.open(directory / OWNER, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:  # none there, or another user's
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
        except BlockingIOError:
            pass  # its owner lives
        finally:
            os.close(file)


@contextlib.contextmanager
def _alone(root):
    """One at a time between a directory's making and its lock, or it would look abandoned."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _leave(number, _frame):
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)
