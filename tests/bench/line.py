"""A studio on an emulated long line, for the benches that need one."""

import contextlib
import sys

from record import workplace
from studio.studio import Studio
from wan.network import Network

FRAME_BYTES = 25_000_000


@contextlib.contextmanager
def studio_on_a_line(cap_mbit=0, limits=None):
    """(studio, network); `cap_mbit` as `crossdock link set` takes it. Says so when the emulator has not kept up."""
    with workplace() as (account, directory), Network() as network:
        studio = Studio(directory, account, network=network, limits=limits)
        try:
            studio.create().start()
            set_cap(studio, cap_mbit)
            yield studio, network
        finally:
            studio.stop()
        if drops := network.device_drops():
            print(f"the emulator did not keep up: {drops} packets never reached the line; these figures are too low", file=sys.stderr)


def add_peers(parser, names):
    """--peer; choose_peers() afterwards."""
    parser.add_argument("--peer", nargs="+", metavar="WORD", help=f"only those with one of these words in their names: {', '.join(names)}")


def choose_peers(arguments, names):
    """Makes arguments.peer the names that are meant."""
    words = arguments.peer or names
    arguments.peer = tuple(name for name in names if any(word in name for word in words))
    if not arguments.peer:
        sys.exit(f"no peer has any of these words in its name: {' '.join(words)}; there are: {', '.join(names)}")


def set_cap(studio, mbit):
    studio.cli("link", "set", "lon", "van", "--cap-mbit", mbit)
