"""From the classes of a network's pixels to those of the picture that was sent."""

import io
import tracemalloc
from fractions import Fraction
from math import floor

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from sightline_backend.class_maps import OUTSIDE, MapFit, class_map_png, to_sent_size
from sightline_backend.errors import ParameterError, PixelsError
from sightline_backend.pixels import PixelSpec, decode_sized

Array = npt.NDArray[np.uint8]
FITS = [MapFit("squash"), MapFit("letterbox"), MapFit("crop"), MapFit("crop", "12"), MapFit("crop", "17")]
MAPS_HW = [(1, 1), (8, 8), (12, 7), (5, 12)]
SIZES_WH = [(1, 1), (1, 500), (500, 1), (8, 8), (7, 12), (12, 5), (37, 91), (90, 31), (13, 13), (120, 11)]


def places(fit: MapFit, side: int, sent: int, other_side: int, other_sent: int) -> list[int]:
    """Of each pixel of one axis of the sent picture, the place on the network's axis in which its centre lies."""
    here, there = Fraction(side, sent), Fraction(other_side, other_sent)
    corner = Fraction(0)
    if fit.shorter_side is not None:
        shorter = int(fit.shorter_side)
        longer = int(shorter * max(sent, other_sent) / min(sent, other_sent))
        resized = longer if sent > other_sent else shorter
        scale, corner = Fraction(resized, sent), -Fraction(round((resized - side) / 2))
    elif fit.fit == "crop":
        scale = max(here, there)
        corner = (side - sent * scale) / 2
    elif fit.fit == "letterbox":
        shown = min(side, max(1, floor(sent * min(side / sent, other_side / other_sent) + 0.5)))
        scale, corner = Fraction(shown, sent), Fraction((side - shown) // 2)
    else:
        scale = here
    return [floor((pixel + Fraction(1, 2)) * scale + corner) for pixel in range(sent)]


def brute_force(classes: Array, size_wh: tuple[int, int], fit: MapFit) -> Array:
    (height, width), (sent_w, sent_h) = classes.shape, size_wh
    columns, rows = places(fit, width, sent_w, height, sent_h), places(fit, height, sent_h, width, sent_w)
    sent = np.full((sent_h, sent_w), OUTSIDE, np.uint8)
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            if 0 <= row < height and 0 <= column < width:
                sent[y, x] = classes[row, column]
    return sent


@pytest.mark.parametrize("fit", FITS, ids=str)
@pytest.mark.parametrize("map_hw", MAPS_HW, ids=str)
@pytest.mark.parametrize("size_wh", SIZES_WH, ids=str)
def test_every_pixel_gets_the_class_in_which_its_centre_lies(
    fit: MapFit, map_hw: tuple[int, int], size_wh: tuple[int, int]
) -> None:
    classes = np.random.default_rng(3).integers(1, 255, map_hw, np.uint8)
    assert np.array_equal(to_sent_size(classes, size_wh, fit), brute_force(classes, size_wh, fit))


@pytest.mark.parametrize("fit", FITS, ids=str)
@pytest.mark.parametrize("size_wh", [(120, 80), (80, 120), (96, 96), (30, 290), (200, 23)])
def test_a_map_made_of_the_pixels_lies_on_the_picture_again(fit: MapFit, size_wh: tuple[int, int]) -> None:
    """The picture shows its own classes, in large areas; whatever is shown of them comes back where it was."""
    width, height = size_wh
    y, x = np.mgrid[0:height, 0:width]
    truth = (1 + 60 * (x * 3 // width) + 20 * (y * 3 // height)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(truth).save(file, "PNG")
    side = 12 if fit.shorter_side == "12" else 16
    spec = PixelSpec.from_parameters(
        {"width": str(side), "height": str(side), "mode": "gray", "resample": "nearest", "fit": fit.fit}
        | ({"shorter_side": fit.shorter_side} if fit.shorter_side else {})
    )
    pixels, sent_wh = decode_sized(file.getvalue(), spec)
    found = to_sent_size(pixels[..., 0], sent_wh, fit)
    inside = brute_force(np.ones((side, side), np.uint8), size_wh, fit) == 1
    edges = np.zeros_like(inside)  # within half a pixel of the network, to all sides
    reach = max(size_wh) // side + 1
    for third in (1, 2):
        edges[:, max(0, width * third // 3 - reach) : width * third // 3 + reach] = True
        edges[max(0, height * third // 3 - reach) : height * third // 3 + reach] = True
    assert inside.any()
    assert np.array_equal(found[inside & ~edges], truth[inside & ~edges])
    assert (found[~inside] == OUTSIDE).all()


def test_a_letterbox_leaves_nothing_of_its_bars() -> None:
    classes = np.zeros((8, 8), np.uint8)
    classes[2:6] = 7  # a picture twice as wide as high shows here
    assert (to_sent_size(classes, (4000, 2000), MapFit("letterbox")) == 7).all()


def test_a_crop_has_a_class_only_inside() -> None:
    sent = to_sent_size(np.full((4, 4), 9, np.uint8), (10, 4), MapFit("crop"))
    assert sent.tolist() == [[0, 0, 0, 9, 9, 9, 9, 0, 0, 0]] * 4


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 5000), (6000, 4000), (65_535, 1)])
def test_the_picture_is_a_png_of_one_byte_per_pixel(size_wh: tuple[int, int]) -> None:
    classes = np.random.default_rng(4).integers(0, 11, (128, 128), np.uint8)
    picture = Image.open(io.BytesIO(class_map_png(classes, size_wh, MapFit("squash"))))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "L", size_wh)
    assert np.array_equal(np.asarray(picture), to_sent_size(classes, size_wh, MapFit("squash")))


@pytest.mark.parametrize("fit", FITS, ids=str)
def test_a_large_map_takes_little_more_memory_than_its_pixels(fit: MapFit) -> None:
    classes = np.ones((12, 12), np.uint8)
    tracemalloc.start()
    try:
        to_sent_size(classes, (6000, 4000), fit)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.1 * 6000 * 4000


@pytest.mark.parametrize(
    "classes",
    [np.zeros((4, 4), np.int64), np.zeros((4, 4, 1), np.uint8), np.zeros((0, 4), np.uint8), np.zeros(4, np.uint8)],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_what_is_no_map_is_refused(classes: npt.NDArray[np.generic]) -> None:
    with pytest.raises(PixelsError, match=r"expected CLASSES as uint8 of shape \(h, w\), got"):
        to_sent_size(classes, (5, 5), MapFit())  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("size_wh", [(0, 1), (5, -1), (65_536, 1), (50_001, 1_000)])
def test_a_size_that_no_picture_has_is_refused(size_wh: tuple[int, int]) -> None:
    with pytest.raises(PixelsError, match=f"at most 50 megapixels .* got {size_wh[0]}x{size_wh[1]}; take it from"):
        to_sent_size(np.zeros((2, 2), np.uint8), size_wh, MapFit())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"fit": "pad"}, "fit: expected one of squash, crop, letterbox, got 'pad'"),
        ({"fit": "squash", "shorter_side": "8"}, "shorter_side: expected the fit crop, got squash"),
        ({"fit": "crop", "shorter_side": "x"}, "shorter_side: expected a whole number"),
    ],
)
def test_a_fit_that_cannot_be_used_is_refused(parameters: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        MapFit.from_parameters(parameters)


def test_a_map_larger_than_the_shorter_side_is_refused() -> None:
    with pytest.raises(ParameterError, match="shorter_side: expected a whole number from 20"):
        to_sent_size(np.zeros((20, 20), np.uint8), (30, 30), MapFit("crop", "12"))
