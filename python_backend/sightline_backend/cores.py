"""How many cores this process may use."""

from __future__ import annotations

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
CPUS = Path("/sys/devices/system/cpu")


def available_cores(cgroup: Path = CGROUP) -> int:
    """The cores that the scheduler may use, or fewer where a container's quota allows less processor time; at least 1.

    Both versions of control groups are read. A quota of one and a half cores counts as one: a second thread would be
    stopped for half of each period.
    """
    allowed = len(os.sched_getaffinity(0))
    quota = _quota(cgroup)
    return allowed if quota is None else max(1, min(allowed, int(quota)))


def physical_cores(cpus: Path = CPUS, cgroup: Path = CGROUP) -> int:
    """As `available_cores`, but of hyper-threads that share a core only one counts: networks gain little from more."""
    shared = {_siblings(cpus / f"cpu{number}", number) for number in os.sched_getaffinity(0)}
    return min(len(shared), available_cores(cgroup))


def _siblings(cpu: Path, number: int) -> str:
    try:
        return (cpu / "topology" / "thread_siblings_list").read_text().strip()
    except OSError:
        return str(number)


def _quota(cgroup: Path) -> float | None:
    """Cores of processor time per second; None where there is no limit."""
    try:
        limit, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            limit = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    if not (limit.isdecimal() and period.isdecimal() and int(period)):
        return None  # "max", or -1
    return int(limit) / int(period)
