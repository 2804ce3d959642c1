"""Pairs of pictures, decoded alike; what is wrong is named by its input and its place."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from sightline_backend.errors import PictureDamagedError, PictureError, PictureFormatError
from sightline_backend.pairs import decode_pairs
from sightline_backend.pixels import PixelSpec, decode

SPEC = PixelSpec(4, 3, mode="gray")


def picture(level: int, size_wh: tuple[int, int] = (9, 5)) -> bytes:
    file = BytesIO()
    Image.new("L", size_wh, level).save(file, "PNG")
    return file.getvalue()


def test_both_are_decoded_as_each_alone() -> None:
    images, others = [picture(10), picture(20, (1, 1))], [picture(30, (100, 2)), picture(40)]
    pixels, other_pixels = decode_pairs(images, others, SPEC)
    assert pixels.shape == other_pixels.shape == (2, 3, 4, 1)
    assert np.array_equal(pixels, [decode(file, SPEC) for file in images])
    assert np.array_equal(other_pixels, [decode(file, SPEC) for file in others])


@pytest.mark.parametrize(
    ("images", "others", "error", "message"),
    [
        ([b"hello"], [picture(1)], PictureFormatError, "IMAGE: expected a JPEG, PNG"),
        ([picture(1)], [b"hello"], PictureFormatError, "OTHER: expected a JPEG, PNG"),
        ([picture(1)] * 2, [picture(1), picture(1)[:45]], PictureDamagedError, "OTHER: picture 2 of 2: "),
    ],
)
def test_a_bad_picture_is_named_by_its_input(
    images: list[bytes], others: list[bytes], error: type[PictureError], message: str
) -> None:
    with pytest.raises(error, match=message):
        decode_pairs(images, others, SPEC)
