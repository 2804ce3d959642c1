"""Contact sheets show every picture, and what is drawn over a picture is where it belongs."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline_export.sheets.contact_sheet import boxed, grid, heated, masked, save_sheet

RED, GREEN = (255, 0, 0), (0, 128, 0)


def plain(colour: tuple[int, int, int], width: int = 8, height: int = 8) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def test_pictures_lie_in_rows_and_columns_below_their_titles() -> None:
    sheet = grid([[plain(RED), plain(GREEN)], [plain(GREEN)]], ["first", "second"], ["a", "b"], tile=32)
    pixels = np.asarray(sheet)
    reds, greens = (np.argwhere((pixels == colour).all(axis=-1)) for colour in (RED, GREEN))
    assert len(reds) == 32 * 32
    assert len(greens) == 2 * 32 * 32
    assert (reds.max(axis=0) - reds.min(axis=0)).tolist() == [31, 31]
    assert greens[:, 1].min() == reds[:, 1].min()  # the second row begins below the first picture
    assert greens[:, 0].min() == reds[:, 0].min()  # the second column beside it


@pytest.mark.parametrize(("width", "height"), [(64, 16), (16, 64), (1, 500), (3, 2)])
def test_a_picture_keeps_its_shape_and_fits_its_tile(width: int, height: int) -> None:
    pixels = np.asarray(grid([[plain(RED, width, height)]], tile=32))
    shown = np.argwhere((pixels == RED).all(axis=-1))
    high, wide = shown.max(axis=0) - shown.min(axis=0) + 1
    assert max(high, wide) == 32
    assert wide == max(1, round(32 * width / max(width, height)))


def test_boxes_are_drawn_in_the_pixels_of_the_picture() -> None:
    drawn = boxed(plain((0, 0, 0), 64, 64), np.array([[10, 30, 40, 60]], np.float32), [0], ["zero"], scale=2)
    pixels = np.asarray(drawn)
    colour = pixels[120, 50]  # the lower edge
    assert colour.any()
    assert (pixels[100, 20] == colour).all()  # the left edge
    assert not pixels[100, 50].any()  # inside


def test_a_mask_leaves_the_background_alone_and_tells_classes_apart() -> None:
    class_map = np.zeros((8, 8), np.uint8)
    class_map[:4, 4:], class_map[4:] = 1, 2
    pixels = np.asarray(masked(plain((100, 100, 100)), class_map))
    assert (pixels[:4, :4] == 100).all()
    assert len({tuple(pixels[y, x].tolist()) for y, x in ((0, 0), (0, 7), (7, 0))}) == 3


def test_heat_is_red_where_it_is_hot_and_blue_where_it_is_cold() -> None:
    heatmap = np.array([[0.1, 0.9]], np.float32)
    red, _, blue = np.moveaxis(np.asarray(heated(plain((0, 0, 0), 16, 16), heatmap), dtype=int), -1, 0)
    assert blue[8, 0] > red[8, 0]
    assert red[8, 15] > blue[8, 15]


def test_a_saved_sheet_has_the_same_pixels_and_a_large_one_fewer_colours(tmp_path: Path) -> None:
    small = grid([[plain(RED), plain(GREEN)]])
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8))
    for name, sheet in (("small.png", small), ("large.png", noise)):
        save_sheet(sheet, tmp_path / name)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "small.png").convert("RGB")), np.asarray(small))
    large = Image.open(BytesIO((tmp_path / "large.png").read_bytes()))
    assert (large.mode, large.size) == ("P", (400, 400))
