"""What people pass by mistake instead of a picture, told by its look, and what to pass instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

_TENSORS = {
    "torch": "tensor.detach().cpu().numpy()",
    "torchvision": "image.detach().cpu().numpy()",
    "tensorflow": "tensor.numpy()",
    "jax": "numpy.asarray(array)",
    "jaxlib": "numpy.asarray(array)",
    "cupy": "array.get()",
    "paddle": "tensor.numpy()",
}
# JPEG, PNG, WebP and GIF in base64
_BASE64_PICTURE = re.compile(rb"\s*(?:/9j/|iVBORw0KGgo|UklGR|R0lGOD)[A-Za-z0-9+/=\s]*")
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_JSON = re.compile(rb"\s*(?:\{\s*\"|\[\s*[\{\[\"])")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_SNIFFED_BYTES = 512


def object_advice(value: object) -> str:
    """What to do with an object of a type that is no picture."""
    modules = {kind.__module__.partition(".")[0] for kind in type(value).__mro__}
    for module in sorted(modules & _TENSORS.keys()):
        return (
            f"pass {_TENSORS[module]} as uint8 of shape (H, W, 3); where the channels come first, (C, H, W), "
            "transpose it with .transpose(1, 2, 0)"
        )
    if "cv2" in modules:
        return (
            "pass an array in RGB order: image.get() of a UMat, image.download() of a GpuMat or the frame of a "
            "VideoCapture, turned from OpenCV's BGR with [..., ::-1]"
        )
    if value is None:
        return "see why there is none; cv2.imread, for one, gives None for a file that it cannot read"
    if isinstance(value, (list, tuple)):
        first = next(iter(cast(Sequence[object], value)), None)
        if isinstance(first, (int, float, list, tuple)):
            return "pass numbers as numpy.array(image, dtype=numpy.uint8)"
        return "send one picture per call, or all of them with Client.map"
    if hasattr(value, "__array__"):
        return "pass numpy.asarray(image)"
    return "convert it to one of these"


# How most pictures begin; none of these can be text.
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG")


def path_advice(name: str) -> str:
    """What to do when there is no file of this name."""
    if name.startswith("data:"):
        return "this is a data: URI: pass the bytes, base64.b64decode(text.partition(',')[2])"
    if _BASE64_PICTURE.fullmatch(name[:_SNIFFED_BYTES].encode(errors="replace")):
        return "this looks like base64: pass the bytes, base64.b64decode(text)"
    if name.startswith("~"):
        return "Python does not expand '~': pass pathlib.Path(path).expanduser()"
    if name.startswith(("http:/", "https:/")):
        return "pass an address as a str, with two slashes: a Path makes one of them"
    if scheme := _SCHEME.match(name):
        return f"of addresses only http:// and https:// are fetched, not {scheme[1]}://: download it and pass its bytes"
    if "*" in name:
        return "a pattern is not expanded: pass each file of glob.glob(pattern), or all of them with Client.map"
    return "a str must be the path of a picture, or an http(s) address, so check its spelling"


def text_in(data: bytes) -> str | None:
    """What the bytes of a picture are instead, and what to do; None for anything that could be a picture."""
    if data.startswith(_PICTURES):
        return None
    start = data[:_SNIFFED_BYTES]
    if _HTML.match(start):
        return "an HTML page; pass the picture that it shows"
    if start.startswith(b"data:image/"):
        return "a data: URI; pass base64.b64decode(data.partition(b',')[2])"
    if _BASE64_PICTURE.fullmatch(start):
        return "base64 text; pass base64.b64decode(data)"
    if start.startswith(b"version https://git-lfs.github.com/"):
        return "a pointer of Git LFS; get the file itself with `git lfs pull`"
    if _JSON.match(start):
        return "JSON text; pass the picture itself"
    return None


def pixels_advice(array: NDArray[Any]) -> str | None:
    """How to make uint8 of shape (H, W, 3) or (H, W) of `array`; None where it is that already."""
    steps = [step for step in (_shape_advice(array.shape), _dtype_advice(array)) if step]
    return "; then ".join(steps) or None


def _shape_advice(shape: tuple[int, ...]) -> str | None:
    if len(shape) == 2 or (len(shape) == 3 and shape[2] == 3):
        return None
    if len(shape) == 4:
        return "send one picture per call, such as images[0], or all of them with Client.map"
    if len(shape) != 3:
        return "reshape it to one of these"
    if shape[0] == 3:
        return "this looks like (C, H, W): pass image.transpose(1, 2, 0)"
    if shape[0] == 1:
        return "pass image[0]"
    if shape[2] == 4:
        return "drop the alpha channel with image[..., :3], or pass PIL.Image.fromarray(image)"
    if shape[2] == 1:
        return "pass image[..., 0]"
    return "reshape it to one of these"


def _dtype_advice(array: NDArray[Any]) -> str | None:
    if array.dtype == np.uint8:
        return None
    if array.dtype == np.bool_:
        return "make black and white of it with image.astype(numpy.uint8) * 255"
    if array.dtype.kind == "f":
        if array.size and float(array.min()) < 0:
            return "values below 0 look normalised: pass the picture as it was before its mean was subtracted"
        if array.size and float(array.max()) > 1:
            return "values in [0, 255] become pixels with image.round().astype(numpy.uint8)"
        return "values in [0, 1] become pixels with (image * 255).round().astype(numpy.uint8)"
    if array.dtype == np.uint16:
        return "16 bits become 8 with (image >> 8).astype(numpy.uint8)"
    if array.dtype.kind in "OSUV":
        return "pass the encoded bytes of a file by themselves, not in an array"
    return "convert it with image.astype(numpy.uint8) where all values are in [0, 255]"
