"""The pictures are what the report says that they are."""

from io import BytesIO

from benchmarks.serving.pictures import BYTES, SIZE_WH, pictures
from PIL import Image


def test_they_differ_and_have_the_promised_sizes() -> None:
    made = pictures(8)
    assert len(set(made)) == 8
    assert made == pictures.__wrapped__(8)
    for picture in made:
        image = Image.open(BytesIO(picture))
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", SIZE_WH)
        assert BYTES[0] <= len(picture) <= BYTES[1]
