"""Which prediction is what was served."""

from __future__ import annotations

import numpy as np
import pytest

from sightline_export.difference.matching import best_match, mean_difference, score_difference, within
from sightline_export.difference.stages import Stage
from sightline_export.difference.variants.variant import Mistake

EARLY, LATE = (Mistake(stage, stage.label, "", "") for stage in (Stage.DECODE, Stage.RESIZE))
EXPECTED = np.array([0.0, 0.0, 0.0, 0.0])
SERVED = np.array([10.0, 10.0, 10.0, 10.0])


@pytest.mark.parametrize(
    ("predictions", "keys", "explained"),
    [
        ([((LATE,), SERVED)], ["resize"], "exactly"),
        ([((LATE,), SERVED - 0.5)], ["resize"], "nearly"),
        ([((LATE,), SERVED - 2)], None, None),
        ([((LATE,), SERVED - 0.5), ((EARLY,), SERVED)], ["decode"], "exactly"),
        ([((EARLY, LATE), SERVED), ((LATE,), SERVED)], ["resize"], "exactly"),
        ([((EARLY,), SERVED), ((LATE,), SERVED)], ["decode"], "exactly"),
        ([((EARLY,), EXPECTED)], None, None),
        ([((EARLY,), SERVED[:2])], None, None),
        ([((EARLY,), SERVED * np.nan)], None, None),
        ([], None, None),
    ],
)
def test_the_best_prediction_is_chosen(
    predictions: list[tuple[tuple[Mistake, ...], np.ndarray[tuple[int], np.dtype[np.float64]]]],
    keys: list[str] | None,
    explained: str | None,
) -> None:
    match = best_match(SERVED, EXPECTED, predictions, mean_difference, within(1e-4))
    assert (match and [mistake.key for mistake in match.mistakes]) == keys
    assert (match and match.explained) == explained


def test_what_explains_it_as_well_is_kept() -> None:
    match = best_match(SERVED, EXPECTED, [((EARLY,), SERVED), ((LATE,), SERVED)], mean_difference, within(1e-4))
    assert match is not None
    assert match.also == (LATE,)


def test_small_probabilities_count() -> None:
    sure, surer = np.array([[1 - 1e-6, 1e-6]]), np.array([[1 - 1e-9, 1e-9]])
    assert mean_difference(sure, surer) < 1e-5
    assert score_difference(sure, surer)(sure, surer) > 3
    assert score_difference(sure, surer * 100)(sure, surer) < 1e-5
