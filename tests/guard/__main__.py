"""Records the work of the guarded calls as their new baseline, and prints what changed: `python -m tests.guard`."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from . import baselines
from .baselines import ALLOWED, totals
from .calls import CALLS
from .counting import Work, count
from .slowdowns import SLOWDOWNS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.guard", description=__doc__)
    parser.add_argument("--count", action="store_true", help="only print the work of each call, as JSON")
    parser.add_argument("--count-slowdowns", action="store_true", help="only print that with each slowdown, as JSON")
    arguments = parser.parse_args()
    if arguments.count_slowdowns:
        print(json.dumps(counted_slowdowns()))
    elif arguments.count:
        print(json.dumps({call: counted(call) for call in CALLS}))
    else:
        record()


def counted(call: str) -> Work:
    with tempfile.TemporaryDirectory() as folder:
        return count(CALLS[call](Path(folder)))


def counted_slowdowns() -> dict[str, Work]:
    works: dict[str, Work] = {}
    for slowdown in SLOWDOWNS:
        with slowdown.applied():
            works[slowdown.name] = counted(slowdown.call)
    return works


def record() -> None:
    before = (baselines.read() if baselines.FILE.exists() else baselines.Baseline({}, {})).calls
    now = {call: counted(call) for call in CALLS}
    baselines.write(now)
    for call, work in now.items():
        print(call)
        was, total = totals(before.get(call, {})), totals(work)
        for what in sorted(was | total):
            if what in ALLOWED or was[what] != total[what]:
                ratio = f" ({total[what] / was[what]:.3f})" if was[what] else ""
                print(f"  {what}: {was[what]:,} -> {total[what]:,}{ratio}")
    print(f"Recorded in {baselines.FILE.relative_to(Path.cwd())}; say in the commit why it may be more.")


if __name__ == "__main__":
    main()
