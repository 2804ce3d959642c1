"""What an export measured is read back as it was written, and nothing else passes for it."""

import json
from pathlib import Path

import pytest

from sightline_export.errors import RepositoryUnusable
from sightline_export.measures.figures import Figure, Measurement
from sightline_export.record import RECORD, Record, read_record, write_record

MEASUREMENT = Measurement(
    (Figure("held-out accuracy", 0.98125, 0.97), Figure("expected calibration error", 0.011)),
    {"0": {"pictures": 36.0, "recall": 1.0}},
)
WRITTEN = Record(
    "cnn", 2, "image-classification", "digits", "LeCun", "recipe cnn", "trained", 7, "2026-11-21", MEASUREMENT
)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_record(tmp_path, WRITTEN)
    assert read_record(tmp_path) == WRITTEN


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("figures", None),
        ("figures", [{"name": "a", "value": "much", "floor": None}]),
        ("version", "two"),
        ("per_class", 3),
    ],
)
def test_anything_else_is_refused_with_the_file(key: str, value: object, tmp_path: Path) -> None:
    write_record(tmp_path, WRITTEN)
    document = json.loads((tmp_path / RECORD).read_text())
    (tmp_path / RECORD).write_text(json.dumps(document | {key: value}))
    with pytest.raises(RepositoryUnusable, match=r"expected the record of an exported version in .*record\.json, got"):
        read_record(tmp_path)


def test_a_missing_record_and_one_with_nan_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RepositoryUnusable, match="FileNotFoundError"):
        read_record(tmp_path)
    (tmp_path / RECORD).write_text(json.dumps({"figures": [{"name": "a", "value": float("nan"), "floor": None}]}))
    with pytest.raises(RepositoryUnusable, match="is no finite number"):
        read_record(tmp_path)
