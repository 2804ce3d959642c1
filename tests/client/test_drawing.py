"""What drawings promise: sizes, what is covered, what stays, and the same picture every time; not how letters look."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from sightline import ImageError
from sightline.drawing import colours, draw_matches, open_upright
from sightline.results import Classification, Detections, Explanation, Segmentation

LABELS = ("background", "a very long name of a class that never ends, or only much later", "車", "")


def picture(width: int, height: int) -> PIL.Image.Image:
    return PIL.Image.new("RGB", (width, height), (90, 100, 110))


def detections(width: int, height: int) -> Detections:
    share = np.array([[0.25, 0.5, 0.75, 0.875], [0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5], [0.9, 0.9, 1, 1]], np.float32)
    return Detections(
        xyxy=share * np.array([width, height, width, height], np.float32),
        scores=np.array([0.9, 0.8, 0.7, 0.6], np.float32),
        class_ids=np.array([1, 2, 3, 900], np.int64),
        labels=LABELS,
        size=(width, height),
    )


def segmentation(width: int, height: int) -> Segmentation:
    class_map = np.zeros((height, width), np.uint8)
    class_map[:, width // 2 :] = 1
    class_map[height // 2 :, width // 2 :] = 2
    return Segmentation(class_map, LABELS)


def explanation(width: int, height: int) -> Explanation:
    heatmap = np.zeros((height, width), np.float32)
    heatmap[:, width // 2 :] = 1
    return Explanation(heatmap, LABELS[1], 0.9, 1, "grad-cam")


def classification(width: int, height: int) -> Classification:
    return Classification(LABELS, np.array([0.7, 0.3, 0, 0], np.float32), np.arange(4, dtype=np.int64))


Answer = Detections | Segmentation | Explanation | Classification
ANSWERS: list[Callable[[int, int], Answer]] = [detections, segmentation, explanation, classification]


def array(image: PIL.Image.Image) -> NDArray[np.int64]:
    return np.asarray(image).astype(np.int64)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (640, 480), (3000, 2000), (5, 900), (900, 5), (320, 1)], ids=str)
@pytest.mark.parametrize("answer", ANSWERS)
def test_every_size_is_drawn_in_rgb_the_same_each_time_and_nothing_is_changed_in_place(
    answer: Callable[[int, int], Answer], size: tuple[int, int]
) -> None:
    image = picture(*size)
    drawn = answer(*size).draw(image)
    assert drawn.mode == "RGB"
    assert drawn.width >= 320 or drawn.height >= 320
    assert drawn.width >= size[0]
    assert drawn.height >= size[1]
    assert drawn.tobytes() == answer(*size).draw(image).tobytes()
    assert image.tobytes() == picture(*size).tobytes()


def test_boxes_have_their_colour_and_leave_the_rest_as_it_was() -> None:
    found = detections(640, 480)[:1]
    drawn = array(found.draw(picture(640, 480)))
    left, top, right, bottom = 160, 240, 480, 420
    for y, x in ((top + 50, left), (top + 50, right - 1), (bottom - 1, left + 50), (bottom - 1, right - 1)):
        assert tuple(drawn[y, x]) == colours.class_colour(1)
    for y, x in ((top + 50, left - 1), (top + 50, right), (bottom, left + 50), (bottom - 20, left + 20)):
        assert tuple(drawn[y, x]) == (90, 100, 110)
    above = drawn[top - 20 : top]
    assert (above[:, left:right] != (90, 100, 110)).any(), "its tag stands above the box"
    assert (drawn[: top - 20] == (90, 100, 110)).all()
    assert (drawn[bottom:] == (90, 100, 110)).all()


def test_no_detections_change_nothing() -> None:
    drawn = detections(640, 480)[:0].draw(picture(640, 480))
    assert drawn.tobytes() == picture(640, 480).tobytes()


@pytest.mark.parametrize("corner", [(0, 0, 4, 4), (316, 0, 320, 4), (0, 196, 4, 200), (316, 196, 320, 200)], ids=str)
def test_tags_stay_inside_of_the_picture(corner: tuple[int, int, int, int]) -> None:
    found = Detections(
        np.array([corner], np.float32), np.ones(1, np.float32), np.full(1, 4, np.int64), ("person",), (320, 200)
    )
    coloured = (array(found.draw(picture(320, 200))) == colours.class_colour(4)).all(axis=-1)
    rows, columns = np.nonzero(coloured)
    assert columns.max() - columns.min() > 50, "the whole tag is there"
    assert rows.max() - rows.min() > 12


def test_classes_are_tinted_and_the_background_stays_as_it_was() -> None:
    drawn = array(segmentation(640, 480).draw(picture(640, 480)))
    assert drawn.shape[0] > 480, "a legend is below"
    assert drawn.shape[1] == 640
    assert (drawn[:480, :310] == (90, 100, 110)).all()
    for class_id, area in ((1, drawn[10:230, 340:630]), (2, drawn[250:470, 340:630])):
        expected = np.mean([colours.class_colour(class_id), (90, 100, 110)], axis=0)
        assert abs(area - expected).max() <= 1


def test_class_0_is_tinted_where_it_is_no_background() -> None:
    answer = Segmentation(np.zeros((480, 640), np.uint8), ("road",))
    assert (array(answer.draw(picture(640, 480)))[:480] != (90, 100, 110)).any()


def test_small_pictures_are_enlarged_by_a_whole_number_with_sharp_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    drawn = array(Segmentation(np.zeros((8, 8), np.uint8), ("background",)).draw(pixels))
    assert (drawn[:320, :320] == pixels.repeat(40, axis=0).repeat(40, axis=1)).all()


def test_heat_is_bright_and_the_cold_part_of_the_picture_stays_visible() -> None:
    striped = np.full((480, 640, 3), 40, np.uint8)
    striped[::20] = 220
    drawn = array(explanation(640, 480).draw(striped))[:480]
    assert drawn[:, 330:].mean() > 2 * drawn[:, :310].mean()
    for half in (drawn[:, :310], drawn[:, 330:]):
        assert abs(half[20].mean() - half[10].mean()) > 30


def test_bars_are_as_long_as_their_scores() -> None:
    drawn = array(classification(640, 480).draw(picture(640, 480)))
    assert (drawn[:480] == (90, 100, 110)).all()
    lengths = [int((drawn[480:] == colours.class_colour(each)).all(axis=-1).sum(axis=1).max()) for each in range(3)]
    assert lengths[0] / lengths[1] == pytest.approx(7 / 3, abs=0.05)
    assert lengths[2] == 0


@pytest.mark.parametrize("count", [0, 1, 5, 6, 20])
def test_a_sheet_has_a_tile_for_the_picture_and_one_for_each_find(count: int) -> None:
    found = [(picture(3 + place, 500 * place + 1), 0.5, "a very long name of a file.jpg") for place in range(count)]
    sheet = draw_matches(picture(640, 480), found)
    columns, rows = min(count + 1, 6), -(-(count + 1) // 6)
    assert sheet.mode == "RGB"
    assert sheet.width == 8 + 168 * columns
    assert sheet.height % rows == 8 % rows
    assert tuple(array(sheet)[8 + 80, 8 + 80]) == (90, 100, 110)
    assert sheet.tobytes() == draw_matches(picture(640, 480), found).tobytes()


def test_a_find_that_cannot_be_shown_leaves_a_grey_tile() -> None:
    sheet = array(draw_matches(picture(8, 8), [(None, 0.25, "gone.jpg")]))
    assert (sheet[8:168, 8:168] == (90, 100, 110)).all()
    assert (sheet[8:168, 176:336] == colours.PALE).all()


def test_text_grows_with_the_picture() -> None:
    heights = [detections(width, width)[:1].draw(picture(width, width)) for width in (640, 2560)]
    rows = [(array(each) != (90, 100, 110)).any(axis=-1).any(axis=1).sum() for each in heights]
    assert rows[1] / rows[0] == pytest.approx(4, rel=0.1)


def test_colours_of_neighbouring_classes_differ_and_every_class_has_one() -> None:
    assert len({colours.class_colour(class_id) for class_id in range(21)}) == 21
    assert colours.class_colour(10**9) == colours.class_colour(10**9 % 21)
    heat = colours.heat_colours()
    assert (heat.shape, heat.dtype) == ((256, 3), np.uint8)
    assert np.all(np.diff(heat.astype(int) @ (0.299, 0.587, 0.114)) >= 0), "hotter is never darker"


def file_of(image: PIL.Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def test_pictures_are_opened_as_the_server_opens_them() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    assert open_upright(file_of(picture(30, 20), "JPEG", exif=exif)).size == (20, 30)
    transparent = open_upright(file_of(PIL.Image.new("RGBA", (2, 2), (0, 0, 0, 0)), "PNG"))
    assert (transparent.mode, transparent.getpixel((0, 0))) == ("RGB", (255, 255, 255))
    deep = open_upright(file_of(PIL.Image.new("I;16", (2, 2), 0x80FF), "PNG"))
    assert (deep.mode, deep.getpixel((0, 0))) == ("RGB", (128, 128, 128))


def test_another_picture_than_the_one_that_was_sent_is_refused() -> None:
    with pytest.raises(ImageError, match="of 640x480 pixels, got one of 480x640; pass the same picture"):
        detections(640, 480).draw(picture(480, 640))
    with pytest.raises(ImageError, match="expected a picture that Pillow can read, got 4 bytes"):
        segmentation(640, 480).draw(b"text")
