"""Pictures to send: photographs, cut and encoded so that each mistake shows."""

from __future__ import annotations

import io
from functools import cache
from typing import Any, cast

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images

EXIF_ORIENTATION = 0x0112


@cache
def photograph(number: int = 0, size_wh: tuple[int, int] = (320, 214)) -> Image.Image:
    images = cast("Any", load_sample_images()).images
    return Image.fromarray(images[number]).resize(size_wh, Image.Resampling.LANCZOS)


def jpeg(image: Image.Image, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    return encoded(image, "JPEG", quality=90, exif=exif)


def png(image: Image.Image) -> bytes:
    return encoded(image, "PNG")


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@cache
def pictures() -> dict[str, bytes]:
    """By name, the bytes of the files."""
    china, flower = photograph(0), photograph(1)
    tall = flower.crop((60, 0, 180, 214))
    fading = china.convert("RGBA")
    fading.putalpha(Image.linear_gradient("L").resize(china.size))
    deep = Image.fromarray(np.asarray(china.convert("L")).astype(np.uint16) * 257)
    return {
        "photo.png": png(china),
        "flower.png": png(flower),
        "photo.jpg": jpeg(china),
        "large.jpg": jpeg(photograph(0, (1283, 857))),
        "turned.jpg": jpeg(china, 6),
        "turned_large.jpg": jpeg(photograph(1, (1283, 857)), 8),
        "mirrored.jpg": jpeg(china, 2),
        "tall.png": png(tall),
        "tall.jpg": jpeg(photograph(1, (500, 857))),
        "alpha.png": png(fading),
        "deep.png": png(deep),
        "grey.png": png(flower.convert("L")),
        "palette.png": png(china.quantize(64)),
        "cmyk.jpg": encoded(china.convert("CMYK"), "JPEG", quality=90),
        "small.png": png(china.resize((20, 17))),
        "exact.png": png(china.resize((48, 32))),
    }
