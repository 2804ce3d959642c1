"""The way from the bytes of a picture to pixels, with every step of it exchangeable.

`PixelPath()` gives what `sightline_backend.pixels.decode` gives, to the last bit; a path with one step exchanged gives
what a service with that mistake would give.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.fitting import margin_wh
from sightline_backend.modes import to_mode
from sightline_backend.pictures import ReducedPicture, open_reduced
from sightline_backend.pixels import PixelSpec
from sightline_export.difference.fitting import fit_as_trained

Pixels = NDArray[np.uint8]

_EXIF_ORIENTATION = 0x0112
_LOSSY = (b"\xff\xd8", b"RIFF")  # JPEG, WebP


def decode_as_trained(data: bytes, spec: PixelSpec) -> ReducedPicture:
    """The picture in upright RGB, a large JPEG at 1/2, 1/4 or 1/8 of its size, never below twice what is needed."""
    return as_rgb(open_reduced(data, lambda size_wh: margin_wh(size_wh, spec)))


def as_rgb(picture: ReducedPicture) -> ReducedPicture:
    """Transparency over white, 16 bits by their high byte."""
    return replace(picture, image=to_mode(picture.image, "rgb"))


def turn_as_trained(picture: ReducedPicture, orientation: int) -> ReducedPicture:
    """`decode_as_trained` has turned it already."""
    return picture


def colours_as_trained(image: Image.Image, spec: PixelSpec) -> Image.Image:
    """RGB stays, grey is ITU-R 601 luma."""
    return to_mode(image, spec.mode)


@dataclass(frozen=True)
class PixelPath:
    """decode gives upright RGB, turn is told the EXIF orientation (1 to 8), colours gives the specification's mode."""

    respec: Callable[[PixelSpec], PixelSpec] = lambda spec: spec
    decode: Callable[[bytes, PixelSpec], ReducedPicture] = decode_as_trained
    turn: Callable[[ReducedPicture, int], ReducedPicture] = turn_as_trained
    colours: Callable[[Image.Image, PixelSpec], Image.Image] = colours_as_trained
    fit: Callable[[ReducedPicture, PixelSpec], Pixels] = fit_as_trained

    def __or__(self, other: PixelPath) -> PixelPath:
        """This path with the steps that `other` exchanges."""
        changed = {key: value for key, value in vars(other).items() if value is not getattr(_AS_TRAINED, key)}
        return replace(self, **changed)


_AS_TRAINED = PixelPath()


class PixelLab:
    """One picture on many paths; what paths share is done once.

    >>> PixelLab(Path("digit.jpg").read_bytes(), PixelSpec(64, 64)).pixels(PixelPath()).shape
    (64, 64, 3)
    """

    def __init__(self, data: bytes, spec: PixelSpec) -> None:
        """Raises sightline_backend.errors.PictureError where the picture can't be used."""
        self.spec = spec
        self._data = data
        self._done: dict[Any, Any] = {}
        self.orientation = _orientation(data)
        self.is_lossless = not data.startswith(_LOSSY)

    def pixels(self, path: PixelPath) -> Pixels | None:
        """uint8 (h, w, c), or None where this picture can't go that way."""
        spec = path.respec(self.spec)
        try:
            decoded = self._once((path.decode, spec), lambda: path.decode(self._data, spec))
            turned = self._once((path.decode, spec, path.turn), lambda: path.turn(decoded, self.orientation))
            coloured = self._once(
                (path.decode, spec, path.turn, path.colours),
                lambda: replace(turned, image=path.colours(turned.image, spec)),
            )
            pixels = path.fit(coloured, spec)
        except NotThisPicture:
            return None
        return pixels if pixels.shape == self.spec.shape else None

    def _once(self, key: object, make: Callable[[], ReducedPicture]) -> ReducedPicture:
        if key not in self._done:
            if len(self._done) > 64:  # enough for every single mistake; a large picture costs megabytes each
                self._done.clear()
            self._done[key] = make()
        return cast("ReducedPicture", self._done[key])


class NotThisPicture(Exception):
    """A mistake that this picture can't show, such as a wrong background behind a picture without transparency."""


def _orientation(data: bytes) -> int:
    try:
        image = cast("Image.Image", Image.open(io.BytesIO(data)))
        value = cast("object", image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # the decoder treats broken metadata as none, and so do we
        return 1
    return value if isinstance(value, int) else 1
