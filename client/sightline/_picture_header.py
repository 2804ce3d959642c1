"""What the header of a picture file says about its size, without decoding a pixel."""

from __future__ import annotations

import io
from collections.abc import Iterator

import PIL.Image

_ORIENTATION = 0x0112  # the EXIF tag
_SWAPS_SIDES = frozenset({5, 6, 7, 8})
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_PIXELS = frozenset({b"IDAT", b"acTL", b"fcTL", b"fdAT"})


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels of an encoded picture, upright (EXIF orientation), read from its header.

    Args:
        data: The bytes of a JPEG, PNG, WebP, BMP or GIF file; any other bytes do no harm.

    Returns:
        The size, or None where the bytes are no such picture. Nothing is decoded, so a size says nothing about the
        pixels behind it: a truncated file has one, and so has a file that promises too many pixels.

    Example:
        ```python
        picture_size(pathlib.Path("street.jpg").read_bytes())  # (1280, 720)
        ```
    """
    try:
        image = _opened(data)
        width, height = image.size
    except Exception:  # broken headers make Pillow raise anything
        return None
    if width < 1 or height < 1:
        return None
    return (height, width) if _orientation(image) in _SWAPS_SIDES else (width, height)


def _opened(data: bytes) -> PIL.Image.Image:
    # The classes themselves rather than PIL.Image.open, which warns of a large picture or refuses it, and whose
    # warnings can be silenced only for all threads at once.
    from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    if data.startswith(_PNG_SIGNATURE):
        return PngImagePlugin.PngImageFile(io.BytesIO(_without_pixels(data)))
    if data.startswith(b"\xff\xd8"):
        return JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    if data.startswith(b"GIF8"):
        return GifImagePlugin.GifImageFile(io.BytesIO(data))
    if data.startswith(b"RIFF"):
        return WebPImagePlugin.WebPImageFile(io.BytesIO(data))
    return BmpImagePlugin.BmpImageFile(io.BytesIO(data))


def _orientation(image: PIL.Image.Image) -> object:
    try:
        # not the PNG reader's own, which decodes the pixels to see whether the tag is behind them
        return PIL.Image.Image.getexif(image).get(_ORIENTATION)
    except Exception:  # broken metadata is no reason to doubt the size, and Pillow's reader raises anything
        return None


def _without_pixels(png: bytes) -> bytes:
    """The file without its pixels, so that Pillow reads the metadata in front of them and behind them."""
    return _PNG_SIGNATURE + b"".join(chunk for name, chunk in _png_chunks(png) if name not in _PNG_PIXELS)


def _png_chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    start = len(_PNG_SIGNATURE)
    while start + 12 <= len(png):
        end = start + 12 + int.from_bytes(png[start : start + 4], "big")
        yield png[start + 4 : start + 8], png[start:end]
        start = end
