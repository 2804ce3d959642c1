"""Operations without a network: what each makes of a picture, and what it refuses."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageOps

from sightline_backend.edits import EDITS, edit_files, edit_from_parameters, edited
from sightline_backend.edits.resize import wanted_wh
from sightline_backend.edits.rotate import canvas_wh
from sightline_backend.errors import EditError, ParameterError, PictureDamagedError, PictureTooLargeError

Array = npt.NDArray[Any]
ORIENTATION = 0x0112


def values(**given: Any) -> dict[str, Array]:
    """The parameters of one picture, in the types of their tensors."""
    types = {"DIRECTION": np.object_, **dict.fromkeys(("WIDTH", "HEIGHT", "XYXY"), np.int32)}
    return {name: np.array(value, types.get(name, np.float32)).reshape(-1) for name, value in given.items()}


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def file_of(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def shows(image: Image.Image, pixels: Array) -> bool:
    return np.array_equal(np.asarray(image), pixels)


def apply(name: str, image: Image.Image, **given: Any) -> Image.Image:
    return edited(file_of(image), EDITS[name], values(**given))


@pytest.mark.parametrize(
    ("size_wh", "width", "height", "expected"),
    [
        ((640, 480), 320, None, (320, 240)),
        ((640, 480), None, 240, (320, 240)),
        ((640, 480), 10, 20, (10, 20)),
        ((640, 480), None, None, (640, 480)),
        ((3, 2), 5, None, (5, 3)),  # 3.33
        ((2, 3), None, 5, (3, 5)),  # 3.33
        ((2, 1), 5, None, (5, 3)),  # 2.5 rounds up
        ((1, 5000), None, 100, (1, 100)),
        ((1, 1), 7, None, (7, 7)),
    ],
)
def test_one_side_keeps_the_ratio_and_both_are_taken_as_they_are(
    size_wh: tuple[int, int], width: int | None, height: int | None, expected: tuple[int, int]
) -> None:
    assert wanted_wh(size_wh, width, height) == expected


def test_a_resized_picture_is_that_of_pillow() -> None:
    picture = noise(40, 30)
    assert apply("resize", picture, WIDTH=13).tobytes() == picture.resize((13, 10), Image.Resampling.LANCZOS).tobytes()
    assert apply("resize", picture).tobytes() == picture.tobytes()


def test_a_long_strip_is_turned_into_a_wide_one_without_gigabytes_between() -> None:
    # rows first, this would need 65535 x 65535 pixels, 12 GB
    strip = Image.new("RGB", (1, 65535), (200, 100, 50))
    result = apply("resize", strip, WIDTH=65535, HEIGHT=1)
    assert result.size == (65535, 1)
    assert result.getpixel((65534, 0)) == (200, 100, 50)


TURNS: dict[float, Callable[[Array], Array]] = {
    0: lambda pixels: pixels,
    90: np.rot90,
    -90: lambda pixels: np.rot90(pixels, -1),
    180: lambda pixels: np.rot90(pixels, 2),
    270: lambda pixels: np.rot90(pixels, 3),
    450: np.rot90,
    -360: lambda pixels: pixels,
}


@pytest.mark.parametrize("degrees", TURNS)
def test_multiples_of_a_quarter_turn_counter_clockwise_and_change_no_pixel(degrees: float) -> None:
    picture = noise(5, 3)
    assert shows(apply("rotate", picture, DEGREES=degrees), TURNS[degrees](np.asarray(picture)))


def test_without_degrees_it_is_a_quarter_turn() -> None:
    assert shows(apply("rotate", noise(5, 3)), np.rot90(np.asarray(noise(5, 3))))


@pytest.mark.parametrize("degrees", [1, 30, 45, 137.5, -12.25, 359.5, 1e9])
@pytest.mark.parametrize("size_wh", [(80, 20), (1, 1), (1, 50), (33, 33)])
def test_other_angles_grow_the_canvas_as_pillow_does(degrees: float, size_wh: tuple[int, int]) -> None:
    picture = Image.new("RGB", size_wh, "white")
    result = apply("rotate", picture, DEGREES=degrees)
    assert result.tobytes() == picture.rotate(degrees % 360, Image.Resampling.BICUBIC, expand=True).tobytes()
    assert np.subtract(result.size, canvas_wh(size_wh, degrees)).max() <= 2


def test_a_flip_swaps_left_and_right_or_top_and_bottom() -> None:
    picture = noise(5, 3)
    pixels = np.asarray(picture)
    assert shows(apply("flip", picture), pixels[:, ::-1])
    assert shows(apply("flip", picture, DIRECTION=b"horizontal"), pixels[:, ::-1])
    assert shows(apply("flip", picture, DIRECTION=b"vertical"), pixels[::-1])


def test_a_crop_is_the_box_in_pixels_of_the_upright_picture() -> None:
    picture = noise(20, 10)
    assert shows(apply("crop", picture, XYXY=[2, 1, 9, 10]), np.asarray(picture)[1:10, 2:9])
    assert shows(apply("crop", picture), np.asarray(picture))
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # stored turned: upright it is 10 wide and 20 high
    turned = file_of(picture, "PNG", exif=exif)
    upright = np.rot90(np.asarray(picture), -1)
    assert shows(edited(turned, EDITS["crop"], values(XYXY=[0, 5, 10, 20])), upright[5:20])


def test_autocontrast_is_the_default_and_stretches_from_black_to_white() -> None:
    dull = Image.fromarray((np.asarray(noise(50, 50)) // 4 + 90).astype(np.uint8))
    result = apply("enhance", dull)
    assert result.tobytes() == apply("enhance", dull, AUTOCONTRAST=1).tobytes()
    assert np.ptp(np.asarray(result.convert("L"))) > 2 * np.ptp(np.asarray(dull.convert("L")))
    half = np.asarray(apply("enhance", dull, AUTOCONTRAST=0.5)).astype(int)
    np.testing.assert_allclose(half, (np.asarray(dull).astype(int) + np.asarray(result)) / 2, atol=1)


def test_equalising_spreads_the_levels_of_brightness_evenly() -> None:
    ramp = np.linspace(0, 1, 256)[np.newaxis] ** 3 * np.full((64, 1), 255)
    dark = Image.fromarray(ramp.astype(np.uint8)).convert("RGB")
    spread = np.asarray(apply("enhance", dark, EQUALIZE=1))[..., 0]
    assert abs(float(spread.mean()) - 127.5) < 10 < abs(float(ramp.mean()) - 127.5)


def test_sharpening_makes_edges_steeper() -> None:
    edge = Image.fromarray(np.tile(np.array([100] * 10 + [150] * 10, np.uint8), (20, 1))).convert("RGB")
    levels = {strength: np.ptp(np.asarray(apply("enhance", edge, SHARPEN=strength))) for strength in (0, 0.5, 1, 4)}
    assert levels[0] == 50 < levels[0.5] < levels[1] < levels[4]
    flat = Image.new("RGB", (9, 9), (10, 200, 30))
    assert apply("enhance", flat, SHARPEN=4).tobytes() == flat.tobytes()


def test_with_one_strength_the_others_are_off() -> None:
    picture = noise(10, 10)
    for name in ("AUTOCONTRAST", "EQUALIZE", "SHARPEN"):
        assert apply("enhance", picture, **{name: 0}).tobytes() == picture.tobytes()


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (1, 1), "red"),
        Image.new("L", (1, 5000), 7),
        Image.new("1", (9, 4), 1),
        Image.new("P", (9, 4), 3),
        Image.new("RGBA", (9, 4), (1, 2, 3, 4)),
        Image.new("I;16", (9, 4), 40000),
    ],
    ids=lambda image: f"{image.mode} {image.width}x{image.height}",
)
def test_every_operation_takes_pictures_of_every_form(name: str, image: Image.Image) -> None:
    result = edited(file_of(image), EDITS[name], {})
    assert result.mode == "RGB"
    assert sorted(result.size) == sorted(image.size)


def test_a_cmyk_jpeg_is_edited_as_rgb() -> None:
    data = file_of(Image.new("CMYK", (8, 4), (0, 255, 255, 0)), "JPEG")
    assert edited(data, EDITS["rotate"], {}).size == (4, 8)


SQUARE = file_of(noise(8, 8))


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("resize", {"WIDTH": 0}, "WIDTH: expected a number from 1 to 65535, got 0; send such a one"),
        ("resize", {"HEIGHT": -5}, "HEIGHT: expected a number from 1 to 65535, got -5"),
        ("resize", {"WIDTH": 65536}, "WIDTH: expected a number from 1 to 65535, got 65536"),
        ("resize", {"WIDTH": 60000, "HEIGHT": 60000}, r"at most 50 megapixels.*got 60000x60000 \(3600.0 megapixels\)"),
        ("resize", {"WIDTH": 60000}, r"got 60000x60000 \(3600.0 megapixels\); ask for fewer pixels"),
        ("rotate", {"DEGREES": np.nan}, "DEGREES: expected a number .* got nan"),
        ("rotate", {"DEGREES": np.inf}, "DEGREES: expected a number .* got inf"),
        ("flip", {"DIRECTION": b"diagonal"}, "DIRECTION: expected 'horizontal' or 'vertical', got 'diagonal'"),
        ("flip", {"DIRECTION": b"\xff"}, r"got '\\\\xff'"),
        ("crop", {"XYXY": [0, 0, 9, 8]}, "inside of 8x8 pixels, got 0, 0, 9, 8; send left, top, right and bottom"),
        ("crop", {"XYXY": [-1, 0, 8, 8]}, "XYXY: expected left < right and top < bottom"),
        ("crop", {"XYXY": [4, 0, 4, 8]}, "XYXY: expected left < right and top < bottom"),
        ("crop", {"XYXY": [0, 5, 8, 4]}, "XYXY: expected left < right and top < bottom"),
        ("enhance", {"AUTOCONTRAST": 1.5}, "AUTOCONTRAST: expected a number from 0 to 1, got 1.5"),
        ("enhance", {"EQUALIZE": -0.5}, "EQUALIZE: expected a number from 0 to 1, got -0.5"),
        ("enhance", {"SHARPEN": 5}, "SHARPEN: expected a number from 0 to 4, got 5"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_to_send(name: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(EditError, match=message):
        edited(SQUARE, EDITS[name], values(**given))


def test_a_result_that_a_turn_would_make_too_large_is_refused_before_it_is_made() -> None:
    strip = file_of(Image.new("L", (1, 65535)))
    with pytest.raises(EditError, match=r"at most 50 megapixels.*shrink the picture first"):
        edited(strip, EDITS["rotate"], values(DEGREES=45))
    assert edited(strip, EDITS["rotate"], {}).size == (65535, 1)


def test_pictures_of_a_request_may_differ_in_size_and_parameters() -> None:
    files = [file_of(noise(40, 20)), file_of(noise(7, 300))]
    results = edit_files(files, EDITS["resize"], {"WIDTH": np.array([[10], [14]], np.int32)})
    assert [Image.open(io.BytesIO(result)).size for result in results] == [(10, 5), (14, 600)]
    assert (
        ImageOps.mirror(noise(40, 20)).tobytes()
        == Image.open(io.BytesIO(edit_files(files, EDITS["flip"], {})[0])).tobytes()
    )


def test_of_several_pictures_the_message_says_which_one_was_refused() -> None:
    boxes = np.array([[0, 0, 4, 4], [0, 0, 9, 9]], np.int32)
    with pytest.raises(EditError, match=r"^picture 2 of 2: XYXY"):
        edit_files([SQUARE, SQUARE], EDITS["crop"], {"XYXY": boxes})
    with pytest.raises(PictureDamagedError, match=r"^picture 1 of 2: "):
        edit_files([SQUARE[:50], SQUARE], EDITS["crop"], {})


def test_a_picture_of_more_pixels_than_allowed_is_refused() -> None:
    with pytest.raises(PictureTooLargeError, match="at most 5e-05 megapixels"):
        edited(SQUARE, EDITS["flip"], {}, max_pixels=50)


@pytest.mark.parametrize("parameters", [{}, {"operation": "sharpen"}])
def test_a_model_without_a_known_operation_is_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(ParameterError, match="operation: expected one of resize, rotate, flip, crop, enhance, got"):
        edit_from_parameters(parameters)


def test_every_parameter_may_be_left_out() -> None:
    assert [edit_from_parameters({"operation": name}).name for name in EDITS] == list(EDITS)
    assert all(each.optional for edit in EDITS.values() for each in edit.inputs)
