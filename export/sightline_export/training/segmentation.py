"""Training a segmenter in two stages: first it tells single objects apart, then it finds them in whole pictures.

Most pixels are background, and of a network that starts from nothing each one teaches little about the classes. So it
is first trained on objects cut out of the pictures, each of which costs a sixteenth of a whole picture: which object it
is, and where. Then come whole pictures. Which pixels belong to an object is asked with binary cross-entropy and the
soft Dice loss (Milletari et al., "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image
Segmentation", 2016); which object that is, with cross-entropy, and of these pixels only: of each, and of the average
of all that belong to one object, which learns faster.

The first pictures are crowded, so that each teaches more. The last ones are as in use: the network would expect too
many objects otherwise.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_export.datasets.scene_crops import scene_crops
from sightline_export.datasets.scenes import MOST_DIGITS, SceneBatch
from sightline_export.models.segmenter import Segmenter
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch

Scenes = Callable[[Sequence[int], int], SceneBatch]
"""The scenes of the given indices, with at most so many digits each; always the same ones."""

CROP_SIDE = 32
CROWD = 16  # digits in a picture at most, at first
WARM_UP = 0.2  # share of a stage in which the learning rate rises; then it falls along a cosine


@dataclass(frozen=True)
class SegmentationSettings:
    """recognition_epochs: of the first stage. epochs: of the second. No scene comes twice in a stage.

    batch_size: whole pictures in a step of the second stage. crops_of: pictures whose objects make a step of the first.
    learning_rate: the peak in each stage. mask_weight: in the second, of the loss of where objects are.
    """

    recognition_epochs: int
    epochs: int
    steps_per_epoch: int = 40
    batch_size: int = 4
    crops_of: int = 6
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    mask_weight: float = 3.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.recognition_epochs < 0 or min(self.epochs, self.steps_per_epoch, self.batch_size, self.crops_of) < 1:
            raise ValueError(
                "expected recognition_epochs >= 0 and the other counts >= 1, got "
                f"{self.recognition_epochs}, {self.epochs}, {self.steps_per_epoch}, {self.batch_size}, {self.crops_of}"
            )

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from the first of both stages, as a share of the peak."""
        _, done = self._progress(step)
        return done / WARM_UP if done < WARM_UP else (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2

    def most_digits(self, step: int) -> int:
        """In a picture of this step: CROWD, and in the second half of the second stage falling to those of use."""
        recognises, done = self._progress(step)
        return CROWD if recognises else round(CROWD + (MOST_DIGITS - CROWD) * min(1.0, max(0.0, done - 0.5) / 0.35))

    def _progress(self, step: int) -> tuple[bool, float]:
        """Whether a step is one of the first stage, and the share of its stage that is done with it."""
        first = self.recognition_epochs * self.steps_per_epoch
        if step < first:
            return True, (step + 1) / first
        return False, (step + 1 - first) / (self.epochs * self.steps_per_epoch)


def train_segmenter(
    network: Segmenter, scenes: Scenes, settings: SegmentationSettings, checkpoint: Checkpoint
) -> Iterator[Epoch]:
    """Train `network` in place with AdamW; yields after each epoch, of both stages.

    A run that was stopped goes on after the last epoch that was saved, with the very pictures that were to come.
    """
    # Channels last in memory: convolutions on a CPU run faster, with the same shapes (n, 3, h, w).
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (an overload its stubs lack)
    optimizer = torch.optim.AdamW(
        network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, settings.rate)
    run = {"network": network, "optimizer": optimizer, "schedule": schedule}
    total, first = settings.recognition_epochs + settings.epochs, 1
    if state := checkpoint.load():
        for name, part in run.items():
            part.load_state_dict(state[name])
        first = int(state["epoch"]) + 1

    for number in range(first, total + 1):
        network.train()
        recognises = number <= settings.recognition_epochs
        loss_sum, accuracy = 0.0, 0.0
        for step in range((number - 1) * settings.steps_per_epoch, number * settings.steps_per_epoch):
            rng = np.random.default_rng((settings.seed, step))
            size = settings.crops_of if recognises else settings.batch_size
            chosen = scenes(range(step * size, (step + 1) * size), settings.most_digits(step))
            losses = _recognition(network, chosen, rng) if recognises else _segmentation(network, chosen)
            loss = losses.kind + (1.0 if recognises else settings.mask_weight) * losses.mask
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            loss_sum += loss.item() / settings.steps_per_epoch
            accuracy += losses.right / settings.steps_per_epoch
        checkpoint.save_if_due(
            lambda number=number: {"epoch": number} | {name: part.state_dict() for name, part in run.items()}
        )
        what = "objects recognised" if recognises else "their pixels recognised"
        yield Epoch(number, total, {"loss": loss_sum, what: accuracy})
    network.eval()


@dataclass(frozen=True, eq=False)
class _Losses:
    """kind: of what objects are. mask: of where they are. right: share of objects, or of their pixels, recognised."""

    kind: Tensor
    mask: Tensor
    right: float


def _recognition(network: Segmenter, scenes: SceneBatch, rng: np.random.Generator) -> _Losses:
    """The first stage: single objects."""
    crops = scene_crops(scenes, CROP_SIDE, rng)
    y = torch.from_numpy(crops.digits)  # (n,)
    mask, kinds = network.mask_and_kinds(_normalised(crops.pixels))  # (n, 1, 32, 32), (n, k, 8, 8)
    edge = kinds.shape[2] // 4  # around the object lies what does not belong to it
    logits = kinds[:, :, edge:-edge, edge:-edge].mean(dim=(2, 3))  # (n, k)
    right = (logits.argmax(1) == y).float().mean().item()
    return _Losses(F.cross_entropy(logits, y), _mask_loss(mask, torch.from_numpy(crops.masks)), right)


def _segmentation(network: Segmenter, scenes: SceneBatch) -> _Losses:
    """The second stage: whole pictures."""
    y = torch.from_numpy(scenes.class_maps).long()  # (n, h, w), 0 where there is no object
    there = y > 0
    mask, kinds = network.mask_and_kinds(_normalised(scenes.pixels))
    kinds = F.interpolate(kinds, scale_factor=4, mode="bilinear").permute(0, 2, 3, 1)[there]  # (pixels, k)
    of_pixels = y[there] - 1
    owners = torch.from_numpy(object_numbers(scenes))[there]  # (pixels,)
    together, of_objects = average_logits(kinds, of_pixels, owners)
    kind = F.cross_entropy(kinds, of_pixels) + F.cross_entropy(together, of_objects)
    return _Losses(kind, _mask_loss(mask, there), (kinds.argmax(1) == of_pixels).float().mean().item())


def object_numbers(scenes: SceneBatch) -> NDArray[np.int64]:
    """The number of the object that each pixel belongs to, (n, h, w): counted from 1 over all scenes.

    Pixels of no object, and of those without a box, have 0. Of two that are the same digit the later one has what
    lies in both boxes.
    """
    numbers, count = np.zeros(scenes.class_maps.shape, np.int64), 0
    for own, class_map, boxes, digits in zip(
        numbers, scenes.class_maps, scenes.boxes_xyxy, scenes.classes, strict=True
    ):
        for (left, top, right, bottom), digit in zip(boxes.astype(int).tolist(), digits.tolist(), strict=True):
            count += 1
            box = slice(top, bottom), slice(left, right)
            own[box][class_map[box] == 1 + digit] = count
    return numbers


def average_logits(logits: Tensor, classes: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
    """The average of the logits of each owner's pixels (m, k), and its class (m,).

    logits: (pixels, k). classes: (pixels,), one class for all pixels of an owner. owners: (pixels,), 0 for none.
    """
    counts = torch.bincount(owners)
    sums = logits.new_zeros(len(counts), logits.shape[1]).index_add(0, owners, logits)
    of_owners = classes.new_zeros(len(counts)).index_copy(0, owners, classes)
    real = counts > 0
    real[0] = False
    return sums[real] / counts[real, None], of_owners[real]


def _mask_loss(logits: Tensor, there: Tensor) -> Tensor:
    """Binary cross-entropy and Dice loss. logits: (n, 1, h, w). there: (n, h, w) bool."""
    mask, truth = logits[:, 0], there.float()
    return F.binary_cross_entropy_with_logits(mask, truth) + dice_loss(mask.sigmoid(), truth)


def dice_loss(probabilities: Tensor, truth: Tensor) -> Tensor:
    """1 - 2 |P and T| / (|P| + |T|), counted over the whole batch; both of one shape, truth 0 or 1."""
    return 1 - 2 * (probabilities * truth).sum() / (probabilities.sum() + truth.sum()).clamp(min=1e-6)


def _normalised(pixels: NDArray[np.uint8]) -> Tensor:
    return PLUS_MINUS_ONE(torch.from_numpy(pixels).permute(0, 3, 1, 2).float())  # (n, 3, h, w), channels last


def describe(settings: SegmentationSettings) -> str:
    """The settings as a checkpoint key."""
    return repr(asdict(settings))
