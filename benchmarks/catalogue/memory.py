"""The memory of a process and of all that it started, from Linux' `/proc`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True)
class Memory:
    """Sums over processes.

    rss_mib: resident pages; those that processes share, such as libraries, count once for each.
    pss_mib: the same with shared pages divided among those that share them: what the machine really gave.
    """

    processes: int
    rss_mib: float
    pss_mib: float


def tree_memory(pid: int) -> Memory:
    """Of the process `pid` and its descendants."""
    sizes = [size for each in descendants(pid) if (size := _size(each))]
    return Memory(len(sizes), sum(rss for rss, _ in sizes) / MIB, sum(pss for _, pss in sizes) / MIB)


def descendants(pid: int) -> list[int]:
    """`pid` first."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (parent := _parent(folder)) is not None:
            children.setdefault(parent, []).append(int(folder.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def _parent(folder: Path) -> int | None:
    try:
        # the name of the program stands in brackets and may hold anything
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None  # it has ended


def _size(pid: int) -> tuple[int, int] | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    sizes = {name: int(value.split()[0]) * 1024 for name, _, value in (line.partition(":") for line in lines[1:])}
    return sizes.get("Rss", 0), sizes.get("Pss", 0)
