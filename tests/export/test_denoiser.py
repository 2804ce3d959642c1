"""`denoiser`: no seams, noise as it is promised, training that goes on where it stopped."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from export.one_tile import SIZES_WH, in_one_piece, in_tiles, random_picture, seen_radius

from sightline_export.datasets.enhancement_photographs import (
    HELD_OUT,
    held_out_crops,
    held_out_photographs,
    judging_photographs,
    training_photographs,
)
from sightline_export.errors import SourceUnusable
from sightline_export.measures.image_quality import png
from sightline_export.models.denoiser import Denoiser, DenoiserConfig
from sightline_export.recipe import Evaluation, Recipe, find_recipe
from sightline_export.recipes.enhancer import MOST_DB, Gain
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.degradation import noisy, noisy_patches
from sightline_export.training.enhancement import EnhancementSettings, train_enhancer
from sightline_export.training.patches import PatchSource
from sightline_export.training.progress import Epoch
from sightline_export.verification.parity import Arrays


@pytest.fixture
def recipe() -> Recipe:
    found = find_recipe("denoiser")
    assert isinstance(found, Recipe)
    return found


def network(config: DenoiserConfig = DenoiserConfig()) -> Denoiser:  # noqa: B008  (frozen)
    torch.manual_seed(1)
    return Denoiser(config)


SMALL = DenoiserConfig(width=8, blocks=1)


def pairs(count: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    clean = torch.rand(count, 3, 1, 1, generator=generator).expand(-1, -1, 16, 16)
    return noisy_patches(clean, (20, 40), generator), clean


def run(trained: Denoiser, path: Path, epochs: int = 4) -> Iterator[Epoch]:
    settings = EnhancementSettings(epochs=epochs, steps_per_epoch=5, learning_rate=1e-2, batch_size=8)
    return train_enhancer(trained, pairs, settings, Checkpoint(path, "run", interval_s=0))


@pytest.mark.parametrize("size_wh", SIZES_WH)
def test_tiles_give_what_the_network_gives_in_one_piece(recipe: Recipe, size_wh: tuple[int, int]) -> None:
    picture, trained = random_picture(size_wh), network()
    tiled, whole = (answer(recipe.spec, trained, picture).astype(int) for answer in (in_tiles, in_one_piece))
    assert tiled.shape == picture.shape
    assert np.abs(tiled - whole).max() <= 1


def test_the_network_sees_no_further_than_it_says() -> None:
    assert 0 < seen_radius(network(), stride=2) <= DenoiserConfig().radius


def test_training_takes_noise_away(tmp_path: Path) -> None:
    epochs = list(run(network(SMALL), tmp_path / "c.pt", epochs=30))
    assert epochs[-1].figures["levels apart"] < 0.65 * epochs[0].figures["levels apart"]


def test_a_stopped_run_ends_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    unbroken, resumed = network(SMALL), network(SMALL)
    list(run(unbroken, tmp_path / "a.pt"))
    list(islice(run(network(SMALL), tmp_path / "b.pt"), 2))
    assert [epoch.number for epoch in run(resumed, tmp_path / "b.pt")] == [3, 4]
    for name, weight in unbroken.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_noise_has_its_sigma_and_stays_within_8_bits() -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    assert (noisy(grey, 25, seed=1) - 128.0).std() == pytest.approx(25, rel=0.02)
    assert (noisy(grey, 25, seed=1) - 128.0).mean() == pytest.approx(0, abs=0.5)
    assert np.array_equal(noisy(grey, 25, seed=1), noisy(grey, 25, seed=1))
    black = noisy(np.zeros((50, 50, 3), np.uint8), 25, seed=1)
    assert (black == 0).mean() == pytest.approx(0.5, abs=0.02)
    patches = noisy_patches(torch.full((400, 3, 8, 8), 0.5), (10, 50), torch.Generator().manual_seed(0))
    assert torch.equal((255 * patches).round(), 255 * patches)
    sigmas = 255 * patches.std(dim=(1, 2, 3))
    assert 8 < sigmas.min() < 12
    assert 40 < sigmas.max() < 58


def test_patches_and_their_halves_show_the_same_place() -> None:
    ramp = np.zeros((128, 160, 3), np.uint8)
    ramp[..., 0] = np.arange(160)
    ramp[..., 1] = np.arange(128)[:, None]
    source = PatchSource.of([ramp], least=100)
    large, small = source.draw(20, 16, torch.Generator().manual_seed(0))
    assert large.shape == (20, 3, 16, 16)
    assert small.shape == (20, 3, 8, 8)
    assert (torch.nn.functional.avg_pool2d(large, 2) - small)[:, :, 1:-1, 1:-1].abs().max() * 255 <= 1.01


def test_held_out_photographs_are_in_no_training() -> None:
    trained = {photograph.name for photograph in training_photographs()}
    judged = {photograph.name for photograph in held_out_photographs()}
    assert judged == set(HELD_OUT)
    assert not judged & trained
    assert len(trained) >= 8
    assert {crop.name.partition("-")[0] for crop in held_out_crops(12)} == judged


def test_a_model_that_changes_nothing_gains_nothing(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(held_out_photographs()[0].pixels[:64, :80]))
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "b.png").write_bytes(png(held_out_photographs()[1].pixels[:64, :64]))

    def nothing(inputs: Arrays) -> Arrays:
        return {"RESULT": inputs["IMAGE"]}

    assert recipe.evaluate is not None
    measurement = recipe.evaluate(Evaluation(nothing, {}, tmp_path))
    assert [figure.value for figure in measurement.figures] == [0.0] * len(measurement.figures)
    assert not measurement.figures[0].holds
    assert list(measurement.per_class) == ["a.png", "deeper/b.png"]
    assert measurement.per_class["a.png"]["noisy, dB"] == pytest.approx(20.3, abs=0.6)


def test_a_gain_is_the_mean_of_its_pictures_and_names_the_least() -> None:
    gain = Gain(((20.0, 30.0), (25.0, 26.0)), ((0.5, 0.9), (0.8, 0.8)))
    assert (gain.mean_db, gain.least_db) == (5.5, 1.0)
    assert gain.mean_ssim == pytest.approx(0.2)


def test_pictures_that_are_equal_to_the_truth_have_a_finite_gain() -> None:
    flat, near = np.full((32, 32, 3), 90, np.uint8), np.full((32, 32, 3), 91, np.uint8)
    for before, after, gain_db in ((flat, flat, 0.0), (flat, near, 48.13 - MOST_DB), (near, flat, MOST_DB - 48.13)):
        assert Gain.of([flat], [before], [after]).mean_db == pytest.approx(gain_db, abs=0.01)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"hello", "expected pictures (.jpg, .jpeg, .png, .webp, .bmp, .gif) in the folder"),
        ("bad.png", b"hello", "got a text file"),
        ("tiny.png", png(np.zeros((8, 40, 3), np.uint8)), "at least 32x32 pixels, got 40x8"),
    ],
)
def test_a_folder_that_cannot_judge_is_refused(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceUnusable) as refused:
        judging_photographs(tmp_path)
    assert said in str(refused.value)


def test_the_contact_sheet_shows_three_details(recipe: Recipe) -> None:
    sent: list[int] = []

    def nothing(inputs: Arrays) -> Arrays:
        sent.append(len(inputs["IMAGE"]))
        return {"RESULT": inputs["IMAGE"]}

    assert recipe.sheet is not None
    assert recipe.sheet(Evaluation(nothing, {})).width <= 1000
    assert sum(sent) == 3
