"""Several exports at once: in their own processes, each after what it requires, and what fails stops only its own."""

import multiprocessing
import os
from functools import partial
from itertools import islice
from pathlib import Path

import pytest
from export.unit_of_work import work

from sightline_export.errors import ExportError, FloorMissed
from sightline_export.release import Done
from sightline_export.side_by_side import side_by_side
from sightline_export.training.progress import Epoch


def test_each_has_a_process_and_comes_after_what_it_requires(tmp_path: Path) -> None:
    events = list(side_by_side(["gan", "cnn", "vae"], {"gan": ["cnn", "elsewhere"]}, partial(work, tmp_path), 2))
    processes = {event.figures["process"] for _, event in events if isinstance(event, Epoch)}
    assert len(processes) == 3
    assert os.getpid() not in processes
    assert {name for name, event in events if event is None} == {"gan", "cnn", "vae"}
    (seen,) = (event.text for name, event in events if name == "gan" and isinstance(event, Done))
    assert "cnn" in seen


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("bad", FloorMissed, "bad: expected accuracy >= 0.97, got 0.1"),
        ("killed", ExportError, "killed: its process ended without a word"),
        ("buggy", ExportError, "buggy: ZeroDivisionError"),
    ],
)
def test_a_failure_is_raised_at_the_end_and_stops_only_what_requires_it(
    name: str, error: type[ExportError], message: str, tmp_path: Path
) -> None:
    told: list[tuple[str, object]] = []
    with pytest.raises(error, match=message):
        told.extend(side_by_side([name, "judged", "other"], {"judged": [name]}, partial(work, tmp_path), 1))
    assert [file.name for file in tmp_path.iterdir()] == ["other"]


def test_leaving_early_ends_the_others(tmp_path: Path) -> None:
    events = side_by_side(["endless", "endless too"], {}, partial(work, tmp_path), 2)
    seen = {name for name, _ in islice((event for event in events if isinstance(event[1], Epoch)), 2)}
    assert seen == {"endless", "endless too"}
    assert len(multiprocessing.active_children()) == 2
    events.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert multiprocessing.active_children() == []
    assert list(tmp_path.iterdir()) == []
