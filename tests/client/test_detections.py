import sys
from typing import Any

import numpy as np
import pytest

from sightline.results import Detection, Detections
from sightline.results.detections import Places


def detections(**changes: Any) -> Detections:
    fields: dict[str, Any] = {
        "xyxy": np.array([[1, 2, 3, 4], [0, 0, 10, 8], [5, 5, 5, 5]], np.float32),
        "scores": np.array([0.75, 0.5, 0.25], np.float32),
        "class_ids": np.array([4, 0, 4], np.int64),
        "labels": ("dog", "cat", "dog"),
        "size": (10, 8),
    }
    return Detections(**{**fields, **changes})


NONE = detections(
    xyxy=np.empty((0, 4), np.float32), scores=np.empty(0, np.float32), class_ids=np.empty(0, np.int64), labels=()
)


def test_detections_are_counted_and_iterated_as_named_things_of_plain_numbers() -> None:
    found = detections()
    assert len(found) == 3
    first, *_ = found
    assert first == Detection((1.0, 2.0, 3.0, 4.0), "dog", 0.75, 4)
    assert [type(each) for each in (*first.xyxy, first.score, first.class_id)] == [float] * 5 + [int]
    assert [each.label for each in found] == ["dog", "cat", "dog"]
    assert found[-1] == list(found)[2]


@pytest.mark.parametrize(
    ("index", "scores"),
    [
        (np.array([True, False, True]), [0.75, 0.25]),
        ([True, False, True], [0.75, 0.25]),
        (np.array([2, 0]), [0.25, 0.75]),
        ([1], [0.5]),
        ((1, -1), [0.5, 0.25]),
        (slice(1, None), [0.5, 0.25]),
        (slice(None, None, -1), [0.25, 0.5, 0.75]),
        (slice(0), []),
        ([], []),
        (np.array([False, False, False]), []),
    ],
    ids=str,
)
def test_masks_places_and_slices_choose_detections_in_the_order_asked_for(index: Places, scores: list[float]) -> None:
    chosen = detections()[index]
    assert chosen.scores.tolist() == scores
    assert chosen.size == (10, 8)
    by_score = {each.score: each for each in detections()}
    assert list(chosen) == [by_score[score] for score in scores]


@pytest.mark.parametrize("index", [3, -4, [3], np.array([True])], ids=str)
def test_places_that_are_not_there_are_an_index_error(index: Any) -> None:
    with pytest.raises(IndexError):
        detections()[index]


def test_a_mask_over_the_scores_keeps_what_it_says_also_of_nothing() -> None:
    found = detections()
    assert found[found.scores > 0.4].labels == ("dog", "cat")
    assert len(NONE[NONE.scores > 0.4]) == 0


def test_detections_print_well() -> None:
    assert str(detections()) == "3 objects: dog 0.750, cat 0.500, dog 0.250"
    assert repr(detections()[:1]) == "Detections(1 object: dog 0.750)"
    assert str(NONE) == "0 objects"
    assert str(detections()[0]) == "dog 0.750 at 1, 2, 3, 4"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ("a",)}, r"xyxy to be float32 of shape \(1, 4\), got float32 of shape \(3, 4\)"),
        ({"xyxy": np.zeros((3, 4))}, "xyxy to be float32 .* got float64"),
        ({"xyxy": np.zeros((4, 3), np.float32)}, r"got float32 of shape \(4, 3\)"),
        ({"scores": np.zeros(2, np.float32)}, r"scores to be float32 of shape \(3,\), got float32 of shape \(2,\)"),
        ({"scores": np.array([1.1, 0, 0], np.float32)}, r"scores in \[0, 1\]"),
        ({"scores": np.array([np.nan, 0, 0], np.float32)}, r"scores in \[0, 1\]"),
        ({"class_ids": np.zeros(3, np.int32)}, "class_ids to be int64"),
        ({"class_ids": np.array([0, -1, 0], np.int64)}, "class_ids of 0 or larger"),
        ({"size": (0, 8)}, "at least 1 x 1 pixel"),
        ({"size": (9, 8)}, r"inside of \(9, 8\), got \[0.0, 0.0, 10.0, 8.0\]"),
        ({"size": (10, 7)}, r"inside of \(10, 7\), got \[0.0, 0.0, 10.0, 8.0\]"),
        ({"xyxy": np.array([[1, 2, 3, 4], [0, 0, 1, 1], [5, 0, 4, 1]], np.float32)}, r"got \[5.0, 0.0, 4.0, 1.0\]"),
        ({"xyxy": np.array([[1, 2, 3, 4], [0, 5, 1, 4], [0, 0, 1, 1]], np.float32)}, r"got \[0.0, 5.0, 1.0, 4.0\]"),
        ({"xyxy": np.array([[-1, 2, 3, 4]] * 3, np.float32)}, r"got \[-1.0, 2.0, 3.0, 4.0\]"),
        ({"xyxy": np.array([[0, 0, np.nan, 1]] * 3, np.float32)}, r"got \[0.0, 0.0, nan, 1.0\]"),
        ({"xyxy": np.array([[0, 0, np.inf, 1]] * 3, np.float32), "size": None}, "inside of the picture"),
    ],
)
def test_detections_whose_fields_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        detections(**changes)


def test_detections_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        detections().labels = ("other",) * 3  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(AttributeError):
        detections()[0].label = "other"  # pyright: ignore[reportAttributeAccessIssue]


def test_without_supervision_its_name_and_how_to_install_it_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(ImportError, match="pip install supervision"):
        detections().to_supervision()


@pytest.mark.filterwarnings("ignore:OpenCV")  # supervision can do without, and says so
def test_supervision_gets_the_same_boxes() -> None:
    for found in (detections(), NONE):
        theirs = found.to_supervision()
        assert theirs.xyxy.tolist() == found.xyxy.tolist()
        assert theirs.confidence.tolist() == found.scores.tolist()
        assert theirs.class_id.tolist() == found.class_ids.tolist()
        assert tuple(theirs.data["class_name"]) == found.labels
