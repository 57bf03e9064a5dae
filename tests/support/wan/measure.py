"""What a bench reads off while something moves: processor time, the sockets on the line."""

import os
import re
import statistics
import subprocess
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_FIELDS = {"rtt_ms": r" rtt:([\d.]+)", "cwnd": r" cwnd:(\d+)", "pacing_mbit": r" pacing_rate (\d+)bps", "sent": r" bytes_sent:(\d+)",
           "resent": r" bytes_retrans:(\d+)", "sndbuf_limited": r" sndbuf_limited:\d+ms\(([\d.]+)%\)",
           "rwnd_limited": r" rwnd_limited:\d+ms\(([\d.]+)%\)"}


def cpu_seconds(pid, children=False):
    """User and system time of a process, all its threads; the dead ones too. With `children`, also of those that have ended. 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15 if children else 13])) / _TICKS


class CpuClock:
    """Of several processes, since it was made: {name: seconds}."""

    def __init__(self, pids):
        self._pids = dict(pids)
        self._before = {name: cpu_seconds(pid) for name, pid in self._pids.items()}

    def read(self):
        return {name: cpu_seconds(pid) - self._before[name] for name, pid in self._pids.items()}


def sockets_to(namespace, address, bytes_min=1_000_000):
    """The TCP connections of a namespace to `address` that have sent at least `bytes_min`, as `ss -ti` tells them."""
    # Rates without a unit's prefix, so that they can be read as numbers.
    told = subprocess.run(["nsenter", f"--net=/run/netns/{namespace}", "ss", "-tinHO", "state", "established", "dst", address],
                          capture_output=True, text=True, check=True).stdout
    found = []
    for line in told.splitlines():
        values = {name: float(match[1]) if (match := re.search(pattern, line)) else 0.0 for name, pattern in _FIELDS.items()}
        values["pacing_mbit"] /= 1e6
        congestion = re.search(r"\s(bbr|cubic|reno)\s", line)
        values["congestion"] = congestion[1] if congestion else "?"
        if values["sent"] >= bytes_min:
            found.append(values)
    return found


def summary(sockets):
    """One dict of many sockets: medians, but sums of what was sent."""
    if not sockets:
        return {}
    middle = {name: statistics.median(one[name] for one in sockets) for name in _FIELDS if name not in ("sent", "resent")}
    sent = sum(one["sent"] for one in sockets)
    return {"sockets": len(sockets), "congestion": "+".join(sorted({one["congestion"] for one in sockets})), **middle,
            "resent_share": sum(one["resent"] for one in sockets) / sent}
