import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from sightline import ImageError
from sightline.images import encode_image

DATA = b"\xff\xd8 not a whole picture, and that is for the server to say"


def decoded(data: bytes) -> PIL.Image.Image:
    image = PIL.Image.open(io.BytesIO(data))
    assert image.format == "PNG"
    image.load()
    return image


def random_pixels(*shape: int) -> Any:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_encoded_bytes_go_untouched_whatever_holds_them(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(DATA)
    with path.open("rb") as file:
        assert encode_image(file) == DATA
    for image in (str(path), path, DATA, bytearray(DATA), memoryview(DATA), memoryview(DATA + DATA)[: len(DATA)]):
        assert encode_image(image) == DATA


@pytest.mark.parametrize("shape", [(5, 7, 3), (5, 7), (1, 1, 3), (3, 3, 3), (3, 5)])
def test_arrays_keep_every_pixel(shape: tuple[int, ...]) -> None:
    pixels = random_pixels(*shape)
    assert np.array_equal(np.asarray(decoded(encode_image(pixels))), pixels)


def test_an_array_from_opencv_turned_to_rgb_keeps_every_pixel() -> None:
    bgr = random_pixels(4, 6, 3)
    assert np.array_equal(np.asarray(decoded(encode_image(bgr[..., ::-1]))), bgr[..., ::-1])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pil_images_keep_mode_and_pixels(mode: str) -> None:
    image = PIL.Image.fromarray(random_pixels(5, 7, 3))
    image = PIL.Image.new(mode, (7, 5), 1234) if mode == "I;16" else image.convert(mode)
    result = decoded(encode_image(image))
    assert result.size == (7, 5)
    assert result.convert("RGBA").tobytes() == image.convert("RGBA").tobytes()


def test_a_pil_image_with_an_exif_orientation_is_sent_upright_once() -> None:
    pixels = random_pixels(5, 7, 3)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG", exif=exif)
    result = decoded(encode_image(PIL.Image.open(file)))
    assert np.array_equal(np.asarray(result), np.rot90(pixels, -1))
    assert 0x0112 not in result.getexif()


class Unreadable(io.RawIOBase):
    def read(self, size: int = -1, /) -> bytes:
        raise OSError("the disk is gone")


ZERO = np.zeros
REFUSED: list[tuple[str, Any, str]] = [
    ("float array", ZERO((4, 4, 3)), r"uint8 array .* got float64 of shape \(4, 4, 3\); .*\* 255"),
    ("int array", ZERO((4, 4, 3), np.int64), r"got int64 .*astype\(np.uint8\)"),
    ("bool array", ZERO((4, 4), bool), r"got bool"),
    ("channels first", ZERO((3, 4, 5), np.uint8), r"got uint8 of shape \(3, 4, 5\); .*transpose\(1, 2, 0\)"),
    ("one grey channel first", ZERO((1, 4, 5), np.uint8), r"pass image\[0\]"),
    ("one grey channel last", ZERO((4, 5, 1), np.uint8), r"pass image\[\.\.\., 0\]"),
    ("alpha", ZERO((4, 5, 4), np.uint8), r"drop the alpha channel"),
    ("two channels", ZERO((4, 5, 2), np.uint8), r"reshape"),
    ("batch", ZERO((2, 4, 5, 3), np.uint8), r"one picture per call"),
    ("vector", ZERO((12,), np.uint8), r"got uint8 of shape \(12,\)"),
    ("no pixels", ZERO((0, 5, 3), np.uint8), r"at least one pixel"),
    ("CMYK", PIL.Image.new("CMYK", (2, 2)), r"got 'CMYK'; pass image.convert\('RGB'\)"),
    ("float PIL", PIL.Image.new("F", (2, 2)), r"got 'F'"),
    ("no PIL pixels", PIL.Image.new("RGB", (0, 2)), r"at least one pixel, got a PIL image of size \(0, 2\)"),
    ("empty bytes", b"", r"got 0 bytes from the bytes given"),
    ("empty file", io.BytesIO(), r"0 bytes from the file object .*seek\(0\)"),
    ("text file", io.StringIO("text"), r"opened as text; open it with mode 'rb'"),
    ("broken file", Unreadable(), r"the disk is gone"),
    ("text", "a photo of a three", r"no such file: 'a photo of a three'; a str must be the path"),
    ("base64", "iVBORw0KGgo" * 1000, r"cannot read 'iVBOR.*…': File name too long; a str must be the path"),
    ("zero in a path", "a\0b", r"cannot read 'a\\x00b': .*null"),
    ("URL", "https://example.org/cat.jpg", r"got the URL 'https://example.org/cat.jpg'; download it"),
    ("None", None, r"expected a path, bytes .* got NoneType"),
    ("list", [b"x"], r"got list"),
    ("number", 7, r"got int"),
]


@pytest.mark.parametrize(("image", "message"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_what_cannot_be_a_picture_is_refused_with_advice(image: Any, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        encode_image(image)


def test_a_directory_a_missing_file_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="got the directory"):
        encode_image(tmp_path)
    with pytest.raises(ImageError, match="no such file"):
        encode_image(tmp_path / "missing.jpg")
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError, match=r"got 0 bytes from '.*empty.jpg'"):
        encode_image(tmp_path / "empty.jpg")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(DATA)
    path.chmod(0)
    with pytest.raises(ImageError, match="Permission denied"):
        encode_image(path)


def test_a_truncated_pil_image_and_a_closed_one_are_refused() -> None:
    file = io.BytesIO()
    PIL.Image.fromarray(random_pixels(64, 64, 3)).save(file, "PNG")
    with pytest.raises(ImageError, match="cannot read the PIL image"):
        encode_image(PIL.Image.open(io.BytesIO(file.getvalue()[:2000])))
    closed = PIL.Image.open(file)
    closed.close()
    with pytest.raises(ImageError, match="cannot read the PIL image"):
        encode_image(closed)
