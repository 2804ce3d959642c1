"""The data: a split that never changes and never overlaps."""

import hashlib

import numpy as np

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.digits import WRITERS, load_digits
from sightline_export.recipe import find_recipe
from sightline_export.recipes.digit_classifier import photographed


def test_the_split_is_disjoint_and_complete() -> None:
    train, held_out = load_digits()
    assert (len(train), len(held_out)) == (1437, 360)
    # The same drawing may occur twice in the data, but never on both sides.
    assert not set(train.pictures) & set(held_out.pictures)


def test_every_digit_is_on_both_sides_in_the_same_share() -> None:
    train, held_out = load_digits()
    shares = [np.bincount(side.labels, minlength=10) / len(side) for side in (train, held_out)]
    assert np.abs(shares[0] - shares[1]).max() < 0.005


def test_the_held_out_digits_are_the_same_on_every_machine() -> None:
    _, held_out = load_digits()
    assert hashlib.sha256(held_out.labels.tobytes()).hexdigest()[:16] == "c7758484aa0cc5ad"


def test_photographed_digits_are_photographed_every_one() -> None:
    _, held_out = load_digits()
    for pixels in (PixelSpec(64, 64), PixelSpec(32, 32), PixelSpec(28, 28, mode="gray")):
        scans = held_out.render(pixels)
        taken = photographed(scans).reshape(scans.shape)
        assert (taken != scans).any(axis=(1, 2, 3)).all()


def test_cards_that_measure_on_digits_say_that_the_split_is_not_by_writer() -> None:
    for name in ("cnn", "mnist_cnn", "lenet", "attention", "matching", "face", "vae"):
        assert WRITERS in find_recipe(name).spec.limits, name


def test_rendering_goes_through_the_decoder() -> None:
    _, held_out = load_digits()
    pixels = held_out.render(PixelSpec(64, 64))
    assert pixels.shape == (360, 64, 64, 3)
    assert pixels.dtype == np.uint8
    assert (pixels[..., 0] == pixels[..., 2]).all()  # grey scans
    assert pixels.min() == 0
    assert pixels.max() == 255
