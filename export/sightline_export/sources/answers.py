"""What a network's answers to real pictures say of it: logits or probabilities, or that it can't be served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline_backend.pixels import PixelSpec, decode
from sightline_export.datasets.photographs import photographs
from sightline_export.errors import SourceUnusable

PICTURES = 2
MORE_PICTURES = 8
_SUM_TOLERANCE = 1e-3
_ALIKE = 1e-6  # of the largest answer: comparisons of answers that differ by less would show nothing


def real_pictures(pixels: PixelSpec, count: int = PICTURES) -> NDArray[np.uint8]:
    """A few photographs, uint8 (B, h, w, c)."""
    return np.stack([decode(file.content, pixels) for file in photographs(count)])


def unreal_pictures(pixels: PixelSpec) -> NDArray[np.uint8]:
    """White, black, noise and a negative, uint8 (4, h, w, c): they drive logits further than photographs do."""
    white = np.full(pixels.shape, 255, np.uint8)
    noise = np.random.default_rng(9).integers(0, 256, pixels.shape, dtype=np.uint8)
    return np.stack([white, 0 * white, noise, 255 - real_pictures(pixels, 1)[0]])


def check_finite(rows: NDArray[Any], origin: str) -> None:
    """Refuse a network whose answers to real pictures are no numbers.

    Raises:
        SourceUnusable: infinity or not a number among them.
    """
    if not np.isfinite(rows).all():
        raise SourceUnusable(
            f"expected finite numbers from {origin} for real pictures, got {rows[~np.isfinite(rows)][0]}; "
            "check the weights, and --mean, --std and --scale"
        )


def check_count(outputs: int, origin: str, embeds: bool) -> None:
    """Refuse a network with one output: a softmax of it is always 1, and so is a vector of length 1.

    Raises:
        SourceUnusable: with what to return instead.
    """
    if outputs > 1:
        return
    if embeds:
        raise SourceUnusable(f"expected a vector of 2 numbers or more from {origin}, got 1; give one before its head")
    raise SourceUnusable(
        f"expected an output for each of two classes or more from {origin}, got 1; let it give two logits, or of its "
        "probability p both: torch.cat([1 - p, p], 1)"
    )


def check_telling(rows: NDArray[Any], origin: str, more: Callable[[], NDArray[Any]]) -> None:
    """Refuse a network that ignores its pictures: any wrong graph would agree with it.

    rows: finite answers to different real pictures.
    more: answers to more of them, MORE_PICTURES; called where the first ones are alike.

    Raises:
        SourceUnusable: they are all alike.
    """
    if _alike(rows) and _alike(all_rows := more()):
        raise SourceUnusable(
            f"expected different answers from {origin} to different pictures, got the same to {len(all_rows)} of them; "
            "check that its weights are loaded, and --mean, --std and --scale"
        )


def gives_logits(rows: NDArray[Any], origin: str, provoked: Callable[[], NDArray[Any]]) -> bool:
    """Whether rows (B, k) of answers to real pictures are logits rather than probabilities.

    provoked: answers to pictures that no camera takes; called where those to real ones leave it open.

    Raises:
        SourceUnusable: they are neither, as those of a sigmoid.
    """
    if not _within(rows):
        return True
    sums = rows.sum(axis=1, dtype=np.float64)
    if np.all(np.abs(sums - 1) <= _SUM_TOLERANCE):
        return False
    others = provoked()
    if not _within(others[np.isfinite(others)]):
        return True
    raise SourceUnusable(
        f"expected logits, or probabilities that sum to 1, from {origin}, got numbers from 0 to 1 that sum to "
        f"{sums[0]:.3g}, as a sigmoid gives them; let it give its logits, if one class is right for each picture"
    )


def _alike(rows: NDArray[Any]) -> bool:
    exact = rows.astype(np.float64)
    return bool(np.ptp(exact, axis=0).max() <= _ALIKE * np.abs(exact).max())


def _within(numbers: NDArray[Any]) -> bool:
    return bool(np.all((numbers >= 0) & (numbers <= 1)))
