"""Digit scenes: the same everywhere, exact in boxes and classes, and made of one side of the split only."""

import hashlib

import numpy as np
import pytest

from sightline_export.datasets.scene_files import scene_pictures
from sightline_export.datasets.scenes import (
    DIGIT_HEIGHTS,
    LIMITS,
    MOST_DIGITS,
    SIDE,
    Placed,
    layered,
    scene,
    scene_batch,
)
from sightline_export.datasets.textures import Split, textures
from sightline_export.recipe import find_recipe

SPLITS: tuple[Split, ...] = ("train", "held_out")


def test_a_scene_is_the_same_whenever_it_is_drawn_and_like_no_other() -> None:
    drawn = [scene(split, index).pixels.tobytes() for split in SPLITS for index in range(8)]
    again = [scene(split, index).pixels.tobytes() for split in SPLITS for index in range(8)]
    assert drawn == again
    assert len(set(drawn)) == 16


def test_what_is_in_the_scenes_is_the_same_on_every_machine() -> None:
    # Boxes and classes only: the last level of a pixel is up to the processor.
    held_out = [scene("held_out", index) for index in range(20)]
    told = b"".join(one.boxes_xyxy.tobytes() + one.classes.tobytes() for one in held_out)
    assert hashlib.sha256(told).hexdigest()[:16] == "638f47336b7abb6a"


@pytest.mark.parametrize("split", SPLITS)
def test_boxes_lie_tightly_around_the_pixels_of_their_digits(split: Split) -> None:
    exact = 0
    for index in range(60):
        one = scene(split, index)
        assert one.pixels.shape == (SIDE, SIDE, 3)
        assert one.pixels.dtype == one.class_map.dtype == np.uint8
        for box, digit in zip(one.boxes_xyxy.astype(int).tolist(), one.classes.tolist(), strict=True):
            if (one.classes == digit).sum() > 1:
                continue  # two of them: the map does not tell them apart
            rows, columns = (np.flatnonzero((one.class_map == 1 + digit).any(axis=axis)) for axis in (1, 0))
            seen = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            left, top, right, bottom = box
            assert left <= seen[0], index
            assert top <= seen[1], index
            assert right >= seen[2], index
            assert bottom >= seen[3], index
            exact += seen == box
        assert set(np.unique(one.class_map)) - {0} >= {1 + digit for digit in one.classes.tolist()}
    assert exact > 100  # all but those of which another digit hides an edge


@pytest.mark.parametrize("split", SPLITS)
def test_the_heights_that_cards_name_are_those_of_the_digits(split: Split) -> None:
    boxes = np.concatenate([scene(split, index).boxes_xyxy for index in range(400)])
    percent = 100 * (boxes[:, 3] - boxes[:, 1]) / SIDE
    assert np.percentile(percent, [1, 99]) == pytest.approx(DIGIT_HEIGHTS, abs=1)
    for name in ("detector", "segmenter"):
        assert find_recipe(name).spec.limits.startswith(LIMITS)
    assert "14 to 44 % of the picture's longer side" in LIMITS


def test_scenes_hold_one_to_six_digits_of_all_kinds_and_many_sizes() -> None:
    scenes = [scene("train", index) for index in range(150)]
    counts = {len(one.classes) for one in scenes}
    assert counts == set(range(1, MOST_DIGITS + 1))
    assert set(np.concatenate([one.classes for one in scenes]).tolist()) == set(range(10))
    heights = np.concatenate([one.boxes_xyxy[:, 3] - one.boxes_xyxy[:, 1] for one in scenes])
    assert heights.min() >= 10
    assert heights.max() <= 70
    assert np.percentile(heights, 90) > 2 * np.percentile(heights, 10)


def test_the_digits_stand_out_from_what_is_behind_them() -> None:
    for index in range(40):
        one = scene("held_out", index)
        luminance = one.pixels.astype(np.float64) @ [0.299, 0.587, 0.114]
        for left, top, right, bottom in one.boxes_xyxy.astype(int).tolist():
            part = luminance[top:bottom, left:right]
            ink = one.class_map[top:bottom, left:right] > 0
            if 0.1 < ink.mean() < 0.9:
                assert abs(part[ink].mean() - part[~ink].mean()) > 10, index


def test_the_later_digit_lies_on_top_and_one_mostly_hidden_has_no_box() -> None:
    block = np.full((10, 10), 255, np.uint8)
    under, beside, over = Placed(3, block, 20, 20), Placed(7, block, 40, 20), Placed(5, block, 20, 14)
    class_map, seen = layered([under, beside, over])  # `over` hides 4 of the 10 rows of `under`
    assert seen == [under, beside, over]
    assert (class_map[14:24, 20:30] == 6).all()
    assert (class_map[24:30, 20:30] == 4).all()
    class_map, seen = layered([under, beside, Placed(5, block, 20, 16)])  # 6 of the 10 rows
    assert [digit.digit for digit in seen] == [7, 5]
    assert (class_map == 4).sum() == 40  # what can be seen of it stays in the map


def test_light_ink_is_no_part_of_a_digit() -> None:
    ink = np.full((4, 4), 127, np.uint8)
    ink[1:3, 1:3] = 128
    class_map, _ = layered([Placed(0, ink, 0, 0)])
    assert (class_map == 1).sum() == 4


def test_a_batch_is_its_scenes() -> None:
    batch = scene_batch("train", [3, 1])
    for place, index in enumerate((3, 1)):
        one = scene("train", index)
        assert (batch.pixels[place] == one.pixels).all()
        assert (batch.class_maps[place] == one.class_map).all()
        assert (batch.boxes_xyxy[place] == one.boxes_xyxy).all()
        assert (batch.classes[place] == one.classes).all()


def test_no_photograph_is_on_both_sides_and_each_names_its_licence() -> None:
    train, held_out = textures("train"), textures("held_out")
    assert len(train) >= 8
    assert len(held_out) >= 4
    assert not {texture.name for texture in train} & {texture.name for texture in held_out}
    contents = [texture.pixels.tobytes() for texture in (*train, *held_out)]
    assert len(set(contents)) == len(contents)
    assert all(texture.licence for texture in (*train, *held_out))


def test_scenes_are_sent_as_png_and_jpeg_in_turn() -> None:
    files = scene_pictures(4)
    assert [file.name for file in files] == ["scene-0.png", "scene-1.jpg", "scene-2.png", "scene-3.jpg"]
    assert [file.content[:2] for file in files] == [b"\x89P", b"\xff\xd8"] * 2


def test_crowded_scenes_hold_more_digits_and_are_others() -> None:
    crowded = [scene("train", index, most_digits=16) for index in range(40)]
    assert max(len(one.classes) for one in crowded) > 10
    assert crowded[0].pixels.tobytes() != scene("train", 0).pixels.tobytes()
    assert crowded[5].pixels.tobytes() == scene_batch("train", [5], most_digits=16).pixels[0].tobytes()
