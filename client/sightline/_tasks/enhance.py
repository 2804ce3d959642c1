"""image-to-image: a picture becomes another one."""

from __future__ import annotations

import PIL.Image

from sightline._tasks._png import load_png, open_png
from sightline._tasks.call import Answer, Call
from sightline.images import ImageLike


def enhance(image: ImageLike, *, model: str) -> Call[PIL.Image.Image]:
    return Call("image-to-image", model, ("RESULT",), _decode, image)


def _decode(answer: Answer) -> PIL.Image.Image:
    return load_png(answer, "RESULT", open_png(answer, "RESULT"))
