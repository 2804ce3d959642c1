"""image-segmentation: a picture becomes a class for each of its pixels."""

from __future__ import annotations

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline._tasks._checks import broken, check_class_ids
from sightline._tasks._png import load_png, open_png
from sightline._tasks.call import Answer, Call
from sightline.images import ImageLike, picture_size
from sightline.results import Segmentation

_BIT_DEPTH = 24  # where the header of a PNG holds it


def segment(image: ImageLike, *, model: str) -> Call[Segmentation]:
    return Call("image-segmentation", model, ("CLASS_MAP",), _decode, image)


def _decode(answer: Answer) -> Segmentation:
    info = answer.info
    picture = open_png(answer, "CLASS_MAP")
    _check_form(answer, picture)
    size = picture_size(answer.picture)
    # Before the pixels are read: a header may promise more of them than there is memory.
    if size is not None and picture.size != size:
        raise broken(info, f"CLASS_MAP of the size of the picture, {size[0]}x{size[1]}", "{}x{}".format(*picture.size))
    class_map: NDArray[np.uint8] = np.array(load_png(answer, "CLASS_MAP", picture), dtype=np.uint8)
    check_class_ids(info, "class ids in CLASS_MAP", class_map)
    labels = info.labels or tuple(str(class_id) for class_id in range(int(class_map.max()) + 1))
    return Segmentation(class_map, labels)


def _check_form(answer: Answer, picture: PIL.Image.Image) -> None:
    # Pillow spreads the levels of grey of 2 or 4 bits over 0..255, so that they are class ids no more.
    data: bytes = answer.tensors["CLASS_MAP"][0, 0]
    bits = data[_BIT_DEPTH]
    if picture.mode == "P" or (picture.mode == "L" and bits == 8):
        return
    got = f"mode {picture.mode} with {bits} bits"
    raise broken(answer.info, "CLASS_MAP as a PNG of one byte per pixel (mode L or P)", got, "check its last step")
