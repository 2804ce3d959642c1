"""Picture files to upright images: formats, orientations, refusals."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sightline_backend.errors import (
    PictureDamagedError,
    PictureError,
    PictureFormatError,
    PictureTooLargeError,
    PixelsError,
)
from sightline_backend.formats import header_size_wh
from sightline_backend.pictures import encode_png, open_picture, open_reduced

ORIENTATION = 0x0112
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def quadrants(width: int = 60, height: int = 40) -> Image.Image:
    """Red, green, blue and white corners: every turn and mirror image of it is different."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    return Image.fromarray(pixels)


def saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, bit_depth: int = 8, colour_type: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bit_depth, colour_type, 0, 0, 0)
    return b"".join([PNG_SIGNATURE, chunk(b"IHDR", header), *chunks, chunk(b"IEND", b"")])


def compressed(size: int) -> bytes:
    return zlib.compress(b"\0" * size, 9)


@pytest.mark.parametrize(
    ("file_format", "options", "tolerance"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}, 2),
        ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 2),
        ("PNG", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 95}, 8),
        ("BMP", {}, 0),
        ("GIF", {}, 0),
    ],
)
def test_five_formats_are_read(file_format: str, options: dict[str, Any], tolerance: int) -> None:
    image = open_picture(saved(quadrants(), file_format, **options)).convert("RGB")
    assert image.size == (60, 40)
    assert np.abs(np.asarray(image, int) - np.asarray(quadrants(), int)).mean() <= tolerance


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_counts(file_format: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    options = {"lossless": True} if file_format == "WEBP" else {}
    data = saved(frames[0], file_format, save_all=True, append_images=frames[1:], duration=100, **options)
    assert open_picture(data).convert("RGB").getpixel((4, 4)) == (255, 0, 0)


def test_of_a_phones_multi_picture_jpeg_the_first_counts() -> None:
    data = saved(quadrants(64, 64), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 64))], quality=95)
    assert np.abs(np.asarray(open_picture(data), int) - np.asarray(quadrants(64, 64), int)).mean() < 10


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "stored_from_upright"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_exif_orientation_is_applied(
    file_format: str, orientation: int, stored_from_upright: Image.Transpose | None
) -> None:
    upright = quadrants(64, 48)
    stored = upright if stored_from_upright is None else upright.transpose(stored_from_upright)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = saved(stored, file_format, exif=exif, quality=95)
    image = open_picture(data).convert("RGB")
    assert image.size == (64, 48)
    assert np.abs(np.asarray(image, int) - np.asarray(upright, int)).mean() < 4


def exif_entry(kind: int, count: int, value: bytes) -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHI", ORIENTATION, kind, count) + value + b"\0" * 8


@pytest.mark.parametrize(
    "exif",
    [
        exif_entry(3, 1, b"\0\0\0\0"),
        exif_entry(3, 1, b"\x09\0\0\0"),
        exif_entry(2, 2, b"6\0\0\0"),
        exif_entry(5, 1, b"\xff\xff\xff\xff"),
        b"Exif\0\0II*\0\xff\xff\xff\xff garbage",
        b"Exif\0\0",
    ],
)
def test_an_impossible_orientation_is_ignored(exif: bytes) -> None:
    assert open_picture(saved(quadrants(), "JPEG", exif=exif)).size == (60, 40)


def test_the_orientation_entry_of_these_tests_is_a_real_one() -> None:
    assert open_picture(saved(quadrants(), "JPEG", exif=exif_entry(3, 1, b"\6\0\0\0"))).size == (40, 60)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_reduced_picture_knows_what_part_it_covers(orientation: int) -> None:
    """37x29 at a half is 19x15 pixels, of which 18.5 x 14.5 are the picture: the rest lies where the far edges were."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = saved(Image.new("RGB", (37, 29)), "JPEG", exif=exif)
    picture = open_reduced(data, lambda _: (12, 12))
    swapped = orientation >= 5
    assert picture.size_wh == ((29, 37) if swapped else (37, 29))
    assert picture.image.size == ((15, 19) if swapped else (19, 15))
    left = 0.5 if orientation in (2, 3, 6, 7) else 0.0
    top = 0.5 if orientation in (3, 4, 7, 8) else 0.0
    covered = (14.5, 18.5) if swapped else (18.5, 14.5)
    assert picture.box_xyxy == (left, top, left + covered[0], top + covered[1])


@pytest.mark.parametrize("wanted", [(1, 1), (10, 10), (64, 40), (100, 100), (200, 150), (201, 151), (900, 900)])
def test_a_picture_is_never_reduced_below_the_wanted_size(wanted: tuple[int, int]) -> None:
    size = open_reduced(saved(Image.new("RGB", (400, 300)), "JPEG"), lambda _: wanted).image.size
    assert size[0] >= min(wanted[0], 400)
    assert size[1] >= min(wanted[1], 300)


TIFF = saved(quadrants(), "TIFF")


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "nothing (0 bytes)"),
        (b"just some text", "a text file (14 bytes)"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG file"),
        (b"<!DOCTYPE html><html></html>", "an HTML page"),
        (TIFF, "a TIFF file"),
        (b"%PDF-1.7\n", "a PDF file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a PostScript file"),
        (b"\x00\x00\x00\x20ftypheic\x00\x00\x00\x00", "a HEIC file"),
        (b"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00", "an AVIF file"),
        (b"8BPS\x00\x01", "a Photoshop file"),
        (b"\x00\x01\x02\x03\x04", "5 bytes that begin with 00 01 02 03 04"),
        (PNG_SIGNATURE, "a PNG file"),
        (b"\xff\xd8\xff", "a JPEG file"),
        (b"BM", "a BMP file"),
        (b"GIF89a", "a GIF file"),
    ],
)
def test_everything_else_is_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(PictureError) as refused:
        open_picture(data)
    assert named in str(refused.value)
    assert "expected" in str(refused.value)


def test_a_refusal_of_another_format_says_what_to_do() -> None:
    with pytest.raises(PictureFormatError) as refused:
        open_picture(TIFF)
    assert str(refused.value) == (
        "expected a JPEG, PNG, WebP, BMP or GIF file, got a TIFF file; convert it to one of these first"
    )


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "BMP", "GIF", "WEBP"])
@pytest.mark.parametrize("kept", [0.5, 0.9, 0.99])
def test_a_truncated_file_is_an_error(file_format: str, kept: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    data = saved(Image.fromarray(noise), file_format)
    with pytest.raises(PictureError):
        open_picture(data[: int(len(data) * kept)])


def test_a_wrong_checksum_is_an_error() -> None:
    data = bytearray(saved(quadrants(), "PNG"))
    data[data.index(b"IHDR") + 4 + 13] ^= 0xFF
    with pytest.raises(PictureError):
        open_picture(bytes(data))


@pytest.mark.parametrize(
    ("data", "size"),
    [
        pytest.param(png(50_000, 50_000, bit_depth=1), "50000x50000", id="png"),
        pytest.param(png(10_000, 5_001), "10000x5001", id="png just over the limit"),
        pytest.param(png(1, 70_000), "1x70000", id="png with a long side"),
        pytest.param(b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0" * 30, "65535x65535", id="gif"),
        pytest.param(
            b"RIFF\x50\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xfe\x3f\0" * 2 + b"\0" * 60, "16383x16383", id="webp VP8X"
        ),
        pytest.param(b"RIFF\x50\0\0\0WEBPVP8L\x0a\0\0\0\x2f" + b"\xff" * 4 + b"\0" * 60, "16384x16384", id="webp VP8L"),
        pytest.param(
            b"RIFF\x50\0\0\0WEBPVP8 \x0a\0\0\0\x10\0\0\x9d\x01\x2a" + b"\xff\x3f" * 2 + b"\0" * 60,
            "16383x16383",
            id="webp VP8",
        ),
        pytest.param(
            b"BM"
            + struct.pack("<IHHI", 10**6, 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, 9999, 9999, 1, 24, *[0] * 6),
            "9999x9999",
            id="bmp",
        ),
    ],
)
def test_a_bomb_is_refused_by_its_header(data: bytes, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_pixels(*_: Any) -> None:
        raise AssertionError("pixels were read")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", no_pixels)
    with pytest.raises(PictureTooLargeError, match=size):
        open_picture(data)


def test_a_bomb_that_pillow_refuses_itself_is_ours_too() -> None:
    """A JPEG's size stands behind other segments, so that Pillow sees it first."""
    data = bytearray(saved(Image.new("L", (16, 16)), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(PictureTooLargeError, match="a JPEG file of more than three times as many"):
        open_picture(bytes(data))


def test_the_pixel_limit_is_the_callers_choice() -> None:
    data = saved(quadrants(), "PNG")
    assert open_picture(data, max_pixels=2400).size == (60, 40)
    with pytest.raises(PictureTooLargeError, match="60x40"):
        open_picture(data, max_pixels=2399)


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param(chunk(b"zTXt", b"Comment\0\0" + compressed(200_000_000)), id="zTXt"),
        pytest.param(chunk(b"iTXt", b"Comment\0\1\0\0\0" + compressed(200_000_000)), id="iTXt"),
        pytest.param(chunk(b"iCCP", b"ICC Profile\0\0" + compressed(200_000_000)), id="iCCP"),
    ],
)
def test_a_text_bomb_is_refused(extra: bytes) -> None:
    data = saved(quadrants(), "PNG")
    with pytest.raises(PictureDamagedError, match="too large"):
        open_picture(data[:33] + extra + data[33:])


def test_ordinary_metadata_is_no_obstacle() -> None:
    info = PngInfo()
    info.add_text("Comment", "x" * 1000, zip=True)
    data = saved(quadrants(), "PNG", pnginfo=info, icc_profile=b"\0" * 500)
    assert open_picture(data).size == (60, 40)


@pytest.mark.parametrize("file_format", ["PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("size_wh", [(1, 1), (60, 40), (300, 7)])
def test_sizes_are_read_from_headers(file_format: str, size_wh: tuple[int, int]) -> None:
    for options in [{"lossless": True}, {"lossless": False}, {"exif": b"Exif\0\0"}] if file_format == "WEBP" else [{}]:
        assert header_size_wh(saved(Image.new("RGB", size_wh), file_format, **options)) == size_wh


def test_png_gives_back_the_pixels_and_is_repeatable() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (17, 23, 3), np.uint8)
    data = encode_png(pixels)
    assert data == encode_png(np.asfortranarray(pixels))
    assert np.array_equal(np.asarray(open_picture(data)), pixels)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.uint8),
        np.zeros((3, 4, 4), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_arrays_are_not_encoded(pixels: Any) -> None:
    with pytest.raises(PixelsError, match=r"expected uint8 pixels of shape \(h, w, 3\), got"):
        encode_png(pixels)


def test_a_damaged_file_says_why() -> None:
    data = saved(quadrants(), "JPEG")
    with pytest.raises(PictureDamagedError, match=r"got a JPEG file that can't be decoded \(.*truncated.*\)"):
        open_picture(data[:-200])


@pytest.mark.parametrize(
    "raised",
    [
        ValueError("odd\nvalue"),
        SyntaxError("broken"),
        struct.error("unpack"),
        OSError("short"),
        EOFError(),
        IndexError("0"),
        KeyError("tag"),
        TypeError("none"),
        OverflowError("large"),
        ZeroDivisionError(),
        AttributeError("none"),
        NotImplementedError("mode"),
        RuntimeError("codec"),
        MemoryError(),
        zlib.error("-3"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_pillow_raises_becomes_a_picture_error(raised: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: Any) -> None:
        raise raised

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with pytest.raises(PictureError) as refused:
        open_picture(saved(quadrants(), "PNG"))
    assert "\n" not in str(refused.value)
    assert refused.value.__cause__ is raised
