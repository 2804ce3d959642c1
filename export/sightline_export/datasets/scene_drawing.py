"""How a digit scene is drawn: the photograph behind it, and the ink of each digit.

The digits are the scans of :mod:`sightline_export.datasets.digits`: enlarged, rotated up to 20 degrees, sheared, 18 to
56 pixels high, in any colour that stands out a little from what lies under it, a little transparent at times.
"""

from __future__ import annotations

import math
from functools import cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_export.datasets.digits import load_digits
from sightline_export.datasets.textures import Split, textures

SIDE = 128  # pixels
HEIGHT_RANGE = (18.0, 56.0)  # of a digit, pixels
LEAST_CONTRAST = 70.0  # levels of luminance between a digit and what lies under it
SOLID = 128  # ink from here on makes a pixel one of the digit's

_INK_SIDE = 64  # the scans are enlarged to this once
_TEXTURE_SIDE = 320  # photographs are reduced to at most this, so that 96 pixels of them show something
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def background(split: Split, rng: np.random.Generator) -> NDArray[np.float32]:
    """A part of a photograph, (128, 128, 3) levels, with its contrast and brightness changed."""
    photographs = _photographs(split)
    image = photographs[int(rng.integers(len(photographs)))]
    side = rng.uniform(96, min(image.size))
    left, top = rng.uniform(0, image.width - side), rng.uniform(0, image.height - side)
    part = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, (left, top, left + side, top + side))
    levels = np.asarray(part, np.float32)[:, :: int(rng.choice((-1, 1)))]
    contrast, mean = rng.uniform(0.35, 1.0), levels.mean()
    tint = rng.normal(0, 12, 3) + rng.uniform(-50, 50)
    return ((levels - mean) * contrast + (mean + tint).clip(30, 225)).astype(np.float32)


def warped_digit(split: Split, rng: np.random.Generator) -> tuple[int, NDArray[np.uint8]]:
    """A digit and its ink (h, w) uint8, rotated, sheared and scaled, cut to the tightest box around its pixels."""
    scans, labels = _scans(split)
    index = int(rng.integers(len(labels)))
    height = math.exp(rng.uniform(math.log(HEIGHT_RANGE[0]), math.log(HEIGHT_RANGE[1])))
    angle, shear, aspect = np.deg2rad(rng.uniform(-20, 20)), rng.uniform(-0.15, 0.15), rng.uniform(0.8, 1.25)
    side = int(height * 2)
    scale = 0.8 * _INK_SIDE / height  # the digit takes 8 of 10 pixels of a padded scan
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    a, b = aspect * cos, aspect * (sin + shear * cos)
    c, d = -sin, cos - shear * sin
    middle, half = _INK_SIDE / 2, side / 2
    affine = (a, b, middle - (a + b) * half, c, d, middle - (c + d) * half)
    warped = scans[index].transform((side, side), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)
    threshold, steepness = rng.uniform(90, 150), rng.uniform(1.5, 5.0)  # thick or thin, soft or hard strokes
    ink = ((np.asarray(warped, np.float32) - threshold) * steepness + SOLID).clip(0, 255).astype(np.uint8)
    rows, columns = (np.flatnonzero((ink >= SOLID).any(axis=axis)) for axis in (1, 0))
    return int(labels[index]), ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def paint(under: NDArray[np.float32], ink: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Lay the ink (h, w) over the levels (h, w, 3) in place, in a colour that stands out from them."""
    ground = float((under[ink >= SOLID] @ _LUMINANCE).mean())
    colours = rng.uniform(0, 255, (6, 3)).astype(np.float32)
    contrasts = np.abs(colours @ _LUMINANCE - ground)
    enough = np.flatnonzero(contrasts >= LEAST_CONTRAST)
    colour = colours[enough[0]] if len(enough) else np.full(3, 0.0 if ground > 127 else 255.0, np.float32)
    cover = (rng.uniform(0.8, 1.0) / 255 * ink.astype(np.float32))[:, :, None]
    under += cover * (colour - under)


@cache
def _scans(split: Split) -> tuple[tuple[Image.Image, ...], NDArray[np.int64]]:
    """The scans of a split, enlarged, with a blank margin."""
    digits = load_digits()[("train", "held_out").index(split)]
    enlarged: list[Image.Image] = []
    for file in digits.pictures:
        padded = Image.new("L", (10, 10))
        padded.paste(Image.open(BytesIO(file)), (1, 1))
        enlarged.append(padded.resize((_INK_SIDE, _INK_SIDE), Image.Resampling.BICUBIC))
    return tuple(enlarged), digits.labels


@cache
def _photographs(split: Split) -> tuple[Image.Image, ...]:
    reduced: list[Image.Image] = []
    for texture in textures(split):
        image = Image.fromarray(texture.pixels)
        share = min(1.0, _TEXTURE_SIDE / min(image.size))
        width, height = (round(side * share) for side in image.size)
        reduced.append(image.resize((width, height), Image.Resampling.BOX))
    return tuple(reduced)
