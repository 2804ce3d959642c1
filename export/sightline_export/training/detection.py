"""Training a one-stage detector with focal loss and generalised IoU loss.

Lin et al., "Focal Loss for Dense Object Detection" (2017); Rezatofighi et al., "Generalized Intersection over Union"
(2019). The positions around the centre of an object answer for it, as in Tian et al., "FCOS" (2019), with centre
sampling. Focal loss asks about each class by itself and learns slowly which of them it is; a plain cross-entropy
between the classes, where there is an object, teaches that several times faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sightline_export.datasets.marked import Marked
from sightline_export.models.detector import Detector
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch

CENTRE_RADIUS = 1.0  # in distances between positions, along x and y: an object has four positions


@dataclass(frozen=True)
class DetectionSettings:
    """steps_per_epoch: an epoch is what is drawn between two reports."""

    epochs: int
    steps_per_epoch: int = 25
    batch_size: int = 8
    learning_rate: float = 2e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.02
    box_weight: float = 1.0  # of the box loss, beside the focal loss
    which_weight: float = 0.5  # of the cross-entropy between the classes where there is an object
    alpha: float = 0.25  # of focal loss
    gamma: float = 2.0
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.steps_per_epoch) < 1 or self.batch_size < 2:
            raise ValueError(
                "expected epochs and steps_per_epoch >= 1 and batch_size >= 2, got "
                f"{self.epochs}, {self.steps_per_epoch} and {self.batch_size}"
            )


Draw = Callable[[int], Marked]
"""The batch of training step `step`, counted from 0; always the same one."""


def train_detector(
    network: Detector, draw: Draw, settings: DetectionSettings, checkpoint: Checkpoint
) -> Iterator[Epoch]:
    """Train `network` in place with AdamW and a one-cycle schedule; yields after each epoch.

    A run that was stopped goes on after its last finished epoch.
    """
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (an overload its stubs lack)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=settings.epochs * settings.steps_per_epoch
    )
    first = 1
    if state := checkpoint.load():
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = int(state["epoch"]) + 1

    for number in range(first, settings.epochs + 1):
        network.train()
        class_sum = box_sum = 0.0
        for step in range((number - 1) * settings.steps_per_epoch, number * settings.steps_per_epoch):
            batch = draw(step)
            pixels = torch.from_numpy(batch.pixels).permute(0, 3, 1, 2).float()
            logits, boxes = network(PLUS_MINUS_ONE(pixels).contiguous(memory_format=torch.channels_last))
            wanted_classes, wanted_boxes, positive = targets(network.positions, network.stride, batch)
            count = positive.sum().clamp(min=1)
            wanted_scores = F.one_hot(wanted_classes, logits.shape[-1]).float() * positive[..., None]
            class_loss = focal_loss(logits, wanted_scores, settings.alpha, settings.gamma) / count
            box_loss = (1 - generalised_iou(boxes[positive], wanted_boxes[positive])).sum() / count
            which_loss = F.cross_entropy(logits[positive], wanted_classes[positive], reduction="sum") / count
            optimizer.zero_grad()
            (class_loss + settings.which_weight * which_loss + settings.box_weight * box_loss).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 10.0)
            optimizer.step()
            schedule.step()
            class_sum += class_loss.item()
            box_sum += box_loss.item()
        checkpoint.save_if_due(
            lambda number=number: {
                "epoch": number,
                "network": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
            }
        )
        steps = settings.steps_per_epoch
        yield Epoch(number, settings.epochs, {"focal loss": class_sum / steps, "box loss": box_sum / steps})
    network.eval()


def targets(positions: Tensor, stride: int, batch: Marked) -> tuple[Tensor, Tensor, Tensor]:
    """What each position should answer: class (n, p), box xyxy (n, p, 4), and whether it answers for an object (n, p).

    positions: (p, 2). A position answers for the object whose centre is nearest, if that is near enough.
    """
    count, most = len(batch.classes), max(1, *(len(classes) for classes in batch.classes))
    boxes, classes = torch.zeros(count, most, 4), torch.zeros(count, most, dtype=torch.int64)
    centres = torch.full((count, most, 2), torch.inf)
    for index, (own_boxes, own_classes) in enumerate(zip(batch.boxes_xyxy, batch.classes, strict=True)):
        own = torch.from_numpy(own_boxes)
        boxes[index, : len(own)] = own
        classes[index, : len(own)] = torch.from_numpy(own_classes)
        centres[index, : len(own)] = (own[:, :2] + own[:, 2:]) / 2
    distance = (positions[:, None] - centres[:, None]).abs().amax(dim=-1)  # (n, p, most)
    nearest, which = distance.min(dim=-1)  # (n, p)
    wanted_boxes = boxes.gather(1, which[..., None].expand(-1, -1, 4))
    return classes.gather(1, which), wanted_boxes, nearest < CENTRE_RADIUS * stride


def focal_loss(logits: Tensor, wanted: Tensor, alpha: float, gamma: float) -> Tensor:
    """Cross-entropy in which what is already answered well counts little; the sum over all elements.

    logits: any shape. wanted: the same shape, 0 or 1.
    """
    cross_entropy = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    surprise = (logits.sigmoid() - wanted).abs()  # 1 - p of the right answer
    weight = alpha * wanted + (1 - alpha) * (1 - wanted)
    return (weight * surprise**gamma * cross_entropy).sum()


def generalised_iou(one: Tensor, other: Tensor) -> Tensor:
    """Of boxes xyxy (n, 4) in pairs: their IoU, less the share of the box around both that neither covers; (n,).

    >>> generalised_iou(torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([[0.0, 0.0, 2.0, 1.0]]))
    tensor([0.5000])
    """
    shared = (torch.minimum(one[:, 2:], other[:, 2:]) - torch.maximum(one[:, :2], other[:, :2])).clamp(min=0)
    around = torch.maximum(one[:, 2:], other[:, 2:]) - torch.minimum(one[:, :2], other[:, :2])
    intersection, hull = shared.prod(dim=1), around.prod(dim=1)
    union = (one[:, 2:] - one[:, :2]).prod(dim=1) + (other[:, 2:] - other[:, :2]).prod(dim=1) - intersection
    return intersection / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)


def describe(settings: DetectionSettings) -> str:
    """The settings as a checkpoint key."""
    return repr(asdict(settings))
