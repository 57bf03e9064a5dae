"""The part of the page that sets Crossdock beside its peers: a table for each case, and the plot of goodput over loss."""

import math

import plot as drawing
from wan.delivery import payload_limit
from wan.peers import NAMES

MBIT = 8 / 1e6  # of a byte
OURS = "Crossdock"


def rate_of(found, bench, case, who, congestion=None):
    """Bytes a second, or None when that has not been measured."""
    row = found.get(bench.name_of(case, who, congestion))
    return row and row["bytes_per_second"]


def _shown(rate):
    return "" if rate is None else f"{rate / 1e6:.3g}"


def _ratio(row):
    # A file that never arrived whole gives nothing to divide by.
    if row is None:
        return ""
    times = f"{row['value']:,.1f}" if row["bytes_per_second"] else "nothing arrived"
    return times if row["pass"] else f"**{times}, missed**"


def tables(bench, found, plot_file):
    lines = ["MB/s of file content, and how many times faster Crossdock was in the same run (goal: ≥ 1).", ""]
    for case in bench.CASES:
        lines += [f"### {case}", "", "| | hosts with CUBIC | Crossdock faster by | hosts with BBR | Crossdock faster by |", "|---|---:|---:|---:|---:|"]
        ours = found.get(bench.name_of(case, bench.OURS))
        if ours is None:
            lines[-2:] = ["Not measured yet.", ""]
            continue
        limit = payload_limit(ours["mbit"], case.loss / 100)
        lines.append(f"| **Crossdock** ({ours['bytes_per_second'] / limit:.2f} of the line's payload limit) | **{_shown(ours['bytes_per_second'])}** | | "
                     f"**{_shown(ours['bytes_per_second'])}** | |")
        for who in NAMES:
            cells = []
            for congestion in bench.HOSTS:
                row = found.get(bench.name_of(case, who, congestion))
                cells += [_shown(row and row["bytes_per_second"]), _ratio(row)]
            lines.append(f"| {who} | {' | '.join(cells)} |")
        lines.append("")
    return [f"![goodput over loss, Crossdock and each peer]({plot_file})", "", *lines] if plot(bench, found) else lines


def plot(bench, found):
    """The SVG's text; None when no point has been measured."""
    cases = sorted((case for case in bench.CASES if case.size == bench.FRAME_BYTES), key=lambda case: case.loss)
    panels = []
    for congestion in bench.HOSTS:
        who = [(OURS, bench.OURS, None), *((name, name, congestion) for name in NAMES)]
        lines = [drawing.Line(label, {f"{case.loss:g} %": MBIT * rate for case in cases
                                      if (rate := rate_of(found, bench, case, name, hosts)) is not None}, strong=label == OURS)
                 for label, name, hosts in who]
        panels.append(drawing.Panel(f"Peers on hosts with {congestion.upper()}", lines))
    values = [value for panel in panels for line in panel.lines for value in line.points.values() if value > 0]
    if not values:
        return None
    floor = 10.0 ** max(-1, math.floor(math.log10(min(values))))
    axes = drawing.Axes([f"{case.loss:g} %" for case in cases], "random loss on the line", "Mbit/s of file content", floor, 1000,
                        MBIT * payload_limit(500, 0), "the line's payload limit")
    return drawing.svg(panels, axes, f"Goodput over loss: {cases[0].count} × 25 MB, 500 Mbit/s, 100 ms")
