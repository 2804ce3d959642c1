"""The two photographs inside scikit-learn, as the files that users send: many sizes, encodings and colour modes.

china.jpg by csfotografie and flower.jpg by vultilion, both CC BY 2.0; see `sklearn.datasets.load_sample_images`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_export.model_spec import PictureFile

SOURCE = "photographs of scikit-learn (csfotografie, vultilion; CC BY 2.0)"
_ORIENTATION_TAG = 0x0112


def photographs(count: int) -> tuple[PictureFile, ...]:
    """The first `count` pictures: every kind of :data:`_KINDS` in turn, then other crops of the same photographs.

    >>> [file.name for file in photographs(2)]
    ['china-jpeg-0.jpg', 'flower-png-0.png']
    """
    return tuple(_picture(index) for index in range(count))


def _picture(index: int) -> PictureFile:
    round_, kind = divmod(index, len(_KINDS))
    name, suffix, encode = _KINDS[kind]
    photograph = ("china", "flower")[(kind + round_) % 2]
    return PictureFile(f"{photograph}-{name}-{round_}.{suffix}", encode(_crop(_load()[photograph], round_)))


def _crop(image: Image.Image, round_: int) -> Image.Image:
    """The whole picture first, then ever other parts of it."""
    if not round_:
        return image
    rng = np.random.default_rng(round_)
    width, height = (int(side * rng.uniform(0.3, 0.9)) for side in image.size)
    left, top = int(rng.integers(image.width - width)), int(rng.integers(image.height - height))
    return image.crop((left, top, left + width, top + height))


@cache
def _load() -> dict[str, Image.Image]:
    import sklearn.datasets  # slow to import

    bunch = cast(Any, sklearn.datasets.load_sample_images())
    pictures = cast(list[NDArray[np.uint8]], bunch.images)  # each (427, 640, 3)
    return {name: Image.fromarray(picture) for name, picture in zip(("china", "flower"), pictures, strict=True)}


def _encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, format=format, **options)
    return file.getvalue()


def _rotated_by_exif(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[_ORIENTATION_TAG] = 6
    return _encoded(image.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=exif)


def _half_transparent(image: Image.Image) -> bytes:
    alpha = Image.linear_gradient("L").resize(image.size)
    image = image.copy()
    image.putalpha(alpha)
    return _encoded(image, "PNG")


def _sixteen_bit(image: Image.Image) -> bytes:
    grey = np.asarray(image.convert("L"), dtype=np.uint16)
    return _encoded(Image.fromarray(grey * 257), "PNG")


def _small(image: Image.Image, width: int, height: int) -> Image.Image:
    return image.resize((width, height), Image.Resampling.BICUBIC)


_KINDS: tuple[tuple[str, str, Callable[[Image.Image], bytes]], ...] = (
    ("jpeg", "jpg", lambda image: _encoded(image, "JPEG", quality=90)),
    ("png", "png", lambda image: _encoded(image, "PNG")),
    ("exif", "jpg", _rotated_by_exif),
    ("grey", "jpg", lambda image: _encoded(image.convert("L"), "JPEG", quality=90)),
    ("alpha", "png", _half_transparent),
    ("cmyk", "jpg", lambda image: _encoded(image.convert("CMYK"), "JPEG", quality=90)),
    ("palette", "gif", lambda image: _encoded(image.quantize(64), "GIF")),
    ("webp", "webp", lambda image: _encoded(image, "WEBP", quality=85)),
    ("16bit", "png", _sixteen_bit),
    ("large", "jpg", lambda image: _encoded(_small(image, 2560, 1708), "JPEG", quality=85)),
    ("odd", "png", lambda image: _encoded(_small(image, 37, 91), "PNG")),
    ("pixel", "png", lambda image: _encoded(_small(image, 1, 1), "PNG")),
)
