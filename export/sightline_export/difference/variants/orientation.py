"""Orientation: EXIF ignored, applied twice or the wrong way, mirrored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from PIL import Image

from sightline_backend.pictures import ReducedPicture
from sightline_export.difference.pixel_path import NotThisPicture, PixelPath
from sightline_export.difference.stages import Stage
from sightline_export.difference.variants.variant import Mistake, PixelVariant

Turn = Callable[[ReducedPicture, int], ReducedPicture]

_T = Image.Transpose
_UPRIGHT_BY = {
    2: _T.FLIP_LEFT_RIGHT,
    3: _T.ROTATE_180,
    4: _T.FLIP_TOP_BOTTOM,
    5: _T.TRANSPOSE,
    6: _T.ROTATE_270,
    7: _T.TRANSVERSE,
    8: _T.ROTATE_90,
}
_OPPOSITE = {_T.ROTATE_90: _T.ROTATE_270, _T.ROTATE_270: _T.ROTATE_90}
_ADVICE = "turn the picture upright by its EXIF orientation exactly once, before anything else"


def orientation_variants() -> Iterator[PixelVariant]:
    for key, cause, turn in _ALL:
        yield PixelVariant(Mistake(Stage.ORIENTATION, key, cause, _ADVICE), PixelPath(turn=turn))


def turned(picture: ReducedPicture, by: Image.Transpose) -> ReducedPicture:
    """The picture turned, with the part of it that counts."""
    width, height = picture.image.size
    x0, y0, x1, y1 = picture.box_xyxy
    size_wh = picture.size_wh
    if by in (_T.TRANSPOSE, _T.ROTATE_90, _T.ROTATE_270, _T.TRANSVERSE):
        x0, y0, x1, y1 = y0, x0, y1, x1
        width, height = height, width
        size_wh = size_wh[1], size_wh[0]
    if by in (_T.FLIP_LEFT_RIGHT, _T.ROTATE_180, _T.ROTATE_270, _T.TRANSVERSE):
        x0, x1 = width - x1, width - x0
    if by in (_T.FLIP_TOP_BOTTOM, _T.ROTATE_180, _T.ROTATE_90, _T.TRANSVERSE):
        y0, y1 = height - y1, height - y0
    return replace(picture, image=picture.image.transpose(by), box_xyxy=(x0, y0, x1, y1), size_wh=size_wh)


def _ignored(picture: ReducedPicture, orientation: int) -> ReducedPicture:
    by = _needed(orientation)
    return turned(picture, _OPPOSITE.get(by, by))


def _twice(picture: ReducedPicture, orientation: int) -> ReducedPicture:
    return turned(picture, _needed(orientation))


def _backwards(picture: ReducedPicture, orientation: int) -> ReducedPicture:
    opposite = _OPPOSITE.get(_needed(orientation))
    if opposite is None:
        raise NotThisPicture
    return turned(turned(picture, opposite), opposite)


def _always(by: Image.Transpose) -> Turn:
    return lambda picture, orientation: turned(picture, by)


def _needed(orientation: int) -> Image.Transpose:
    if orientation not in _UPRIGHT_BY:
        raise NotThisPicture
    return _UPRIGHT_BY[orientation]


# Of two that give the same picture the first one is named.
_ALL: tuple[tuple[str, str, Turn], ...] = (
    ("exif_ignored", "ignores the EXIF orientation", _ignored),
    ("exif_twice", "applies the EXIF orientation twice", _twice),
    ("exif_backwards", "turns by the EXIF orientation the wrong way", _backwards),
    ("mirrored", "mirrors the picture, left to right", _always(_T.FLIP_LEFT_RIGHT)),
    ("upside_down", "mirrors the picture, top to bottom", _always(_T.FLIP_TOP_BOTTOM)),
    ("half_turn", "turns the picture by 180 degrees", _always(_T.ROTATE_180)),
    ("quarter_turn_left", "turns the picture by 90 degrees to the left", _always(_T.ROTATE_90)),
    ("quarter_turn_right", "turns the picture by 90 degrees to the right", _always(_T.ROTATE_270)),
    ("rows_for_columns", "takes rows for columns", _always(_T.TRANSPOSE)),
    ("rows_for_columns_backwards", "takes rows for columns, from the far corner", _always(_T.TRANSVERSE)),
)
