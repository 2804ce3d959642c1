"""What the recipes of the enhancers share: the pictures, the gain in decibels, and the contact sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_export.datasets.enhancement_photographs import HELD_OUT, SOURCE, held_out_photographs
from sightline_export.measures.image_quality import psnr, ssim
from sightline_export.sheets.contact_sheet import grid

Pixels = NDArray[np.uint8]

DATA = f"{SOURCE}; {', '.join(HELD_OUT)} are held out"
LICENCE = "data public domain, CC0 and CC BY 2.0"
TILE = 160  # of the contact sheet, in pixels
MOST_DB = 100.0  # what a picture counts that is equal to the truth: of infinity there is no mean


@dataclass(frozen=True)
class Gain:
    """By how much answers are nearer to the truth than what they are compared with.

    psnr_db: (before, after) of each picture, in dB, at most :data:`MOST_DB`. ssim: likewise.
    """

    psnr_db: tuple[tuple[float, float], ...]
    ssim: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, truths: Sequence[Pixels], before: Sequence[Pixels], after: Sequence[Pixels]) -> Gain:
        pairs = list(zip(truths, before, after, strict=True))
        return cls(
            tuple((_psnr_db(truth, old), _psnr_db(truth, new)) for truth, old, new in pairs),
            tuple((ssim(truth, old), ssim(truth, new)) for truth, old, new in pairs),
        )

    @property
    def mean_db(self) -> float:
        """The mean gain in dB."""
        return float(np.mean([after - before for before, after in self.psnr_db]))

    @property
    def least_db(self) -> float:
        """The gain in dB of the picture that gains least."""
        return min(after - before for before, after in self.psnr_db)

    @property
    def mean_ssim(self) -> float:
        """The mean gain in structural similarity."""
        return float(np.mean([after - before for before, after in self.ssim]))


def _psnr_db(truth: Pixels, got: Pixels) -> float:
    return min(psnr(truth, got), MOST_DB)


def detail_sheet(
    before: Callable[[Pixels], Pixels], after: Callable[[Sequence[Pixels]], Sequence[Pixels]], titles: Sequence[str]
) -> Image.Image:
    """Details of three held-out photographs at their own size: `before` of each, what comes `after`, and the truth."""
    truths = [_detail(photograph.pixels) for photograph in held_out_photographs() if photograph.name != "china"]
    given = [before(truth) for truth in truths]
    rows = zip(given, after(truths), truths, strict=True)
    return grid([[Image.fromarray(picture) for picture in row] for row in rows], column_titles=titles, tile=TILE)


def _detail(pixels: Pixels) -> Pixels:
    h, w = (int(size) for size in pixels.shape[:2])
    top, left = (h - TILE) // 2, (w - TILE) // 2
    return pixels[top : top + TILE, left : left + TILE]
