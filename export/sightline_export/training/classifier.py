"""Training a classifier with cross-entropy."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.training.augment import AUGMENTATIONS, Augmentation
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch

MOMENTUM = 0.9


@dataclass(frozen=True)
class ClassifierSettings:
    epochs: int
    optimizer: Literal["adamw", "sgd"] = "adamw"  # sgd: with Nesterov's momentum
    augmentation: Augmentation = "photograph"
    learning_rate: float = 2e-3  # the peak of the one-cycle schedule
    batch_size: int = 64
    weight_decay: float = 0.02
    label_smoothing: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2:
            raise ValueError(f"expected epochs >= 1 and batch_size >= 2, got {self.epochs} and {self.batch_size}")


def train_classifier(
    network: nn.Module,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    settings: ClassifierSettings,
    checkpoint: Checkpoint,
) -> Iterator[Epoch]:
    """Train `network` in place with a one-cycle schedule (Smith & Topin 2017); yields after each epoch.

    pixels: (n, h, w, c) uint8, already at the network's pixel specification. labels: (n,).
    A run that was stopped goes on after its last finished epoch.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    # Channels last in memory: convolutions on a CPU run about a quarter faster, with the same shapes (n, c, h, w).
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (an overload its stubs lack)
    inputs = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    targets = torch.from_numpy(labels)
    augment = AUGMENTATIONS[settings.augmentation]
    optimizer = _optimizer(network, settings)
    batch_size = min(settings.batch_size, len(inputs))
    steps_per_epoch = len(inputs) // batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        settings.learning_rate,
        total_steps=settings.epochs * steps_per_epoch,
        cycle_momentum=settings.optimizer == "adamw",
    )
    first = 1
    if state := checkpoint.load():
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        generator.set_state(state["generator"])
        torch.set_rng_state(state["dropout"])
        first = int(state["epoch"]) + 1
    else:
        torch.manual_seed(settings.seed)  # dropout draws from the global generator

    for number in range(first, settings.epochs + 1):
        network.train()
        loss_sum = correct = seen = 0.0
        order = torch.randperm(len(inputs), generator=generator)
        for step in range(steps_per_epoch):
            batch = order[step * batch_size : (step + 1) * batch_size]
            x = augment(inputs[batch].float() / 255, generator).contiguous(memory_format=torch.channels_last)
            y = targets[batch]
            logits = class_logits(network(PLUS_MINUS_ONE(255 * x)))
            loss = F.cross_entropy(logits, y, label_smoothing=settings.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            loss_sum += loss.item() * len(y)
            correct += (logits.argmax(1) == y).sum().item()
            seen += len(y)
        state = {
            "epoch": number,
            "generator": generator.get_state(),
            "dropout": torch.get_rng_state(),
        }
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
        yield Epoch(number, settings.epochs, {"loss": loss_sum / seen, "accuracy": correct / seen})
    network.eval()


def _optimizer(network: nn.Module, settings: ClassifierSettings) -> torch.optim.Optimizer:
    rate, decay = settings.learning_rate, settings.weight_decay
    match settings.optimizer:
        case "adamw":
            return torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay, fused=True)
        case "sgd":
            return torch.optim.SGD(
                network.parameters(), lr=rate, momentum=MOMENTUM, nesterov=True, weight_decay=decay, fused=True
            )


def class_logits(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """The logits of a network that may give more besides, as the vision transformer does."""
    return output if isinstance(output, Tensor) else output[0]


def describe(settings: ClassifierSettings) -> str:
    """The settings as a checkpoint key."""
    return repr(asdict(settings))
