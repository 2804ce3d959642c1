"""PSNR and SSIM: known values, and pictures as models get and give them."""

import numpy as np
import pytest

from sightline_export.measures.image_quality import luminance_ssim, psnr, results, ssim
from sightline_export.verification.parity import Arrays

PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


@pytest.mark.parametrize(("levels", "wanted_db"), [(1, 48.13), (5, 34.15), (25, 20.17), (255, 0.0)])
def test_psnr_of_a_constant_difference(levels: int, wanted_db: float) -> None:
    black = np.zeros((8, 8, 3), np.uint8)
    assert psnr(black, black + np.uint8(levels)) == pytest.approx(wanted_db, abs=0.01)


def test_equal_pictures_are_as_near_as_can_be() -> None:
    assert psnr(PICTURE, PICTURE) == np.inf
    assert ssim(PICTURE, PICTURE) == pytest.approx(1)
    assert luminance_ssim(PICTURE, PICTURE) == pytest.approx(1)


def test_structure_is_seen_where_colours_differ() -> None:
    tinted = (PICTURE * 0.5 + 60).astype(np.uint8)
    unrelated = np.random.default_rng(1).integers(0, 256, PICTURE.shape, np.uint8)
    assert ssim(PICTURE, tinted) > 0.6 > 0.1 > ssim(PICTURE, unrelated)
    assert luminance_ssim(PICTURE, unrelated) < 0.2


def test_colours_of_one_luminance_are_the_same_in_grey() -> None:
    rng = np.random.default_rng(2)
    grey, tint = rng.integers(80, 176, (20, 30)), rng.integers(-60, 61, (20, 30))
    plain = np.stack([grey, grey, grey], axis=-1).astype(np.uint8)
    coloured = np.stack([grey + tint, grey - np.rint(tint * 299 / 587), grey], axis=-1).astype(np.uint8)
    assert luminance_ssim(plain, coloured) > 0.99
    assert ssim(plain, coloured) < 0.9


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="same"):
        psnr(PICTURE, PICTURE[1:])


def test_pictures_are_sent_and_read_as_files() -> None:
    def as_it_came(inputs: Arrays) -> Arrays:
        assert inputs["IMAGE"].shape == (1, 1)
        return {"RESULT": inputs["IMAGE"]}

    small = PICTURE[:5, :7]
    first, second = results(as_it_came, [PICTURE, small])
    assert np.array_equal(first, PICTURE)
    assert np.array_equal(second, small)
