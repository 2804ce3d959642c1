"""Memory of processes and of the machine, from /proc."""

import re
from collections.abc import Iterable
from pathlib import Path

OWN = re.compile(r"^Pss_(?:Anon|Shmem):\s+(\d+) kB", re.MULTILINE)
AVAILABLE = re.compile(r"^MemAvailable:\s+(\d+) kB", re.MULTILINE)


def own_memory_mib(pids: Iterable[int], proc: Path = Path("/proc")) -> float:
    """What processes take beyond the program files that they share with others; a process that has ended counts 0."""
    return sum(kibibytes(OWN, proc / str(pid) / "smaps_rollup") for pid in pids) / 1024


def available_memory_mib(proc: Path = Path("/proc")) -> float:
    """What programs may still take on this machine."""
    return kibibytes(AVAILABLE, proc / "meminfo") / 1024


def kibibytes(line: re.Pattern[str], file: Path) -> int:
    try:
        return sum(map(int, line.findall(file.read_text())))
    except OSError:
        return 0
