"""Colour order: channels exchanged, or grey made another way; in the pixels or inside the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.pixels import PixelSpec
from sightline_export.difference.pixel_path import NotThisPicture, PixelPath
from sightline_export.difference.staged_graph import StagedGraph
from sightline_export.difference.stages import Stage
from sightline_export.difference.variants.variant import GraphVariant, Mistake, PixelVariant

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels], Pixels]
"""From RGB levels (…, 3) to what the service has in their place: (…, 3), or (…, 1) of a grey picture."""


def colour_variants(spec: PixelSpec) -> Iterator[PixelVariant]:
    """In the pixels."""
    changes = _OF_RGB if spec.mode == "rgb" else _OF_GREY
    for mistake, change in changes:
        yield PixelVariant(mistake, PixelPath(colours=_on_image(change)))


def colour_variants_in_graph(channels: int) -> Iterator[GraphVariant]:
    """Behind the pixels, where the service is given the right ones."""
    for mistake, change in _OF_RGB if channels == 3 else ():
        yield GraphVariant(mistake, _before(change))


def _on_image(change: Change) -> Callable[[Image.Image, PixelSpec], Image.Image]:
    def colours(image: Image.Image, spec: PixelSpec) -> Image.Image:
        if image.mode != "RGB":
            raise NotThisPicture
        changed = change(np.asarray(image))
        return Image.fromarray(np.ascontiguousarray(changed[..., 0] if changed.shape[-1] == 1 else changed))

    return colours


def _before(change: Change) -> Callable[[StagedGraph], StagedGraph]:
    return lambda graph: graph.with_pixels(lambda pixels: np.ascontiguousarray(change(pixels)))


def _ordered(order: tuple[int, ...]) -> Change:
    return lambda rgb: rgb[..., list(order)]


def _one(channel: int) -> Change:
    return lambda rgb: np.repeat(rgb[..., channel : channel + 1], 3, axis=-1)


def _weighted(*weights: float) -> Change:
    table = np.array(weights, np.float32)
    return lambda rgb: np.clip(rgb.astype(np.float32) @ table + 0.5, 0, 255).astype(np.uint8)[..., None]


def _in_three(change: Change) -> Change:
    return lambda rgb: np.repeat(change(rgb), 3, axis=-1)


_LUMA = _weighted(0.299, 0.587, 0.114)


def _mistake(key: str, cause: str, advice: str) -> Mistake:
    return Mistake(Stage.COLOUR_ORDER, key, cause, advice)


def _orders() -> Iterator[tuple[Mistake, Change]]:
    for order in sorted(permutations(range(3)), key=lambda order: order != (2, 1, 0)):
        if order != (0, 1, 2):
            name = "".join("RGB"[channel] for channel in order)
            reverse = tuple(order.index(channel) for channel in range(3))
            yield (
                _mistake(
                    name.lower(),
                    f"has the channels in the order {name}, training had RGB",
                    f"reorder them once: pixels[..., {list(reverse)}]",
                ),
                _ordered(order),
            )


_RGB = "keep the three channels of the picture"
_OF_RGB: tuple[tuple[Mistake, Change], ...] = (
    *_orders(),
    (_mistake("grey", "makes the picture grey", _RGB), _in_three(_LUMA)),
    (
        _mistake("mean_grey", "makes the picture grey, as the mean of its channels", _RGB),
        _in_three(_weighted(*(1 / 3,) * 3)),
    ),
    *(
        (_mistake(f"only_{name}", f"gives the {name} channel three times", _RGB), _one(channel))
        for channel, name in enumerate(("red", "green", "blue"))
    ),
)
_601 = "make grey of RGB by ITU-R 601 luma: 0.299 R + 0.587 G + 0.114 B"
_OF_GREY: tuple[tuple[Mistake, Change], ...] = (
    (_mistake("grey_of_bgr", "makes grey of BGR as if it were RGB", _601), _weighted(0.114, 0.587, 0.299)),
    (_mistake("mean_grey", "takes the mean of the channels for grey", _601), _weighted(*(1 / 3,) * 3)),
    (_mistake("grey_709", "makes grey by ITU-R 709", _601), _weighted(0.2126, 0.7152, 0.0722)),
    *(
        (_mistake(f"only_{name}", f"takes the {name} channel for grey", _601), _weighted(*np.eye(3)[channel]))
        for channel, name in enumerate(("red", "green", "blue"))
    ),
)
