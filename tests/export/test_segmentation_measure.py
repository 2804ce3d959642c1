"""Intersection over union, and what goes with it."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, jaccard_score  # pyright: ignore[reportUnknownVariableType]

from sightline_export.measures.segmentation import confusion, segmentation

NAMES = ("background", "a", "b", "c")


def maps(seed: int, most: int = 4) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, most, (5, 9, 7), np.uint8)


def test_a_perfect_map_has_an_iou_of_one_in_every_class() -> None:
    measured = segmentation([(maps(1), maps(1))], NAMES, floor=0.9)
    assert [(figure.name, figure.value, figure.floor) for figure in measured.figures] == [
        ("mean IoU", 1.0, 0.9),
        ("pixel accuracy", 1.0, None),
    ]
    assert [row["IoU"] for row in measured.per_class.values()] == [1.0] * 4


def test_the_figures_are_those_of_scikit_learn_over_all_pixels_together() -> None:
    truth, found = maps(2), maps(3)
    measured = segmentation(zip(truth, found, strict=True), NAMES)
    per_class: Any = None  # as scikit-learn has it; its stubs know texts only
    wanted = jaccard_score(truth.ravel(), found.ravel(), average=per_class)
    np.testing.assert_allclose([row["IoU"] for row in measured.per_class.values()], wanted)
    assert measured.figures[0].value == pytest.approx(np.mean(wanted))
    assert measured.figures[1].value == pytest.approx((truth == found).mean())
    assert [row["pixels"] for row in measured.per_class.values()] == np.bincount(truth.ravel()).tolist()
    assert np.array_equal(confusion(truth, found, 4), confusion_matrix(truth.ravel(), found.ravel()))


def test_a_class_that_is_nowhere_is_left_out_of_the_mean_but_one_that_is_only_found_is_not() -> None:
    truth, found = np.array([[0, 0, 1, 1]], np.uint8), np.array([[0, 0, 1, 2]], np.uint8)
    measured = segmentation([(truth, found)], NAMES)
    assert [row["IoU"] for row in measured.per_class.values()] == [1.0, 0.5, 0.0, 0.0]
    assert measured.figures[0].value == pytest.approx((1 + 0.5 + 0) / 3)
    assert measured.per_class["a"] == {"IoU": 0.5, "pixels": 2, "recall": 0.5, "precision": 1.0}


def test_a_map_below_the_floor_does_not_hold() -> None:
    assert not segmentation([(maps(2), maps(3))], NAMES, floor=0.9).figures[0].holds


@pytest.mark.parametrize(
    ("truth", "found", "message"),
    [
        (maps(1), maps(1)[:4], "expected class maps of one shape"),
        (maps(1, 9), maps(1), "expected classes below 4, got 8"),
        (maps(1), maps(1, 9), "expected classes below 4, got 8"),
        (maps(1)[:0], maps(1)[:0], "expected at least one pixel"),
    ],
)
def test_what_cannot_be_compared_is_refused(truth: NDArray[np.uint8], found: NDArray[np.uint8], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        segmentation([(truth, found)], NAMES)
