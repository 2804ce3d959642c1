"""Training a generator against a discriminator: dense or convolutional, with or without classes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from sightline_export.models import gan, mlp_gan
from sightline_export.training.adversarial import (
    AdversarialSettings,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    learning_rate_factor,
    train_adversarial,
)
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch

LABELS = np.random.default_rng(0).integers(0, 2, 128)
BARS = np.zeros((128, 16, 16, 3), dtype=np.uint8)  # left half bright, or right half bright
BARS[LABELS == 0, :, :8] = 255
BARS[LABELS == 1, :, 8:] = 255

_CONV = gan.GANConfig(latent=8, classes=2, generator_widths=(8, 8), discriminator_widths=(4, 4, 4))
_DENSE = mlp_gan.MLPGANConfig(latent=8, kinds=2, side=16, generator_widths=(16, 32), discriminator_widths=(32,))


@dataclass(frozen=True)
class Case:
    generator: Callable[[], nn.Module]
    discriminator: Callable[[], nn.Module]
    settings: AdversarialSettings
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64] | None

    def run(self, generator: nn.Module, path: Path) -> Iterator[Epoch]:
        torch.manual_seed(1)
        checkpoint = Checkpoint(path, "run", interval_s=0)
        return train_adversarial(generator, self.discriminator(), self.pixels, self.settings, checkpoint, self.labels)

    def fresh(self) -> nn.Module:
        torch.manual_seed(0)
        return self.generator()


CONDITIONAL = Case(
    lambda: gan.Generator(_CONV),
    lambda: gan.Discriminator(_CONV),
    AdversarialSettings(epochs=4, latent=8, batch_size=32),
    BARS,
    LABELS,
)
DENSE = Case(
    lambda: mlp_gan.Generator(_DENSE),
    lambda: mlp_gan.Discriminator(_DENSE),
    AdversarialSettings(epochs=4, latent=8, batch_size=32, darkest=0.0, penalty=(0.05, 0.05)),
    BARS[..., :1],
    None,
)


@pytest.mark.parametrize("case", [CONDITIONAL, DENSE], ids=["conditional", "dense"])
def test_a_stopped_run_ends_as_if_it_had_not_been_stopped(case: Case, tmp_path: Path) -> None:
    unbroken = case.fresh()
    list(case.run(unbroken, tmp_path / "a.pt"))
    list(islice(case.run(case.fresh(), tmp_path / "b.pt"), 2))  # killed after two of four epochs
    resumed = case.fresh()
    epochs = list(case.run(resumed, tmp_path / "b.pt"))
    assert [epoch.number for epoch in epochs] == [3, 4]
    for name, weight in unbroken.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_the_generator_learns_to_draw_the_class_that_it_is_given(tmp_path: Path) -> None:
    settings = AdversarialSettings(epochs=25, latent=8, batch_size=32, learning_rate=5e-3, average_decay=0.9)
    case = Case(CONDITIONAL.generator, CONDITIONAL.discriminator, settings, BARS, LABELS)
    generator = case.fresh()
    list(case.run(generator, tmp_path / "c.pt"))
    with torch.no_grad():
        noise = torch.randn(64, 8, generator=torch.Generator().manual_seed(5))
        pictures = [generator(noise, torch.full((64,), k)) for k in (0, 1)]
    bright_left = [(p[..., :8] > p[..., 8:]).float().mean().item() for p in pictures]
    assert bright_left[0] > 0.9
    assert bright_left[1] < 0.1


@pytest.mark.parametrize(("case", "darkest"), [(CONDITIONAL, -1.0), (DENSE, 0.0)], ids=["conditional", "dense"])
def test_the_discriminator_sees_black_as_the_generator_gives_it(case: Case, darkest: float, tmp_path: Path) -> None:
    seen: list[torch.Tensor] = []

    class Watched(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = case.discriminator()

        def forward(self, x: torch.Tensor, *condition: torch.Tensor) -> torch.Tensor:
            seen.append(x.detach())
            return self.inner(x, *condition)

    watched = Case(case.generator, Watched, case.settings, case.pixels, case.labels)
    next(watched.run(case.fresh(), tmp_path / "d.pt"))
    real = seen[0]
    assert (real.min().item(), real.max().item()) == pytest.approx((darkest, 1))


@pytest.mark.parametrize("case", [CONDITIONAL, DENSE], ids=["conditional", "dense"])
def test_batch_normalisation_is_measured_anew_for_the_averaged_weights(case: Case, tmp_path: Path) -> None:
    generator = case.fresh()
    list(case.run(generator, tmp_path / "e.pt"))
    assert not generator.training
    norms = [module for module in generator.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    # a plain mean over the calibration only: nothing of the running mean from training is left
    assert [int(norm.num_batches_tracked or 0) for norm in norms] == [32] * len(norms)


def test_losses_are_those_of_the_paper() -> None:
    real, fake = torch.tensor([1.2, -0.3]), torch.tensor([0.4, -2.0])
    d = torch.sigmoid  # the discriminator's probability of "real"
    torch.testing.assert_close(
        discriminator_loss(real, fake), -(torch.log(d(real)).mean() + torch.log(1 - d(fake)).mean())
    )
    torch.testing.assert_close(generator_loss(fake), -torch.log(d(fake)).mean())


def test_the_gradient_penalty_by_hand() -> None:
    x = torch.ones(2, 1, 2, 2, requires_grad=True)
    logits = (x * torch.tensor([3.0, 4.0])).sum(dim=(1, 2, 3))  # gradient 3, 4, 3, 4: squared norm 50
    assert gradient_penalty(logits, x).item() == pytest.approx(25)


def test_the_learning_rate_falls_over_the_last_third() -> None:
    assert [learning_rate_factor(epoch, 6) for epoch in range(1, 7)] == [1, 1, 1, 1, 1, 0.5]
