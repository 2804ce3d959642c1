"""The additive angular margin is that of the paper, to the last decimal and at its edges."""

import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.margin import MarginHead, MarginSettings, train_margin, with_margin
from sightline_export.training.progress import Epoch

RANDOM = np.random.default_rng(0)
SHADES = RANDOM.integers(0, 4, 96)
PIXELS = np.clip(60 * SHADES[:, None, None, None] + RANDOM.integers(0, 30, (96, 8, 8, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("margin", [0.0, 0.3, 0.5, 1.2])
def test_the_own_identitys_angle_grows_by_the_margin_and_no_other_changes(margin: float) -> None:
    angles = torch.linspace(0.01, math.pi - margin - 0.01, 50, dtype=torch.float64)
    cosines = torch.stack([angles.cos(), torch.full_like(angles, 0.25)], dim=1)
    moved = with_margin(cosines, torch.zeros(50, dtype=torch.long), margin)
    assert torch.allclose(moved[:, 0], (angles + margin).cos(), atol=1e-9)  # arccos and cos, written out
    assert torch.equal(moved[:, 1], cosines[:, 1])


@pytest.mark.parametrize("margin", [0.3, 0.5, 1.2])
def test_it_falls_all_the_way_as_the_angle_grows(margin: float) -> None:
    angles = torch.linspace(0, math.pi, 2001, dtype=torch.float64)
    moved = with_margin(angles.cos()[:, None], torch.zeros(2001, dtype=torch.long), margin)[:, 0]
    assert (moved.diff() <= 1e-9).all()
    assert (moved <= angles.cos() + 1e-3).all()


@pytest.mark.parametrize("cosine", [-1.0, -1.0000001, 1.0, 1.0000001, 0.0])
def test_value_and_slope_are_finite_at_the_edges(cosine: float) -> None:
    cosines = torch.tensor([[cosine, 0.5]], requires_grad=True)
    F.cross_entropy(16 * with_margin(cosines, torch.tensor([0]), 0.5), torch.tensor([0])).backward()
    assert cosines.grad is not None
    assert torch.isfinite(cosines.grad).all()


def test_the_slope_is_that_of_the_formula() -> None:
    cosines = torch.tensor([[0.3, -0.2, 0.6], [0.9, 0.1, -0.4]], dtype=torch.float64, requires_grad=True)

    def moved(given: Tensor) -> Tensor:
        return with_margin(given, torch.tensor([2, 0]), 0.5)

    assert torch.autograd.gradcheck(moved, (cosines,))


def test_the_head_gives_s_times_the_cosine_with_the_margin_in_training_only() -> None:
    torch.manual_seed(0)
    head = MarginHead(5, 4, margin=0.4, scale=10.0)
    x, y = torch.randn(6, 5), torch.tensor([0, 1, 2, 3, 0, 1])
    theta = (F.normalize(x) @ F.normalize(head.directions).T).clamp(-1, 1).acos()
    wanted = theta + 0.4 * F.one_hot(y, 4)
    assert torch.allclose(head(x, y), 10 * wanted.cos(), atol=1e-4)
    assert torch.allclose(head(100 * x, y), head(x, y), atol=1e-4)  # length says nothing
    assert torch.allclose(head.eval()(x, y), 10 * theta.cos(), atol=1e-4)


@pytest.mark.parametrize(
    "settings", [{"margin": -0.1}, {"margin": 1.6}, {"scale": 0.0}, {"epochs": 0}, {"batch_size": 1}]
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        MarginSettings(**{"epochs": 1, **settings})  # pyright: ignore[reportArgumentType]


def embedder() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.AvgPool2d(4), nn.Flatten(), nn.Linear(12, 16), nn.PReLU(), nn.Dropout(0.1), nn.Linear(16, 3)
    )


def plain(pictures: Tensor, _: Tensor, generator: torch.Generator) -> Tensor:
    return (pictures + 0.01 * torch.randn(pictures.shape, generator=generator)).clamp(0, 1)


def run(network: nn.Module, path: Path, epochs: int = 6) -> Iterator[Epoch]:
    settings = MarginSettings(epochs=epochs, learning_rate=2e-2, batch_size=32, scale=8)
    return train_margin(network, PIXELS, SHADES, plain, settings, Checkpoint(path, "run", interval_s=0))


def test_identities_move_apart(tmp_path: Path) -> None:
    epochs = list(run(embedder(), tmp_path / "a.pt", 40))
    assert epochs[-1].figures["loss"] < 0.5 * epochs[0].figures["loss"]
    assert epochs[-1].figures["nearest"] > 0.9


def test_a_stopped_run_ends_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    unbroken, resumed = embedder(), embedder()
    list(run(unbroken, tmp_path / "a.pt"))
    list(islice(run(embedder(), tmp_path / "b.pt"), 3))
    assert [epoch.number for epoch in run(resumed, tmp_path / "b.pt")] == [4, 5, 6]
    for name, weight in unbroken.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name
