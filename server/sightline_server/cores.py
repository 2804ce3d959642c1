"""How many cores a tritonserver of this machine may use."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def available_cores(cgroup: Path = CGROUP) -> int:
    """The cores that the scheduler may use, or fewer where a container's quota allows less processor time; at least 1.

    It is what `sightline_backend.cores` tells the backends, which this distribution cannot import.
    """
    allowed = len(os.sched_getaffinity(0))
    quota = quota_cores(cgroup)
    return allowed if quota is None else max(1, min(allowed, int(quota)))


def quota_cores(cgroup: Path = CGROUP) -> float | None:
    """Cores of processor time per second that a control group allows; None where there is no limit."""
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
