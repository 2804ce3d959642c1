"""COCO folders: both layouts, what is left out, what is refused, and the detector for them."""

import json
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sightline_backend.pixels import PixelSpec
from sightline_export.datasets.coco import is_coco, load_coco
from sightline_export.errors import SourceUnusable
from sightline_export.models.detector import Detector
from sightline_export.recipe import Evaluation
from sightline_export.recipes.detector import draw_pictures, for_folder
from sightline_export.recipes.detector_evaluation import found_in, known_pictures, measured
from sightline_export.training.detection import DetectionSettings
from sightline_export.verification.parity import Arrays

CATEGORIES = [{"id": 9, "name": "dog"}, {"id": 3, "name": "cat", "supercategory": "animal"}]


def picture(n: int) -> bytes:
    """80x60 pixels, of another colour for each n."""
    file = BytesIO()
    Image.new("RGB", (80, 60), (200, 100, 10 * n)).save(file, "JPEG")
    return file.getvalue()


def document(count: int, first: int = 1) -> dict[str, Any]:
    """Pictures with one cat each, the first with a dog, a crowd and an empty box too."""
    annotations: list[dict[str, Any]] = [
        {"id": n, "image_id": n, "category_id": 3, "bbox": [10, 20, 30, 40], "area": 1200, "iscrowd": 0}
        for n in range(first, first + count)
    ]
    annotations += [
        {"id": 901, "image_id": first, "category_id": 9, "bbox": [0.5, 0, 50, 60]},
        {"id": 902, "image_id": first, "category_id": 9, "bbox": [0, 0, 80, 60], "iscrowd": 1},
        {"id": 903, "image_id": first, "category_id": 9, "bbox": [5, 5, 0, 10], "iscrowd": 0},
    ]
    return {
        "info": {},
        "images": [
            {"id": n, "file_name": f"{n:012}.jpg", "width": 80, "height": 60} for n in range(first, first + count)
        ],
        "annotations": annotations,
        "categories": [dict(category) for category in CATEGORIES],
    }


def official(folder: Path) -> Path:
    """As COCO is distributed."""
    for split, first, count in (("train2017", 1, 4), ("val2017", 11, 2)):
        (folder / split).mkdir(parents=True)
        (folder / "annotations").mkdir(exist_ok=True)
        (folder / "annotations" / f"instances_{split}.json").write_text(json.dumps(document(count, first)))
        for n in range(first, first + count):
            (folder / split / f"{n:012}.jpg").write_bytes(picture(n))
    return folder


def beside(folder: Path, count: int = 10) -> Path:
    """One file of annotations beside its pictures."""
    folder.mkdir(exist_ok=True)
    (folder / "_annotations.coco.json").write_text(json.dumps(document(count)))
    for n in range(1, count + 1):
        (folder / f"{n:012}.jpg").write_bytes(picture(n))
    return folder


@pytest.mark.parametrize(("write", "count", "held_out"), [(official, 6, 2), (beside, 10, 4)])
def test_both_layouts_are_read(write: Callable[[Path], Path], count: int, held_out: int, tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    assert is_coco(folder)
    data = load_coco(folder)
    assert (len(data.train), len(data.held_out)) == (count - held_out, held_out)
    assert not set(data.train.files) & set(data.held_out.files)
    assert data.labels == ("cat", "dog")  # in the order of their numbers


def test_what_is_held_out_stays_so_when_pictures_are_added_and_in_any_order(tmp_path: Path) -> None:
    before = load_coco(beside(tmp_path / "data"))
    told = document(20)
    told["images"] = told["images"][::-1]
    (beside(tmp_path / "data", 20) / "_annotations.coco.json").write_text(json.dumps(told))
    after = load_coco(tmp_path / "data")
    assert set(before.held_out.files) <= set(after.held_out.files)
    assert set(before.train.files) <= set(after.train.files)
    assert len(after.train) + len(after.held_out) == 20


def test_boxes_become_corners_and_crowds_and_empty_boxes_are_left_out(tmp_path: Path) -> None:
    first = load_coco(official(tmp_path / "data")).train.boxes[0]
    assert first.xyxy.tolist() == [[10, 20, 40, 60], [0.5, 0, 50.5, 60]]
    assert first.classes.tolist() == [0, 1]


def test_pictures_are_rendered_with_their_boxes(tmp_path: Path) -> None:
    marked = load_coco(official(tmp_path / "data")).train.render(PixelSpec(40, 40, fit="letterbox"))
    assert marked.pixels.shape == (4, 40, 40, 3)
    assert marked.boxes_xyxy[1].tolist() == [[5, 15, 20, 35]]  # half as large, 5 grey rows above
    assert marked.classes[0].tolist() == [0, 1]


def test_a_data_set_without_pictures_to_train_on_is_divided(tmp_path: Path) -> None:
    folder = official(tmp_path / "data")
    (folder / "annotations" / "instances_train2017.json").unlink()
    data = load_coco(folder)
    assert (len(data.train), len(data.held_out)) == (1, 1)
    for file in (folder / "val2017").iterdir():
        file.write_bytes(picture(1))
    with pytest.raises(SourceUnusable, match="got 0 in 0 pictures and 3 in 2; add pictures"):
        load_coco(folder)  # copies of one picture


def changed(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        told = document(10)
        change(told)
        (folder / "_annotations.coco.json").write_text(json.dumps(told))

    return write


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no annotations": (lambda folder: (folder / "_annotations.coco.json").unlink(), "expected annotations/instances_"),
    "two files": (lambda folder: (folder / "other.json").write_text("{}"), "got neither"),
    "no JSON": (lambda folder: (folder / "_annotations.coco.json").write_text("{"), "cannot be read"),
    "a list": (lambda folder: (folder / "_annotations.coco.json").write_text("[]"), "expected images with id"),
    "no categories": (changed(lambda told: told.pop("categories")), "KeyError: 'categories'"),
    "empty": (changed(lambda told: told.update(categories=[], annotations=[])), "no category, or no image"),
    "an unknown category": (changed(lambda told: told["annotations"][0].update(category_id=7)), "KeyError: 7"),
    "an unknown picture": (changed(lambda told: told["annotations"][0].update(image_id=77)), "KeyError: 77"),
    "three numbers": (changed(lambda told: told["annotations"][0].update(bbox=[1, 2, 3])), "not enough values"),
    "not a number": (changed(lambda told: told["annotations"][0].update(bbox=[1, 2, float("nan"), 3])), "the bbox"),
    "a path outside": (changed(lambda told: told["images"][0].update(file_name="../../etc/passwd")), "leads out of"),
    "a missing picture": (changed(lambda told: told["images"][0].update(file_name="gone.jpg")), "there is none"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_in_the_format_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    folder = beside(tmp_path / "data")
    spoil, message = REFUSED[case]
    spoil(folder)
    with pytest.raises(SourceUnusable, match=message) as refused:
        load_coco(folder)
    assert "\n" not in str(refused.value)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    folder = official(tmp_path / "data")
    (folder / "train2017" / "000000000002.jpg").write_bytes(b"no picture")
    with pytest.raises(SourceUnusable, match=r"000000000002\.jpg"):
        load_coco(folder).train.render(PixelSpec(40, 40))


def test_different_categories_in_the_splits_are_refused(tmp_path: Path) -> None:
    folder = official(tmp_path / "data")
    told = document(2, 11) | {"categories": [{"id": 3, "name": "horse"}, {"id": 9, "name": "dog"}]}
    (folder / "annotations" / "instances_val2017.json").write_text(json.dumps(told))
    with pytest.raises(SourceUnusable, match="the same categories in every split"):
        load_coco(folder)


def test_the_detector_is_built_for_the_classes_of_a_folder(tmp_path: Path) -> None:
    folder = official(tmp_path / "data")
    recipe = for_folder(folder)
    assert recipe.spec.labels == ("cat", "dog")
    assert recipe.spec.pixels.name == "rgb_256x256_letterbox"
    assert len({file.name for file in recipe.spec.pictures(8)}) == 8
    network = recipe.build()
    assert isinstance(network, Detector)
    assert network.positions.shape == (32 * 32, 2)
    data, settings = load_coco(folder), DetectionSettings(epochs=1, batch_size=4)
    draw = draw_pictures(data, recipe.spec.pixels, settings)
    one, again, other = draw(0), draw(0), draw(1)
    assert one.pixels.shape == (4, 256, 256, 3)
    assert (one.pixels == again.pixels).all()
    assert (one.pixels != other.pixels).any()


def test_a_run_is_known_by_its_pictures_and_their_boxes(tmp_path: Path) -> None:
    folder = beside(tmp_path / "data")
    keys = {for_folder(folder).key}
    assert for_folder(folder).key in keys
    assert for_folder(folder).spec.trained_on_part
    changed(lambda told: told["annotations"][0].update(bbox=[11, 20, 30, 40]))(folder)
    keys.add(for_folder(folder).key)
    file = load_coco(folder).train.files[0]
    os.utime(file, ns=(0, 0))
    keys.add(for_folder(folder).key)
    assert len(keys) == 3


def answer_with(rows: int) -> Callable[[Arrays], Arrays]:
    """A model that finds a cat where every picture has one."""

    def model(inputs: Arrays) -> Arrays:
        n = len(inputs["IMAGE"])
        boxes = np.zeros((n, rows, 4), np.float32)
        boxes[:, 0] = 10, 20, 40, 60
        scores = np.zeros((n, rows), np.float32)
        scores[:, 0] = 0.9
        return {
            "num_detections": np.ones((n, 1), np.int32),
            "detection_boxes": boxes,
            "detection_scores": scores,
            "detection_classes": np.zeros((n, rows), np.int32),
        }

    return model


def test_figures_are_those_of_the_held_out_pictures(tmp_path: Path) -> None:
    folder = official(tmp_path / "data")
    recipe = for_folder(folder)
    assert recipe.evaluate is not None
    measurement = recipe.evaluate(Evaluation(answer_with(4), {}))
    assert measurement.per_class["cat"]["AP at IoU 0.5"] == 1
    assert measurement.per_class["dog"] == {"objects": 1, "AP at IoU 0.5": 0, "recall at IoU 0.5": 0}
    assert all(figure.floor is None for figure in measurement.figures)
    assert recipe.sheet is not None
    assert recipe.sheet(Evaluation(answer_with(4), {})).width <= 1000


def test_a_folder_of_other_classes_cannot_be_measured(tmp_path: Path) -> None:
    other = beside(tmp_path / "other")
    changed(lambda told: told["categories"][0].update(name="horse"))(other)
    with pytest.raises(SourceUnusable, match="got horse; rename them"):
        known_pictures(other, ("cat", "dog"))


def test_classes_are_known_by_their_names_not_by_their_numbers(tmp_path: Path) -> None:
    other = beside(tmp_path / "other")
    changed(lambda told: told.update(categories=[{"id": 3, "name": "dog"}, {"id": 9, "name": "cat"}]))(other)
    measurement = measured(answer_with(4), known_pictures(other, ("cat", "dog")), ("cat", "dog"), floor=None)
    assert measurement.per_class["dog"]["objects"] == 4  # which the model takes for cats
    assert measurement.figures[0].value == 0


def test_padding_is_nothing_that_was_found() -> None:
    found = found_in(answer_with(4), [b"", b""])
    assert [len(boxes.classes) for boxes in found] == [1, 1]
    assert found[0].xyxy.tolist() == [[10, 20, 40, 60]]
