"""The demo: two sites on this machine, two shots of "Northern Lights" rendered in London and delivered to Vancouver.

Everything that it shows comes from the programs' own answers. It exits with 0 only if every byte was compared.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

from studio.account import Account
from studio.process import ProgramError
from studio.studio import Studio

SHOW = "Northern Lights"
FREE = ("nl_010_0010", "nl_010_0010_comp_v003")
GUARDED = ("nl_010_0020", "nl_010_0020_comp_v003")
FRAMES = 48
LINE_MBIT = 400  # the demo's line, so that there is something to watch
TTY = sys.stdout.isatty()
BOLD, DIM, GREEN, OFF = ("\033[1m", "\033[2m", "\033[32m", "\033[0m") if TTY else ("", "", "", "")


def say(text=""):
    print(text, flush=True)


def chapter(text):
    say(f"\n{BOLD}{text}{OFF}")


def quote(text, mark="  │ "):
    for line in text.rstrip("\n").splitlines():
        say(f"{DIM}{mark}{OFF}{line}")


def megabytes(count):
    return f"{count / 1e6:,.1f} MB"


class Progress:
    """A bar on a terminal, plain lines elsewhere."""

    def __init__(self):
        self._plain_at = 0.0

    def show(self, transfer):
        total, done = int(transfer.get("bytes", 0)), int(transfer.get("bytes_done", 0))
        rate = float(transfer.get("bytes_per_second", 0))
        if not total:
            return
        eta = f"{(total - done) / rate:4.0f} s left" if rate > 0 and done < total else ""
        line = f"{done * 100 // total:3d} %  {megabytes(done)} of {megabytes(total)}  {megabytes(rate)}/s  {eta}"
        if TTY:
            filled = done * 30 // total
            sys.stdout.write(f"\r  [{'█' * filled}{'·' * (30 - filled)}] {line}\033[K")
            sys.stdout.flush()
        elif time.monotonic() - self._plain_at >= 0.5:
            self._plain_at = time.monotonic()
            say(f"  {line}")

    def end(self):
        if TTY:
            sys.stdout.write("\r\033[K")


def watch(studio, transfer, until):
    """Follows the transfer over the API's stream until its state is one of `until`; gives the transfer."""
    argv = [studio.binary("crossdock"), *studio.connection(), "--json", "transfer", "watch", transfer]
    progress, seen = Progress(), None
    stream = subprocess.Popen(studio.account.command([str(part) for part in argv], "KILL"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              cwd=studio.directory, env=studio.account.environment(studio.directory))
    try:
        for line in stream.stdout:
            change = json.loads(line).get("transfer") if line.startswith("{") else None
            if not change:
                continue
            state = change["state"].removeprefix("TRANSFER_STATE_")
            if state != seen:
                progress.end()
                say(f"  {state.lower():<18}{change.get('detail', '')}")
                seen = state
            if state == "RUNNING":
                progress.show(change)
            if state in until:
                return change
    finally:
        stream.kill()
        stream.wait()
        stream.stdout.close()
    raise ProgramError(f"the watch of {transfer} ended in state {seen}\n{studio.cli('transfer', 'explain', transfer).stdout}")


def render(studio):
    chapter(f"London renders two shots of {SHOW}")
    for shot, version in (FREE, GUARDED):
        out = studio.storage("lon") / "northlight" / shot / "comp" / "v003"
        studio.run("crossdock-demo-render", "--shot", shot, "--out", out, "--frames", FRAMES, deadline=300)
        sizes = [path.stat().st_size for path in out.iterdir()]
        say(f"  {version}: {len(sizes)} frames, {megabytes(sum(sizes))}")


def deliver_free(studio):
    chapter(f"An artist sets {FREE[1]} to ready, in the asset database")
    say(f"{DIM}  UPDATE studio.version SET status = 'ready' WHERE code = '{FREE[1]}'{OFF}")
    studio.set_status(FREE[1], "ready")
    transfer = studio.transfer_of(FREE[1])["transfer"]
    event = studio.cli_json("event", "list")["entries"][0]
    say(f"  the event arrived: {event['event']['kind']} of {event['event']['entity_id']}; it became transfer {transfer}")
    watch(studio, transfer, ("CLOSED",))
    say("  what the policy said:")
    quote("\n".join(studio.cli_json("transfer", "show", transfer).get("decision", [])))
    return transfer


def deliver_guarded(studio):
    chapter(f"{GUARDED[1]} is confidential: the client wants a person's word")
    studio.set_status(GUARDED[1], "ready")
    transfer = studio.transfer_of(GUARDED[1])["transfer"]
    watch(studio, transfer, ("AWAITING_APPROVAL",))
    say("  crossdock transfer explain:")
    quote(studio.cli("transfer", "explain", transfer).stdout)
    say("  crossdock approval list:")
    quote(studio.cli("approval", "list", user="paula").stdout)
    chapter("Paula, of production, signs her approval with her own key")
    say(f"{DIM}  crossdock approval approve {transfer} --sign-with paula.key --approver paula{OFF}")
    quote(studio.approve(transfer).stdout)
    watch(studio, transfer, ("CLOSED",))
    return transfer


def digests(root):
    """Of all files but those of integrity records, which grow at each site."""
    found = {}
    for directory, _, names in os.walk(root):
        if os.path.basename(directory) == "ascmhl":
            continue
        for name in names:
            path = os.path.join(directory, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, root)] = (hashlib.file_digest(file, "sha256").hexdigest(), os.path.getsize(path))
    return found


def compare(studio):
    """Every file of both sites' storage, byte for byte; returns (files, bytes)."""
    chapter("Every byte is compared")
    sent = digests(studio.storage("lon") / "northlight")
    landed = digests(studio.storage("van") / "northlight")
    if sent != landed:
        different = sorted({path for path in sent.keys() | landed.keys() if sent.get(path) != landed.get(path)})
        raise ProgramError(f"{len(different)} files differ: {', '.join(different[:5])}")
    total = sum(size for _, size in landed.values())
    say(f"  {len(landed)} files, {total:,} bytes: the SHA-256 of each is the same at both sites")
    return len(landed), total


def aftermath(studio, transfers):
    chapter("What stands in Vancouver now")
    for shot, _ in (FREE, GUARDED):
        folder = studio.storage("van") / "northlight" / shot / "comp" / "v003"
        names = sorted(path.name for path in folder.iterdir() if path.is_file())
        say(f"  {folder.relative_to(studio.storage('van'))}/  {names[0]} … {names[-1]}")
    chapter("What was written back to the asset database")
    for _, version in (FREE, GUARDED):
        row = studio.delivery(version)
        say(f"  {version} at van: {row['state']}, {row['note']}")
    chapter("What the auditor reads")
    quote(studio.cli("audit", "tail", "--transfer", transfers[1]).stdout)


def wait_for_reports(studio):
    from studio.process import wait_until
    wait_until(lambda: all((studio.delivery(version) or {}).get("state") == "closed" for _, version in (FREE, GUARDED)), 15,
               lambda: "the asset database was not told")


def show(studio):
    began = time.monotonic()
    chapter("A studio starts: PostgreSQL, officers, a CA, an orchestrator, two sites with relay and agent")
    studio.create()
    studio.start()
    quote(studio.cli("site", "list").stdout)
    render(studio)
    studio.cli("link", "set", "lon", "van", "--cap-mbit", LINE_MBIT)
    transfers = [deliver_free(studio), deliver_guarded(studio)]
    files, total = compare(studio)
    wait_for_reports(studio)
    aftermath(studio, transfers)
    return files, total, time.monotonic() - began


def how_to_talk_to_it(studio):
    connection = " ".join(str(part) for part in studio.connection())
    chapter("It goes on running")
    say(f"  talk to it:  {studio.binary('crossdock')} {connection} transfer list")
    say(f"  its files:   {studio.directory}")
    say("  Ctrl-C ends it.")


def main():
    parser = argparse.ArgumentParser(description="Delivers two shots between two sites on this machine.")
    parser.add_argument("--keep", action="store_true", help="leave it running afterwards, until Ctrl-C")
    arguments = parser.parse_args()
    account = Account()
    directory = account.temporary_directory("demo")
    studio = Studio(directory, account)
    failed = None
    try:
        files, total, seconds = show(studio)
        if arguments.keep:
            how_to_talk_to_it(studio)
            import signal
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    except (ProgramError, KeyboardInterrupt) as error:
        failed = error
    try:
        studio.stop()
    except ProgramError as error:
        failed = failed or error
    if failed:
        say(f"\ndemo: failed: {failed}\n  the logs are in {studio.logs}")
        return 1
    shutil.rmtree(directory, ignore_errors=True)
    say(f"\n{GREEN}demo: delivered {files} files, {total} bytes, verified, in {seconds:.1f} s{OFF}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
