"""The conditional generator: its networks, its ensemble, and the figures that its pictures are held to."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from sightline_backend.errors import ClassIdError
from sightline_backend.noise import class_of
from sightline_backend.pictures import encode_png
from sightline_backend.steps import files_array
from sightline_export.measures.generation import JUDGED, generated, obedience, recognition
from sightline_export.models.gan import Discriminator, GANConfig, Generator
from sightline_export.recipe import Recipe, find_recipe
from sightline_export.repository.golden import stack
from sightline_export.runtimes import pytorch_runtime
from sightline_export.verification.parity import Arrays, Runtime, chunked
from sightline_export.verification.truth import whole_model


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(4))


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    found = find_recipe("gan")
    assert isinstance(found, Recipe)
    return found


@pytest.fixture(scope="module")
def untrained(recipe: Recipe) -> Runtime:
    torch.manual_seed(0)
    graph = recipe.spec.task.graph(recipe.spec, recipe.build()).eval()
    return whole_model(recipe.spec, pytorch_runtime(graph, recipe.spec.task.network_signature(recipe.spec)))


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_networks_give_the_documented_shapes(batch: int) -> None:
    classes = torch.arange(batch)
    pictures = Generator(GANConfig()).eval()(normal(batch, 100), classes)
    assert tuple(pictures.shape) == (batch, 3, 16, 16)
    assert tuple(Discriminator(GANConfig())(pictures, classes).shape) == (batch,)


def test_every_weight_gets_a_gradient() -> None:
    generator, discriminator, classes = Generator(GANConfig()), Discriminator(GANConfig()), torch.arange(10)
    discriminator(generator(normal(10, 100), classes), classes).square().sum().backward()
    for network in (generator, discriminator):
        named = list(network.named_parameters())
        assert [name for name, p in named if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_layer_sizes_are_those_of_the_sketch() -> None:
    transposed = [layer for layer in Generator(GANConfig()).layers if isinstance(layer, nn.ConvTranspose2d)]
    assert [(c.in_channels, c.out_channels, c.kernel_size[0], c.stride[0], c.padding[0]) for c in transposed] == [
        (110, 64, 4, 1, 0),
        (64, 32, 4, 2, 1),
        (32, 3, 4, 2, 1),
    ]


def test_noise_and_class_both_change_the_picture() -> None:
    generator, z = Generator(GANConfig()).eval(), normal(2, 100)
    same, other = torch.tensor([3, 3]), torch.tensor([3, 4])
    assert not torch.equal(generator(z, same)[0], generator(z, same)[1])
    assert not torch.equal(generator(z[:1], other[:1]), generator(z[:1], other[1:]))


def test_the_discriminator_projects_its_features_onto_the_class() -> None:
    discriminator, x = Discriminator(GANConfig()).eval(), normal(10, 3, 16, 16)
    one, other = discriminator(x, torch.full((10,), 2)), discriminator(x, torch.full((10,), 7))
    difference = discriminator.projection.weight[2] - discriminator.projection.weight[7]
    torch.testing.assert_close(one - other, discriminator.features(x) @ difference)


def test_the_class_is_optional_and_drawn_from_the_seed(recipe: Recipe, untrained: Runtime) -> None:
    seeds = np.array([[0], [7], [-5]])
    alone = untrained({"SEED": seeds})["RESULT"]
    open_ = untrained({"SEED": seeds, "CLASS_ID": np.full((3, 1), -1, np.int32)})["RESULT"]
    drawn = np.array([[class_of(seed, 10)] for seed in (0, 7, -5)], np.int32)
    named = untrained({"SEED": seeds, "CLASS_ID": drawn})["RESULT"]
    other = untrained({"SEED": seeds, "CLASS_ID": (drawn + 1) % 10})["RESULT"]
    assert alone.tolist() == open_.tolist() == named.tolist()
    assert all(one != another for one, another in zip(alone.ravel(), other.ravel(), strict=True))
    assert Image.open(BytesIO(alone[0, 0])).size == (16, 16)
    (class_id,) = [tensor for tensor in recipe.spec.task.ensemble_signature(recipe.spec).inputs if tensor.optional]
    assert class_id.name == "CLASS_ID"


def test_a_class_that_is_not_there_is_refused(untrained: Runtime) -> None:
    with pytest.raises(
        ClassIdError, match="expected a class from 0 to 9, or -1 to have it drawn from the seed, got 10"
    ):
        untrained({"SEED": np.array([[1]]), "CLASS_ID": np.array([[10]], np.int32)})


def test_requests_leave_the_class_open_and_name_every_one(recipe: Recipe) -> None:
    requests = recipe.spec.task.requests(recipe.spec, 32)
    asked = stack(requests)["CLASS_ID"].ravel().tolist()
    assert asked[:3] == [-1, 0, 1]  # the golden ones
    assert set(asked) == set(range(-1, 10))
    assert len({request.name for request in requests}) == 32


def test_the_noise_step_is_named_after_its_numbers(recipe: Recipe) -> None:
    noise, _ = recipe.spec.task.steps(recipe.spec, "gan_network")[0]
    assert (noise.name, noise.parameters) == ("noise_normal_100_classes_10", {"size": "100", "classes": "10"})


GREY = [encode_png(np.full((4, 4, 3), 20 * k, np.uint8)) for k in range(10)]


def painter(wrong: int) -> Runtime:
    """Answers with the grey of the named class, or of the seed's last digit; every `wrong`-th seed with that of 0."""

    def paint(inputs: Arrays) -> Arrays:
        seeds = inputs["SEED"].ravel().tolist()
        classes = inputs["CLASS_ID"].ravel().tolist() if "CLASS_ID" in inputs else [seed % 10 for seed in seeds]
        shown = [0 if seed % wrong == 0 else k for seed, k in zip(seeds, classes, strict=True)]
        return {"RESULT": files_array([GREY[k] for k in shown])}

    return paint


def judge(inputs: Arrays) -> Arrays:
    """Sees the class whose grey it is, surely, but of class 9 with a score of one half only."""
    scores = np.zeros((len(inputs["IMAGE"]), 10), np.float32)
    for row, file in zip(scores, inputs["IMAGE"].ravel(), strict=True):
        level = np.asarray(Image.open(BytesIO(file)))[0, 0, 0]
        k = int(level) // 20
        row[k], row[(k + 1) % 10] = (0.5, 0.49) if k == 9 else (0.95, 0.05)
    return {"SCORES": scores}


LABELS = tuple("0123456789")


def test_obedience_is_the_share_of_pictures_with_the_named_class() -> None:
    measured = obedience(painter(wrong=5), chunked(judge, 100), "j", LABELS, 0.8)
    share, least = measured.figures
    assert share.name == "share of 10000 pictures in which j sees the named class"
    assert (share.value, least.value) == pytest.approx((0.82, 0.8))  # class 0 is right even where it is wrong
    assert measured.per_class["0"] == {"named class seen": 1.0}
    assert share.holds
    assert least.holds


def test_recognition_counts_sure_pictures_and_the_digits_among_them() -> None:
    measured = recognition(painter(wrong=10**9), chunked(judge, 100), "j", LABELS, 0.7)
    share, different = measured.figures
    assert (share.value, different.value, different.floor) == (0.9, 9, 10)
    assert [row["recognised pictures"] for row in measured.per_class.values()] == [100.0] * 9 + [0.0]
    assert not different.holds


def test_pictures_are_asked_for_by_seed_and_class() -> None:
    seen: list[dict[str, NDArray[Any]]] = []

    def model(inputs: Arrays) -> Arrays:
        seen.append(dict(inputs))
        return painter(10**9)(inputs)

    assert generated(model, [5, 6], class_id=3).shape == (2, 1)
    assert generated(model, JUDGED).shape == (1000, 1)
    assert {name: array.tolist() for name, array in seen[0].items()} == {"SEED": [[5], [6]], "CLASS_ID": [[3], [3]]}
    assert list(seen[1]) == ["SEED"]
