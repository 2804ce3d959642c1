"""Parity between runtimes: what is compared, and what a difference leads to."""

import numpy as np
import pytest

from sightline_export.errors import VerificationFailed
from sightline_export.signature import Signature, TensorSpec
from sightline_export.verify import Arrays, batch_sizes, compare, max_abs_difference, require_parity

SIGNATURE = Signature(
    (TensorSpec("X", "FP32", (2,)),),
    (TensorSpec("Y", "FP32", (2,), tolerance=1e-4), TensorSpec("Z", "FP32", (2,), tolerance=1e-4)),
)
INPUTS = {"X": np.arange(16, dtype=np.float32).reshape(8, 2)}


def honest(inputs: Arrays) -> Arrays:
    x = inputs["X"].astype(np.float32)
    return {"Y": x * 2, "Z": x + 1}


def off_at_batch_three(inputs: Arrays) -> Arrays:
    off = 0.25 if len(inputs["X"]) == 3 else 0
    return {**honest(inputs), "Z": inputs["X"].astype(np.float32) + 1 + off}


def never_a_number(inputs: Arrays) -> Arrays:
    return {name: np.full_like(array, np.nan) for name, array in honest(inputs).items()}


def test_batches_are_one_two_three_and_the_maximum() -> None:
    assert batch_sizes(32) == (1, 2, 3, 32)
    assert batch_sizes(2) == (1, 2)


def test_equal_runtimes_pass() -> None:
    rows = compare(honest, honest, INPUTS, SIGNATURE, 8)
    assert [(row.output, row.batch) for row in rows] == [(o, b) for b in (1, 2, 3, 8) for o in ("Y", "Z")]
    require_parity("m", rows)


def test_the_message_names_output_difference_batch_and_tolerance() -> None:
    rows = compare(honest, off_at_batch_three, INPUTS, SIGNATURE, 8)
    with pytest.raises(VerificationFailed, match=r"m: output Z .* by 0\.25 at batch 3, allowed is 0\.0001"):
        require_parity("m", rows)


def test_nan_never_passes() -> None:
    rows = compare(honest, never_a_number, INPUTS, SIGNATURE, 8)
    with pytest.raises(VerificationFailed, match="nan"):
        require_parity("m", rows)


def test_a_different_shape_is_infinitely_far() -> None:
    assert max_abs_difference(np.zeros((2, 3)), np.zeros((3, 2))) == float("inf")


def test_unsigned_levels_do_not_wrap() -> None:
    assert max_abs_difference(np.array([0], np.uint8), np.array([255], np.uint8)) == 255


def test_too_few_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 9"):
        compare(honest, honest, INPUTS, SIGNATURE, 9)
