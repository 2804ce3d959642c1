"""mAP: what is right counts, what is wrong, doubled or missing does not."""

import numpy as np
import pytest

from sightline_export.measures.detection import Boxes, detection

NAMES = ("cat", "dog", "bird")
BOX = (10.0, 10.0, 30.0, 30.0)
ASIDE = (60.0, 60.0, 80.0, 80.0)
SHIFTED = (15.0, 10.0, 35.0, 30.0)  # IoU 0.6 with BOX
HALF = (20.0, 10.0, 40.0, 30.0)  # IoU 1/3 with BOX


def boxes(*rows: tuple[tuple[float, float, float, float], int, float]) -> Boxes:
    return Boxes(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float32),
    )


TRUTH = [boxes((BOX, 0, 1), (ASIDE, 1, 1)), boxes((BOX, 0, 1))]

CASES = {
    "everything found": ([boxes((BOX, 0, 0.9), (ASIDE, 1, 0.8)), boxes((BOX, 0, 0.7))], 1.0),
    "nothing found": ([boxes(), boxes()], 0.0),
    "one class missing": ([boxes((BOX, 0, 0.9)), boxes((BOX, 0, 0.7))], 0.5),
    "the wrong class": ([boxes((BOX, 0, 0.9), (ASIDE, 0, 0.1)), boxes((BOX, 0, 0.7))], 0.5),
    "a little beside is right": ([boxes((SHIFTED, 0, 0.9), (ASIDE, 1, 0.8)), boxes((SHIFTED, 0, 0.7))], 1.0),
    "far beside is wrong": ([boxes((HALF, 0, 0.9), (ASIDE, 1, 0.8)), boxes((HALF, 0, 0.7))], 0.5),
    "doubled with a lower score does no harm": (
        [boxes((BOX, 0, 0.9), (BOX, 0, 0.1), (ASIDE, 1, 0.8)), boxes((BOX, 0, 0.7))],
        1.0,
    ),
    # Of two cats one is found behind a wrong one: precision 1/2 up to recall 1/2 (51 of 101 points), then 2/3.
    "a wrong one with a higher score": (
        [boxes((BOX, 0, 0.5), (ASIDE, 0, 0.9), (ASIDE, 1, 0.8)), boxes((BOX, 0, 0.4))],
        (2 / 3 + 1) / 2,
    ),
    "boxes of another picture": ([boxes((ASIDE, 1, 0.8)), boxes((BOX, 0, 0.9), (BOX, 0, 0.8))], (51 / 101 + 1) / 2),
}


@pytest.mark.parametrize("case", CASES)
def test_mean_average_precision_of_known_answers(case: str) -> None:
    found, wanted = CASES[case]
    measurement = detection(TRUTH, found, NAMES, floor=0.85)
    assert measurement.figures[0].value == pytest.approx(wanted, abs=1e-6)
    assert measurement.figures[0].holds == (wanted >= 0.85)


def test_the_mean_over_stricter_overlaps_is_lower() -> None:
    measurement = detection(TRUTH, CASES["a little beside is right"][0], NAMES)
    by_name = {figure.name: figure.value for figure in measurement.figures}
    # Cats count at IoU 0.5, 0.55 and 0.6 of ten, the dog at all.
    assert by_name["mAP at IoU 0.5 to 0.95"] == pytest.approx((0.3 + 1) / 2, abs=0.051)


def test_each_class_has_its_row_also_one_without_objects() -> None:
    rows = detection(TRUTH, CASES["one class missing"][0], NAMES).per_class
    assert list(rows) == list(NAMES)
    assert rows["cat"] == {"objects": 2.0, "AP at IoU 0.5": 1.0, "recall at IoU 0.5": 1.0}
    assert rows["dog"] == {"objects": 1.0, "AP at IoU 0.5": 0.0, "recall at IoU 0.5": 0.0}
    assert rows["bird"] == {"objects": 0.0, "AP at IoU 0.5": 0.0, "recall at IoU 0.5": 0.0}


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    detection(TRUTH, CASES["everything found"][0], NAMES)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([boxes()], "expected what was found in each of 2 pictures, got 1"),
        ([Boxes(TRUTH[0].xyxy, TRUTH[0].classes), boxes()], "expected a score for every box that was found"),
    ],
)
def test_answers_that_cannot_be_measured_are_refused(found: list[Boxes], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        detection(TRUTH, found, NAMES)


def test_pictures_without_any_object_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one object"):
        detection([boxes()], [boxes()], NAMES)


def test_boxes_belong_to_their_classes_and_scores() -> None:
    with pytest.raises(ValueError, match="expected 2 boxes, one per class"):
        Boxes(np.zeros((1, 4), np.float32), np.zeros(2, np.int64))
    with pytest.raises(ValueError, match="expected 1 scores"):
        Boxes(np.zeros((1, 4), np.float32), np.zeros(1, np.int64), np.zeros(2, np.float32))
