"""What each call did when its baseline was recorded, and how much more it may do now."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from .counting import ARRAYS, INSTRUCTIONS, PIXELS, Work

ALLOWED = {INSTRUCTIONS: 1.05, ARRAYS: 1.05, PIXELS: 1.05}
"""By how much a sum over all functions may grow; calls of libraries may not."""
ACCEPT = "make guard-baselines"
FILE = Path(__file__).parent / "baselines" / f"python{sys.version_info.major}.{sys.version_info.minor}.json"


@dataclass(frozen=True)
class Baseline:
    """The work of each call, and the libraries that it was counted with."""

    libraries: Mapping[str, str]
    calls: Mapping[str, Work]


@dataclass(frozen=True)
class Growth:
    """What a call does more of than it may, and the functions of ours in which most of that was added."""

    what: str
    before: int
    now: int
    allowed: int
    added_by: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        where = ", ".join(f"{function} +{added:,}" for function, added in self.added_by)
        return f"{self.what}: {self.before:,} -> {self.now:,}, allowed {self.allowed:,}; most in {where}"


def totals(work: Work) -> Counter[str]:
    """Sums over all functions."""
    return sum(map(Counter[str], work.values()), Counter[str]())


def growths(before: Work, now: Work) -> list[Growth]:
    """What grew by more than is allowed."""
    was, found = totals(before), list[Growth]()
    for what, total in totals(now).items():
        allowed = int(was[what] * ALLOWED.get(what, 1))
        if total > allowed:
            added = Counter({name: now[name].get(what, 0) - before.get(name, {}).get(what, 0) for name in now})
            found.append(Growth(what, was[what], total, allowed, tuple((+added).most_common(3))))
    return found


def failure(call: str, baseline: Baseline, found: list[Growth]) -> str:
    """What a test says about a call that does too much."""
    lines = [f"{call} does more work than its baseline:", *(f"  {growth}" for growth in found)]
    if (installed := libraries()) != baseline.libraries:
        lines.append(f"Counted with {_listed(installed)}, the baseline with {_listed(baseline.libraries)}.")
    return "\n".join([*lines, f"If the work is needed, accept it with `{ACCEPT}` and say why in the commit."])


def libraries() -> dict[str, str]:
    """The installed versions of those that take most memory."""
    return {name: metadata.version(name) for name in ("numpy", "onnxruntime", "pillow")}


def read() -> Baseline:
    """The baseline for this Python, whose file exists."""
    return Baseline(**json.loads(FILE.read_text()))


def write(calls: Mapping[str, Work]) -> None:
    """Record the baseline for this Python, one line for each function."""
    works = ",\n".join(f"    {json.dumps(call)}: {{\n{_lines(work)}\n    }}" for call, work in calls.items())
    text = f'{{\n  "libraries": {json.dumps(libraries())},\n  "calls": {{\n{works}\n  }}\n}}\n'
    beside = FILE.with_suffix(".new")
    beside.write_text(text)
    beside.replace(FILE)


def _lines(work: Work) -> str:
    return ",\n".join(f"      {json.dumps(function)}: {json.dumps(done)}" for function, done in work.items())


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
