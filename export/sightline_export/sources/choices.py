"""What the user may say about a model that is imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from sightline_backend.modes import MODES
from sightline_export.errors import SourceUnusable

TaskName = Literal["image-classification", "image-feature-extraction"]
ExplainChoice = Literal["auto", "occlusion", "rise", "cam", "attention"]
TASKS = cast("tuple[TaskName, ...]", get_args(TaskName))
CHANNEL_ORDERS = ("rgb", "bgr")


@dataclass(frozen=True)
class Choices:
    """Everything that the command line may say about an import; what is None is left to the source.

    name: of the model, instead of the source's own.
    weights: a file of weights, `.safetensors` or what `torch.save(network.state_dict())` writes.
    pretrained: fetch the weights that the library offers, through its own loading code.
    without_top: leave the classifier out; the model then gives a vector.
    task: `image-classification` or `image-feature-extraction`.
    faces: the network takes aligned faces and gives a vector; its entry finds and aligns the largest face first.
    labels: names of the classes, in the order of the outputs.
    size: width and height that the network takes.
    mode: `rgb` or `gray`, what the network takes.
    fit, resample: as in `sightline_backend.pixels.PixelSpec`.
    mean, std, scale, channel_order: as in `sightline_export.normalisation.Normalisation`.
    max_batch_size: of the network and the ensemble.
    explain: how a classifier's heat maps are made, as in `sightline_export.explanation.entry`; None: there are none.

    Raises:
        SourceUnusable: two choices contradict each other, or a task or channel order that is not known.
    """

    name: str | None = None
    weights: Path | None = None
    pretrained: bool = False
    without_top: bool = False
    task: str | None = None
    faces: bool = False
    labels: tuple[str, ...] | None = None
    size: tuple[int, int] | None = None
    mode: str | None = None
    fit: str | None = None
    resample: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    scale: float | None = None
    channel_order: str | None = None
    max_batch_size: int | None = None
    explain: ExplainChoice | None = None

    def __post_init__(self) -> None:
        if self.pretrained and self.weights is not None:
            raise SourceUnusable("expected either --pretrained or --weights, got both; leave one of them out")
        if self.task is not None and self.task not in TASKS:
            raise SourceUnusable(f"expected a task of {', '.join(TASKS)}, got {self.task!r}; choose one of them")
        if self.without_top and self.task == "image-classification":
            raise SourceUnusable(
                "expected either --without-top or --task image-classification, got both; "
                "a network without its classifier gives a vector"
            )
        if self.faces and self.task == "image-classification":
            raise SourceUnusable(
                "expected either --faces or --task image-classification, got both; a network of faces gives a vector"
            )
        if self.labels is not None and self.embeds:
            raise SourceUnusable("expected no --labels for a model that gives a vector, got some; leave them out")
        if self.channel_order is not None and self.channel_order not in CHANNEL_ORDERS:
            raise SourceUnusable(f"expected a channel order of rgb or bgr, got {self.channel_order!r}")

        if self.mode is not None and self.mode not in MODES:
            raise SourceUnusable(f"expected a mode of {' or '.join(MODES)}, got {self.mode!r}; choose one of them")
        if self.mode == "gray" and self.channel_order == "bgr":
            raise SourceUnusable(
                "expected 3 channels for the channel order bgr, got --mode gray; leave one of them out"
            )

    @property
    def embeds(self) -> bool:
        """Whether a vector is asked for."""
        return self.without_top or self.faces or self.task == "image-feature-extraction"
