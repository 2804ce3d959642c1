"""Tiles put together are what one huge tile would have given, for every size of picture."""

import io
import threading
import tracemalloc
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from scipy import ndimage

from sightline_backend.errors import ModelError, ParameterError, PictureError, PictureFormatError, PixelsError
from sightline_backend.png_rows import PngRows
from sightline_backend.tiles import Pixels, TileSpec, enhance, enhance_each, mirrored

SIZES_WH = [(1, 1), (1, 5000), (5000, 1), (2, 3), (37, 91), (40, 40), (41, 39), (96, 64), (130, 200)]
SPEC = TileSpec("network", side=64, halo=12, batch=3)


def picture(size_wh: tuple[int, int], seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (size_wh[1], size_wh[0], 3), np.uint8)


def file(pixels: Pixels, file_format: str = "PNG", **options: Any) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, file_format, **options)
    return encoded.getvalue()


def decoded(data: bytes) -> Pixels:
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.mode) == ("PNG", "RGB")
    return np.asarray(image)


def blurred(tiles: Pixels) -> Pixels:
    """A network that sees exactly 12 pixels around each, and zeros beyond the edge of its tile."""
    mean: Any = cast("Any", ndimage).uniform_filter
    return mean(tiles.astype(np.float64), 25, mode="constant", axes=(1, 2)).round().astype(np.uint8)


def enlarged(tiles: Pixels) -> Pixels:
    return blurred(tiles).repeat(2, axis=1).repeat(2, axis=2)


def of_the_whole(pixels: Pixels, halo: int) -> npt.NDArray[np.uint8]:
    """The same network in one piece, on the picture mirrored by the halo."""
    padded = np.pad(pixels, ((halo, halo), (halo, halo), (0, 0)), mode="reflect")
    return blurred(padded[np.newaxis])[0, halo:-halo, halo:-halo]


@pytest.mark.parametrize("size_wh", SIZES_WH)
def test_tiles_give_what_one_huge_tile_gives(size_wh: tuple[int, int]) -> None:
    pixels = picture(size_wh)
    assert np.array_equal(decoded(enhance(file(pixels), SPEC, blurred)), of_the_whole(pixels, SPEC.halo))


def test_a_halo_that_is_too_small_leaves_seams() -> None:
    pixels = picture((130, 200))
    spec = TileSpec("network", side=64, halo=11)
    assert not np.array_equal(decoded(enhance(file(pixels), spec, blurred)), of_the_whole(pixels, 12))


@pytest.mark.parametrize("size_wh", SIZES_WH)
def test_a_result_may_be_larger_than_the_picture(size_wh: tuple[int, int]) -> None:
    pixels = picture(size_wh)
    spec = TileSpec("network", side=64, halo=12, scale=2, batch=2)
    wanted = of_the_whole(pixels, 12).repeat(2, axis=0).repeat(2, axis=1)
    assert np.array_equal(decoded(enhance(file(pixels), spec, enlarged)), wanted)


def test_the_network_is_asked_in_order_by_one_thread_and_never_for_more_than_a_batch() -> None:
    asked: list[Pixels] = []
    threads: set[int] = set()

    def remember(tiles: Pixels) -> Pixels:
        threads.add(threading.get_ident())
        asked.append(tiles)
        return tiles

    pixels = picture((130, 90))  # 4 x 3 tiles of 40 pixels, in batches of 5
    result = enhance(file(pixels), TileSpec("network", side=64, halo=12, batch=5), remember)
    assert np.array_equal(decoded(result), pixels)
    assert [len(tiles) for tiles in asked] == [5, 5, 2]
    assert {tiles.shape[1:] for tiles in asked} == {(64, 64, 3)}
    assert len(threads) == 1
    first = np.concatenate(asked)[:4, 12:52, 12:52]
    assert np.array_equal(np.concatenate(list(first), axis=1)[:, :130], pixels[:40])


def as_is(tiles: Pixels) -> Pixels:
    return tiles


@pytest.mark.parametrize(
    ("mode", "file_format"), [("L", "PNG"), ("CMYK", "JPEG"), ("P", "GIF"), ("RGB", "WEBP"), ("RGB", "BMP")]
)
def test_every_colour_mode_becomes_rgb(mode: str, file_format: str) -> None:
    encoded = io.BytesIO()
    Image.fromarray(picture((30, 20))).convert(mode).save(encoded, file_format)
    again = Image.open(io.BytesIO(encoded.getvalue())).convert("RGB")
    assert np.array_equal(decoded(enhance(encoded.getvalue(), SPEC, as_is)), np.asarray(again))


def test_a_picture_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = picture((50, 30))
    upright = np.rot90(pixels, -1)
    assert np.array_equal(decoded(enhance(file(pixels, exif=exif), SPEC, as_is)), upright)


@pytest.mark.parametrize("data", [b"", b"hello", file(picture((9, 9)))[:70]])
def test_a_bad_picture_is_the_senders_error_and_asks_nobody(data: bytes) -> None:
    def never(_: Pixels) -> Pixels:
        raise AssertionError("asked")

    with pytest.raises(PictureError, match=r"^expected"):
        enhance(data, SPEC, never)


def test_a_bad_picture_of_several_is_named_by_its_place() -> None:
    with pytest.raises(PictureFormatError, match=r"^picture 2 of 2: expected a JPEG"):
        enhance_each([file(picture((9, 9))), b"hello"], SPEC, as_is)


def test_pictures_of_one_request_may_differ_in_size() -> None:
    pictures = [picture((9, 70)), picture((80, 3))]
    results = enhance_each([file(pixels) for pixels in pictures], SPEC, as_is)
    assert results.shape == (2, 1)
    assert [decoded(result).shape for result in results[:, 0]] == [(70, 9, 3), (3, 80, 3)]


@pytest.mark.parametrize(
    "answer",
    [np.zeros((1, 63, 64, 3), np.uint8), np.zeros((0, 64, 64, 3), np.uint8), np.zeros((1, 64, 64, 3), np.float32)],
    ids=["too small", "too few", "floats"],
)
def test_an_answer_of_another_shape_or_type_is_the_models_error(answer: npt.NDArray[Any]) -> None:
    with pytest.raises(ModelError, match=r"expected uint8 pixels of shape .* from network, got"):
        enhance(file(picture((9, 9))), SPEC, lambda _: answer)


def test_a_network_that_fails_ends_the_picture_and_leaves_no_thread_behind() -> None:
    calls: list[int] = []

    def failing(tiles: Pixels) -> Pixels:
        calls.append(len(tiles))
        raise ModelError("expected an answer, got none")

    before = threading.active_count()
    with pytest.raises(ModelError, match="got none"):
        enhance(file(picture((400, 400))), SPEC, failing)  # 34 batches
    assert len(calls) <= 4
    assert threading.active_count() == before


def test_neither_the_padded_picture_nor_the_result_is_ever_in_memory_as_a_whole() -> None:
    data = file(np.full((4000, 600, 3), 90, np.uint8))
    spec = TileSpec("network", side=64, halo=4, scale=2, batch=4)
    tracemalloc.start()
    try:
        enhance(data, spec, lambda tiles: tiles.repeat(2, axis=1).repeat(2, axis=2))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * 600 * 2 * 4000 * 3 / 4  # bytes, a quarter of the result's pixels


PARAMETERS = {"network": "n", "side": "64", "halo": "12", "scale": "2", "batch": "8"}


def test_parameters_are_read_as_they_are_written() -> None:
    spec = TileSpec.from_parameters(PARAMETERS)
    assert spec == TileSpec("n", 64, 12, 2, 8)
    assert spec.parameters() == PARAMETERS
    assert spec.core == 40


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"side": None}, "expected the parameters network, side and halo, got batch, halo, network, scale; add side"),
        ({"side": "0"}, "side: expected a whole number from 1 to 4096, got 0"),
        ({"side": "4097"}, "side: expected a whole number from 1 to 4096, got 4097"),
        ({"side": "6e1"}, "side: expected a whole number, got '6e1'"),
        ({"halo": "-1"}, "halo: expected a whole number, got '-1'"),
        ({"halo": "32"}, "halo: expected a whole number from 0 to 31, less than half of the side 64, got 32"),
        ({"scale": "9"}, "scale: expected a whole number from 1 to 8, got 9"),
        ({"batch": "0"}, "batch: expected a whole number from 1 to 1024, got 0"),
        ({"network": " "}, "network: expected the name of a model, got none"),
    ],
)
def test_unusable_parameters_are_refused(changed: dict[str, str | None], message: str) -> None:
    parameters = {key: value for key, value in (PARAMETERS | changed).items() if value is not None}
    with pytest.raises(ParameterError) as refused:
        TileSpec.from_parameters(parameters)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_mirroring_is_numpys(size: int) -> None:
    wanted = np.pad(np.arange(size), 20, mode="reflect")
    assert np.array_equal(mirrored(-20, size + 20, size), wanted)


@pytest.mark.parametrize("bands", [[7], [1, 6], [3, 1, 3]])
def test_bands_of_rows_make_one_picture(bands: list[int]) -> None:
    pixels = picture((11, 7))
    rows = PngRows(11, 7)
    top = 0
    for height in bands:
        rows.add(pixels[top : top + height])
        top += height
    data = rows.finish()
    Image.open(io.BytesIO(data)).verify()
    assert np.array_equal(decoded(data), pixels)


def test_rows_that_do_not_fit_the_picture_are_refused() -> None:
    rows = PngRows(11, 7)
    for wrong in (picture((10, 7)), picture((11, 8)), picture((11, 7)).astype(np.int16)):
        with pytest.raises(PixelsError, match=r"expected at most 7 rows of uint8 pixels \(rows, 11, 3\)"):
            rows.add(wrong)  # pyright: ignore[reportArgumentType]
    with pytest.raises(PixelsError, match="got 7 too few"):
        rows.finish()
