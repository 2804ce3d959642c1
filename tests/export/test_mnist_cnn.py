"""`mnist_cnn`: grey pictures of 28x28, and the same recipe on MNIST's own files."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from export.test_labelled import mnist_files, write
from export.test_lenet import asked
from torch import nn

from sightline_export.models.mnist_cnn import MnistCNN, MnistCNNConfig
from sightline_export.recipe import Recipe, find_recipe
from sightline_export.training.augment import photograph
from sightline_export.training.checkpoint import Checkpoint


@pytest.fixture
def mnist_cnn() -> Recipe:
    recipe = find_recipe("mnist_cnn")
    assert isinstance(recipe, Recipe)
    return recipe


def test_the_layers_are_those_of_the_issue() -> None:
    network = MnistCNN(MnistCNNConfig()).eval()
    assert network.hidden.out_features == 128
    assert sum(isinstance(layer, nn.Conv2d) for layer in network.modules()) == 2
    assert network(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


def test_every_weight_gets_a_gradient() -> None:
    network = MnistCNN(MnistCNNConfig())
    network(torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_a_few_epochs_of_the_recipe_learn_digits(mnist_cnn: Recipe, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = mnist_cnn.build()
    epochs = list(islice(mnist_cnn.train(network, Checkpoint(tmp_path / "m.pt", mnist_cnn.key)), 2))
    assert epochs[-1].figures["loss"] < epochs[0].figures["loss"]
    assert mnist_cnn.evaluate
    measured = mnist_cnn.evaluate(asked(mnist_cnn, network.eval()))
    assert (measured.figures[0].name, measured.figures[0].floor) == ("held-out accuracy", 0.97)
    assert measured.figures[0].value > 0.2


def test_the_same_recipe_trains_on_mnist(mnist_cnn: Recipe, tmp_path: Path) -> None:
    assert mnist_cnn.for_data is not None
    recipe = mnist_cnn.for_data(write(tmp_path / "mnist", mnist_files(".gz")))
    torch.manual_seed(0)
    network = recipe.build()
    assert next(iter(recipe.train(network, Checkpoint(tmp_path / "m.pt", recipe.key)))).number == 1
    assert recipe.evaluate
    measured = recipe.evaluate(asked(recipe, network.eval()))
    assert set(measured.per_class) == {"9", "8", "1", "0"}


def test_a_grey_photograph_stays_grey_and_comes_in_both_polarities() -> None:
    ink = torch.zeros(256, 1, 28, 28)
    ink[..., 8:20, 12:16] = 1
    seen = photograph(ink, torch.Generator().manual_seed(0))
    assert seen.shape == ink.shape
    corners = seen[:, 0, :3, :3].mean(dim=(1, 2))
    assert (corners > 0.5).float().mean() > 0.15  # dark ink on bright ground
    assert (corners < 0.3).float().mean() > 0.3
    assert np.isfinite(seen.numpy()).all()
