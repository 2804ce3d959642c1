"""What answers to real pictures say of a network."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sightline_export.errors import SourceUnusable
from sightline_export.sources.answers import check_count, check_telling, gives_logits

Rows = NDArray[Any]


def rows(*numbers: list[float]) -> Rows:
    return np.array(numbers, np.float32)


def never() -> Rows:
    raise AssertionError("these answers leave nothing open")


@pytest.mark.parametrize(
    ("answers", "provoked", "logits"),
    [
        (rows([3, -2], [1, 0]), never, True),
        (rows([0.2, 0.9], [0.4, 1.1]), never, True),
        (rows([0.2, 0.8], [1, 0]), never, False),
        (rows([0.2, 0.8005], [1, 0]), never, False),
        (rows([0.2, 0.3], [0.1, 0.1]), lambda: rows([0.2, 0.3], [20, -3]), True),
        (rows([0.2, 0.8], [0.3, 0.3]), lambda: rows([np.nan, 0.3], [-1, 0.1]), True),
    ],
)
def test_logits_are_told_from_probabilities(answers: Rows, provoked: Callable[[], Rows], logits: bool) -> None:
    assert gives_logits(answers, "net", provoked) is logits


@pytest.mark.parametrize("provoked", [rows([1, 0], [0.5, 1]), rows([np.nan, 1], [0, 0])])
def test_the_answers_of_a_sigmoid_are_refused(provoked: Rows) -> None:
    with pytest.raises(SourceUnusable) as refused:
        gives_logits(rows([0.9, 0.7], [0.5, 0.2]), "net", lambda: provoked)
    assert str(refused.value) == (
        "expected logits, or probabilities that sum to 1, from net, got numbers from 0 to 1 that sum to 1.6, as a "
        "sigmoid gives them; let it give its logits, if one class is right for each picture"
    )


def test_answers_that_are_alike_for_all_pictures_are_refused() -> None:
    alike = rows([3, 1, 2], [3, 1, 2])
    check_telling(rows([3, 1, 2], [3, 1.001, 2]), "net", never)
    check_telling(alike, "net", lambda: rows([3, 1, 2], [3, 1, 2], [1, 2, 3]))
    for same in (alike, 0 * alike):
        with pytest.raises(SourceUnusable, match="expected different answers from net to different pictures, got the"):
            check_telling(same, "net", lambda same=same: np.repeat(same, 4, axis=0))


@pytest.mark.parametrize(("embeds", "fix"), [(False, r"torch\.cat\(\[1 - p, p\], 1\)"), (True, "before its head")])
def test_one_output_is_no_answer(embeds: bool, fix: str) -> None:
    check_count(2, "net", embeds)
    with pytest.raises(SourceUnusable, match=f"from net, got 1; .*{fix}"):
        check_count(1, "net", embeds)
