"""Where else a letterbox or a crop may lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sightline_backend.fitting import LETTERBOX_LEVEL
from sightline_backend.pictures import ReducedPicture
from sightline_backend.pixels import PixelSpec
from sightline_export.difference.fitting import Placement, placement

Place = Callable[[ReducedPicture, PixelSpec], Placement]


def _level(level: int) -> Place:
    return lambda picture, spec: replace(placement(picture, spec), level=level)


def _at(x: float, y: float) -> Place:
    """x, y: 0 is left and top, 1 is right and bottom."""

    def place(picture: ReducedPicture, spec: PixelSpec) -> Placement:
        usual = placement(picture, spec)
        free = spec.width - usual.content_wh[0], spec.height - usual.content_wh[1]
        return replace(usual, left_top=(int(free[0] * x), int(free[1] * y)))

    return place


def _rounded(whole: Callable[[float], int], left_top: Callable[[float], int]) -> Place:
    def place(picture: ReducedPicture, spec: PixelSpec) -> Placement:
        usual = placement(picture, spec)
        scale = min(spec.width / picture.size_wh[0], spec.height / picture.size_wh[1])
        width, height = (max(1, whole(side * scale)) for side in picture.size_wh)
        at = left_top((spec.width - width) / 2), left_top((spec.height - height) / 2)
        return replace(usual, content_wh=(width, height), left_top=at)

    return place


def _never_enlarged(picture: ReducedPicture, spec: PixelSpec) -> Placement:
    width, height = picture.size_wh
    if width > spec.width or height > spec.height:
        return placement(picture, spec)
    at = (spec.width - width) // 2, (spec.height - height) // 2
    return replace(placement(picture, spec), content_wh=(width, height), left_top=at)


def _cut_at(x: float, y: float) -> Place:
    def place(picture: ReducedPicture, spec: PixelSpec) -> Placement:
        usual = placement(picture, spec)
        left, top, right, bottom = picture.box_xyxy
        width, height = usual.box[2] - usual.box[0], usual.box[3] - usual.box[1]
        x0, y0 = left + (right - left - width) * x, top + (bottom - top - height) * y
        return replace(usual, box=(x0, y0, x0 + width, y0 + height))

    return place


def _zoomed(part: float) -> Place:
    """The shorter side to 1 / part of what is needed, then the centre."""

    def place(picture: ReducedPicture, spec: PixelSpec) -> Placement:
        usual = placement(picture, spec)
        x0, y0, x1, y1 = usual.box
        dx, dy = (x1 - x0) * (1 - part) / 2, (y1 - y0) * (1 - part) / 2
        return replace(usual, box=(x0 + dx, y0 + dy, x1 - dx, y1 - dy))

    return place


def _whole_pixels(picture: ReducedPicture, spec: PixelSpec) -> Placement:
    """The rectangle rounded to whole pixels before it is resized."""
    usual = placement(picture, spec)
    x0, y0, x1, y1 = usual.box
    left, top = round(x0), round(y0)
    return replace(usual, box=(left, top, left + round(x1 - x0), top + round(y1 - y0)))


def _unresized(picture: ReducedPicture, spec: PixelSpec) -> Placement:
    width, height = picture.size_wh
    return Placement(picture.box_xyxy, (width, height), ((spec.width - width) // 2, (spec.height - height) // 2), 0)


_PLACE = "place the picture in the middle"
_PAD = f"fill with level {LETTERBOX_LEVEL}"
LETTERBOXES: tuple[tuple[str, str, str, Place], ...] = (
    *(
        (
            f"letterbox_level_{level}",
            f"fills the letterbox with level {level}, training with {LETTERBOX_LEVEL}",
            _PAD,
            _level(level),
        )
        for level in (0, 255, 128, 127, 1, 113, 115)
    ),
    ("letterbox_top_left", "places the letterboxed picture at the top left", _PLACE, _at(0, 0)),
    ("letterbox_bottom_right", "places the letterboxed picture at the bottom right", _PLACE, _at(1, 1)),
    ("letterbox_rounded_down", "rounds the letterboxed size down", "round it to the nearest", _rounded(int, int)),
    (
        "letterbox_one_pixel_off",
        "rounds the letterbox margin up",
        "round it down",
        _rounded(round, lambda v: -int(-v // 1)),
    ),
    ("letterbox_never_enlarged", "does not enlarge small pictures", "enlarge them", _never_enlarged),
)
_CUT = "crop the centre"
_ALL_OF_IT = "crop the largest rectangle of the wanted shape, then resize it once"
CROPS: tuple[tuple[str, str, str, Place], ...] = (
    ("crop_left_top", "crops the left or top part, training the centre", _CUT, _cut_at(0, 0)),
    ("crop_right_bottom", "crops the right or bottom part, training the centre", _CUT, _cut_at(1, 1)),
    ("crop_whole_pixels", "rounds the cropped rectangle to whole pixels", _ALL_OF_IT, _whole_pixels),
    ("crop_without_resize", "crops without resizing", _ALL_OF_IT, _unresized),
)
ZOOMS: tuple[tuple[str, str, str, Place], ...] = tuple(
    (
        f"zoomed_{round(part * 1000)}",
        f"shows the middle {part:.1%} of what training showed (after resizing to {1 / part:.3f} times it)",
        "show what training showed; a crop after resizing is what the parameter shorter_side is for",
        _zoomed(part),
    )
    for part in (0.875, 0.9, 0.95, 0.965, 0.8, 0.75)
)
