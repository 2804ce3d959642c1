"""Training an embedding with an additive angular margin: ArcFace (Deng et al., 2019, https://arxiv.org/abs/1801.07698).

Each identity has a direction W_j. With theta_j the angle between the embedding and W_j, the logits are s cos(theta_j),
but s cos(theta_y + m) for the picture's own identity y, and the loss is their cross-entropy: pictures of one identity
must be closer to its direction than to any other by the angle m.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch

Augment = Callable[[Tensor, Tensor, torch.Generator], Tensor]
"""Pictures (B, 3, H, W) in [0, 1] and their identities (B,) to pictures as a camera might have taken them."""

_NEARLY_ONE = 1 - 1e-6  # the sine's slope is infinite at a cosine of 1


@dataclass(frozen=True)
class MarginSettings:
    epochs: int
    learning_rate: float = 3e-3  # the peak of the one-cycle schedule
    batch_size: int = 64
    weight_decay: float = 0.02
    margin: float = 0.3  # radians
    scale: float = 16.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2:
            raise ValueError(f"expected epochs >= 1 and batch_size >= 2, got {self.epochs} and {self.batch_size}")
        if not 0 <= self.margin < math.pi / 2 or self.scale <= 0:
            raise ValueError(f"expected a margin in [0, pi/2) and a scale > 0, got {self.margin} and {self.scale}")


class MarginHead(nn.Module):
    """The directions of the identities; embeddings (B, D) and identities (B,) to logits (B, identities).

    It is needed for training only. In evaluation mode there is no margin: the logits are s cos(theta_j).
    """

    def __init__(self, dimensions: int, identities: int, margin: float, scale: float) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(identities, dimensions))
        self.margin = margin
        self.scale = scale

    def forward(self, embeddings: Tensor, identities: Tensor) -> Tensor:
        cosines = F.normalize(embeddings) @ F.normalize(self.directions).T  # (B, identities)
        return self.scale * with_margin(cosines, identities, self.margin if self.training else 0.0)


def with_margin(cosines: Tensor, identities: Tensor, margin: float) -> Tensor:
    """cos(theta_j), but cos(theta_y + margin) for each row's own identity y.

    From theta_y + margin > pi on, where the cosine would rise again, it goes on as cos(theta_y) - margin sin(margin),
    which falls with theta_y all the way, as in the authors' own code.

    Args:
        cosines: (B, k) in [-1, 1], up to rounding. identities: (B,) in 0..k-1. margin: radians, in [0, pi / 2).

    Returns:
        (B, k).

    >>> with_margin(torch.tensor([[0.5, 0.2]]), torch.tensor([0]), 0.0)
    tensor([[0.5000, 0.2000]])
    """
    own = cosines.gather(1, identities[:, None])  # (B, 1)
    safe = own.clamp(-_NEARLY_ONE, _NEARLY_ONE)
    sines = (1 - safe.square()).sqrt()
    moved = safe * math.cos(margin) - sines * math.sin(margin)  # cos(a + b)
    beyond = own <= -math.cos(margin)  # theta >= pi - margin
    moved = torch.where(beyond, own - margin * math.sin(margin), moved)
    return cosines.scatter(1, identities[:, None], moved if margin else own)


def train_margin(
    network: nn.Module,
    pixels: NDArray[np.uint8],
    identities: NDArray[np.int64],
    augment: Augment,
    settings: MarginSettings,
    checkpoint: Checkpoint,
) -> Iterator[Epoch]:
    """Train `network` in place with AdamW and a one-cycle schedule; yields after each epoch.

    pixels: (n, h, w, 3) uint8, already at the network's pixel specification. identities: (n,) in 0..k-1.
    The figures are the loss and the share of pictures that are nearest to their own identity, margin included.
    A run that was stopped goes on after its last saved epoch.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (an overload its stubs lack)
    inputs = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    targets = torch.from_numpy(identities)
    torch.manual_seed(settings.seed)  # the directions, then dropout
    head = MarginHead(_dimensions(network, inputs), int(targets.max()) + 1, settings.margin, settings.scale)
    parameters = [*network.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)
    steps_per_epoch = len(inputs) // settings.batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=settings.epochs * steps_per_epoch
    )
    trained = {"network": network, "head": head, "optimizer": optimizer, "schedule": schedule}
    first = 1
    if state := checkpoint.load():
        for name, part in trained.items():
            part.load_state_dict(state[name])
        generator.set_state(state["generator"])
        torch.set_rng_state(state["dropout"])
        first = int(state["epoch"]) + 1

    for number in range(first, settings.epochs + 1):
        network.train()
        loss_sum = correct = seen = 0.0
        order = torch.randperm(len(inputs), generator=generator)
        for step in range(steps_per_epoch):
            batch = order[step * settings.batch_size : (step + 1) * settings.batch_size]
            y = targets[batch]
            x = augment(inputs[batch], y, generator).contiguous(memory_format=torch.channels_last)
            logits = head(network(PLUS_MINUS_ONE(255 * x)), y)
            loss = F.cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            loss_sum += loss.item() * len(y)
            correct += (logits.argmax(1) == y).sum().item()
            seen += len(y)
        progress = {"epoch": number, "generator": generator.get_state(), "dropout": torch.get_rng_state()}
        checkpoint.save_if_due(
            lambda progress=progress: progress | {name: part.state_dict() for name, part in trained.items()}
        )
        yield Epoch(number, settings.epochs, {"loss": loss_sum / seen, "nearest": correct / seen})
    network.eval()


def _dimensions(network: nn.Module, inputs: Tensor) -> int:
    network.eval()
    with torch.inference_mode():
        return int(network(inputs[:1]).shape[1])


def describe(settings: MarginSettings) -> str:
    """The settings as a checkpoint key."""
    return repr(asdict(settings))
