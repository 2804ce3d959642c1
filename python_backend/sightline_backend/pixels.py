"""Pixel specifications: the one way from a picture to the pixels that a model takes.

Training, verification and the decoding backend inside Triton all call these functions, so a model sees in production
what it saw in training.

How a picture of W x H becomes w x h:

- ``squash``: the whole picture is resampled to w x h; its aspect ratio is lost.
- ``crop``: the largest centred rectangle with the aspect ratio w : h (not rounded to whole pixels) is resampled to
  w x h; what lies outside is lost.
- ``crop`` with ``shorter_side``: the picture is resampled so that its shorter side has s = shorter_side pixels and its
  longer one int(s * longer / shorter), of which w x h are cut out at round((its width - w) / 2), round((its height - h)
  / 2). These are the pixels that torchvision's `Resize(s)` and `CenterCrop((h, w))` give, and timm's, bit for bit. Of a
  picture more than 8 times as long as wide the same part is shown, but only that part is resampled.
- ``letterbox``: with s = min(w / W, h / H), the whole picture is resampled to max(1, floor(W s + 1/2)) x
  max(1, floor(H s + 1/2)) and placed at ((w - its width) // 2, (h - its height) // 2) on grey (level 114).

Resampling is Pillow's: antialiased when shrinking, on 8-bit levels, on colours without transparency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image

from sightline_backend.errors import ParameterError, PictureDamagedError, PictureError
from sightline_backend.fitting import fitted, margin_wh
from sightline_backend.modes import MODES, Mode
from sightline_backend.pictures import MAX_PIXELS, open_reduced
from sightline_backend.spans import span

Fit = Literal["squash", "crop", "letterbox"]
Resample = Literal["bilinear", "bicubic", "lanczos", "nearest", "box", "hamming"]
FITS = cast("tuple[Fit, ...]", get_args(Fit))
RESAMPLES = cast("tuple[Resample, ...]", get_args(Resample))

MAX_SIDE = 4096

_KEYS = ("width", "height", "mode", "fit", "resample", "shorter_side")


@dataclass(frozen=True)
class PixelSpec:
    """Width, height, colour mode and fitting of the pixels that a model takes.

    shorter_side: for `fit="crop"` only: resample the picture to this shorter side before the crop, as torchvision does.

    Raises:
        ParameterError: a side outside 1..4096, an unknown mode, fit or resample, a `shorter_side` without a crop or one
            that leaves too little to crop.

    >>> PixelSpec(64, 48).shape
    (48, 64, 3)
    >>> PixelSpec(224, 224, fit="crop", shorter_side=256).name
    'rgb_224x224_crop256'
    """

    width: int
    height: int
    mode: Mode = "rgb"
    fit: Fit = "squash"
    resample: Resample = "bilinear"
    shorter_side: int | None = None

    def __post_init__(self) -> None:
        _check_whole("width", self.width, 1)
        _check_whole("height", self.height, 1)
        for key, allowed in (("mode", MODES), ("fit", FITS), ("resample", RESAMPLES)):
            value = getattr(self, key)
            if value not in allowed:
                raise ParameterError(f"{key}: expected one of {', '.join(allowed)}, got {value!r}")
        if self.shorter_side is not None:
            if self.fit != "crop":
                raise ParameterError(f"shorter_side: expected the fit crop, got {self.fit}; leave one of them out")
            _check_whole("shorter_side", self.shorter_side, max(self.width, self.height))

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> PixelSpec:
        """Build the specification from the parameters of a decoding step; other keys are left alone.

        Raises:
            ParameterError: `width` or `height` is missing, or a value can't be used.

        >>> PixelSpec.from_parameters({"width": "64", "height": "64"}).name
        'rgb_64x64_squash'
        """
        missing = [key for key in ("width", "height") if key not in parameters]
        if missing:
            raise ParameterError(
                f"expected the parameters width and height, got {', '.join(sorted(parameters)) or 'none'}; "
                f"add {' and '.join(missing)} to config.pbtxt"
            )
        return cls(
            _whole("width", parameters["width"]),
            _whole("height", parameters["height"]),
            mode=cast("Mode", parameters.get("mode", "rgb")),
            fit=cast("Fit", parameters.get("fit", "squash")),
            resample=cast("Resample", parameters.get("resample", "bilinear")),
            shorter_side=_whole("shorter_side", parameters["shorter_side"]) if "shorter_side" in parameters else None,
        )

    def parameters(self) -> dict[str, str]:
        """Return the parameters of a decoding step's `config.pbtxt`, the opposite of `from_parameters`."""
        return {key: str(value) for key in _KEYS if (value := getattr(self, key)) is not None}

    @property
    def name(self) -> str:
        """Short name, e.g. `rgb_64x64_squash` or `rgb_64x64_crop72`; resample is appended unless it is bilinear."""
        name = f"{self.mode}_{self.width}x{self.height}_{self.fit}{self.shorter_side or ''}"
        return name if self.resample == "bilinear" else f"{name}_{self.resample}"

    @property
    def channels(self) -> int:
        """3 for rgb, 1 for gray."""
        return 3 if self.mode == "rgb" else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the pixels: (height, width, channels)."""
        return self.height, self.width, self.channels


def _check_whole(key: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_SIDE:
        raise ParameterError(f"{key}: expected a whole number from {least} to {MAX_SIDE}, got {value!r}")


def _whole(key: str, text: str) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        raise ParameterError(f"{key}: expected a whole number from 1 to {MAX_SIDE}, got {text!r}")
    return int(digits[:9])


def decode(data: bytes, spec: PixelSpec, *, max_pixels: int = MAX_PIXELS) -> npt.NDArray[np.uint8]:
    """Decode the bytes of a picture file to the pixels that `spec` describes.

    A JPEG that is much larger than needed is decoded at 1/2, 1/4 or 1/8 of its size, never below twice the size that
    it is resampled to.

    Returns:
        uint8, `spec.shape`.

    Raises:
        PictureError: the bytes can't be used, see `sightline_backend.pictures.open_picture`.

    >>> decode(Path("digit.jpg").read_bytes(), PixelSpec(64, 64)).shape
    (64, 64, 3)
    """
    return decode_sized(data, spec, max_pixels=max_pixels)[0]


def decode_sized(
    data: bytes, spec: PixelSpec, *, max_pixels: int = MAX_PIXELS
) -> tuple[npt.NDArray[np.uint8], tuple[int, int]]:
    """Like `decode`, with the upright width and height of the picture as it was sent.

    >>> pixels, size_wh = decode_sized(Path("digit.jpg").read_bytes(), PixelSpec(64, 64))
    >>> pixels.shape, size_wh
    ((64, 64, 3), (640, 480))
    """
    picture = open_reduced(data, lambda size_wh: margin_wh(size_wh, spec), max_pixels=max_pixels)
    with span("resize"):
        return fitted(picture.image, picture.box_xyxy, picture.size_wh, spec), picture.size_wh


def decode_batch(files: Sequence[bytes], spec: PixelSpec) -> npt.NDArray[np.uint8]:
    """Decode the picture files of one request.

    Returns:
        uint8, (n, *spec.shape).

    Raises:
        PictureError: as in `decode`; of several pictures the message says which one.
    """
    return decode_batch_sized(files, spec)[0]


def decode_batch_sized(files: Sequence[bytes], spec: PixelSpec) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Like `decode_batch`, with the sizes of the pictures as they were sent.

    Returns:
        Pixels, uint8, (n, *spec.shape), and upright width and height of each picture, int32, (n, 2).
    """
    pixels, sizes_wh = np.empty((len(files), *spec.shape), np.uint8), np.empty((len(files), 2), np.int32)
    for index, data in enumerate(files):
        one = decode_sized(data, spec) if len(files) == 1 else _decode_numbered(data, spec, index, len(files))
        pixels[index], sizes_wh[index] = one
    return pixels, sizes_wh


def fit(image: Image.Image, spec: PixelSpec) -> npt.NDArray[np.uint8]:
    """Bring an upright image of any mode to the pixels that `spec` describes.

    Returns:
        uint8, `spec.shape`.

    Raises:
        PictureDamagedError: the image has no pixels, or is in a mode that can't be converted.
    """
    if 0 in image.size:
        raise PictureDamagedError(f"expected an image with pixels, got one of {image.width}x{image.height}")
    return fitted(image, (0.0, 0.0, float(image.width), float(image.height)), image.size, spec)


def _decode_numbered(
    data: bytes, spec: PixelSpec, index: int, count: int
) -> tuple[npt.NDArray[np.uint8], tuple[int, int]]:
    try:
        return decode_sized(data, spec)
    except PictureError as error:
        raise type(error)(f"picture {index + 1} of {count}: {error}") from error
