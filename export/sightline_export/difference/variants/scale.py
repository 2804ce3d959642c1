"""Scaling: from uint8 levels to the numbers that the network was trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline_export.difference.staged_graph import StagedGraph
from sightline_export.difference.stages import Stage
from sightline_export.difference.variants.variant import GraphVariant, Mistake
from sightline_export.graph.stages import StagePieces

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
_PLAUSIBLE_STD = (0.02, 10.0)  # in units of [0, 1]; outside it, the network takes levels


@dataclass(frozen=True, eq=False)
class Scaling:
    """x[c] = (level[order[c]] * scale - mean[c]) / std[c], as measured on the graph itself.

    channels_first: the layout of x. mean, std: float (c,).
    """

    order: tuple[int, ...]
    scale: float
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    channels_first: bool

    def with_factors(self, pixels: Pixels, factor: NDArray[np.float64], offset: NDArray[np.float64]) -> Floats:
        """level * factor + offset in the layout of the graph. pixels: uint8 (B, h, w, c)."""
        x = (pixels[..., list(self.order)] * factor + offset).astype(np.float32)
        return np.ascontiguousarray(np.moveaxis(x, 3, 1)) if self.channels_first else x


def measure(stages: StagePieces, shape: tuple[int, int, int]) -> Scaling | None:
    """Find the scaling by putting plain colours through the graph's own; None where it is no such formula.

    shape: of the pixels, (h, w, c).
    """
    h, w, c = shape
    black: Pixels = np.zeros((1, h, w, c), np.uint8)
    offset_image = stages.scale(black)
    if offset_image.shape == (1, c, h, w):
        channels_first = True
    elif offset_image.shape == (1, h, w, c):
        channels_first = False
    else:
        return None

    def per_channel(image: Floats) -> NDArray[np.float64]:
        flat = image[0].reshape(c, -1) if channels_first else image[0].reshape(-1, c).T
        return flat.mean(axis=1, dtype=np.float64)

    offset = per_channel(offset_image)
    slopes = np.zeros((c, c))  # output channel, input channel
    for channel in range(c):
        lit = np.array(black)
        lit[..., channel] = 255
        slopes[:, channel] = (per_channel(stages.scale(lit)) - offset) / 255
    order = tuple(int(i) for i in np.abs(slopes).argmax(axis=1))
    factor = slopes[np.arange(c), list(order)]
    if not np.all(factor > 0):
        return None
    scale = 1 / 255 if all(_PLAUSIBLE_STD[0] <= 1 / (255 * f) <= _PLAUSIBLE_STD[1] for f in factor) else 1.0
    std = scale / factor
    found = Scaling(order, scale, -offset * std, std, channels_first)
    noise = np.random.default_rng(0).integers(0, 256, (1, *shape), dtype=np.uint8)
    again = found.with_factors(noise, factor, offset)
    return found if np.allclose(again, stages.scale(noise), rtol=1e-3, atol=1e-3 * float(np.abs(again).max())) else None


def scale_variants(graph: StagedGraph, shape: tuple[int, int, int]) -> Iterator[GraphVariant]:
    """Formulas only for graphs that name their stages. shape: of the pixels, (h, w, c)."""
    for key, cause, change in _LAYOUTS:
        mistake = Mistake(Stage.SCALE, key, cause, "transpose (h, w, c) to (c, h, w): permute(2, 0, 1)")
        yield GraphVariant(mistake, _before(change))
    scaling = measure(graph.stages, shape) if graph.stages else None
    if scaling is None:
        return
    for key, cause, factor, offset in _formulas(scaling):
        yield _variant(scaling, key, cause, _formula(scaling, factor, offset))


def _formulas(s: Scaling) -> Iterator[tuple[str, str, NDArray[np.float64], NDArray[np.float64]]]:
    """key, cause, factor of the level, offset."""
    m, d, k = s.mean, s.std, s.scale
    other = 1.0 if k != 1 else 1 / 255
    if k != 1:
        yield "scaled_twice", "divides the levels by 255 twice", k * k / d, -m / d
        yield "not_scaled", "does not divide the levels by 255", 1 / d, -m / d
    else:
        yield "scaled", "divides the levels by 255, the network was trained on 0 to 255", other / d, -m / d
    unit = k / other  # from the unit of the mean to the other one
    yield "mean_unit", "subtracts the mean on the wrong scale (0 to 255 or 0 to 1)", k / d, -m / unit / d
    yield (
        "mean_std_unit",
        "has mean and standard deviation on the wrong scale (0 to 255 or 0 to 1)",
        k * unit / d,
        -m / d,
    )
    yield "mean_missing", "does not subtract the mean", k / d, 0 * m
    yield "std_missing", "does not divide by the standard deviation", k / d * d, -m
    yield "mean_std_missing", "neither subtracts the mean nor divides by the standard deviation", k + 0 * d, 0 * m
    yield "levels", "hands the levels to the network as they are", 1 + 0 * d, 0 * m
    if k == 1:
        yield "to_one", "brings the levels to 0 to 1", 1 / 255 + 0 * d, 0 * m
    yield "normalised_twice", "normalises twice", k / d / d, -m / d / d - m / d
    yield "divided_after", "divides the normalised values by 255 once more", k / d / 255, -m / d / 255
    yield "variance", "divides by the variance, not the standard deviation", k / d**2, -m / d**2
    yield "mean_added", "adds the mean instead of subtracting it", k / d, m / d
    yield "std_multiplied", "multiplies by the standard deviation instead of dividing", k * d, -m * d
    yield "std_first", "divides by the standard deviation before it subtracts the mean", k / d, -m
    yield (
        "mean_std_reversed",
        "has mean and standard deviation in the reverse channel order",
        k / d[::-1],
        -(m / d)[::-1],
    )
    yield "mean_reversed", "has the mean in the reverse channel order", k / d, -m[::-1] / d
    yield "by_256", "divides the levels by 256", k * 255 / 256 / d, -m / d
    for key, name, mean, std in _NAMED:
        if len(m) in (1, len(mean)):
            mean_, std_ = np.array(mean)[: len(m)], np.array(std)[: len(m)]
            yield key, f"normalises {name}", 1 / 255 / std_, -mean_ / std_
    if len(m) == 3:
        yield "caffe", "subtracts ImageNet's mean levels and does not scale", 1 + 0 * d, -np.array(_CAFFE)


def _formula(s: Scaling, factor: NDArray[np.float64], offset: NDArray[np.float64]) -> Callable[[Pixels], Floats]:
    return lambda pixels: s.with_factors(pixels, factor, offset)


def _before(change: Callable[[Pixels], Pixels]) -> Callable[[StagedGraph], StagedGraph]:
    return lambda graph: graph.with_pixels(change)


def _variant(s: Scaling, key: str, cause: str, scaled: Callable[[Pixels], Floats]) -> GraphVariant:
    mean, std = (", ".join(f"{value:.4g}" for value in values) for values in (s.mean, s.std))
    advice = f"make it (level * {'1/255' if s.scale != 1 else 1} - mean) / std with mean {mean} and std {std}"
    return GraphVariant(Mistake(Stage.SCALE, key, cause, advice), lambda graph: graph.with_scale(scaled))


def _reshaped(pixels: Pixels) -> Pixels:
    """NHWC memory taken for NCHW, written as the NHWC pixels that would give it."""
    b, h, w, c = pixels.shape
    return np.moveaxis(np.ascontiguousarray(pixels).reshape(b, c, h, w), 1, 3)


def _transposed(pixels: Pixels) -> Pixels:
    """Of pixels that are not square: their memory read in the wrong shape."""
    return np.ascontiguousarray(np.swapaxes(pixels, 1, 2)).reshape(pixels.shape)


_LAYOUTS: tuple[tuple[str, str, Callable[[Pixels], Pixels]], ...] = (
    ("reshaped", "reshapes (h, w, c) to (c, h, w) instead of transposing it", _reshaped),
    ("rows_for_columns", "transposes height and width", _transposed),
)
_NAMED = (
    ("imagenet", "with ImageNet's mean and standard deviation", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ("plus_minus_one", "to -1 to 1", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    (
        "clip",
        "with CLIP's mean and deviation",
        (0.48145466, 0.4578275, 0.40821073),
        (0.26862954, 0.26130258, 0.27577711),
    ),
)
_CAFFE = (123.68, 116.779, 103.939)
