"""Training a network that undoes what was done to photographs: mean absolute difference to the truth.

Zhao et al., "Loss Functions for Image Restoration with Neural Networks", 2017: in peak signal-to-noise ratio as well,
the mean absolute difference does better than the squared one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch

Pairs = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]
"""(how many, randomness) to pictures as they are sent (B, 3, h, w) and as they should come back, in [0, 1]."""


@dataclass(frozen=True)
class EnhancementSettings:
    """An epoch is a number of steps that takes a few seconds: patches are drawn without end."""

    epochs: int
    steps_per_epoch: int = 25
    learning_rate: float = 3e-3  # the peak of the one-cycle schedule
    batch_size: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.steps_per_epoch < 1 or self.batch_size < 1:
            raise ValueError(f"expected at least one epoch, step and picture, got {self}")


def train_enhancer(
    network: nn.Module, pairs: Pairs, settings: EnhancementSettings, checkpoint: Checkpoint
) -> Iterator[Epoch]:
    """Train `network` in place with Adam and a one-cycle schedule; yields after each epoch.

    A run that was stopped goes on after its last saved epoch.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (an overload its stubs lack)
    optimizer = torch.optim.Adam(network.parameters(), settings.learning_rate, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=settings.epochs * settings.steps_per_epoch, pct_start=0.1
    )
    first = 1
    if state := checkpoint.load():
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        generator.set_state(state["generator"])
        first = int(state["epoch"]) + 1

    for number in range(first, settings.epochs + 1):
        network.train()
        loss_sum = 0.0
        for _ in range(settings.steps_per_epoch):
            sent, wanted = pairs(settings.batch_size, generator)
            x = PLUS_MINUS_ONE(255 * sent).contiguous(memory_format=torch.channels_last)
            loss = F.l1_loss(network(x), PLUS_MINUS_ONE(255 * wanted))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            loss_sum += loss.item()
        state = {"epoch": number, "generator": generator.get_state()}
        checkpoint.save_if_due(
            lambda state=state: (
                state
                | {
                    "network": network.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "schedule": schedule.state_dict(),
                }
            )
        )
        # in levels of 0 to 255, which people can picture
        yield Epoch(number, settings.epochs, {"levels apart": 127.5 * loss_sum / settings.steps_per_epoch})
    network.eval()


def describe(settings: EnhancementSettings) -> str:
    """The settings as a checkpoint key."""
    return repr(asdict(settings))
