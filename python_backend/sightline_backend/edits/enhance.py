"""enhance: a picture with more contrast, or sharper.

Strengths FP32 [1], applied in this order; 0 leaves the picture as it is:

- `EQUALIZE`, 0 to 1: levels of brightness are spread evenly (histogram equalisation of luma; colours keep their tone).
- `AUTOCONTRAST`, 0 to 1: the darkest and the brightest half per cent of the pixels become black and white.
- `SHARPEN`, 0 to 4: an unsharp mask of radius 2 pixels; 1 adds the whole difference to the blurred picture.

With none of them, AUTOCONTRAST is 1; where one is given, those left out are 0. Values between mix the picture and the
full effect.
"""

from __future__ import annotations

from PIL import Image, ImageFilter, ImageOps

from sightline_backend.edits.edit import Edit, Values, number, parameter

_CUT_OFF_PERCENT = 0.5
_SHARPEN_RADIUS_PX = 2
_MAX_SHARPEN = 4


def enhanced(picture: Image.Image, values: Values, max_pixels: int) -> Image.Image:
    """Return the picture enhanced as the strengths say."""
    equalize = number(values, "EQUALIZE", 0, 1) or 0
    autocontrast = number(values, "AUTOCONTRAST", 0, 1) or 0
    sharpen = number(values, "SHARPEN", 0, _MAX_SHARPEN) or 0
    if not values:
        autocontrast = 1
    if equalize:
        picture = Image.blend(picture, _equalized(picture), equalize)
    if autocontrast:
        stretched = ImageOps.autocontrast(picture, cutoff=_CUT_OFF_PERCENT, preserve_tone=True)
        picture = Image.blend(picture, stretched, autocontrast)
    if sharpen:
        picture = picture.filter(ImageFilter.UnsharpMask(_SHARPEN_RADIUS_PX, round(100 * sharpen), threshold=0))
    return picture


def _equalized(picture: Image.Image) -> Image.Image:
    luma, *colours = picture.convert("YCbCr").split()
    return Image.merge("YCbCr", (ImageOps.equalize(luma), *colours)).convert("RGB")


ENHANCE = Edit(
    "enhance",
    tuple(parameter(name, "TYPE_FP32") for name in ("AUTOCONTRAST", "EQUALIZE", "SHARPEN")),
    enhanced,
)
