"""Figures of embeddings, on examples that can be counted by hand, and against scikit-learn."""

from typing import Any, cast

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from sightline_export.measures.retrieval import equal_error_rate, nearest, pairs, per_class_error, retrieval

RANDOM = np.random.default_rng(0)
ANGLES = np.radians([0, 10, 20, 90, 100, 200])
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1).astype(np.float32)
LABELS = np.array([0, 0, 1, 1, 1, 0])


def test_a_picture_is_never_its_own_neighbour() -> None:
    assert nearest(CIRCLE, 2).tolist() == [[1, 2], [0, 2], [1, 0], [4, 2], [3, 2], [4, 3]]


def test_length_does_not_matter() -> None:
    stretched = CIRCLE * RANDOM.uniform(0.1, 9, (6, 1)).astype(np.float32)
    assert np.array_equal(nearest(stretched, 3), nearest(CIRCLE, 3))


def test_recall_and_precision_are_what_one_counts_by_hand() -> None:
    found = retrieval(CIRCLE, LABELS, 2)
    assert found.found.tolist() == [True, True, False, True, True, False]
    assert found.recall == pytest.approx(4 / 6)
    assert found.precision == pytest.approx((0.5 + 0.5 + 0 + 1 + 1 + 0) / 6)
    assert found.per_class(["zero", "one", "nobody"]) == {
        "zero": {"queries": 3, "recall@2": pytest.approx(2 / 3), "precision@2": pytest.approx(1 / 3)},
        "one": {"queries": 3, "recall@2": pytest.approx(2 / 3), "precision@2": pytest.approx(2 / 3)},
        "nobody": {"queries": 0, "recall@2": 0, "precision@2": 0},
    }


def test_neighbours_are_those_of_scikit_learn() -> None:
    vectors = RANDOM.normal(size=(80, 7)).astype(np.float32)
    others = cast(Any, NearestNeighbors(n_neighbors=6, metric="cosine")).fit(vectors).kneighbors()[1]
    assert np.array_equal(nearest(vectors, 6), others)


@pytest.mark.parametrize("k", [0, 6])
def test_more_neighbours_than_there_are_others_are_refused(k: int) -> None:
    with pytest.raises(ValueError, match="expected k from 1 to 5"):
        nearest(CIRCLE, k)


def test_every_pair_counts_once() -> None:
    similarity, same = pairs(CIRCLE, LABELS)
    assert len(similarity) == 15
    assert same.sum() == 3 + 3
    assert similarity[0] == pytest.approx(np.cos(np.radians(10)), abs=1e-6)


@pytest.mark.parametrize(
    ("similarity", "same", "rate"),
    [
        ([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0], 0.0),
        ([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0], 1.0),
        ([0.9, 0.4, 0.6, 0.1], [1, 1, 0, 0], 0.5),
        ([0.9, 0.8, 0.7, 0.3, 0.6, 0.2, 0.1, 0.0], [1, 1, 1, 1, 0, 0, 0, 0], 0.25),
        ([0.5, 0.5, 0.5, 0.5], [1, 1, 0, 0], 0.5),
    ],
)
def test_the_equal_error_rate_is_what_one_counts_by_hand(similarity: list[float], same: list[int], rate: float) -> None:
    found, _ = equal_error_rate(np.array(similarity, np.float32), np.array(same, np.bool_))
    assert found == pytest.approx(rate)


def test_at_its_threshold_both_errors_are_about_equal() -> None:
    same = RANDOM.random(4000) < 0.3
    similarity = (RANDOM.normal(size=4000) + 1.5 * same).astype(np.float32)
    rate, threshold = equal_error_rate(similarity, same)
    assert (similarity[~same] >= threshold).mean() == pytest.approx(rate, abs=5e-3)
    assert (similarity[same] < threshold).mean() == pytest.approx(rate, abs=5e-3)
    assert rate == pytest.approx(0.2266, abs=0.02)  # of two normal distributions 1.5 apart: Phi(-0.75)


@pytest.mark.parametrize("same", [[True, True], [False, False]])
def test_pairs_of_one_kind_only_have_no_equal_error_rate(same: list[bool]) -> None:
    with pytest.raises(ValueError, match="expected pairs of one identity and pairs of two"):
        equal_error_rate(np.zeros(2, np.float32), np.array(same))


def test_errors_of_each_class_are_counted_at_one_threshold() -> None:
    rows = per_class_error(CIRCLE, LABELS, ["zero", "one"], threshold=0.9)
    assert rows["zero"] == {
        "pictures": 3,
        "same taken for another": pytest.approx(4 / 6),  # 200 degrees is far from both others, seen from either end
        "another taken for the same": pytest.approx(2 / 9),  # 20 degrees is near 0 and 10
    }
    assert rows["one"]["same taken for another"] == pytest.approx(4 / 6)
