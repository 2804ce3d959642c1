"""Training a network that paints pictures anew: perceptual and Gram losses in the features of our own classifier.

Gatys et al., "Image Style Transfer Using Convolutional Neural Networks", 2016, define both losses; Johnson et al.,
"Perceptual Losses for Real-Time Style Transfer and Super-Resolution", 2016, train a network with them. Here the loss
of each layer is a share of what it would be for an answer of zeros, so that none counts more for its larger numbers.

A third loss keeps to the colours of the painting, which Gram matrices alone leave too free: the sliced Wasserstein
distance of Heitz et al., "A Sliced Wasserstein Loss for Neural Texture Synthesis", 2021, here of the pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_export.models.texture_classifier import TextureClassifier
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch
from sightline_export.training.texture_features import FeatureSettings, crops, train_features

COLOUR_DIRECTIONS = 8
COLOURS = 4096  # of the painting, and as many of the answers


@dataclass(frozen=True)
class StyleSettings:
    """An epoch is a number of steps that takes a few seconds: crops are drawn without end.

    content_layer: which stage of the classifier tells what a picture shows; all of them tell its style.
    content, style, colour, smoothness: the weights of the four losses.
    side: of the crops, in pixels. margin: how much of it does not count at every edge, where the network sees the
        end of the picture and would learn to paint a frame.
    """

    epochs: int
    steps_per_epoch: int = 15
    learning_rate: float = 4e-3  # the peak of the one-cycle schedule
    batch_size: int = 4
    side: int = 144
    margin: int = 16
    content_layer: int = 2
    content: float = 1.0
    style: float = 3.0
    colour: float = 0.5
    smoothness: float = 0.05
    seed: int = 0
    features: FeatureSettings = field(default_factory=FeatureSettings)

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.steps_per_epoch < 1 or self.batch_size < 1 or not 0 < 2 * self.margin < self.side:
            raise ValueError(f"expected at least one epoch, step and picture, and a margin that fits, got {self}")


def train_style(
    network: nn.Module,
    classifier: TextureClassifier,
    painting: NDArray[np.uint8],
    pictures: Sequence[NDArray[np.uint8]],
    settings: StyleSettings,
    checkpoint: Checkpoint,
) -> Iterator[Epoch]:
    """Train `classifier`, then with its features `network`, both in place; yields after each epoch.

    painting: (h, w, 3) uint8, the style. pictures: each (h, w, 3) uint8, the content, at least as large as a crop.
    A run that was stopped goes on after its last saved epoch; the classifier, which takes seconds, begins anew.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    for module in (network, classifier):
        module.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  (an overload its stubs lack)
    optimizer = torch.optim.Adam(network.parameters(), settings.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=settings.epochs * settings.steps_per_epoch, pct_start=0.1
    )
    before = settings.features.epochs
    first = 1
    if state := checkpoint.load():
        classifier.load_state_dict(state["classifier"])
        classifier.eval().requires_grad_(requires_grad=False)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        generator.set_state(state["generator"])
        first = int(state["epoch"]) + 1
    else:
        yield from train_features(classifier, (painting, *pictures), settings.features, settings.epochs)
    wanted = [gram(features) for features in classifier.features(picture_tensor(painting))]
    directions = F.normalize(torch.randn(COLOUR_DIRECTIONS, 3, generator=torch.Generator().manual_seed(settings.seed)))
    wanted_colours = palette(picture_tensor(painting), directions, COLOURS)

    for number in range(first, settings.epochs + 1):
        network.train()
        sums = torch.zeros(2)
        for _ in range(settings.steps_per_epoch):
            chosen = torch.randint(len(pictures), (settings.batch_size,), generator=generator)
            x = crops([pictures[int(index)] for index in chosen], settings.side, generator)
            y = inner(network(x), settings.margin)
            x = inner(x, settings.margin)
            shown, kept = (classifier.features(grey(batch))[settings.content_layer] for batch in (x, y))
            content = relative_distance(kept, shown)
            painted = classifier.features(y)
            style = torch.stack([relative_distance(gram(f), g) for f, g in zip(painted, wanted, strict=True)]).mean()
            colour = relative_distance(palette(y, directions, COLOURS), wanted_colours)
            loss = settings.content * content + settings.style * style + settings.colour * colour
            loss = loss + settings.smoothness * roughness(y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            sums += torch.stack([content, style]).detach()
        state = {"epoch": number, "generator": generator.get_state()}
        checkpoint.save_if_due(
            lambda state=state: (
                state
                | {
                    "classifier": classifier.state_dict(),
                    "network": network.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "schedule": schedule.state_dict(),
                }
            )
        )
        figures = {name: float(sums[k]) / settings.steps_per_epoch for k, name in enumerate(("content", "style"))}
        yield Epoch(before + number, before + settings.epochs, figures)
    network.eval()


def gram(features: Tensor) -> Tensor:
    """How the channels (B, c, h, w) go together, wherever in the picture: (B, c, c), the mean product of each two."""
    flat = features.flatten(2)  # (B, c, h * w)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def relative_distance(got: Tensor, wanted: Tensor) -> Tensor:
    """The mean squared difference as a share of the mean square of what is wanted: 1 for an answer of zeros.

    wanted: the same shape, or with 1 for B where it is the same for all.
    """
    return (got - wanted).square().mean() / wanted.square().mean().clamp(min=1e-8)


def palette(pictures: Tensor, directions: Tensor, count: int) -> Tensor:
    """How the colours of pictures (B, 3, h, w), all together, are spread along directions (k, 3): (k, count), rising.

    Equal for equal sets of colours, wherever they are. Every third pixel is looked at.
    """
    colours = pictures[..., ::3, ::3].transpose(0, 1).flatten(1)  # (3, n)
    spread = (directions @ colours).sort(dim=1).values
    return spread[:, torch.linspace(0, spread.shape[1] - 1, count).round().long()]


def inner(pictures: Tensor, margin: int) -> Tensor:
    """The middle of pictures (B, c, h, w), without `margin` pixels at every edge."""
    return pictures[..., margin:-margin, margin:-margin]


def grey(pictures: Tensor) -> Tensor:
    """Pictures (B, 3, h, w) in their luminance (ITU-R 601), in three equal channels.

    The content is compared in grey, so that the colours are free to be those of the style.
    """
    weights = pictures.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    return (pictures * weights).sum(dim=1, keepdim=True).expand(-1, 3, -1, -1)


def roughness(pictures: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels (B, 3, h, w): the total variation."""
    down = (pictures[:, :, 1:] - pictures[:, :, :-1]).abs().mean()
    return down + (pictures[..., 1:] - pictures[..., :-1]).abs().mean()


def picture_tensor(picture: NDArray[np.uint8]) -> Tensor:
    """The picture (h, w, 3) as (1, 3, h, w) in [-1, 1]."""
    return PLUS_MINUS_ONE(torch.from_numpy(picture).permute(2, 0, 1)[None].float())


def describe(settings: StyleSettings) -> str:
    """The settings as a checkpoint key."""
    return repr(asdict(settings))
