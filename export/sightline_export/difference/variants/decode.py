"""Decoding: how much of a JPEG, what shows behind transparency, which bits, which levels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from sightline_backend.fitting import margin_wh
from sightline_backend.pictures import ReducedPicture, open_reduced
from sightline_backend.pixels import PixelSpec
from sightline_export.difference.pixel_path import NotThisPicture, PixelPath, as_rgb, decode_as_trained
from sightline_export.difference.stages import Stage
from sightline_export.difference.variants.variant import Mistake, PixelVariant

Change = Callable[[Image.Image], Image.Image]
Decode = Callable[[bytes, PixelSpec], ReducedPicture]
Levels = NDArray[np.float64]


def decode_variants() -> Iterator[PixelVariant]:
    for key, cause, advice, decode in (
        *_reductions(),
        *((key, cause, advice, _changed(change)) for key, cause, advice, change in _OF_FILES),
        *((key, cause, advice, _levels(change)) for key, cause, advice, change in _OF_LEVELS),
    ):
        yield PixelVariant(Mistake(Stage.DECODE, key, cause, advice), PixelPath(decode=decode))


def _reductions() -> Iterator[tuple[str, str, str, Decode]]:
    advice = "decode a large JPEG at no less than twice the size needed, as sightline_backend.pixels.decode does"
    yield "full_size", "decodes the JPEG at its full size, training reduced it first", advice, _reduced(1)
    edges = "takes the edge of a reduced JPEG for picture, where its size was rounded up to whole pixels"
    yield "reduced_edges", edges, "resample the part that the picture covers (box in Pillow's resize)", _to_the_edge
    for part in (2, 4, 8):
        cause = f"decodes the JPEG at 1/{part} of its size, training did not"
        yield f"reduced_to_1_{part}", cause, advice, _reduced(part)
        yield f"reduced_to_1_{part}", cause, advice, _reduced(part, to_the_edge=True)


def _to_the_edge(data: bytes, spec: PixelSpec) -> ReducedPicture:
    return _with_edges(decode_as_trained(data, spec))


def _with_edges(picture: ReducedPicture) -> ReducedPicture:
    return replace(picture, box_xyxy=(0.0, 0.0, float(picture.image.width), float(picture.image.height)))


def _reduced(part: int, *, to_the_edge: bool = False) -> Decode:
    def decode(data: bytes, spec: PixelSpec) -> ReducedPicture:
        if data[:2] != b"\xff\xd8":
            raise NotThisPicture
        picture = as_rgb(open_reduced(data, lambda wh: (max(1, wh[0] // part), max(1, wh[1] // part))))
        return _with_edges(picture) if to_the_edge else picture

    return decode


def _changed(change: Change) -> Decode:
    """change: from the file's own mode to RGB, or to another mode that to_mode then makes RGB of."""

    def decode(data: bytes, spec: PixelSpec) -> ReducedPicture:
        picture = open_reduced(data, lambda size_wh: margin_wh(size_wh, spec))
        return as_rgb(replace(picture, image=change(picture.image)))

    return decode


def _levels(change: Callable[[Levels], Levels]) -> Decode:

    table = [int(v) for v in np.clip(np.round(change(np.arange(256.0))), 0, 255)]

    def decode(data: bytes, spec: PixelSpec) -> ReducedPicture:
        picture = decode_as_trained(data, spec)
        return replace(picture, image=picture.image.point(table * 3))

    return decode


def _over(level: int) -> Change:
    def change(image: Image.Image) -> Image.Image:
        rgba = _with_alpha(image)
        base = Image.new("RGB", rgba.size, (level,) * 3)
        base.paste(rgba, mask=rgba.getchannel("A"))
        return base

    return change


def _without_alpha(image: Image.Image) -> Image.Image:
    return Image.merge("RGB", _with_alpha(image).split()[:3])


def _with_alpha(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        raise NotThisPicture
    return image.convert("RGBA")


def _samples(image: Image.Image) -> Levels:
    if not image.mode.startswith("I"):
        raise NotThisPicture
    return np.asarray(image).astype(np.float64)


def _clipped(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.clip(_samples(image), 0, 255).astype(np.uint8))


def _low_byte(image: Image.Image) -> Image.Image:
    return Image.fromarray((_samples(image).astype(np.int64) & 255).astype(np.uint8))


def _stretched(image: Image.Image) -> Image.Image:
    samples = _samples(image)
    low, high = samples.min(), max(samples.max(), samples.min() + 1)
    return Image.fromarray(((samples - low) / (high - low) * 255).astype(np.uint8))


def _palette_indices(image: Image.Image) -> Image.Image:
    if image.mode != "P":
        raise NotThisPicture
    return Image.fromarray(np.asarray(image))


def _inverted_cmyk(image: Image.Image) -> Image.Image:
    if image.mode != "CMYK":
        raise NotThisPicture
    return ImageChops.invert(image).convert("RGB")


def _unconverted_ycc(image: Image.Image) -> Image.Image:
    return Image.merge("RGB", image.convert("RGB").convert("YCbCr").split())


_WHITE = "composite the picture over white before resizing, as sightline_backend.modes.to_mode does"
_HIGH = "keep the high byte of 16-bit samples, as sightline_backend.modes.to_mode does"
_OF_FILES: tuple[tuple[str, str, str, Change], ...] = (
    ("alpha_over_black", "shows transparency as black, training as white", _WHITE, _over(0)),
    ("alpha_over_grey", "shows transparency as grey, training as white", _WHITE, _over(128)),
    ("alpha_dropped", "drops the alpha channel and shows what lies under it", _WHITE, _without_alpha),
    ("sixteen_bit_clipped", "clips 16-bit samples to 255", _HIGH, _clipped),
    ("sixteen_bit_low_byte", "keeps the low byte of 16-bit samples", _HIGH, _low_byte),
    ("sixteen_bit_stretched", "stretches 16-bit samples between the darkest and the brightest", _HIGH, _stretched),
    ("palette_indices", "takes palette indices for levels", "convert the picture to RGB first", _palette_indices),
    ("cmyk_inverted", "takes inverted CMYK for CMYK", "convert with Pillow's convert('RGB')", _inverted_cmyk),
    ("ycbcr", "takes the JPEG's YCbCr for RGB", "ask the decoder for RGB", _unconverted_ycc),
)
_FULL = "decode to full-range levels, 0 to 255"
_OF_LEVELS: tuple[tuple[str, str, str, Callable[[Levels], Levels]], ...] = (
    ("inverted", "inverts the levels (255 - level)", "don't invert", lambda v: 255 - v),
    ("limited_range", "gives levels of video's limited range, 16 to 235", _FULL, lambda v: 16 + v * 219 / 255),
    ("expanded_range", "expands levels as if they were video's limited range", _FULL, lambda v: (v - 16) * 255 / 219),
    ("linear_light", "converts levels to linear light", "keep the levels as stored", lambda v: 255 * (v / 255) ** 2.2),
    (
        "gamma_twice",
        "applies a gamma to the levels",
        "keep the levels as stored",
        lambda v: 255 * (v / 255) ** (1 / 2.2),
    ),
)
