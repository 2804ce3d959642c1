"""The segmenter: its network, its two stages of training, its recipe."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from sightline_backend.class_maps import MapFit, class_map_png
from sightline_backend.steps import files_array
from sightline_export.datasets.scene_crops import scene_crops
from sightline_export.datasets.scenes import SceneBatch, scene_batch
from sightline_export.models.segmenter import Segmenter, SegmenterConfig, votes
from sightline_export.recipe import Evaluation, Recipe, find_recipe
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.segmentation import (
    SegmentationSettings,
    average_logits,
    dice_loss,
    object_numbers,
    train_segmenter,
)
from sightline_export.verification.parity import Arrays

SMALL = SegmenterConfig(widths=(4, 8))
QUICK = SegmentationSettings(recognition_epochs=2, epochs=2, steps_per_epoch=2, batch_size=2, crops_of=2)


def segmenter(config: SegmenterConfig = SMALL) -> Segmenter:
    torch.manual_seed(0)
    return Segmenter(config)


@pytest.mark.parametrize("size_hw", [(128, 128), (16, 16), (64, 96)])
def test_every_pixel_gets_the_logits_of_all_classes(size_hw: tuple[int, int]) -> None:
    assert segmenter(SegmenterConfig()).eval()(torch.zeros(2, 3, *size_hw)).shape == (2, 11, *size_hw)


def test_a_pixel_of_the_answer_depends_on_what_surrounds_it() -> None:
    network = segmenter(SegmenterConfig()).eval()
    picture = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(4)).requires_grad_()
    network(picture)[0, :, 30, 20].sum().backward()
    assert picture.grad is not None
    rows, columns = picture.grad[0].abs().sum(dim=0).nonzero().T
    assert rows.max() - rows.min() >= 48
    assert columns.max() - columns.min() >= 48


def test_a_pixel_is_background_unless_the_mask_says_otherwise_and_then_of_the_likeliest_kind() -> None:
    network = segmenter().eval()
    pictures = torch.randn(2, 3, 32, 48, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        classes = network(pictures).argmax(dim=1)
        mask, kinds = network.mask_and_kinds(pictures)
    assert mask.shape == (2, 1, 32, 48)
    assert kinds.shape == (2, 10, 8, 12)
    assert torch.equal(classes > 0, mask[:, 0] > 0)
    best = F.interpolate(votes(mask, kinds), scale_factor=4, mode="bilinear").argmax(dim=1) + 1
    assert torch.equal(classes[classes > 0], best[classes > 0])
    assert 0.01 < (classes > 0).float().mean() < 0.99  # else the test would show nothing


def test_neighbours_on_an_object_outvote_a_stray_one_and_the_background_has_no_vote() -> None:
    kinds = torch.zeros(1, 2, 8, 8)
    kinds[:, 0], kinds[:, 1] = 5, -5  # the background says 0, and surely
    kinds[:, 0, 3, 2:6], kinds[:, 1, 3, 2:6] = -1, 1  # the object says 1
    kinds[:, 0, 3, 4], kinds[:, 1, 3, 4] = 1, -1  # but for one place
    mask = torch.full((1, 1, 32, 32), -20.0)
    mask[:, :, 12:16, 8:24] = 20
    assert votes(mask, kinds)[0, :, 3, 2:6].argmax(dim=0).tolist() == [1, 1, 1, 1]
    assert votes(torch.full_like(mask, -99.0), kinds).isfinite().all()


@pytest.mark.parametrize("change", [{"classes": 1}, {"widths": (8,)}])
def test_a_configuration_that_cannot_be_used_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected at least 2 classes and 2 widths"):
        SegmenterConfig(**change)


def test_the_dice_loss_is_that_of_its_formula() -> None:
    truth = torch.tensor([[[0.0, 0, 1, 1]]])
    assert dice_loss(torch.tensor([[[0.5, 0, 1, 0.25]]]), truth).item() == pytest.approx(1 - 2 * 1.25 / (1.75 + 2))
    assert dice_loss(truth, truth).item() == pytest.approx(0)
    assert dice_loss(1 - truth, truth).item() == pytest.approx(1)
    assert dice_loss(0 * truth, 0 * truth).item() == pytest.approx(1)  # nothing to find: no division by zero


def test_a_pixel_belongs_to_the_object_whose_box_it_lies_in() -> None:
    class_map = np.zeros((2, 4, 8), np.uint8)
    class_map[0, :, 0:2] = class_map[0, 0:2, 5:7] = 4  # two threes
    class_map[1, 1, 1:4] = class_map[1, 3, 7] = 8  # a seven, and what can be seen of a hidden one
    class_map[1, 2, 1:4] = 2  # a one inside its box
    scenes = SceneBatch(
        np.zeros((2, 4, 8, 3), np.uint8),
        class_map,
        (np.array([[0, 0, 2, 4], [5, 0, 7, 2]], np.float32), np.array([[1, 1, 4, 3]], np.float32)),
        (np.array([3, 3]), np.array([7])),
    )
    wanted = np.zeros((2, 4, 8), np.int64)
    wanted[0, :, 0:2], wanted[0, 0:2, 5:7], wanted[1, 1, 1:4] = 1, 2, 3
    assert np.array_equal(object_numbers(scenes), wanted)


def test_the_pixels_of_an_object_vote_together() -> None:
    logits = torch.tensor([[1.0, 5.0], [3.0, 1.0], [9.0, 9.0], [0.0, 2.0]])
    average, classes = average_logits(logits, torch.tensor([1, 1, 0, 0]), torch.tensor([7, 7, 0, 2]))
    assert average.tolist() == [[0.0, 2.0], [2.0, 3.0]]
    assert classes.tolist() == [0, 1]


def test_the_learning_rate_rises_and_falls_in_each_stage() -> None:
    settings = replace(QUICK, recognition_epochs=5, epochs=10)
    rates = [settings.rate(step) for step in range(30)]
    assert rates[1] == rates[13] == 1.0
    assert rates[9] == pytest.approx(0)
    assert rates[29] == pytest.approx(0)
    assert sorted(rates[1:10], reverse=True) == rates[1:10]
    assert sorted(rates[13:], reverse=True) == rates[13:]


def test_crops_show_every_digit_with_a_box_large_and_say_where_it_is() -> None:
    """A crop that is white where the scene is marked shows much white: the digit fills it."""
    scenes = scene_batch("train", range(12))
    marked = np.zeros_like(scenes.pixels)
    for index, boxes in enumerate(scenes.boxes_xyxy):
        for left, top, right, bottom in boxes.astype(int).tolist():
            marked[index, top:bottom, left:right] = 255
    crops = scene_crops(replace(scenes, pixels=marked), 32, np.random.default_rng(3))
    assert crops.pixels.shape == (len(crops.digits), 32, 32, 3)
    assert (crops.pixels.dtype, crops.masks.dtype) == (np.uint8, np.bool_)
    assert crops.digits.tolist() == np.concatenate(scenes.classes).tolist()
    assert ((crops.pixels[:, 8:24, 8:24] > 127).mean(axis=(1, 2, 3)) > 0.25).all()  # a thin one fills little
    in_white = replace(scenes, pixels=np.repeat(scenes.class_maps[..., None] > 0, 3, axis=3).astype(np.uint8) * 255)
    crops = scene_crops(in_white, 32, np.random.default_rng(3))
    assert ((crops.pixels[..., 0] > 127) == crops.masks).mean() > 0.97
    assert (crops.masks.mean(axis=(1, 2)) > 0.05).all()


def small_scenes(indices: Sequence[int], most_digits: int = 6) -> SceneBatch:
    """Scenes at 32 x 32, so that a step takes milliseconds."""
    scenes = scene_batch("train", indices, most_digits)
    boxes = tuple((boxes / 4).astype(np.float32) for boxes in scenes.boxes_xyxy)
    return SceneBatch(scenes.pixels[:, 2::4, 2::4], scenes.class_maps[:, 2::4, 2::4], boxes, scenes.classes)


def test_training_lowers_the_loss_of_both_stages(tmp_path: Path) -> None:
    scenes = small_scenes(range(4))

    def same(_: Sequence[int], __: int) -> SceneBatch:
        return scenes

    settings = replace(QUICK, recognition_epochs=8, epochs=12, learning_rate=1e-2)
    network = segmenter(SegmenterConfig(widths=(8, 16)))
    epochs = list(train_segmenter(network, same, settings, Checkpoint(tmp_path / "c", "k")))
    assert [epoch.number for epoch in epochs] == list(range(1, 21))
    recognised = [epoch.figures["objects recognised"] for epoch in epochs[:8]]
    losses = [epoch.figures["loss"] for epoch in epochs]
    assert recognised[-1] > recognised[0]
    assert losses[7] < losses[0]
    assert losses[-1] < losses[8]
    assert "their pixels recognised" in epochs[-1].figures


def test_training_scenes_are_crowded_at_first_and_as_in_use_at_last() -> None:
    settings = replace(QUICK, recognition_epochs=5, epochs=10)
    crowds = [settings.most_digits(step) for step in range(30)]
    assert crowds[:20] == [16] * 20
    assert crowds[27:] == [6] * 3
    assert sorted(crowds, reverse=True) == crowds
    assert len(set(crowds)) > 5


@pytest.mark.parametrize("stopped_after", [1, 2, 3])
def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(tmp_path: Path, stopped_after: int) -> None:
    def weights(network: Segmenter) -> list[Tensor]:
        return list(network.state_dict().values())

    whole, stopped, resumed = segmenter(), segmenter(), segmenter()
    list(train_segmenter(whole, small_scenes, QUICK, Checkpoint(tmp_path / "whole.pt", "k")))
    checkpoint = Checkpoint(tmp_path / "stopped.pt", "k", interval_s=0)
    for epoch in train_segmenter(stopped, small_scenes, QUICK, checkpoint):
        if epoch.number == stopped_after:
            break
    rest = list(train_segmenter(resumed, small_scenes, QUICK, checkpoint))
    assert [epoch.number for epoch in rest] == list(range(stopped_after + 1, 5))
    assert all(torch.equal(*pair) for pair in zip(weights(whole), weights(resumed), strict=True))


@pytest.mark.parametrize("change", [{"epochs": 0}, {"recognition_epochs": -1}, {"batch_size": 0}])
def test_settings_that_cannot_be_used_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="expected recognition_epochs >= 0 and the other counts >= 1"):
        replace(QUICK, **change)  # pyright: ignore[reportArgumentType]


def test_the_recipe_measures_what_the_whole_model_answers_to_files_and_draws_it() -> None:
    """A model that answers with a black map of the right size: only the background is right."""
    recipe = find_recipe("segmenter")
    assert isinstance(recipe, Recipe)
    asked: list[int] = []

    def nothing(inputs: Arrays) -> Arrays:
        asked.append(len(inputs["IMAGE"]))
        empty = class_map_png(np.zeros((8, 8), np.uint8), (128, 128), MapFit())
        return {"CLASS_MAP": files_array([empty] * asked[-1])}

    assert recipe.evaluate is not None
    measured = recipe.evaluate(Evaluation(nothing, {}))
    background = measured.per_class["background"]
    assert sum(asked) == 300
    assert max(asked) <= 32
    assert measured.figures[0].value == pytest.approx(background["IoU"] / 11)
    assert not measured.figures[0].holds
    assert 0.8 < background["IoU"] == measured.figures[1].value < 0.97
    assert recipe.sheet is not None
    assert recipe.sheet(Evaluation(nothing, {})).width <= 1000


def test_a_folder_of_pictures_and_class_maps_is_measured_where_somebody_knows_the_class(tmp_path: Path) -> None:
    """The model says 3 everywhere; of the left half nobody knows the class, the rest is 3 but for one corner."""
    truth = np.full((20, 10), 3, np.uint8)
    truth[:, :5] = 255
    truth[:5, 5:] = 1
    for folder, pixels, suffix in (("images", np.zeros((20, 10, 3), np.uint8), "jpg"), ("masks", truth, "png")):
        (tmp_path / folder).mkdir()
        Image.fromarray(pixels).save(tmp_path / folder / f"one.{suffix}")

    def three(inputs: Arrays) -> Arrays:
        return {"CLASS_MAP": files_array([class_map_png(np.full((4, 4), 3, np.uint8), (10, 20), MapFit())])}

    recipe = find_recipe("segmenter")
    assert isinstance(recipe, Recipe)
    assert recipe.evaluate is not None
    measured = recipe.evaluate(Evaluation(three, {}, tmp_path))
    assert measured.figures[0].floor is None
    assert measured.figures[1].value == pytest.approx(0.75)
    assert measured.per_class["2"]["pixels"] == 75  # class 3: the labels begin with the background
    assert measured.per_class["0"]["pixels"] == 25
