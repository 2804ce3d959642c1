"""The dense generator: its networks and the pictures that are made of what it gives."""

from io import BytesIO

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from sightline_export.models.mlp_gan import Discriminator, Generator, MLPGANConfig
from sightline_export.recipe import Recipe, find_recipe
from sightline_export.repository.golden import stack
from sightline_export.runtimes import pytorch_runtime
from sightline_export.tasks.picture_output import opened, rgb_levels
from sightline_export.verification.truth import whole_model


def normal(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(4))


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    found = find_recipe("mlp_gan")
    assert isinstance(found, Recipe)
    return found


def test_layer_sizes_are_those_of_the_sketch() -> None:
    dense = [layer for layer in Generator(MLPGANConfig()).layers if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in dense] == [100, 128, 256, 512, 1024]
    assert dense[-1].out_features == 784


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_networks_give_the_documented_shapes(batch: int) -> None:
    pictures = Generator(MLPGANConfig()).eval()(normal(batch, 100)).detach()
    assert tuple(pictures.shape) == (batch, 1, 28, 28)
    assert 0 <= float(pictures.min()) <= float(pictures.max()) <= 1
    assert tuple(Discriminator(MLPGANConfig())(pictures).shape) == (batch,)


def test_every_weight_gets_a_gradient() -> None:
    generator, discriminator = Generator(MLPGANConfig()), Discriminator(MLPGANConfig())
    discriminator(generator(normal(8, 100))).square().sum().backward()
    for network in (generator, discriminator):
        named = list(network.named_parameters())
        assert [name for name, p in named if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_the_largest_of_the_first_ten_numbers_chooses_the_kind() -> None:
    generator, z = Generator(MLPGANConfig()).eval(), normal(1, 100)
    same_kind = torch.cat([z[:, :10] * 3, z[:, 10:]], dim=1)  # the largest stays the largest
    other_kind = torch.cat([z[:, :10].roll(1, dims=1), z[:, 10:]], dim=1)
    assert torch.equal(generator(z), generator(same_kind))
    assert not torch.equal(generator(z), generator(other_kind))


@pytest.mark.parametrize(
    ("darkest", "values", "levels"),
    [
        (0.0, [0.0, 1.0, 0.5, 127.4 / 255, -1.0, 2.0], [0, 255, 128, 127, 0, 255]),
        (-1.0, [-1.0, 1.0, 0.0, -0.0008, -3.0, 2.0], [0, 255, 128, 127, 0, 255]),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_numbers_become_the_nearest_levels(
    darkest: float, values: list[float], levels: list[int], channels: int
) -> None:
    pictures = torch.tensor(values).view(1, 1, 2, 3).expand(1, channels, 2, 3)
    pixels = rgb_levels(pictures, darkest)
    assert (pixels.dtype, tuple(pixels.shape)) == (torch.uint8, (1, 2, 3, 3))
    assert pixels.reshape(6, 3).tolist() == [[level] * 3 for level in levels]


def test_its_grey_pictures_are_served_as_rgb(recipe: Recipe) -> None:
    spec = recipe.spec
    torch.manual_seed(0)
    graph = spec.task.graph(spec, recipe.build()).eval()
    model = whole_model(spec, pytorch_runtime(graph, spec.task.network_signature(spec)))
    inputs = stack(spec.task.requests(spec, 4))
    assert inputs["SEED"].ravel().tolist() == [0, 7, 2**40, 100]
    files = model(inputs)["RESULT"]
    pictures = [Image.open(BytesIO(file)) for file in files.ravel()]
    assert [(picture.size, picture.mode) for picture in pictures] == [((28, 28), "RGB")] * 4
    red, *others = (band.tobytes() for band in pictures[0].split())
    assert others == [red, red]
    assert [picture.tobytes() for picture in opened(files)] == [picture.tobytes() for picture in pictures]
