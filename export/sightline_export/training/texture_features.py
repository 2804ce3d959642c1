"""Training the classifier in whose features style is measured: which picture is this patch from?

It is a small task that needs what style transfer needs: to know colours, edges, strokes and textures at several sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_export.models.texture_classifier import TextureClassifier
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.training.progress import Epoch


@dataclass(frozen=True)
class FeatureSettings:
    """An epoch is a number of steps that takes a few seconds: patches are drawn without end.

    side: of the patches, in pixels.
    """

    epochs: int = 8
    steps_per_epoch: int = 30
    learning_rate: float = 5e-3  # the peak of the one-cycle schedule
    batch_size: int = 32
    side: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.steps_per_epoch < 1 or self.batch_size < 2 or self.side < 8:
            raise ValueError(f"expected at least one epoch and step, two patches of 8 pixels, got {self}")


def train_features(
    network: TextureClassifier,
    pictures: Sequence[NDArray[np.uint8]],
    settings: FeatureSettings,
    epochs_to_come: int = 0,
) -> Iterator[Epoch]:
    """Train `network` in place to tell which of `pictures` (h, w, 3) a patch is from; yields after each epoch.

    epochs_to_come: of a training that goes on with something else.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (an overload its stubs lack)
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=settings.epochs * settings.steps_per_epoch
    )
    for number in range(1, settings.epochs + 1):
        network.train()
        correct = 0
        for _ in range(settings.steps_per_epoch):
            labels = torch.randint(len(pictures), (settings.batch_size,), generator=generator)
            x = crops([pictures[int(label)] for label in labels], settings.side, generator)
            logits = network(x)
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            correct += int((logits.argmax(dim=1) == labels).sum())
        seen = settings.steps_per_epoch * settings.batch_size
        yield Epoch(number, settings.epochs + epochs_to_come, {"patches known": correct / seen})
    network.eval().requires_grad_(requires_grad=False)


def crops(pictures: Sequence[NDArray[np.uint8]], side: int, generator: torch.Generator) -> Tensor:
    """One square of each picture (n, 3, side, side) in [-1, 1], at a random place, mirrored or not."""
    x = torch.empty(len(pictures), 3, side, side)
    for row, picture in enumerate(pictures):
        h, w = (int(size) for size in picture.shape[:2])
        top = int(torch.randint(h - side + 1, (1,), generator=generator))
        left = int(torch.randint(w - side + 1, (1,), generator=generator))
        square = torch.from_numpy(picture[top : top + side, left : left + side]).permute(2, 0, 1)
        x[row] = square.flip(2) if int(torch.randint(2, (1,), generator=generator)) else square
    return PLUS_MINUS_ONE(x).contiguous(memory_format=torch.channels_last)
