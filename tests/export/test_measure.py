"""Figures: accuracy, calibration, per-class rows and floors."""

import numpy as np
import pytest

from sightline_export.errors import FloorMissed
from sightline_export.measures.classification import calibration_error, classification, row_names
from sightline_export.measures.figures import Figure, Measurement

SCORES = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]], dtype=np.float32)
LABELS = np.array([0, 0, 1, 1])


def test_accuracy_recall_and_precision_by_hand() -> None:
    measured = classification(SCORES, LABELS, ("cat", "dog"))
    assert measured.figures[0].value == pytest.approx(0.75)
    assert measured.per_class["cat"] == pytest.approx({"pictures": 2, "recall": 1.0, "precision": 2 / 3})
    assert measured.per_class["dog"] == pytest.approx({"pictures": 2, "recall": 0.5, "precision": 1.0})


def test_a_class_never_predicted_has_precision_zero_not_an_error() -> None:
    assert classification(SCORES[:2], LABELS[:2], ("cat", "dog")).per_class["dog"]["precision"] == 0


def test_classes_that_share_a_label_keep_a_row_each() -> None:
    measured = classification(SCORES, LABELS, ("crane", "crane"))
    assert {name: row["recall"] for name, row in measured.per_class.items()} == {"crane (0)": 1.0, "crane (1)": 0.5}


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        ("ab", ("a", "b")),
        ("aba", ("a (0)", "b", "a (2)")),
        (("a", "a", "a (0)"), ("a (0) (0)", "a (1)", "a (0) (2)")),
        (("", ""), (" (0)", " (1)")),
    ],
)
def test_names_of_rows_are_never_alike(labels: tuple[str, ...], rows: tuple[str, ...]) -> None:
    assert row_names(labels) == rows


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.55, 0.55], dtype=np.float32)
    right = np.array([True, True, True, False])
    assert calibration_error(confidence, right) == pytest.approx(0.5 * 0.05 + 0.5 * 0.05, abs=1e-6)


@pytest.mark.parametrize(("value", "holds"), [(0.97, True), (0.9699, False), (float("nan"), False)])
def test_floors_hold_from_the_floor_on(value: float, holds: bool) -> None:
    measurement = Measurement((Figure("accuracy", value, floor=0.97),))
    if holds:
        measurement.require_floors("m")
    else:
        with pytest.raises(FloorMissed, match=r"m: expected accuracy >= 0\.97, got"):
            measurement.require_floors("m")
