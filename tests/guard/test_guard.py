"""The work of decoding, of the backends and of the client stays what it was; counted, not timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from . import baselines
from .baselines import Baseline, failure, growths, totals
from .calls import CALLS
from .counting import INSTRUCTIONS, Work
from .slowdowns import SLOWDOWNS, Slowdown

ROOT = Path(__file__).parents[2]
Works = Mapping[str, Work]


def counted(what: str) -> Works:
    """Counts in a process of its own, where no other test has left anything behind."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SIGHTLINE_", "PYTHON"))}
    command = [sys.executable, "-m", "tests.guard", what]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def busy_cores() -> Generator[None]:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def now() -> Works:
    return counted("--count")


@pytest.fixture(scope="module")
def slowed() -> Works:
    return counted("--count-slowdowns")


@pytest.mark.skipif(
    not baselines.FILE.exists(),
    reason=f"no baseline {baselines.FILE.relative_to(ROOT)}; record one with `{baselines.ACCEPT}`",
)
@pytest.mark.parametrize("call", CALLS)
def test_the_work_is_what_it_was(now: Works, call: str) -> None:
    baseline = baselines.read()
    assert totals(now[call])[INSTRUCTIONS] > 0
    if found := growths(baseline.calls.get(call, {}), now[call]):
        pytest.fail(failure(call, baseline, found), pytrace=False)


@pytest.mark.parametrize("slowdown", SLOWDOWNS, ids=lambda slowdown: slowdown.name)
def test_each_slowdown_is_noticed(now: Works, slowed: Works, slowdown: Slowdown) -> None:
    found = growths(now[slowdown.call], slowed[slowdown.name])
    assert slowdown.shown_by in [growth.what for growth in found]


def test_a_busy_machine_counts_the_same(now: Works) -> None:
    with busy_cores():
        busy = counted("--count")
    for call, work in now.items():
        for what, total in totals(work).items():
            # Python keeps some memory for later, and not always as much.
            assert totals(busy[call])[what] == pytest.approx(total, rel=0.01 if what.startswith("bytes") else 0), call


def test_a_failure_says_what_grew_where_and_how_to_accept_it() -> None:
    before = {"a.f": {INSTRUCTIONS: 100}, "a.g": {INSTRUCTIONS: 50, "PIL.load()": 1}}
    now = {"a.f": {INSTRUCTIONS: 101}, "a.g": {INSTRUCTIONS: 70, "PIL.load()": 2}}
    told = failure("decode", Baseline(baselines.libraries(), {}), growths(before, now))
    assert told.splitlines() == [
        "decode does more work than its baseline:",
        "  instructions: 150 -> 171, allowed 157; most in a.g +20, a.f +1",
        "  PIL.load(): 1 -> 2, allowed 1; most in a.g +1",
        "If the work is needed, accept it with `make guard-baselines` and say why in the commit.",
    ]
    assert growths(before, {**before, "a.f": {INSTRUCTIONS: 107}}) == []
    assert "numpy 1.0" in failure("decode", Baseline({"numpy": "1.0"}, {}), growths(before, now))


def test_baselines_are_read_as_they_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = {"decode": {"a.f": {INSTRUCTIONS: 5, "PIL.load()": 1}, "a.g": {INSTRUCTIONS: 1}}}
    monkeypatch.setattr(baselines, "FILE", tmp_path / baselines.FILE.name)
    baselines.write(work)
    assert baselines.read() == Baseline(baselines.libraries(), work)
