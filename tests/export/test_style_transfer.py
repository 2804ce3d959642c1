"""`style_transfer`: no seams, losses as in the papers, a judge that tells the style, training that can be resumed."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from export.one_tile import SIZES_WH, in_one_piece, in_tiles, random_picture, seen_radius

from sightline_export.datasets.canvas import SIDE as CANVAS_SIDE
from sightline_export.datasets.canvas import canvas
from sightline_export.datasets.enhancement_photographs import held_out_photographs, training_photographs
from sightline_export.datasets.painting import SIDE, painting
from sightline_export.measures.style import StyleJudge
from sightline_export.models.style_transfer import STRIDE, StyleTransfer, StyleTransferConfig
from sightline_export.models.texture_classifier import TextureClassifier, TextureClassifierConfig
from sightline_export.recipe import Recipe, find_recipe
from sightline_export.recipes.style_transfer import HALO
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch
from sightline_export.training.style import StyleSettings, gram, palette, relative_distance, roughness, train_style
from sightline_export.training.texture_features import FeatureSettings, crops

SMALL = StyleTransferConfig(widths=(4, 4, 4), blocks=1)
FEATURES = FeatureSettings(epochs=2, steps_per_epoch=2, batch_size=4, side=16)
BRICK, GRASS = (
    photograph.pixels[:64, :64] for photograph in training_photographs() if photograph.name in ("brick", "grass")
)


@pytest.fixture
def recipe() -> Recipe:
    found = find_recipe("style_transfer")
    assert isinstance(found, Recipe)
    return found


def network(config: StyleTransferConfig = StyleTransferConfig()) -> StyleTransfer:  # noqa: B008  (frozen)
    torch.manual_seed(1)
    fresh = StyleTransfer(config, torch.from_numpy(canvas()))
    fresh.train()
    with torch.no_grad():
        fresh(torch.rand(2, 3, 64, 64) * 2 - 1)  # statistics of batch normalisation that are not those of its birth
    return fresh.eval()


def classifier(classes: int = 3) -> TextureClassifier:
    torch.manual_seed(2)
    return TextureClassifier(TextureClassifierConfig(classes=classes, widths=(4, 8, 8, 8)))


def run(trained: StyleTransfer, path: Path, epochs: int = 4, content: float = 1.0) -> Iterator[Epoch]:
    settings = StyleSettings(
        epochs,
        steps_per_epoch=3,
        batch_size=2,
        side=32,
        margin=4,
        learning_rate=1e-2,
        content=content,
        features=FEATURES,
    )
    style = painting()[:64, :64]
    return train_style(trained, classifier(), style, [BRICK, GRASS], settings, Checkpoint(path, "run", interval_s=0))


@pytest.mark.parametrize("size_wh", SIZES_WH)
def test_tiles_give_what_the_network_gives_in_one_piece(recipe: Recipe, size_wh: tuple[int, int]) -> None:
    picture, trained = random_picture(size_wh), network()
    tiled = in_tiles(recipe.spec, trained, picture).astype(int)
    whole = in_one_piece(recipe.spec, trained, picture, margin=HALO + CANVAS_SIDE).astype(int)
    assert tiled.shape == picture.shape
    assert np.abs(tiled - whole).max() <= 1


def test_the_network_sees_no_further_than_it_says() -> None:
    assert 0 < seen_radius(network(), stride=STRIDE) <= StyleTransferConfig().radius


def test_a_flat_picture_gets_strokes_that_repeat_with_the_canvas() -> None:
    flat = torch.zeros(1, 3, 3 * CANVAS_SIDE, 3 * CANVAS_SIDE)
    with torch.no_grad():
        painted = network()(flat)
    edge = StyleTransferConfig().radius
    middle = painted[..., edge:-edge, edge:-edge]
    assert middle.std() > 0.01
    torch.testing.assert_close(middle[..., CANVAS_SIDE:, :], middle[..., :-CANVAS_SIDE, :], rtol=0, atol=1e-5)
    torch.testing.assert_close(middle[..., CANVAS_SIDE:], middle[..., :-CANVAS_SIDE], rtol=0, atol=1e-5)


def test_copies_of_the_canvas_fit_together() -> None:
    """The step from the last row or column to the first is no larger than steps within are."""
    layers = canvas().astype(int)
    assert layers.shape == (2, CANVAS_SIDE, CANVAS_SIDE)
    assert layers.std(axis=(1, 2)).min() > 40
    for axis in (1, 2):
        steps = np.abs(layers - np.roll(layers, 1, axis)).mean(axis=(0, 3 - axis))
        assert steps[0] < steps[1:].max()


def test_training_comes_nearer_to_the_style(tmp_path: Path) -> None:
    epochs = list(run(network(SMALL), tmp_path / "c.pt", epochs=30, content=0.0))
    assert [epoch.number for epoch in epochs] == list(range(1, 33))
    assert {epoch.total for epoch in epochs} == {32}
    assert set(epochs[0].figures) == {"patches known"}
    assert epochs[-1].figures["style"] < 0.6 * epochs[2].figures["style"]


def test_a_stopped_run_ends_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    unbroken, resumed = network(SMALL), network(SMALL)
    list(run(unbroken, tmp_path / "a.pt"))
    list(islice(run(network(SMALL), tmp_path / "b.pt"), 4))  # killed after both epochs of the classifier, two of four
    assert [epoch.number for epoch in run(resumed, tmp_path / "b.pt")] == [5, 6]
    for name, weight in unbroken.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_a_gram_matrix_by_hand() -> None:
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # one picture, two channels, 1 x 2 pixels
    torch.testing.assert_close(gram(features), torch.tensor([[[2.5, 5.5], [5.5, 12.5]]]))


def test_a_gram_matrix_does_not_know_places() -> None:
    features = torch.rand(2, 5, 6, 7, generator=torch.Generator().manual_seed(0))
    moved = features.flatten(2)[..., torch.randperm(42)].reshape(features.shape)
    torch.testing.assert_close(gram(features), gram(moved))


def test_palettes_are_equal_for_equal_colours_wherever_they_are() -> None:
    generator = torch.Generator().manual_seed(0)
    directions = torch.eye(3)
    pictures = torch.rand(2, 3, 9, 9, generator=generator)
    colours = palette(pictures, directions, 18)
    seen = pictures[..., ::3, ::3].transpose(0, 1).flatten(1)
    torch.testing.assert_close(colours, seen.sort(dim=1).values)
    torch.testing.assert_close(palette(pictures.flip(0), directions, 18), colours)
    other = palette(pictures[:, [1, 0, 2]], directions, 18)
    assert relative_distance(other, colours) > 0


def test_distances_are_shares_of_what_is_wanted() -> None:
    wanted = torch.rand(1, 4, 4, generator=torch.Generator().manual_seed(0))
    assert relative_distance(wanted, wanted) == 0
    torch.testing.assert_close(relative_distance(torch.zeros(1, 4, 4), wanted), torch.tensor(1.0))
    torch.testing.assert_close(relative_distance(torch.zeros(1, 4, 4), 100 * wanted), torch.tensor(1.0))


def test_roughness_is_the_difference_of_neighbours() -> None:
    steps = torch.arange(5.0).expand(1, 3, 6, 5)
    torch.testing.assert_close(roughness(steps), torch.tensor(1.0))
    torch.testing.assert_close(roughness(torch.full((1, 3, 6, 5), 0.3)), torch.tensor(0.0))


def test_the_judge_sees_nothing_left_to_do_in_the_style_itself() -> None:
    judge = StyleJudge(classifier().eval(), painting())
    assert judge.distance(painting()) == 0
    content = held_out_photographs()[0].pixels
    assert judge.distance(content) > 0
    assert judge.fall([content, content], [content, painting()]) == [0, 1]
    mirrored = np.ascontiguousarray(painting()[:, ::-1])
    assert judge.distance(mirrored) < 0.2 * judge.distance(content)


def test_the_painting_is_always_the_same_and_full_of_colour() -> None:
    assert painting().shape == (SIDE, SIDE, 3)
    first = painting()
    painting.cache_clear()
    assert np.array_equal(painting(), first)
    assert first.reshape(-1, 3).std(axis=0).min() > 40


def test_crops_are_normalised_squares_of_their_pictures() -> None:
    x = crops([BRICK, GRASS, BRICK], 32, torch.Generator().manual_seed(0))
    assert x.shape == (3, 3, 32, 32)
    assert -1 <= x.min() < x.max() <= 1
    torch.testing.assert_close(
        crops([BRICK], 64, torch.Generator().manual_seed(0)).mean(), x.new_tensor(BRICK.mean() / 127.5 - 1)
    )
