"""The bytes of a picture file to an upright image, and pixels back to a PNG file.

Pictures come from strangers. Therefore: five formats only, limits checked on the header before a pixel is allocated,
and whatever Pillow raises comes out as a `PictureError`.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from sightline_backend.errors import (
    PictureDamagedError,
    PictureError,
    PictureFormatError,
    PictureTooLargeError,
    PixelsError,
)
from sightline_backend.formats import EXPECTED, describe, header_size_wh
from sightline_backend.spans import span

MAX_PIXELS = 50_000_000
MAX_SIDE = 65_535
"""Longest side in pixels: what JPEG allows. A longer one costs resampling gigabytes, however few pixels there are."""

# All five are imported here: for one that is missing, Pillow would import every plugin it has, TIFF and EPS included.
_READERS = {
    "JPEG": JpegImagePlugin,
    "PNG": PngImagePlugin,
    "WEBP": WebPImagePlugin,
    "BMP": BmpImagePlugin,
    "GIF": GifImagePlugin,
}
_ORIENTATION_TAG = 0x0112
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPS_AXES = frozenset({5, 6, 7, 8})
_LEFT_WAS_FAR_EDGE = frozenset({2, 3, 6, 7})
_TOP_WAS_FAR_EDGE = frozenset({3, 4, 7, 8})

_N = TypeVar("_N", int, float)


@dataclass(frozen=True)
class ReducedPicture:
    """An upright picture, possibly decoded at 1/2, 1/4 or 1/8 of its size."""

    image: Image.Image
    box_xyxy: tuple[float, float, float, float]
    """The part of `image`, in its own pixels, that the picture covers: a reduced size is rounded up to whole pixels."""
    size_wh: tuple[int, int]
    """Upright width and height of the picture as it was sent."""


def open_picture(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a picture file and turn it upright (EXIF orientation).

    Args:
        data: the untouched bytes of a JPEG, PNG, WebP, BMP or GIF file; of an animation the first frame counts.
        max_pixels: refuse more pixels than this, judged by the header.

    Returns:
        The loaded picture in the mode that it is stored in; `sightline_backend.modes.to_mode` makes RGB or grey of it.

    Raises:
        PictureError: the bytes are no such file (PictureFormatError), promise too many pixels (PictureTooLargeError) or
            are truncated or broken (PictureDamagedError).

    >>> open_picture(Path("digit.jpg").read_bytes()).size
    (640, 480)
    """
    with span("decode"):
        return _read(data, max_pixels, wanted_wh=None).image


def open_reduced(
    data: bytes, wanted_wh: Callable[[tuple[int, int]], tuple[int, int]], *, max_pixels: int = MAX_PIXELS
) -> ReducedPicture:
    """Like `open_picture`, but let the JPEG decoder leave out detail that is not wanted.

    Args:
        data: the bytes of a picture file.
        wanted_wh: given the upright size of the picture, the smallest size to decode it to; neither side gets smaller.
        max_pixels: as in `open_picture`.

    Raises:
        PictureError: as in `open_picture`.
    """
    with span("decode"):
        return _read(data, max_pixels, wanted_wh)


def encode_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encode RGB pixels as a PNG file; equal pixels give equal bytes (with the same build of Pillow).

    Args:
        pixels: uint8, (h, w, 3).

    Raises:
        PixelsError: another type or shape, or no pixels at all.

    >>> encode_png(np.zeros((16, 16, 3), np.uint8))[:4]
    b'\\x89PNG'
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise PixelsError(
            f"expected uint8 pixels of shape (h, w, 3), got {pixels.dtype} of shape {pixels.shape}; "
            "cast and transpose them in the model"
        )
    file = io.BytesIO()
    with span("postprocess"):
        Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG", optimize=False, compress_level=6)
    return file.getvalue()


def _read(
    data: bytes, max_pixels: int, wanted_wh: Callable[[tuple[int, int]], tuple[int, int]] | None
) -> ReducedPicture:
    with _translated_errors(data):
        _check_size_wh(header_size_wh(data), max_pixels)
        image = Image.open(io.BytesIO(data), formats=tuple(_READERS))
        stored_wh = image.size
        _check_size_wh(stored_wh, max_pixels)
        reduction = 1
        if isinstance(image, JpegImagePlugin.JpegImageFile):
            orientation = _orientation(image)
            if wanted_wh is not None:
                reduction = _draft(image, orientation, wanted_wh)
            image.load()
        else:
            image.load()
            orientation = _orientation(image)  # a PNG may carry it behind its pixels
        upright = image.transpose(_TRANSPOSE[orientation]) if orientation in _TRANSPOSE else image
    covered_wh = _upright_wh((stored_wh[0] / reduction, stored_wh[1] / reduction), orientation)
    x = upright.width - covered_wh[0] if orientation in _LEFT_WAS_FAR_EDGE else 0.0
    y = upright.height - covered_wh[1] if orientation in _TOP_WAS_FAR_EDGE else 0.0
    return ReducedPicture(
        image=upright,
        box_xyxy=(x, y, x + covered_wh[0], y + covered_wh[1]),
        size_wh=_upright_wh(stored_wh, orientation),
    )


def _draft(
    image: JpegImagePlugin.JpegImageFile, orientation: int, wanted_wh: Callable[[tuple[int, int]], tuple[int, int]]
) -> int:
    wanted = _upright_wh(wanted_wh(_upright_wh(image.size, orientation)), orientation)
    image.draft(None, wanted)
    scale = image.decoderconfig[0] if image.decoderconfig else 1
    return int(scale)


def _upright_wh(size_wh: tuple[_N, _N], orientation: int) -> tuple[_N, _N]:
    return (size_wh[1], size_wh[0]) if orientation in _SWAPS_AXES else size_wh


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # broken metadata is no reason to refuse good pixels, and Pillow's reader raises anything
        return 1
    return value if isinstance(value, int) else 1


def _check_size_wh(size_wh: tuple[int, int] | None, max_pixels: int) -> None:
    if size_wh is None:
        return
    width, height = size_wh
    if width * height > max_pixels or max(width, height) > MAX_SIDE:
        raise PictureTooLargeError(
            f"expected a picture of at most {max_pixels / 1e6:g} megapixels and {MAX_SIDE} pixels a side, got "
            f"{width}x{height} ({width * height / 1e6:.1f} megapixels); shrink it before sending"
        )


@contextmanager
def _translated_errors(data: bytes) -> Generator[None]:
    """Turn what Pillow raises into our errors, here and nowhere else. Its warnings about odd metadata help nobody."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        try:
            yield
        except PictureError:
            raise
        except UnidentifiedImageError as error:
            raise PictureFormatError(f"expected {EXPECTED}, got {describe(data)}; {_advice(data)}") from error
        except Image.DecompressionBombError as error:
            raise PictureTooLargeError(
                f"expected a picture of at most {MAX_PIXELS / 1e6:g} megapixels, got {describe(data)} of more than "
                "three times as many; shrink it before sending"
            ) from error
        except MemoryError as error:
            raise PictureTooLargeError(
                f"expected a picture that fits in memory, got {describe(data)} that does not; shrink it before sending"
            ) from error
        except _PILLOW_RAISES as error:
            reason = " ".join(str(error).split())[:120] or type(error).__name__
            raise PictureDamagedError(
                f"expected an undamaged picture, got {describe(data)} that can't be decoded ({reason}); "
                "check that it opens in an image viewer and was sent whole"
            ) from error


_PILLOW_RAISES = (
    ValueError,
    SyntaxError,
    struct.error,
    OSError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
)


def _advice(data: bytes) -> str:
    if not data:
        return "send the untouched bytes of the file"
    if describe(data) in {"a JPEG file", "a PNG file", "a WebP file", "a BMP file", "a GIF file"}:
        return "its header is broken, check that it opens in an image viewer and was sent whole"
    return "convert it to one of these first"
