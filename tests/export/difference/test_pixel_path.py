"""The way from file to pixels without a mistake is the one of training, and each mistake is what libraries do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from export.difference.photographs import jpeg, photograph, pictures
from PIL import Image, ImageOps

from sightline_backend.pictures import ReducedPicture, open_reduced
from sightline_backend.pixels import PixelSpec, decode
from sightline_export.difference.blind_spots import blind_spots
from sightline_export.difference.fitting import Sampler, pillow, placement, render
from sightline_export.difference.judge_pixels import pixel_variants
from sightline_export.difference.pixel_path import PixelLab, PixelPath, Pixels
from sightline_export.difference.sampling import (
    asymmetric,
    corners_aligned,
    cubic,
    half_pixel,
    linear,
    nearest_before,
    points,
)
from sightline_export.difference.variants.orientation import turned

SPECS = [
    PixelSpec(48, 32),
    PixelSpec(31, 57, fit="crop", resample="bicubic"),
    PixelSpec(64, 40, fit="letterbox", resample="lanczos"),
    PixelSpec(40, 40, mode="gray", fit="letterbox"),
    PixelSpec(32, 24, fit="crop", shorter_side=36),
    PixelSpec(32, 24, mode="gray", fit="squash", resample="nearest"),
]


def _rendered(picture: ReducedPicture, spec: PixelSpec) -> Pixels:
    return render(picture.image, placement(picture, spec), spec, pillow(spec.resample))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
@pytest.mark.parametrize("picture", pictures())
def test_a_path_without_mistakes_gives_the_pixels_of_training(picture: str, spec: PixelSpec) -> None:
    data = pictures()[picture]
    lab = PixelLab(data, spec)
    expected = decode(data, spec)
    for path in (PixelPath(), PixelPath(fit=_rendered)):
        pixels = lab.pixels(path)
        assert pixels is not None
        np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
@pytest.mark.parametrize("picture", ["turned_large.jpg", "alpha.png", "deep.png", "small.png", "cmyk.jpg"])
def test_every_mistake_gives_pixels_of_the_right_shape_or_none(picture: str, spec: PixelSpec) -> None:
    lab = PixelLab(pictures()[picture], spec)
    made = [lab.pixels(variant.path) for variant in pixel_variants(spec)]
    assert sum(pixels is not None for pixels in made) > 20
    assert all(pixels.shape == spec.shape and pixels.dtype == np.uint8 for pixels in made if pixels is not None)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_reduced_picture_is_turned_with_the_part_that_it_covers(orientation: int) -> None:
    data = jpeg(photograph(0, (801, 535)), orientation)
    upright = open_reduced(data, lambda size_wh: (100, 100))
    stored = open_reduced(jpeg(photograph(0, (801, 535))), lambda size_wh: (100, 100))
    by = {t: turned(stored, t) for t in Image.Transpose}
    expected = ImageOps.exif_transpose(_with_orientation(stored.image, orientation))
    same = [t for t, picture in by.items() if picture.image.tobytes() == expected.tobytes()] if orientation > 1 else []
    for transpose in same:
        assert (by[transpose].box_xyxy, by[transpose].size_wh) == (upright.box_xyxy, upright.size_wh)
    assert len(same) == (orientation > 1)


def _with_orientation(image: Image.Image, orientation: int) -> Image.Image:
    copy = image.copy()
    copy.getexif()[0x0112] = orientation
    return copy


RESIZES: dict[str, tuple[dict[str, Any], Sampler]] = {
    "bilinear": ({"mode": "bilinear", "align_corners": False}, points(linear, half_pixel)),
    "bicubic": ({"mode": "bicubic", "align_corners": False}, points(cubic, half_pixel)),
    "corners": ({"mode": "bilinear", "align_corners": True}, points(linear, corners_aligned)),
    "nearest": ({"mode": "nearest"}, points(nearest_before, asymmetric)),
}


@pytest.mark.parametrize("name", RESIZES)
@pytest.mark.parametrize("size_wh", [(48, 32), (400, 300)])
def test_resizing_without_antialiasing_is_what_pytorch_does(name: str, size_wh: tuple[int, int]) -> None:
    options, sample = RESIZES[name]
    image = photograph(1)
    levels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float()
    wanted = F.interpolate(levels, (size_wh[1], size_wh[0]), **options)[0]
    rounded = wanted.round().clamp(0, 255).permute(1, 2, 0).numpy()
    got = sample(image, size_wh, (0, 0, image.width, image.height)).astype(float)
    assert np.abs(got - rounded).max() <= 1
    assert np.abs(got - rounded).mean() < 0.05  # PyTorch rounds halves to even


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ("photo.png", ("EXIF orientation", "transparency", "reduced JPEGs")),
        ("photo.jpg", ("EXIF orientation", "transparency")),
        ("turned_large.jpg", ("transparency",)),
        ("alpha.png", ("EXIF orientation", "reduced JPEGs")),
        ("grey.png", ("EXIF orientation", "transparency", "reduced JPEGs", "colour order")),
    ],
)
def test_what_a_picture_cannot_show_is_said(picture: str, expected: tuple[str, ...]) -> None:
    data, spec = pictures()[picture], PixelSpec(48, 32)
    assert blind_spots(data, spec, PixelLab(data, spec).orientation) == expected
