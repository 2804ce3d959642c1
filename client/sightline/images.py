"""Pictures as callers hold them, turned into the encoded bytes that travel.

Encoded bytes go untouched, so that the server's decoder is the only one and every language gets the same pixels.
Arrays and PIL images are encoded as PNG, which loses nothing.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline._picture_header import picture_size as picture_size
from sightline._picture_mistakes import object_advice, path_advice, pixels_advice, text_in
from sightline.errors import ImageError

ImageLike: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | PIL.Image.Image | NDArray[np.uint8]
)
"""What a picture may be: a path, an http(s) URL, bytes of an image file, a binary file, a PIL image, or an array.

A `str` is an address where it begins with http:// or https://, and a path otherwise. An array is uint8 of shape
(H, W, 3) in RGB order, or (H, W) in grey; pictures from OpenCV are BGR and need `image[..., ::-1]` first.
"""

_ACCEPTED = (
    "a path, an http(s) URL, bytes of an image file, a file opened in binary mode, a PIL image, "
    "or a uint8 array of shape (H, W, 3) or (H, W)"
)
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
_ORIENTATION = 0x0112  # the EXIF tag
_UPRIGHT = 1


def encode_image(image: ImageLike, *, timeout: float | None = 60.0) -> bytes:
    """Return the encoded bytes of `image`, ready to be sent.

    Args:
        image: A path, an http:// or https:// URL, bytes of an image file, a binary file, a PIL image, or a uint8 array
            of shape (H, W, 3) in RGB order or (H, W) in grey. For pictures from OpenCV pass `image[..., ::-1]`.
        timeout: Seconds for the whole download of a URL, redirects included; None waits for ever.

    Returns:
        The file's own bytes, untouched; for arrays and PIL images, a PNG with exactly their pixels, turned upright
        where a PIL image carries an EXIF orientation. `image` itself is never changed.

    Raises:
        ImageError: Nothing readable, an empty file, text, or a wrong type, dtype or shape. For a URL also: no whole
            picture within `timeout` (a slow host of pictures is not a slow inference server, so this is no
            `RequestTimeout`), more than 64 MiB, more than 5 redirects, any status but 200, or an HTML page.

    Example:
        ```python
        encode_image(np.zeros((8, 8, 3), np.uint8))[:4]  # b'\\x89PNG'
        ```
    """
    if isinstance(image, np.ndarray):
        return _encode_array(image)
    if isinstance(image, PIL.Image.Image):
        return _encode_pil(image)
    if isinstance(image, memoryview) and image.ndim != 1:
        raise ImageError(f"expected {_ACCEPTED}, got a memoryview of shape {image.shape}; pass the array itself")
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _checked_bytes(bytes(image), "the bytes given")
    if isinstance(image, str) and image[:8].lower().startswith(("http://", "https://")):
        from sightline._fetch import fetch

        return _checked_bytes(fetch(image, timeout_s=timeout), "the address given")
    if isinstance(image, (str, os.PathLike)):
        return _read_path(os.fsdecode(image))
    return _read_file_object(image)


def _read_path(name: str) -> bytes:
    shown = repr(name if len(name) <= 200 else f"{name[:200]}…")
    if not name:
        raise ImageError(f"expected {_ACCEPTED}, got an empty str; check where it comes from")
    try:
        data = Path(name).read_bytes()
    except FileNotFoundError as exc:
        raise ImageError(f"no such file: {shown}; {path_advice(name)}") from exc
    except IsADirectoryError as exc:
        raise ImageError(
            f"expected a picture, got the directory {shown}; pass the files in it one by one, or all of them "
            "with Client.map"
        ) from exc
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise ImageError(f"cannot read {shown}: {reason}; {path_advice(name)}") from exc
    return _checked_bytes(data, shown)


def _read_file_object(file: Any) -> bytes:
    read = getattr(file, "read", None)
    # OpenCV's VideoCapture can read too, but not bytes
    if not callable(read) or type(file).__module__.partition(".")[0] == "cv2":
        raise ImageError(f"expected {_ACCEPTED}, got {_type_name(file)}; {object_advice(file)}")
    try:
        data = read()
    except Exception as exc:  # the object is the caller's, and so is what it raises
        raise ImageError(f"cannot read the file object: {exc}; open it again in binary mode ('rb')") from exc
    if isinstance(data, str):
        raise ImageError("expected a file opened in binary mode, got one opened as text; open it with mode 'rb'")
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ImageError(f"expected read() to return bytes, got {_type_name(data)}; pass the bytes instead")
    return _checked_bytes(bytes(cast(bytes, data)), "the file object (is it at its end? then seek(0) first)")


def _checked_bytes(data: bytes, source: str) -> bytes:
    if not data:
        raise ImageError(f"expected the bytes of a picture, got 0 bytes from {source}; check where they come from")
    if text := text_in(data):
        raise ImageError(f"expected the bytes of a picture, got from {source} {text}")
    return data


def _encode_array(array: NDArray[Any]) -> bytes:
    got = f"got {array.dtype} of shape {array.shape}"
    if advice := pixels_advice(array):
        raise ImageError(f"expected a uint8 array of shape (H, W, 3) or (H, W), {got}; {advice}")
    if array.size == 0:
        raise ImageError(f"expected at least one pixel, {got}; check how the array was cut out")
    return _png(PIL.Image.fromarray(array))


def _encode_pil(image: PIL.Image.Image) -> bytes:
    if image.mode not in _PNG_MODES:
        raise ImageError(
            f"expected a PIL image of a mode that PNG keeps exactly ({', '.join(sorted(_PNG_MODES))}), "
            f"got {image.mode!r}; pass image.convert('RGB'), or the file's own bytes"
        )
    if 0 in image.size:
        raise ImageError(f"expected at least one pixel, got a PIL image of size {image.size}; check how it was cropped")
    try:
        if image.getexif().get(_ORIENTATION, _UPRIGHT) != _UPRIGHT:
            from PIL import ImageOps

            image = ImageOps.exif_transpose(image)
        return _png(image)
    except (OSError, ValueError, SyntaxError) as exc:
        raise ImageError(f"cannot read the PIL image: {exc}; open it again, or pass the file's own bytes") from exc


def _png(image: PIL.Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
