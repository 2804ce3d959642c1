"""Fine-tuning: the new last layer is trained first, then all layers, the old ones with a lower rate.

J. Yosinski et al., "How transferable are features in deep neural networks?", 2014; J. Howard, S. Ruder, "Universal
Language Model Fine-tuning", 2018 (lower rates for earlier layers); the cosine schedule is I. Loshchilov, F. Hutter,
"SGDR", 2016, label smoothing C. Szegedy et al., "Rethinking the Inception Architecture", 2015.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_export.normalisation import Normalisation
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.classifier import class_logits
from sightline_export.training.progress import Epoch
from sightline_export.transfer.pictures import TrainingPictures

HEAD_FIRST = 0.2  # share of all steps in which the last layer alone is trained
OLD_LAYERS = 0.1  # their rate, as a share of the last layer's
WARM_UP = 0.05  # share of all steps in which a rate rises
_SMALLEST = 1e-8


@dataclass(frozen=True)
class FineTuning:
    """learning_rate: the peak, of the last layer.

    freeze: train the last layer alone. fresh: the weights are random, so all layers are trained alike from the start.
    smallest_crop, flip: see :class:`sightline_export.transfer.pictures.TrainingPictures`.
    """

    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 1e-3
    freeze: bool = False
    fresh: bool = False
    flip: bool = False
    smallest_crop: float = 0.5
    label_smoothing: float = 0.1
    weight_decay: float = 0.02
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2 or not self.learning_rate > 0:
            raise ValueError(
                f"expected epochs >= 1, batch_size >= 2 and a learning rate above 0, got {self.epochs}, "
                f"{self.batch_size} and {self.learning_rate}"
            )

    def rates(self, progress: float) -> tuple[float, float]:
        """Learning rates of the last layer and of the others when the share `progress` of all steps is done.

        >>> FineTuning(learning_rate=1.0).rates(0.1)[1]
        0.0
        """
        head = self.learning_rate * _cosine(progress)
        if self.freeze:
            return head, 0.0
        if self.fresh:
            return head, head
        if progress < HEAD_FIRST:
            return head, 0.0
        return head, OLD_LAYERS * self.learning_rate * _cosine((progress - HEAD_FIRST) / (1 - HEAD_FIRST))


@dataclass(frozen=True)
class TunedEpoch(Epoch):
    """learning_rate: of the last layer, at the end of the epoch."""

    learning_rate: float = 0.0


def fine_tune(
    network: nn.Module,
    head: nn.Module,
    pictures: TrainingPictures,
    labels: Tensor,
    normalisation: Normalisation,
    logits: bool,
    settings: FineTuning,
    checkpoint: Checkpoint,
) -> Iterator[TunedEpoch]:
    """Train `network`, whose last layer is `head`, in place; yields after each epoch.

    labels: (n,) int64. logits: whether the network gives logits rather than probabilities.
    A run that was stopped goes on after the last step that was saved, and ends as if it had not been stopped: what is
    random in a step depends on its number alone.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)
    own = {id(parameter) for parameter in head.parameters()}
    others = [parameter for parameter in network.parameters() if id(parameter) not in own]
    optimizer = torch.optim.AdamW(
        [{"params": list(head.parameters())}, {"params": others}], lr=0.0, weight_decay=settings.weight_decay
    )
    per_epoch = steps_per_epoch(len(labels), settings.batch_size)
    total = settings.epochs * per_epoch
    done, loss_sum, right = 0, 0.0, 0
    if state := checkpoint.load():
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        done, loss_sum, right = int(state["step"]), float(state["loss"]), int(state["right"])

    for step in range(done, total):
        epoch, position = divmod(step, per_epoch)
        if position == 0:
            loss_sum, right = 0.0, 0
        rates = settings.rates(step / total)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        for parameter in others:
            parameter.requires_grad_(rates[1] > 0)
        network.train(rates[1] > 0)  # layers that are not trained keep their statistics, too
        head.train()
        batch: list[int] = _batch(len(labels), per_epoch, epoch, position, settings.seed).tolist()
        with torch.random.fork_rng():
            torch.manual_seed(hash((settings.seed, step)))
            x = normalisation(pictures.batch(batch).float()).to(device)  # (b, c, h, w)
            y = labels[batch].to(device)
            scores = class_logits(cast("Tensor | tuple[Tensor, ...]", network(x))).flatten(1)  # (b, k)
        if not logits:
            scores = scores.clamp_min(_SMALLEST).log()
        loss = F.cross_entropy(scores, y, label_smoothing=settings.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        loss_sum += loss.item() * len(y)
        right += int((scores.argmax(1) == y).sum())
        now = {"step": step + 1, "loss": loss_sum, "right": right}
        checkpoint.save_if_due(
            lambda now=now: now | {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
        )
        if position == per_epoch - 1:
            figures = {"loss": loss_sum / len(labels), "accuracy": right / len(labels)}
            yield TunedEpoch(epoch + 1, settings.epochs, figures, learning_rate=rates[0])
    checkpoint.save(
        {
            "step": total,
            "loss": loss_sum,
            "right": right,
            "network": network.state_dict(),
            "optimizer": optimizer.state_dict(),
        }
    )
    network.requires_grad_(True).cpu().eval()


def steps_per_epoch(count: int, batch_size: int) -> int:
    """How many batches `count` pictures make, of at least two each: batch normalisation can't learn from one alone.

    >>> steps_per_epoch(33, 32), steps_per_epoch(5, 2)
    (2, 2)
    """
    return max(1, min(math.ceil(count / batch_size), count // 2))


def describe(settings: FineTuning) -> str:
    """The settings as a checkpoint key."""
    return repr(asdict(settings))


def _batch(count: int, per_epoch: int, epoch: int, position: int, seed: int) -> NDArray[np.int64]:
    """The pictures of one step: those of an epoch are in a new order, in batches of nearly the same size."""
    order = np.random.default_rng((seed, epoch)).permutation(count)
    return np.array_split(order, per_epoch)[position]


def _cosine(progress: float) -> float:
    return min(1.0, (progress + 0.01) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
