"""Pixel specifications, colour modes and fitting."""

import io
from dataclasses import replace
from itertools import product
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from sightline_backend.errors import ParameterError, PictureError
from sightline_backend.fitting import LETTERBOX_LEVEL
from sightline_backend.modes import to_mode
from sightline_backend.pictures import open_picture
from sightline_backend.pixels import FITS, RESAMPLES, PixelSpec, decode, decode_batch, fit

WHITE = (255, 255, 255)


def saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def scene(width: int, height: int) -> Image.Image:
    """Smooth colours with some detail, as photos have."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack(
        [x * 255 / width, y * 255 / height, 127 + 100 * np.sin(x / width * 20) * np.cos(y / height * 15)], axis=-1
    )
    return Image.fromarray(pixels.astype(np.uint8))


def difference(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize(
    ("spec", "name", "shape"),
    [
        (PixelSpec(64, 64), "rgb_64x64_squash", (64, 64, 3)),
        (PixelSpec(64, 48, "gray", "crop"), "gray_64x48_crop", (48, 64, 1)),
        (PixelSpec(8, 16, fit="letterbox", resample="lanczos"), "rgb_8x16_letterbox_lanczos", (16, 8, 3)),
        (PixelSpec(224, 160, fit="crop", shorter_side=256), "rgb_224x160_crop256", (160, 224, 3)),
        (PixelSpec(8, 8, "gray", "crop", "bicubic", 8), "gray_8x8_crop8_bicubic", (8, 8, 1)),
    ],
)
def test_a_specification_has_name_and_shape_and_survives_its_parameters(
    spec: PixelSpec, name: str, shape: tuple[int, int, int]
) -> None:
    assert spec.name == name
    assert spec.shape == shape
    assert PixelSpec.from_parameters(spec.parameters() | {"other": "thing"}) == spec


def test_a_shorter_side_is_written_only_where_there_is_one() -> None:
    written = {"width": "8", "height": "9", "mode": "rgb", "fit": "crop", "resample": "bilinear"}
    assert PixelSpec(8, 9, fit="crop").parameters() == written
    assert PixelSpec(8, 9, fit="crop", shorter_side=10).parameters() == written | {"shorter_side": "10"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "expected the parameters width and height, got none; add width and height to config.pbtxt"),
        ({"width": "64"}, "add height to config.pbtxt"),
        ({"width": "0", "height": "64"}, "width: expected a whole number from 1 to 4096, got 0"),
        ({"width": "64", "height": "99999999999999999999"}, "height: expected a whole number from 1 to 4096"),
        ({"width": "-3", "height": "64"}, "width: expected a whole number from 1 to 4096, got '-3'"),
        ({"width": "64.0", "height": "64"}, "got '64.0'"),
        ({"width": "8", "height": "8", "mode": "bgr"}, "mode: expected one of rgb, gray, got 'bgr'"),
        ({"width": "8", "height": "8", "fit": "pad"}, "fit: expected one of squash, crop, letterbox, got 'pad'"),
        ({"width": "8", "height": "8", "resample": "area"}, "resample: expected one of bilinear, bicubic"),
        (
            {"width": "8", "height": "8", "shorter_side": "9"},
            "shorter_side: expected the fit crop, got squash; leave one of them out",
        ),
        (
            {"width": "8", "height": "9", "fit": "crop", "shorter_side": "8"},
            "shorter_side: expected a whole number from 9 to 4096, got 8",
        ),
        (
            {"width": "8", "height": "9", "fit": "crop", "shorter_side": "4097"},
            "shorter_side: expected a whole number from 9 to 4096, got 4097",
        ),
        ({"width": "8", "height": "9", "fit": "crop", "shorter_side": ""}, "shorter_side: expected a whole number"),
    ],
)
def test_unusable_parameters_are_refused(parameters: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError) as refused:
        PixelSpec.from_parameters(parameters)
    assert message in str(refused.value)


def levels_16_bit() -> Image.Image:
    return Image.fromarray(np.array([[0, 255, 256], [0x7FFF, 0x8000, 65535]], np.uint16))


def grey(level: int) -> tuple[int, int, int]:
    return level, level, level


def with_info(image: Image.Image, **info: Any) -> Image.Image:
    image.info.update(info)
    return image


def palette(transparency: bytes | int | None = None) -> Image.Image:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    return image if transparency is None else with_info(image, transparency=transparency)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param(Image.new("L", (1, 1), 7), [[(7, 7, 7)]], id="grey"),
        pytest.param(Image.new("1", (1, 1), 1), [[WHITE]], id="one bit"),
        pytest.param(palette(), [[(255, 0, 0), (0, 0, 255)]], id="palette"),
        pytest.param(palette(b"\0\xff"), [[WHITE, (0, 0, 255)]], id="palette with alpha"),
        pytest.param(palette(1), [[(255, 0, 0), WHITE]], id="palette with a transparent entry"),
        pytest.param(Image.new("LA", (1, 1), (0, 0)), [[WHITE]], id="transparent grey"),
        pytest.param(Image.new("LA", (1, 1), (9, 255)), [[(9, 9, 9)]], id="opaque grey"),
        pytest.param(Image.new("RGBA", (1, 1), (0, 0, 0, 0)), [[WHITE]], id="transparent"),
        pytest.param(Image.new("RGBA", (1, 1), (255, 0, 0, 51)), [[(255, 204, 204)]], id="a fifth of red"),
        pytest.param(
            with_info(Image.new("RGB", (1, 1), (1, 2, 3)), transparency=(1, 2, 3)), [[WHITE]], id="colour key"
        ),
        pytest.param(with_info(Image.new("L", (1, 1), 5), transparency=5), [[WHITE]], id="grey key"),
        pytest.param(Image.new("CMYK", (1, 1), (0, 255, 255, 0)), [[(255, 0, 0)]], id="cmyk"),
        pytest.param(Image.new("YCbCr", (1, 1), (128, 128, 128)), [[(128, 128, 128)]], id="ycbcr"),
        pytest.param(levels_16_bit(), [[grey(0), grey(0), grey(1)], [grey(127), grey(128), WHITE]], id="16-bit grey"),
        pytest.param(
            with_info(levels_16_bit(), transparency=0x7FFF),
            [[grey(0), grey(0), grey(1)], [WHITE, grey(128), WHITE]],
            id="16-bit grey key",
        ),
    ],
)
def test_every_mode_becomes_rgb(image: Image.Image, expected: list[list[tuple[int, int, int]]]) -> None:
    assert np.asarray(to_mode(image, "rgb")).tolist() == np.array(expected).tolist()
    luma = np.asarray(to_mode(image, "gray"))
    assert np.array_equal(luma, np.asarray(Image.fromarray(np.array(expected, np.uint8)).convert("L")))


@pytest.mark.parametrize(
    ("image", "file_format"),
    [
        (Image.new("L", (9, 5), 100), "PNG"),
        (Image.new("LA", (9, 5), (100, 255)), "PNG"),
        (Image.new("1", (9, 5), 1), "PNG"),
        (palette(b"\0\xff"), "PNG"),
        (palette(0), "GIF"),
        (Image.new("RGBA", (9, 5), (1, 2, 3, 0)), "PNG"),
        (Image.new("RGBA", (9, 5), (1, 2, 3, 0)), "WEBP"),
        (Image.fromarray(np.full((5, 9), 25600, np.uint16)), "PNG"),
        (Image.new("L", (9, 5), 100), "JPEG"),
        (Image.new("L", (9, 5), 100), "BMP"),
        (Image.new("1", (9, 5), 1), "BMP"),
    ],
)
def test_files_of_every_mode_are_decoded(image: Image.Image, file_format: str) -> None:
    pixels = decode(saved(image, file_format), PixelSpec(4, 4, resample="nearest"))
    assert difference(pixels[0, 0], np.asarray(to_mode(image, "rgb"))[0, 0]) <= 1


def test_cmyk_jpegs_have_their_colours_with_and_without_adobes_inversion() -> None:
    data = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    assert b"Adobe" in data  # Pillow writes inverted values with Adobe's marker, as Photoshop does
    assert difference(decode(data, PixelSpec(2, 2))[0, 0], np.array((255, 0, 0), np.uint8)) < 8
    assert difference(decode(data, PixelSpec(2, 2, "gray"))[0, 0], np.array((76,), np.uint8)) < 8


def test_grey_is_itu_r_601_luma() -> None:
    image = Image.new("RGB", (1, 1), (10, 200, 90))
    assert np.asarray(to_mode(image, "gray"))[0, 0] == (19595 * 10 + 38470 * 200 + 7471 * 90 + 32768) >> 16


@pytest.mark.parametrize("fitting", FITS)
@pytest.mark.parametrize("mode", ["rgb", "gray"])
@pytest.mark.parametrize("resample", RESAMPLES)
@pytest.mark.parametrize("size_wh", [(1, 1), (7, 300), (300, 7), (64, 48)])
def test_any_size_gives_the_specified_shape(fitting: Any, mode: Any, resample: Any, size_wh: tuple[int, int]) -> None:
    spec = PixelSpec(20, 12, mode, fitting, resample)
    pixels = fit(scene(*size_wh), spec)
    assert pixels.shape == spec.shape
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize("fitting", FITS)
@pytest.mark.parametrize("size_wh", [(1, 50_000), (50_000, 1), (3, 65_535), (65_535, 3)])
def test_extreme_shapes_work(fitting: Any, size_wh: tuple[int, int]) -> None:
    data = saved(Image.new("RGB", size_wh, (9, 99, 199)), "PNG")
    pixels = decode(data, PixelSpec(64, 48, fit=fitting))
    assert (9, 99, 199) in {tuple(colour) for colour in pixels.reshape(-1, 3).tolist()}


def test_a_thin_tall_picture_is_not_widened_before_it_is_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, int]] = []
    resize = Image.Image.resize

    def spy(self: Image.Image, size: tuple[int, int], *arguments: Any) -> Image.Image:
        sizes.append(size)
        return resize(self, size, *arguments)

    monkeypatch.setattr("PIL.Image.Image.resize", spy)
    fit(Image.new("L", (2, 60_000)), PixelSpec(4096, 16))
    assert sizes == [(2, 16), (4096, 16)]


@pytest.mark.parametrize("fitting", FITS)
def test_a_picture_of_the_right_size_is_left_as_it_is(fitting: Any) -> None:
    image = scene(64, 48)
    assert np.array_equal(fit(image, PixelSpec(64, 48, fit=fitting)), np.asarray(image))


def test_squash_takes_the_whole_picture() -> None:
    image = scene(100, 30)
    expected = np.asarray(image.resize((20, 20), Image.Resampling.BILINEAR))
    assert np.array_equal(fit(image, PixelSpec(20, 20)), expected)


@pytest.mark.parametrize(("size_wh", "offset"), [((60, 20), (20, 0)), ((20, 60), (0, 20))])
def test_crop_takes_the_centre(size_wh: tuple[int, int], offset: tuple[int, int]) -> None:
    image = scene(*size_wh)
    expected = image.crop((*offset, offset[0] + 20, offset[1] + 20))
    assert np.array_equal(fit(image, PixelSpec(20, 20, fit="crop")), np.asarray(expected))


@pytest.mark.parametrize(
    ("size_wh", "content"),
    [
        ((60, 30), (0, 5, 20, 10)),
        ((30, 60), (5, 0, 10, 20)),
        ((60, 29), (0, 5, 20, 10)),  # 9.67 rows, rounded to 10
        ((1000, 1), (0, 9, 20, 1)),
        ((10, 10), (0, 0, 20, 20)),
    ],
)
def test_letterbox_centres_the_picture_on_grey(size_wh: tuple[int, int], content: tuple[int, int, int, int]) -> None:
    pixels = fit(Image.new("RGB", size_wh, (1, 2, 3)), PixelSpec(20, 20, fit="letterbox"))
    left, top, width, height = content
    shown = np.zeros((20, 20), bool)
    shown[top : top + height, left : left + width] = True
    assert (pixels[shown] == (1, 2, 3)).all()
    assert (pixels[~shown] == LETTERBOX_LEVEL).all()


@pytest.mark.parametrize("fitting", FITS)
@pytest.mark.parametrize("size_wh", [(1000, 800), (1001, 333), (640, 1201)])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_reduced_jpeg_gives_what_the_full_one_gives(fitting: Any, size_wh: tuple[int, int], orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(scene(*size_wh), "JPEG", quality=92, exif=exif)
    spec = PixelSpec(64, 48, fit=fitting)
    assert difference(decode(data, spec), fit(open_picture(data), spec)) <= 5


def test_jpegs_are_really_reduced(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    draft = Image.Image.draft

    def spy(self: Any, mode: Any, size: tuple[int, int]) -> Any:
        asked.append(size)
        return draft(self, mode, size)

    monkeypatch.setattr("PIL.JpegImagePlugin.JpegImageFile.draft", spy)
    decode(saved(scene(800, 600), "JPEG"), PixelSpec(64, 48, fit="letterbox"))
    assert asked == [(129, 97)]


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "WEBP", "GIF"])
@pytest.mark.parametrize("fitting", FITS)
def test_decoding_is_opening_and_fitting(file_format: str, fitting: Any) -> None:
    data = saved(scene(201, 77), file_format)
    spec = PixelSpec(32, 32, fit=fitting)
    assert np.array_equal(decode(data, spec), fit(open_picture(data), spec))


def test_of_several_pictures_the_bad_one_is_named() -> None:
    good = saved(scene(9, 9), "PNG")
    assert decode_batch([good, good], PixelSpec(4, 4)).shape == (2, 4, 4, 3)
    with pytest.raises(PictureError, match=r"^picture 2 of 3: expected a JPEG"):
        decode_batch([good, b"text", good], PixelSpec(4, 4))
    with pytest.raises(PictureError, match=r"^expected a JPEG"):
        decode_batch([b"text"], PixelSpec(4, 4))


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(PictureError, match="0x4"):
        fit(Image.new("RGB", (0, 4)), PixelSpec(4, 4))


SQUARE, WIDE = PixelSpec(22, 22, fit="crop", shorter_side=25), PixelSpec(33, 16, fit="crop", shorter_side=33)


def test_a_crop_after_resampling_gives_torchvisions_pixels_bit_for_bit() -> None:
    from sightline_export.sources.torchvision_operators import declare_operators

    declare_operators()
    from torchvision import transforms

    sizes_wh = [(1, 1), (1, 8), (25, 25), (26, 25), (33, 50), (56, 7), (7, 56), (640, 480), (481, 641), (1001, 127)]
    sizes_wh += [tuple(size) for size in np.random.default_rng(0).integers(40, 320, (25, 2)).tolist()]
    for size_wh in sizes_wh:
        image = scene(*size_wh)
        for spec, resample in product((SQUARE, WIDE), RESAMPLES):
            resize = transforms.Resize(spec.shorter_side, transforms.InterpolationMode(resample))
            expected = cast(Image.Image, transforms.CenterCrop((spec.height, spec.width))(resize(image)))
            pixels = decode(saved(image, "PNG"), replace(spec, resample=resample))
            assert np.array_equal(pixels, np.asarray(expected)), (size_wh, spec, resample)


@pytest.mark.parametrize("mode", ["rgb", "gray"])
@pytest.mark.parametrize("size_wh", [(1, 5000), (5000, 1), (65_535, 1), (1, 65_535), (9, 73), (65_535, 700)])
def test_the_middle_of_an_elongated_picture_is_resampled_alone(
    mode: Any, size_wh: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[tuple[int, int]] = []
    resize = Image.Image.resize

    def spy(self: Image.Image, size: tuple[int, int], *arguments: Any) -> Image.Image:
        sizes.append(size)
        return resize(self, size, *arguments)

    monkeypatch.setattr("PIL.Image.Image.resize", spy)
    pixels = fit(Image.new("RGB", size_wh, (9, 9, 9)), PixelSpec(224, 200, mode, "crop", shorter_side=256))
    assert pixels.shape == (200, 224, 3 if mode == "rgb" else 1)
    assert (pixels == 9).all()
    assert sizes[-1] == (224, 200)
    assert max(width * height for width, height in sizes) <= 224 * 200


@pytest.mark.parametrize("longer", [160, 161, 162])
@pytest.mark.parametrize("upright", [False, True])
def test_an_elongated_picture_shows_the_same_part_as_one_that_is_resampled_whole(longer: int, upright: bool) -> None:
    size_wh = (20, longer) if upright else (longer, 20)
    spec = PixelSpec(20, 18, fit="crop", shorter_side=23)
    image = scene(*size_wh)
    scale = 23 / 20
    whole = image.resize((int(size_wh[0] * scale), int(size_wh[1] * scale)), Image.Resampling.BILINEAR)
    left, top = round((whole.width - 20) / 2), round((whole.height - 18) / 2)
    assert difference(fit(image, spec), np.asarray(whole.crop((left, top, left + 20, top + 18)))) <= 1


@pytest.mark.parametrize("size_wh", [(1000, 800), (1001, 333), (640, 1201), (2400, 200)])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_reduced_jpeg_is_cropped_as_the_full_one_is(size_wh: tuple[int, int], orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(scene(*size_wh), "JPEG", quality=92, exif=exif)
    spec = PixelSpec(64, 48, fit="crop", shorter_side=80)
    assert difference(decode(data, spec), fit(open_picture(data), spec)) <= 5


@pytest.mark.parametrize(
    ("size_wh", "asked"), [((800, 600), (214, 161)), ((600, 800), (161, 214)), ((900, 90), (1601, 161))]
)
def test_a_jpeg_keeps_twice_the_size_that_is_cropped(
    size_wh: tuple[int, int], asked: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[tuple[int, int]] = []
    draft = Image.Image.draft

    def spy(self: Any, mode: Any, size: tuple[int, int]) -> Any:
        wanted.append(size)
        return draft(self, mode, size)

    monkeypatch.setattr("PIL.JpegImagePlugin.JpegImageFile.draft", spy)
    decode(saved(scene(*size_wh), "JPEG"), PixelSpec(64, 48, fit="crop", shorter_side=80))
    assert wanted == [asked]
