"""`super_resolution`: no seams, Pillow's bicubic interpolation inside the graph, gains measured beside it."""

import numpy as np
import pytest
import torch
from export.one_tile import SIZES_WH, in_one_piece, in_tiles, random_picture, seen_radius
from PIL import Image

from sightline_backend.steps import files_array
from sightline_export.datasets.enhancement_photographs import held_out_photographs
from sightline_export.measures.image_quality import png
from sightline_export.models.super_resolution import Bicubic, SuperResolution, SuperResolutionConfig
from sightline_export.recipe import Evaluation, Recipe, find_recipe
from sightline_export.tasks.image_to_image_tiles import ImageToImageTiles
from sightline_export.training.degradation import doubled, halved
from sightline_export.verification.parity import Arrays


@pytest.fixture
def recipe() -> Recipe:
    found = find_recipe("super_resolution")
    assert isinstance(found, Recipe)
    return found


def network() -> SuperResolution:
    torch.manual_seed(1)
    fresh = SuperResolution(SuperResolutionConfig())
    torch.nn.init.normal_(fresh.last.weight, std=0.02)  # as if it had learnt something
    return fresh


def bicubic_service(inputs: Arrays) -> Arrays:
    """A service that interpolates as Pillow does."""
    from io import BytesIO

    pictures = [np.array(Image.open(BytesIO(file))) for file in inputs["IMAGE"][:, 0]]
    return {"RESULT": files_array([png(doubled(picture)) for picture in pictures])}


@pytest.mark.parametrize("size_wh", SIZES_WH)
def test_tiles_give_what_the_network_gives_in_one_piece(recipe: Recipe, size_wh: tuple[int, int]) -> None:
    picture, trained = random_picture(size_wh), network()
    tiled, whole = (answer(recipe.spec, trained, picture).astype(int) for answer in (in_tiles, in_one_piece))
    assert tiled.shape == (2 * size_wh[1], 2 * size_wh[0], 3)
    assert np.abs(tiled - whole).max() <= 1


def test_the_network_sees_no_further_than_it_says() -> None:
    assert 0 < seen_radius(network(), stride=1, scale=2) <= SuperResolutionConfig().radius


def test_the_interpolation_in_the_graph_is_pillows() -> None:
    picture = held_out_photographs()[0].pixels[:60, :80]
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    ours = Bicubic(3)(x).round().clamp(0, 255)[0].permute(1, 2, 0).numpy()
    assert np.abs(ours - doubled(picture))[6:-6, 6:-6].max() <= 1
    flat = Bicubic(1)(torch.full((1, 1, 20, 20), 0.7))
    torch.testing.assert_close(flat[..., 4:-4, 4:-4], torch.full((1, 1, 32, 32), 0.7))


def test_an_untrained_network_is_bicubic_interpolation() -> None:
    torch.manual_seed(0)
    x = torch.rand(2, 3, 12, 10)
    fresh = SuperResolution(SuperResolutionConfig())
    torch.nn.init.zeros_(fresh.last.bias)  # pyright: ignore[reportArgumentType]
    torch.testing.assert_close(fresh(x), fresh.bicubic(x))


def test_halving_and_doubling_keep_places() -> None:
    ramp = np.broadcast_to(np.arange(0, 200, 2, dtype=np.uint8)[None, :, None], (40, 100, 3))
    assert halved(ramp).shape == (20, 50, 3)
    assert np.abs(doubled(halved(ramp)).astype(int) - ramp)[:, 4:-4].max() <= 1


def test_bicubic_interpolation_gains_nothing_over_itself(recipe: Recipe) -> None:
    assert recipe.evaluate is not None
    measurement = recipe.evaluate(Evaluation(bicubic_service, {}))
    assert [figure.value for figure in measurement.figures] == [0.0, 0.0, 0.0]
    assert not measurement.figures[0].holds
    assert set(measurement.per_class) == {"chelsea", "china", "coffee", "flower"}
    assert 20 < measurement.per_class["china"]["bicubic, dB"] < 26
    assert recipe.sheet is not None
    assert recipe.sheet(Evaluation(bicubic_service, {})).width <= 1000


@pytest.mark.parametrize(("halo", "radius"), [(6, 7), (0, 1)])
def test_a_halo_below_the_radius_is_refused(halo: int, radius: int) -> None:
    with pytest.raises(ValueError, match=f"expected a halo of at least {radius}, how far the network sees, got {halo}"):
        ImageToImageTiles(halo=halo, radius=radius)


def test_tiles_off_the_grid_of_the_network_are_refused(recipe: Recipe) -> None:
    task = ImageToImageTiles(halo=9, radius=7, stride=4)
    with pytest.raises(ValueError, match="multiple of 4, got 256x256"):
        task.tiles(recipe.spec, "network")


def test_requests_are_pictures_of_every_kind_that_take_few_tiles(recipe: Recipe) -> None:
    spec = recipe.spec
    requests = spec.task.requests(spec, 15)
    assert len(requests) == 15
    assert len({request.name for request in requests}) == 15
    assert [request.name.startswith("odd-") for request in requests[:3]] == [False] * 3
    assert not [request.name for request in requests if "large" in request.name]
    assert [request.name for request in requests if "pixel" in request.name]
    assert requests == spec.task.requests(spec, 15)
