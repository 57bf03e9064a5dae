"""bench audit: what the verifiable log costs: how fast rows get their numbers, and an auditor's pack of a million events.

Rows are written by one statement, as many clients' would be; the figure for numbering is from the orchestrator's start, which finds them all, to the
last number. The pack is exported over the API as an auditor does it, and then verified.
"""

import argparse
import time

from record import Record, add_options, run, workplace
from studio.process import ProgramError, wait_until
from studio.studio import Studio

EVENTS = 1_000_000
EXPORT_MAX = 300  # seconds, for EVENTS
NUMBERS_MIN = 5_000  # a second: twice the transitions that the design asks for
GIVE_UP = 3600
NUMBERED, EXPORTED, VERIFIED = "rows numbered", "export of a year", "verifying it offline"
ROWS = [NUMBERED, EXPORTED, VERIFIED]
INSERT = ("insert into audit (at, client, actor, action, transfer, result, detail) "
          "select now() - interval '1 year' + n * interval '30 seconds', 'northlight', 'agent/lon-1', 'transfer.moved', 't-' || n, 'running', "
          "jsonb_build_object('from', 'queued', 'reason', '', 'detail', 'n ' || n, 'epoch', '1.' || n) from generate_series(1, {events}) n")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--events", type=int, help=f"{EVENTS}, quick 20000")
    arguments = parser.parse_args()
    arguments.events = arguments.events or (20_000 if arguments.quick else EVENTS)
    arguments.whole = arguments.events == EVENTS
    return arguments


def timed(call):
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


def main():
    arguments = parse()
    events = arguments.events
    record = Record("audit", arguments, 0.3 + events / 60_000, f"{events:,} events")
    with workplace() as (account, directory):
        studio = Studio(directory / "s", account)
        try:
            studio.create().start_orchestrator()  # makes the schema
            studio.program("orchestrator").stop()
            studio.postgres.execute(INSERT.format(events=events), "crossdock")
            numbered = "select coalesce((select size from audit_log where log = 'client/northlight'), 0)"
            sealed = "select count(*) from audit_checkpoint where log = 'client/northlight' and size = " + str(events)
            took = timed(lambda: (studio.start_orchestrator(), wait_until(lambda: studio.postgres.value(numbered, "crossdock") == events,
                                                                          GIVE_UP, lambda: "not every row has its number")))
            record.add(NUMBERED, events / took, "a second", NUMBERS_MIN, "least", events=events)
            wait_until(lambda: studio.postgres.value(sealed, "crossdock") == 1, 60, lambda: "the log is not sealed")
            pack = account.make_directory(directory / "s" / "pack")
            took = timed(lambda: studio.cli("audit", "export", "--client", "northlight", "--out", pack, deadline=GIVE_UP))
            record.add(EXPORTED, took, "s", EXPORT_MAX * max(1, events / EVENTS), "most", events=events)
            took = timed(lambda: studio.run("crossdock", "audit", "verify", "--export", pack, deadline=GIVE_UP))
            record.add(VERIFIED, took, "s", events=events)
        except ProgramError as error:
            record.note(str(error))
            raise
        finally:
            studio.stop()
    return record.finish()


if __name__ == "__main__":
    run("audit", main)
