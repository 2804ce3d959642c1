import base64
import io
import os
import random
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from PIL import ImageOps, PngImagePlugin

from sightline import ImageError
from sightline.images import encode_image, picture_size

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


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "mirrored": lambda pixels: pixels[:, ::-1],
    "upside down": lambda pixels: pixels[::-1],
    "every second": lambda pixels: pixels[::2, 1::2],
    "transposed": lambda pixels: pixels.transpose(1, 0, 2),
    "stored channels first": lambda pixels: pixels.transpose(2, 0, 1).copy().transpose(1, 2, 0),
    "one channel of three": lambda pixels: pixels[..., 1],
    "Fortran order": np.asfortranarray,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_array_keeps_every_pixel_however_it_lies_in_memory(layout: str) -> None:
    pixels = LAYOUTS[layout](random_pixels(6, 8, 3))
    assert np.array_equal(np.asarray(decoded(encode_image(pixels))), pixels)


def test_read_only_and_memory_mapped_arrays_are_taken_and_stay_as_they_are(tmp_path: Path) -> None:
    pixels = random_pixels(6, 8, 3)
    before = pixels.copy()
    pixels.flags.writeable = False
    np.save(tmp_path / "pixels.npy", pixels)
    mapped = np.load(tmp_path / "pixels.npy", mmap_mode="r")
    for array in (pixels, mapped):
        assert np.array_equal(np.asarray(decoded(encode_image(array))), before)
        assert np.array_equal(array, before)
    del mapped


def test_a_pil_image_stays_as_it_is() -> None:
    image = PIL.Image.fromarray(random_pixels(6, 8, 3))
    image.getexif()[0x0112] = 6
    encode_image(image)
    assert image.size == (8, 6)
    assert image.getexif()[0x0112] == 6


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


class Broken(io.RawIOBase):
    def read(self, size: int = -1, /) -> bytes:
        raise RuntimeError("the codec is gone")


def foreign(module: str, name: str, **members: Any) -> Any:
    """An object as a library that is not installed here would make it."""
    return type(name, (), {"__module__": module, **members})()


def read_frame(_: object) -> tuple[bool, bytes]:
    return True, b"frame"


ZERO = np.zeros
JPEG = b"\xff\xd8\xff\xe0" + bytes(900)
REFUSED: list[tuple[str, Any, str]] = [
    ("float array", ZERO((4, 4, 3)), r"uint8 array .* got float64 of shape \(4, 4, 3\); .*\* 255"),
    ("float array of 0 to 255", ZERO((4, 4, 3)) + 200, r"image\.round\(\)\.astype"),
    ("normalised array", ZERO((4, 4, 3)) - 0.5, r"look normalised"),
    ("float array without pixels", ZERO((0, 4, 3)), r"got float64 of shape \(0, 4, 3\)"),
    ("channels first and float", ZERO((3, 4, 5), np.float32), r"transpose\(1, 2, 0\); then .*\* 255"),
    ("int array", ZERO((4, 4, 3), np.int64), r"got int64 .*astype\(numpy.uint8\)"),
    ("16 bits", ZERO((4, 4), np.uint16), r"got uint16 .*image >> 8"),
    ("bool array", ZERO((4, 4), bool), r"got bool .*\* 255"),
    ("array of bytes", np.array([[b"x"]], dtype=object), r"got object .*by themselves"),
    ("channels first", ZERO((3, 4, 5), np.uint8), r"got uint8 of shape \(3, 4, 5\); .*transpose\(1, 2, 0\)"),
    ("one grey channel first", ZERO((1, 4, 5), np.uint8), r"pass image\[0\]"),
    ("one grey channel last", ZERO((4, 5, 1), np.uint8), r"pass image\[\.\.\., 0\]"),
    ("alpha", ZERO((4, 5, 4), np.uint8), r"drop the alpha channel"),
    ("two channels", ZERO((4, 5, 2), np.uint8), r"reshape"),
    ("batch", ZERO((2, 4, 5, 3), np.uint8), r"one picture per call, .* Client\.map"),
    ("vector", ZERO((12,), np.uint8), r"got uint8 of shape \(12,\); reshape"),
    ("no rows", ZERO((0, 5, 3), np.uint8), r"at least one pixel"),
    ("no columns", ZERO((5, 0), np.uint8), r"at least one pixel"),
    ("memoryview of an array", memoryview(bytes(48)).cast("B", (4, 4, 3)), r"shape \(4, 4, 3\); pass the array itself"),
    ("CMYK", PIL.Image.new("CMYK", (2, 2)), r"got 'CMYK'; pass image.convert\('RGB'\)"),
    ("float PIL", PIL.Image.new("F", (2, 2)), r"got 'F'"),
    ("no PIL pixels", PIL.Image.new("RGB", (0, 2)), r"at least one pixel, got a PIL image of size \(0, 2\)"),
    ("PyTorch", foreign("torch", "Tensor"), r"got torch.Tensor; pass tensor\.detach\(\)\.cpu\(\)\.numpy\(\) as uint8"),
    ("torchvision", foreign("torchvision.tv_tensors", "Image"), r"\(H, W, 3\); where the channels come first"),
    ("TensorFlow", foreign("tensorflow.python.framework.ops", "EagerTensor"), r"pass tensor\.numpy\(\)"),
    ("JAX", foreign("jaxlib.xla_extension", "ArrayImpl"), r"pass numpy\.asarray\(array\)"),
    ("OpenCV on a GPU", foreign("cv2.cuda", "GpuMat"), r"image\.download\(\).*BGR"),
    ("OpenCV video", foreign("cv2", "VideoCapture", read=read_frame), r"VideoCapture.*BGR"),
    ("another array", foreign("xarray", "DataArray", __array__=ZERO), r"pass numpy\.asarray\(image\)"),
    ("empty bytes", b"", r"got 0 bytes from the bytes given"),
    ("HTML bytes", b"\n <!DOCTYPE HTML>\n<html>", r"got from the bytes given an HTML page"),
    ("base64 bytes", base64.encodebytes(JPEG), r"base64 text; pass base64\.b64decode"),
    ("data URI bytes", b"data:image/jpeg;base64," + base64.b64encode(JPEG), r"a data: URI"),
    ("JSON bytes", b'{"image": "..."}', r"JSON text"),
    ("Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", r"git lfs pull"),
    ("empty file", io.BytesIO(), r"0 bytes from the file object .*seek\(0\)"),
    ("text file", io.StringIO("text"), r"opened as text; open it with mode 'rb'"),
    ("unreadable file", Unreadable(), r"the disk is gone"),
    ("broken file", Broken(), r"the codec is gone"),
    ("file of frames", foreign("reader", "Reader", read=read_frame), r"expected read\(\) to return bytes, got tuple"),
    ("text", "a photo of a three", r"no such file: 'a photo of a three'; a str must be the path"),
    ("empty str", "", r"got an empty str"),
    ("base64", "iVBORw0KGgo" * 1000, r"cannot read 'iVBOR.*…': File name too long; this looks like base64"),
    ("short base64", "R0lGODlhAQABAAAAACw=", r"this looks like base64: pass the bytes, base64\.b64decode\(text\)"),
    ("data URI", "data:image/png;base64,iVBORw0KGgo=", r"this is a data: URI: pass the bytes"),
    ("home", "~/no such picture.jpg", r"does not expand '~': pass pathlib\.Path\(path\)\.expanduser\(\)"),
    ("pattern", "no such folder/*.jpg", r"a pattern is not expanded: .*glob\.glob"),
    ("zero in a path", "a\0b", r"cannot read 'a\\x00b': .*null"),
    ("local URL", "file:///no/such/picture.jpg", r"only http:// and https:// are fetched, not file://"),
    ("bucket", "s3://bucket/cat.jpg", r"not s3://: download it and pass its bytes"),
    ("URL as a Path", Path("https://example.org/cat.jpg"), r"pass an address as a str"),
    ("None", None, r"expected a path, an http.* got NoneType; .*cv2\.imread"),
    ("list of pictures", [b"x"], r"got list; send one picture per call, or all of them with Client\.map"),
    ("list of numbers", [[1, 2], [3, 4]], r"got list; pass numbers as numpy\.array"),
    ("set", {b"x"}, r"got set; convert it"),
    ("number", 7, r"got int"),
]


@pytest.mark.parametrize(("image", "message"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_what_cannot_be_a_picture_is_refused_with_advice(image: Any, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        encode_image(image)


def test_a_directory_a_missing_file_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"got the directory .* Client\.map"):
        encode_image(tmp_path)
    with pytest.raises(ImageError, match="got the directory"):
        encode_image(f"{tmp_path}/")
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


@pytest.mark.parametrize(
    "data",
    [
        b"P3 2 2 255 1 2 3",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"/9j is how it begins \x00\x01",
        b"<htm",
        b"#define x_width 8",
    ],
)
def test_bytes_that_could_be_a_picture_are_for_the_server_to_judge(data: bytes) -> None:
    assert encode_image(data) == data


def test_a_path_may_look_like_an_address_or_a_pattern_as_long_as_it_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("~", "*.jpg", "data:", "iVBORw0KGgo", "ftp:"):
        Path(name).write_bytes(DATA)
        assert encode_image(name) == DATA


def encoded(format_: str, orientation: int | None) -> bytes:
    exif = PIL.Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    file = io.BytesIO()
    PIL.Image.fromarray(random_pixels(20, 30, 3)).save(file, format_, exif=exif)
    return file.getvalue()


HEADERS = [(name, turn) for name in ("JPEG", "PNG", "WEBP") for turn in (None, 1, 2, 3, 4, 5, 6, 7, 8, 9)]


@pytest.mark.parametrize(("format_", "orientation"), [*HEADERS, ("BMP", None), ("GIF", None)])
def test_the_size_in_the_header_is_that_of_the_upright_picture(format_: str, orientation: int | None) -> None:
    data = encoded(format_, orientation)
    assert picture_size(data) == ImageOps.exif_transpose(PIL.Image.open(io.BytesIO(data))).size


def png_chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def test_the_orientation_of_a_png_counts_behind_its_pixels_too() -> None:
    data = encoded("PNG", 6)
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    iend = png_chunk(b"IEND", b"")
    behind = data[:start] + data[end : -len(iend)] + data[start:end] + iend
    assert picture_size(behind) == picture_size(data) == (20, 30)


def test_broken_metadata_is_no_reason_to_doubt_the_size() -> None:
    metadata = PngImagePlugin.PngInfo()
    metadata.add_text("Raw profile type exif", "\nexif\n4\nno hex digits")
    file = io.BytesIO()
    PIL.Image.fromarray(random_pixels(20, 30, 3)).save(file, "PNG", pnginfo=metadata)
    assert picture_size(file.getvalue()) == (30, 20)


def test_the_size_of_a_picture_that_promises_too_much_is_read_without_a_warning_or_memory() -> None:
    header = (60_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")
    picture_size(data)  # imports the readers
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert picture_size(data) == (60_000, 60_000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_any_bytes_have_a_size_or_none() -> None:
    random_ = random.Random(0)  # noqa: S311  # so that a failure can be repeated
    files = [encoded(name, 6 if name in ("JPEG", "PNG", "WEBP") else None) for name, _ in [*HEADERS[::10], ("GIF", 0)]]
    for _ in range(3000):
        data = bytearray(random_.choice(files))
        for _ in range(random_.randrange(8)):
            data[random_.randrange(min(len(data), 200))] = random_.randrange(256)
        size = picture_size(bytes(data[: random_.randrange(len(data))]))
        assert size is None or min(size) >= 1
    for data in (b"", b"BM", b"GIF8", b"RIFF", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"not a picture", b"II*\0"):
        assert picture_size(data) is None
