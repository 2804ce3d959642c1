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

from sightline.errors import ImageError

ImageLike: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | PIL.Image.Image | NDArray[np.uint8]
)
"""What a picture may be: a path, bytes of an image file, a file opened in binary mode, a PIL image, or an array.

A `str` is always a path. An array is uint8 of shape (H, W, 3) in RGB order, or (H, W) in grey; pictures from OpenCV
are BGR and need `image[..., ::-1]` first.
"""

_ACCEPTED = (
    "a path, bytes of an image file, a file opened in binary mode, a PIL image, "
    "or a uint8 array of shape (H, W, 3) or (H, W)"
)
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
_ORIENTATION = 0x0112  # the EXIF tag
_UPRIGHT = 1


def encode_image(image: ImageLike) -> bytes:
    """Return the encoded bytes of `image`, ready to be sent.

    Args:
        image: A path, bytes of an image file, a binary file, a PIL image, or a uint8 array of shape (H, W, 3) in RGB
            order or (H, W) in grey. For pictures from OpenCV pass `image[..., ::-1]`.

    Returns:
        The file's own bytes, untouched; for arrays and PIL images, a PNG with exactly their pixels, turned upright
        where a PIL image carries an EXIF orientation.

    Raises:
        ImageError: Nothing readable, an empty file, or a wrong type, dtype or shape.

    Example:
        ```python
        encode_image(np.zeros((8, 8, 3), np.uint8))[:4]  # b'\\x89PNG'
        ```
    """
    if isinstance(image, np.ndarray):
        return _png(PIL.Image.fromarray(_checked_pixels(image)))
    if isinstance(image, PIL.Image.Image):
        return _encode_pil(image)
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _not_empty(bytes(image), "the bytes given")
    if isinstance(image, (str, os.PathLike)):
        return _read_path(image)
    return _read_file_object(image)


def _read_path(path: str | os.PathLike[str]) -> bytes:
    name = os.fspath(path)
    if name.startswith(("http://", "https://")):
        raise ImageError(
            f"expected a path or the bytes of a picture, got the URL {name!r}; download it first and pass its bytes"
        )
    shown = repr(name if len(name) <= 200 else f"{name[:200]}…")
    try:
        data = Path(name).read_bytes()
    except FileNotFoundError as exc:
        raise ImageError(f"no such file: {shown}; a str must be the path of a picture, so check its spelling") from exc
    except IsADirectoryError as exc:
        raise ImageError(f"expected a picture, got the directory {shown}; pass the files in it one by one") from exc
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise ImageError(f"cannot read {shown}: {reason}; a str must be the path of a readable picture") from exc
    return _not_empty(data, shown)


def _read_file_object(file: Any) -> bytes:
    read = getattr(file, "read", None)
    if not callable(read):
        raise ImageError(f"expected {_ACCEPTED}, got {_type_name(file)}; convert it to one of these")
    try:
        data = read()
    except (OSError, ValueError) as exc:
        raise ImageError(f"cannot read the file object: {exc}; open it again in binary mode ('rb')") from exc
    if isinstance(data, str):
        raise ImageError("expected a file opened in binary mode, got one opened as text; open it with mode 'rb'")
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ImageError(f"expected read() to return bytes, got {_type_name(data)}; pass the bytes instead")
    return _not_empty(bytes(cast(bytes, data)), "the file object (is it at its end? then seek(0) first)")


def _not_empty(data: bytes, source: str) -> bytes:
    if not data:
        raise ImageError(f"expected the bytes of a picture, got 0 bytes from {source}; check where they come from")
    return data


def _checked_pixels(array: NDArray[Any]) -> NDArray[np.uint8]:
    got = f"got {array.dtype} of shape {array.shape}"
    if array.dtype != np.uint8:
        hint = "convert it with image.astype(np.uint8)"
        if array.dtype.kind == "f":
            hint = "values in [0, 1] become pixels with (image * 255).round().astype(np.uint8)"
        raise ImageError(f"expected a uint8 array of shape (H, W, 3) or (H, W), {got}; {hint}")
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3):
        if array.size == 0:
            raise ImageError(f"expected at least one pixel, {got}; check how the array was cut out")
        return np.ascontiguousarray(array)
    if array.ndim == 4:
        hint = "send one picture per call, such as images[0]"
    elif array.ndim == 3 and array.shape[0] in (1, 3):
        hint = "this looks like (C, H, W): pass image.transpose(1, 2, 0)" if array.shape[0] == 3 else "pass image[0]"
    elif array.ndim == 3 and array.shape[2] == 4:
        hint = "drop the alpha channel with image[..., :3], or pass PIL.Image.fromarray(image)"
    elif array.ndim == 3 and array.shape[2] == 1:
        hint = "pass image[..., 0]"
    else:
        hint = "reshape it to one of these"
    raise ImageError(f"expected a uint8 array of shape (H, W, 3) or (H, W), {got}; {hint}")


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
