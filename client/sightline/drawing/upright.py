"""Pictures opened as the server opens them: turned upright, transparency on white, three channels of 8 bits."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
from PIL import ImageOps

from sightline.errors import ImageError
from sightline.images import ImageLike, encode_image

_WHITE = (255, 255, 255, 255)


def open_upright(image: ImageLike, *, size: tuple[int, int] | None = None) -> PIL.Image.Image:
    """Return the picture in RGB, turned as its EXIF orientation says.

    Args:
        image: The picture, in any form that the tasks take.
        size: (width, height) in pixels that it must have; None: any.

    Raises:
        ImageError: It cannot be read here, or has another size.

    Example:
        ```python
        open_upright("street.jpg").size  # (1280, 720)
        ```
    """
    data = encode_image(image)
    try:
        picture = _to_rgb(ImageOps.exif_transpose(PIL.Image.open(io.BytesIO(data))))
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as exc:
        raise ImageError(
            f"expected a picture that Pillow can read, got {len(data)} bytes that it cannot ({exc}); "
            "pass the picture that was sent"
        ) from exc
    if size is not None and picture.size != size:
        raise ImageError(
            f"expected the picture that was sent, of {size[0]}x{size[1]} pixels, got one of "
            f"{picture.width}x{picture.height}; pass the same picture"
        )
    return picture


def _to_rgb(image: PIL.Image.Image) -> PIL.Image.Image:
    if image.mode.startswith("I"):
        high_bytes = np.clip(np.asarray(image, dtype=np.int64) >> 8, 0, 255).astype(np.uint8)
        return PIL.Image.fromarray(high_bytes).convert("RGB")
    if image.has_transparency_data:
        on_white = PIL.Image.new("RGBA", image.size, _WHITE)
        on_white.alpha_composite(image.convert("RGBA"))
        return on_white.convert("RGB")
    return image.convert("RGB")
