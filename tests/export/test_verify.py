"""Parity between runtimes: what is compared, and what a difference leads to."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline_export.errors import VerificationFailed
from sightline_export.signature import TensorSpec
from sightline_export.verification.check import require
from sightline_export.verification.parity import (
    Arrays,
    Parity,
    Runtime,
    batch_sizes,
    compare,
    in_chunks,
    max_abs_difference,
)

OUTPUTS = (TensorSpec("Y", "FP32", (2,), tolerance=1e-4), TensorSpec("Z", "FP32", (2,), tolerance=1e-4))
INPUTS = {"X": np.arange(20, dtype=np.float32).reshape(10, 2)}


def honest(inputs: Arrays) -> Arrays:
    x = inputs["X"].astype(np.float32)
    return {"Y": x * 2, "Z": x + 1}


def off_at_batch_three(inputs: Arrays) -> Arrays:
    off = 0.25 if len(inputs["X"]) == 3 else 0
    return {**honest(inputs), "Z": inputs["X"].astype(np.float32) + 1 + off}


def off_for_the_last_example(inputs: Arrays) -> Arrays:
    return {**honest(inputs), "Z": inputs["X"].astype(np.float32) + 1 + (inputs["X"] == 19)}


def never_a_number(inputs: Arrays) -> Arrays:
    return {name: np.full_like(array, np.nan) for name, array in honest(inputs).items()}


def compared(candidate: Runtime) -> tuple[Parity, ...]:
    return compare(in_chunks(honest, INPUTS, 4), candidate, INPUTS, OUTPUTS, 8)


def no_script(_: Parity) -> Path:
    return Path("reproduce.py")


def test_batches_are_one_two_three_and_the_maximum() -> None:
    assert batch_sizes(32) == (1, 2, 3, 32)
    assert batch_sizes(2) == (1, 2)


def test_equal_runtimes_pass() -> None:
    rows = compared(honest)
    # The last two examples lie beyond the largest batch, and are asked about too: again a batch of two.
    assert sorted((row.output, row.batch) for row in rows) == [(o, b) for o in ("Y", "Z") for b in (1, 2, 3, 8)]
    require("m", rows, no_script)


def test_the_message_names_output_difference_batch_tolerance_and_script() -> None:
    with pytest.raises(
        VerificationFailed,
        match=r"m: output Z of ONNX Runtime .* by 0\.25 at batch 3, allowed is 0\.0006; .*reproduce\.py",
    ):
        require("m", compared(off_at_batch_three), no_script)


def test_an_example_beyond_the_largest_batch_counts() -> None:
    (failed,) = (row for row in compared(off_for_the_last_example) if not row.holds)
    assert (failed.output, failed.batch, failed.first, failed.difference) == ("Z", 2, 8, 1)


def test_nan_never_passes() -> None:
    with pytest.raises(VerificationFailed, match="nan"):
        require("m", compared(never_a_number), no_script)


def test_a_tolerance_is_a_share_of_the_largest_value_so_that_small_scores_are_held_to_it() -> None:
    small = {"Y": np.full((1, 2), 1e-3, np.float32)}
    (row,) = compare(small, lambda _: {"Y": np.full((1, 2), 1.1e-3, np.float32)}, {"X": small["Y"]}, OUTPUTS[:1], 1)
    assert row.tolerance == pytest.approx(1e-7)
    assert not row.holds


def test_a_different_shape_is_infinitely_far() -> None:
    assert max_abs_difference(np.zeros((2, 3)), np.zeros((3, 2))) == float("inf")


def test_unsigned_levels_do_not_wrap() -> None:
    assert max_abs_difference(np.array([0], np.uint8), np.array([255], np.uint8)) == 255


def test_pictures_are_compared_by_their_levels_and_not_by_their_bytes() -> None:
    def files(level: int, compress_level: int) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
        file = io.BytesIO()
        Image.new("RGB", (4, 4), (level, 0, 0)).save(file, "PNG", compress_level=compress_level)
        return np.array([[file.getvalue()]], dtype=np.object_)

    assert max_abs_difference(files(100, 0), files(100, 9)) == 0
    assert max_abs_difference(files(100, 0), files(103, 9)) == 3


def test_a_comparison_of_nothing_is_no_agreement() -> None:
    with pytest.raises(ValueError, match="expected outputs to compare, got none"):
        compare(honest(INPUTS), honest, INPUTS, (), 8)


def test_too_few_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 11"):
        compare(honest(INPUTS), honest, INPUTS, OUTPUTS, 11)


@pytest.mark.parametrize(("flips", "difference"), [(0.0, 7), (0.01, 7), (0.02, 2), (0.03, 0)])
def test_a_share_of_the_classes_may_flip_and_no_more(flips: float, difference: float) -> None:
    wanted, got = np.zeros((1, 10, 10), np.uint8), np.zeros((1, 10, 10), np.uint8)
    got[0, 3, 3:6] = 7, 7, 2
    assert max_abs_difference(wanted, got, flips) == difference


def test_nan_is_no_flip() -> None:
    got = np.zeros(100)
    got[0] = np.nan
    assert np.isnan(max_abs_difference(np.zeros(100), got, flips=0.5))


def test_maps_of_one_byte_per_pixel_are_compared_as_they_are() -> None:
    def class_map(*corner: int) -> "np.ndarray[tuple[int, int], np.dtype[np.object_]]":
        levels = np.zeros((10, 10), np.uint8)
        levels[0, : len(corner)] = corner
        file = io.BytesIO()
        Image.fromarray(levels).save(file, "PNG")
        return np.array([[file.getvalue()]], dtype=np.object_)

    assert max_abs_difference(class_map(), class_map(4, 5), flips=0.01) == 4
    assert max_abs_difference(class_map(), class_map(4, 5), flips=0.02) == 0
