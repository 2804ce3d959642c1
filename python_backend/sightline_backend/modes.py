"""From any of Pillow's image modes to plain RGB or grey."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image

Mode = Literal["rgb", "gray"]
MODES: tuple[Mode, ...] = ("rgb", "gray")

_PILLOW_MODE: dict[Mode, str] = {"rgb": "RGB", "gray": "L"}
_WHITE = (255, 255, 255)


def to_mode(image: Image.Image, mode: Mode) -> Image.Image:
    """Return the picture as 8-bit RGB or grey.

    Transparency (an alpha channel, a transparent palette entry, a transparent colour) shows white. 16-bit samples keep
    their high byte. Grey is ITU-R 601 luma of the RGB picture: (19595 R + 38470 G + 7471 B + 32768) >> 16.
    """
    if image.mode.startswith("I"):
        image = _high_byte(image)
    if image.has_transparency_data:
        image = _over_white(image)
    if mode == "gray" and image.mode not in ("1", "L", "RGB"):
        image = image.convert("RGB")
    return image if image.mode == _PILLOW_MODE[mode] else image.convert(_PILLOW_MODE[mode])


def _high_byte(image: Image.Image) -> Image.Image:
    samples = np.clip(np.asarray(image), 0, 65535).astype(np.uint16)
    levels = (samples >> 8).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        levels[samples == transparent] = 255
    return Image.fromarray(levels)


def _over_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    base = Image.new("RGB", rgba.size, _WHITE)
    base.paste(rgba, mask=rgba.getchannel("A"))
    return base
