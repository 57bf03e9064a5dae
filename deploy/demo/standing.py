"""./dev up and ./dev down: the demo's studio, left running in a directory, and taken down again."""

import argparse
import json
import os
import shutil
import signal
import sys
from pathlib import Path

from studio.account import Account
from studio.process import ProgramError, wait_until
from studio.studio import Studio

DEFAULT = Path("/tmp/crossdock-standing")
STATE = "standing.json"


def alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


def render(studio):
    """Something to send."""
    for shot in ("nl_010_0010", "nl_010_0020"):
        studio.run("crossdock-demo-render", "--shot", shot, "--out", studio.storage("lon") / "northlight" / shot / "comp" / "v003", "--frames", 24,
                   deadline=300)


def up(directory):
    """Sets the studio up, says how to talk to it, and keeps it until it is told to stop (it goes on in the background)."""
    if (directory / STATE).exists():
        raise ProgramError(f"a studio stands in {directory} already; ./dev down {directory}")
    account = Account()
    account.make_directory(directory)
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        with os.fdopen(reader) as answer:
            text = answer.read()
        sys.stdout.write(text)
        return 0 if text.endswith("up\n") else 1
    os.close(reader)
    os.setsid()
    stopped = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stopped)
    with os.fdopen(writer, "w") as answer:
        studio = Studio(directory, account)
        try:
            studio.create().start()
            render(studio)
        except ProgramError as error:
            answer.write(f"standing: {error}\n")
            answer.close()
            studio.stop()
            return 1
        (directory / STATE).write_text(json.dumps({"pid": os.getpid()}), encoding="utf-8")
        connection = " ".join(map(str, studio.connection()))
        answer.write(f"talk to it:  {studio.binary('crossdock')} {connection} site list\n"
                     f"make one ready:  {studio.postgres.tool('psql')} -d '{studio.postgres.uri('assets')}' "
                     f"-c \"update studio.version set status = 'ready' where code = 'nl_010_0010_comp_v003'\"\n"
                     f"its storage, configurations and logs:  {directory}\nend it:  ./dev down {directory}\nup\n")
    # The caller's terminal is not ours any more.
    for descriptor in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    signal.sigwait(stopped)
    try:
        studio.stop()
    finally:
        (directory / STATE).unlink(missing_ok=True)
    return 0


def down(directory):
    state = directory / STATE
    if not state.exists():
        raise ProgramError(f"no studio stands in {directory}")
    pid = json.loads(state.read_text(encoding="utf-8"))["pid"]
    if alive(pid):
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not state.exists() or not alive(pid), 60, lambda: f"process {pid} did not end")
    shutil.rmtree(directory)
    print(f"down: {directory} is gone")
    return 0


def main():
    parser = argparse.ArgumentParser(description="A studio that stands until it is taken down.")
    parser.add_argument("what", choices=("up", "down"))
    parser.add_argument("directory", nargs="?", type=Path, default=DEFAULT)
    arguments = parser.parse_args()
    try:
        return (up if arguments.what == "up" else down)(arguments.directory.resolve())
    except ProgramError as error:
        print(f"standing: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
