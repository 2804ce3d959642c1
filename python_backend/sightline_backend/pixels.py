"""Pixel specifications: the one way from a picture to the pixels that a model takes.

Training, verification and the decoding backend inside Triton all call these functions, so a model sees in production
what it saw in training.

How a picture of W x H becomes w x h:

- ``squash``: the whole picture is resampled to w x h; its aspect ratio is lost.
- ``crop``: the largest centred rectangle with the aspect ratio w : h (not rounded to whole pixels) is resampled to
  w x h; what lies outside is lost.
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
from sightline_backend.modes import MODES, Mode, to_mode
from sightline_backend.pictures import MAX_PIXELS, open_reduced

Fit = Literal["squash", "crop", "letterbox"]
Resample = Literal["bilinear", "bicubic", "lanczos", "nearest", "box", "hamming"]
FITS = cast("tuple[Fit, ...]", get_args(Fit))
RESAMPLES = cast("tuple[Resample, ...]", get_args(Resample))

MAX_SIDE = 4096
LETTERBOX_LEVEL = 114

_DRAFT_MARGIN = 2  # a JPEG is decoded at no less than twice the size needed, so that the resampling still decides
_KEYS = ("width", "height", "mode", "fit", "resample")

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class PixelSpec:
    """Width, height, colour mode and fitting of the pixels that a model takes.

    Raises:
        ParameterError: a side outside 1..4096, or an unknown mode, fit or resample.

    >>> PixelSpec(64, 48).shape
    (48, 64, 3)
    """

    width: int
    height: int
    mode: Mode = "rgb"
    fit: Fit = "squash"
    resample: Resample = "bilinear"

    def __post_init__(self) -> None:
        for side in ("width", "height"):
            value = getattr(self, side)
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_SIDE:
                raise ParameterError(f"{side}: expected a whole number from 1 to {MAX_SIDE}, got {value!r}")
        for key, allowed in (("mode", MODES), ("fit", FITS), ("resample", RESAMPLES)):
            value = getattr(self, key)
            if value not in allowed:
                raise ParameterError(f"{key}: expected one of {', '.join(allowed)}, got {value!r}")

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
        sides: dict[str, int] = {}
        for key in ("width", "height"):
            text = parameters[key].strip()
            if not (text.isascii() and text.isdigit()):
                raise ParameterError(f"{key}: expected a whole number from 1 to {MAX_SIDE}, got {parameters[key]!r}")
            sides[key] = int(text[:9])
        return cls(
            sides["width"],
            sides["height"],
            mode=cast("Mode", parameters.get("mode", "rgb")),
            fit=cast("Fit", parameters.get("fit", "squash")),
            resample=cast("Resample", parameters.get("resample", "bilinear")),
        )

    def parameters(self) -> dict[str, str]:
        """Return the parameters of a decoding step's `config.pbtxt`, the opposite of `from_parameters`."""
        return {key: str(getattr(self, key)) for key in _KEYS}

    @property
    def name(self) -> str:
        """Short name, e.g. `rgb_64x64_squash`; the resample method is appended unless it is bilinear."""
        name = f"{self.mode}_{self.width}x{self.height}_{self.fit}"
        return name if self.resample == "bilinear" else f"{name}_{self.resample}"

    @property
    def channels(self) -> int:
        """3 for rgb, 1 for gray."""
        return 3 if self.mode == "rgb" else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the pixels: (height, width, channels)."""
        return self.height, self.width, self.channels


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
    picture = open_reduced(data, lambda size_wh: _margin_wh(size_wh, spec), max_pixels=max_pixels)
    return _fit(picture.image, picture.box_xyxy, picture.size_wh, spec)


def decode_batch(files: Sequence[bytes], spec: PixelSpec) -> npt.NDArray[np.uint8]:
    """Decode the picture files of one request.

    Returns:
        uint8, (n, *spec.shape).

    Raises:
        PictureError: as in `decode`; of several pictures the message says which one.
    """
    pixels = np.empty((len(files), *spec.shape), np.uint8)
    for index, data in enumerate(files):
        pixels[index] = decode(data, spec) if len(files) == 1 else _decode_numbered(data, spec, index, len(files))
    return pixels


def fit(image: Image.Image, spec: PixelSpec) -> npt.NDArray[np.uint8]:
    """Bring an upright image of any mode to the pixels that `spec` describes.

    Returns:
        uint8, `spec.shape`.

    Raises:
        PictureDamagedError: the image has no pixels, or is in a mode that can't be converted.
    """
    if 0 in image.size:
        raise PictureDamagedError(f"expected an image with pixels, got one of {image.width}x{image.height}")
    return _fit(image, (0.0, 0.0, float(image.width), float(image.height)), image.size, spec)


def _decode_numbered(data: bytes, spec: PixelSpec, index: int, count: int) -> npt.NDArray[np.uint8]:
    try:
        return decode(data, spec)
    except PictureError as error:
        raise type(error)(f"picture {index + 1} of {count}: {error}") from error


def _fit(image: Image.Image, covered: Box, size_wh: tuple[int, int], spec: PixelSpec) -> npt.NDArray[np.uint8]:
    try:
        image = to_mode(image, spec.mode)
    except ValueError as error:
        raise PictureDamagedError(f"expected a grey, colour, palette or CMYK image, got mode {image.mode!r}") from error
    content_wh = _content_wh(size_wh, spec)
    content = np.asarray(_resized(image, content_wh, _source_box(covered, spec), spec), dtype=np.uint8)
    content = content.reshape(content_wh[1], content_wh[0], spec.channels)
    if content.shape == spec.shape:
        return np.array(content)  # Pillow's own memory is read-only
    pixels = np.full(spec.shape, LETTERBOX_LEVEL, np.uint8)
    left, top = (spec.width - content_wh[0]) // 2, (spec.height - content_wh[1]) // 2
    pixels[top : top + content_wh[1], left : left + content_wh[0]] = content
    return pixels


def _content_wh(size_wh: tuple[int, int], spec: PixelSpec) -> tuple[int, int]:
    """Size of the part of the result that shows the picture."""
    if spec.fit != "letterbox":
        return spec.width, spec.height
    scale = min(spec.width / size_wh[0], spec.height / size_wh[1])
    width, height = (max(1, int(side * scale + 0.5)) for side in size_wh)
    return min(width, spec.width), min(height, spec.height)


def _source_box(covered: Box, spec: PixelSpec) -> Box:
    """The part of the picture that is shown."""
    if spec.fit != "crop":
        return covered
    left, top, right, bottom = covered
    width, height = right - left, bottom - top
    scale = max(spec.width / width, spec.height / height)
    shown_w, shown_h = min(width, spec.width / scale), min(height, spec.height / scale)
    x, y = left + (width - shown_w) / 2, top + (height - shown_h) / 2
    return x, y, x + shown_w, y + shown_h


def _margin_wh(size_wh: tuple[int, int], spec: PixelSpec) -> tuple[int, int]:
    """Smallest size of the whole picture that leaves the resampling enough detail."""
    width, height = size_wh
    if spec.fit == "squash":
        scale_x, scale_y = spec.width / width, spec.height / height
    else:
        choose = max if spec.fit == "crop" else min
        scale_x = scale_y = choose(spec.width / width, spec.height / height)
    return int(width * scale_x * _DRAFT_MARGIN + 1), int(height * scale_y * _DRAFT_MARGIN + 1)


def _resized(image: Image.Image, size_wh: tuple[int, int], box: Box, spec: PixelSpec) -> Image.Image:
    method = Image.Resampling[spec.resample.upper()]
    # Pillow resamples across first. For a thin tall picture that blows up the step in between: go down first.
    if image.width < size_wh[0] and image.height > size_wh[1]:
        image = image.resize((image.width, size_wh[1]), method, (0, box[1], image.width, box[3]))
        box = (box[0], 0, box[2], size_wh[1])
    return image.resize(size_wh, method, box)
