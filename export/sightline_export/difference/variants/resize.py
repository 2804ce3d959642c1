"""Resizing: another fit, another filter, no antialiasing, other places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import numpy as np
from PIL import Image

from sightline_backend.fitting import LETTERBOX_LEVEL
from sightline_backend.pictures import ReducedPicture
from sightline_backend.pixels import FITS, MAX_SIDE, RESAMPLES, PixelSpec, Resample
from sightline_backend.pixels import Fit as FitName
from sightline_export.difference.fitting import (
    Box,
    Pixels,
    Placement,
    Sampler,
    channels_last,
    pillow,
    placement,
    render,
)
from sightline_export.difference.pixel_path import PixelPath
from sightline_export.difference.sampling import (
    asymmetric,
    corners_aligned,
    cubic,
    half_pixel,
    linear,
    nearest_before,
    points,
)
from sightline_export.difference.stages import Stage
from sightline_export.difference.variants.places import CROPS, LETTERBOXES, ZOOMS
from sightline_export.difference.variants.variant import Mistake, PixelVariant

Fit = Callable[[ReducedPicture, PixelSpec], Pixels]


def resize_variants(spec: PixelSpec) -> Iterator[PixelVariant]:
    for fit in FITS:
        if fit != spec.fit:
            yield _variant(
                f"{fit}_for_{spec.fit}",
                f"fits the picture by {fit}, training by {spec.fit}",
                f"set the parameter fit of the decoding step to {spec.fit}",
                PixelPath(respec=_refitted(fit)),
            )
    if spec.fit == "crop":
        for side in _shorter_sides(spec):
            what = "the largest part" if side is None else f"from a shorter side of {side} pixels"
            yield _variant(
                "largest_crop" if side is None else f"shorter_side_{side}",
                f"crops {what}, training otherwise",
                f"set the parameter shorter_side of the decoding step to {spec.shorter_side or 'nothing'}",
                PixelPath(respec=_with_shorter_side(side)),
            )
    for method in RESAMPLES:
        if method != spec.resample:
            yield _variant(
                method,
                f"resamples with the filter {method}, training with {spec.resample}",
                f"set the parameter resample of the decoding step to {spec.resample}",
                PixelPath(respec=_resampled(method)),
            )
    for key, cause, sample in _POINTS:
        advice = (
            f"resize with antialiasing (Pillow's {spec.resample}, or antialias=True), from the picture's own pixels"
        )
        yield _variant(key, cause, advice, PixelPath(fit=_sampled(sample)))
    places = {"letterbox": LETTERBOXES, "crop": CROPS}.get(spec.fit, ())
    zooms = ZOOMS if spec.fit != "letterbox" else ()
    for key, cause, advice, place in (*places, *zooms):
        yield _variant(key, cause, advice, PixelPath(fit=_placed(place)))
    for gap in (2.0, 3.0):
        yield _variant(
            "reducing_gap",
            "resizes in two steps, as Pillow does with reducing_gap",
            "leave reducing_gap out of Pillow's resize",
            PixelPath(fit=_sampled_by(gap)),
        )
    if spec.fit == "letterbox":
        yield _variant(
            "padded_first",
            "pads the picture before resizing, training after",
            "resize, then pad",
            PixelPath(fit=_padded_first),
        )
    if spec.fit != "crop":
        yield _variant(
            "two_steps", "resizes twice", "resize once, from the picture's own pixels", PixelPath(fit=_two_steps)
        )
    yield _variant(
        "width_for_height",
        f"resizes to {spec.height}x{spec.width}, training to {spec.width}x{spec.height}",
        "give the width first to Pillow and OpenCV, the height first to PyTorch",
        PixelPath(fit=_swapped),
    )


def _variant(key: str, cause: str, advice: str, path: PixelPath) -> PixelVariant:
    return PixelVariant(Mistake(Stage.RESIZE, key, cause, advice), path)


def _refitted(fit: FitName) -> Callable[[PixelSpec], PixelSpec]:
    return lambda spec: replace(spec, fit=fit, shorter_side=None)


def _with_shorter_side(side: int | None) -> Callable[[PixelSpec], PixelSpec]:
    return lambda spec: replace(spec, shorter_side=side)


def _shorter_sides(spec: PixelSpec) -> Iterator[int | None]:
    """The usual ones: as large as what is cut out, the ratios of torchvision and timm, and none."""
    longer = max(spec.width, spec.height)
    usual = {longer, *(int(longer / part) for part in (0.875, 0.9, 0.95, 0.965)), round(longer * 1.143), 256}
    sides = (None, *sorted(side for side in usual if longer <= side <= MAX_SIDE))
    return (side for side in sides if side != spec.shorter_side)


def _resampled(method: Resample) -> Callable[[PixelSpec], PixelSpec]:
    return lambda spec: replace(spec, resample=method)


def _sampled(sample: Sampler) -> Fit:
    return lambda picture, spec: render(picture.image, placement(picture, spec), spec, sample)


def _sampled_by(gap: float) -> Fit:
    def fit(picture: ReducedPicture, spec: PixelSpec) -> Pixels:
        def sample(image: Image.Image, size_wh: tuple[int, int], box: Box) -> Pixels:
            return channels_last(image.resize(size_wh, Image.Resampling[spec.resample.upper()], box, gap))

        return render(picture.image, placement(picture, spec), spec, sample)

    return fit


def _placed(place: Callable[[ReducedPicture, PixelSpec], Placement]) -> Fit:
    return lambda picture, spec: render(picture.image, place(picture, spec), spec, pillow(spec.resample))


def _padded_first(picture: ReducedPicture, spec: PixelSpec) -> Pixels:
    width, height = picture.image.size
    scale = max(width / spec.width, height / spec.height)
    padded_wh = max(width, round(spec.width * scale)), max(height, round(spec.height * scale))
    padded = Image.new(picture.image.mode, padded_wh, cast("int", (LETTERBOX_LEVEL,) * len(picture.image.getbands())))
    padded.paste(picture.image, ((padded_wh[0] - width) // 2, (padded_wh[1] - height) // 2))
    return channels_last(padded.resize((spec.width, spec.height), Image.Resampling[spec.resample.upper()]))


def _two_steps(picture: ReducedPicture, spec: PixelSpec) -> Pixels:
    place = placement(picture, spec)
    double = place.content_wh[0] * 2, place.content_wh[1] * 2
    half = picture.image.resize(double, Image.Resampling[spec.resample.upper()], place.box)
    return render(half, replace(place, box=(0, 0, *map(float, double))), spec, pillow(spec.resample))


def _swapped(picture: ReducedPicture, spec: PixelSpec) -> Pixels:
    other = replace(spec, width=spec.height, height=spec.width)
    return np.ascontiguousarray(_placed(placement)(picture, other)).reshape(spec.shape)


_POINTS: tuple[tuple[str, str, Sampler], ...] = (
    (
        "no_antialiasing",
        "resizes bilinearly without antialiasing, as OpenCV and PyTorch do",
        points(linear, half_pixel),
    ),
    (
        "no_antialiasing_bicubic",
        "resizes bicubically without antialiasing, as OpenCV and PyTorch do",
        points(cubic, half_pixel),
    ),
    ("corners_aligned", "resizes with align_corners=True, without antialiasing", points(linear, corners_aligned)),
    ("half_pixel_off", "resizes half a pixel off, without antialiasing", points(linear, asymmetric)),
    ("nearest_corner", "takes the nearest point, as OpenCV and PyTorch do", points(nearest_before, asymmetric)),
)
