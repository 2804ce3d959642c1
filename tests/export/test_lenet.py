"""`lenet`: the layers of the paper, its training, and the same recipe on CIFAR-10 and folders of pictures."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from export.test_labelled import cifar10_files, png, write
from torch import nn

from sightline_backend.pictures import open_picture
from sightline_backend.steps import files_array
from sightline_export.datasets.labelled_pictures import Half
from sightline_export.models.lenet import LeNet, LeNetConfig
from sightline_export.recipe import Evaluation, Recipe, find_recipe
from sightline_export.runtimes import pytorch_runtime
from sightline_export.sheets.classifier import MOST_ASKED, chosen_pictures, classifier_sheet
from sightline_export.training.augment import AUGMENTATIONS
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.verification.parity import Arrays
from sightline_export.verification.truth import whole_model


@pytest.fixture
def lenet() -> Recipe:
    recipe = find_recipe("lenet")
    assert isinstance(recipe, Recipe)
    return recipe


def asked(recipe: Recipe, network: nn.Module) -> Evaluation:
    """The whole model around an untraced network."""
    spec = recipe.spec
    graph = pytorch_runtime(spec.task.graph(spec, network).eval(), spec.task.network_signature(spec))
    return Evaluation(whole_model(spec, graph), {})


def test_the_layers_are_those_of_the_paper() -> None:
    network = LeNet(LeNetConfig())
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels, c.kernel_size[0]) for c in convolutions] == [(3, 6, 5), (6, 16, 5)]
    linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(400, 120), (120, 84), (84, 10)]
    assert network(torch.zeros(3, 3, 32, 32)).shape == (3, 10)


def test_every_weight_gets_a_gradient() -> None:
    network = LeNet(LeNetConfig())
    network(torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_a_few_epochs_of_the_recipe_learn_digits(lenet: Recipe, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = lenet.build()
    epochs = list(islice(lenet.train(network, Checkpoint(tmp_path / "lenet.pt", lenet.key)), 4))
    assert epochs[-1].figures["loss"] < epochs[0].figures["loss"]
    assert epochs[0].total == 50
    assert lenet.evaluate
    measured = lenet.evaluate(asked(lenet, network.eval()))
    assert [(figure.name, figure.floor) for figure in measured.figures[:2]] == [
        ("held-out accuracy", 0.96),
        ("the same as if photographed", None),
    ]
    assert measured.figures[0].value > 0.2
    assert list(measured.per_class) == list("0123456789")


def test_the_same_recipe_trains_on_cifar10(lenet: Recipe, tmp_path: Path) -> None:
    folder = write(tmp_path / "cifar", cifar10_files())
    assert lenet.for_data is not None
    recipe = lenet.for_data(folder)
    assert recipe.name == "lenet"
    assert recipe.spec.labels[0] == "airplane"
    torch.manual_seed(0)
    network = recipe.build()
    first = next(iter(recipe.train(network, Checkpoint(tmp_path / "lenet.pt", recipe.key))))
    assert (first.number, first.total) == (1, 50)
    assert recipe.evaluate
    measured = recipe.evaluate(asked(recipe, network.eval()))
    assert all(figure.floor is None for figure in measured.figures)
    assert set(measured.per_class) == {"ship", "cat"}  # what the tiny test batch holds
    files = [file.content for file in recipe.spec.pictures(20)]
    assert len(files) == 20
    scores = asked(recipe, network).model({"IMAGE": files_array(files)})["SCORES"]
    assert scores.shape == (20, 10)
    assert recipe.sheet
    assert recipe.sheet(asked(recipe, network)).width < 1000


def test_a_folder_of_four_classes_makes_a_network_of_four_outputs(lenet: Recipe, tmp_path: Path) -> None:
    folder = write(tmp_path, {f"{name}/{n}.png": png(n + 50 * k) for k, name in enumerate("abcd") for n in range(3)})
    assert lenet.for_data is not None
    recipe = lenet.for_data(folder)
    assert recipe.build()(torch.zeros(1, 3, 32, 32)).shape == (1, 4)
    assert recipe.spec.labels == tuple("abcd")


def test_a_run_on_the_other_half_is_not_resumed(lenet: Recipe, tmp_path: Path) -> None:
    files = {
        f"{half}/{name}/{n}.png": png(n, 8 + k)
        for k, half in enumerate(("train", "val"))
        for name in "ab"
        for n in range(3)
    }
    folder = write(tmp_path / "ab", files)
    assert lenet.for_data is not None
    before = lenet.for_data(folder)
    assert (before.key, before.spec.trained_on_part) == (lenet.for_data(folder).key, True)
    (folder / "train").rename(folder / "x")
    (folder / "val").rename(folder / "train")
    (folder / "x").rename(folder / "val")
    assert lenet.for_data(folder).key != before.key


def test_pictures_are_mirrored_only_where_that_means_the_same() -> None:
    bright_left = torch.zeros(64, 1, 16, 16)
    bright_left[..., :8] = 1
    sides: dict[str, float] = {}
    for name in ("tilt", "tilt_and_flip"):
        seen = AUGMENTATIONS[name](bright_left, torch.Generator().manual_seed(0))
        assert seen.shape == bright_left.shape
        sides[name] = float((seen[..., :8].mean(dim=(1, 2, 3)) > seen[..., 8:].mean(dim=(1, 2, 3))).float().mean())
    assert sides["tilt"] == 1
    assert 0.3 < sides["tilt_and_flip"] < 0.7


def test_the_sheet_shows_mistakes_first() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]], np.float32)
    rows = chosen_pictures(scores, np.array([1, 1, 0, 1]))
    assert rows == (("wrong: 2 of 4", [0, 2]), ("least sure", [3, 1]), ("surest", [1]))


def test_the_sheet_of_many_pictures_asks_for_some_of_every_class() -> None:
    """Folders are sorted by class: the first of them would be of a few classes only."""
    labels = tuple("0123456789")
    classes = np.arange(2 * MOST_ASKED) * len(labels) // (2 * MOST_ASKED)
    half = Half(np.repeat(classes.astype(np.uint8), 64).reshape(-1, 8, 8), classes)
    asked_for: list[int] = []

    def right(inputs: Arrays) -> Arrays:
        seen = [int(np.asarray(open_picture(file))[0, 0]) for file in inputs["IMAGE"][:, 0].tolist()]
        asked_for.extend(seen)
        return {"SCORES": np.eye(10, dtype=np.float32)[seen]}

    classifier_sheet(half, labels, right)
    assert np.bincount(asked_for).tolist() == [MOST_ASKED // 10] * 10
