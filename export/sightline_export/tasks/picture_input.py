"""What the tasks share whose requests are pictures: the served graph in three stages, and the pictures asked about."""

from __future__ import annotations

from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from sightline_export.datasets.photographs import photographs
from sightline_export.model_spec import ModelSpec, PictureFile
from sightline_export.normalisation import Normalisation
from sightline_export.repository.golden import FileTensor, Request
from sightline_export.repository.model_config import Step
from sightline_export.tasks.pixel_steps import decoder
from sightline_export.tasks.task import Finish, StepModel

OWN_PICTURES = 3  # the golden ones
ODD_PICTURES = 12  # one of each encoding, colour mode and size of `photographs`


class PictureGraph(nn.Module):
    """uint8 pixels (B, h, w, c) to the first output of `network`, finished, and whatever else the network gives.

    normalisation: from levels to what the network was trained on.
    """

    def __init__(self, network: nn.Module, normalisation: Normalisation, finish: Finish) -> None:
        super().__init__()
        self.network = network
        self.normalisation = normalisation
        self.finish: Finish = finish

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        _, _, *outputs = self.stages(pixels)
        return tuple(outputs)

    def stages(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """The scaled pixels, the network's own first output, then the outputs of :meth:`forward`."""
        x = self.normalisation(pixels.float().permute(0, 3, 1, 2))  # (B, c, h, w); TensorRT wants the cast first
        output = cast("Tensor | tuple[Tensor, ...]", self.network(x))
        raw, *others = (output,) if isinstance(output, Tensor) else output
        vector = raw.flatten(1) if raw.ndim > 2 else raw  # (B, k)
        match self.finish:
            case "softmax":
                finished = vector.softmax(dim=1)
            case "unit_length":
                finished = F.normalize(vector, dim=1)
            case "none":
                finished = vector.clone()
        return (x, raw, finished, *others)


def picture_steps(spec: ModelSpec, network: str, output: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
    """Decode the picture, then ask the network, whose `output` is the ensemble's."""
    decode_step = decoder(spec.pixels)
    return (decode_step,), (
        Step(decode_step.name, {"IMAGE": "IMAGE"}, {"PIXELS": "pixels"}),
        Step(network, {"PIXELS": "pixels"}, {output: output}),
    )


def picture_requests(spec: ModelSpec, count: int) -> tuple[Request, ...]:
    """The model's own golden pictures, then odd ones, then its own again."""
    own, odd = min(count, OWN_PICTURES), min(max(count - OWN_PICTURES, 0), ODD_PICTURES)
    pictures = spec.pictures(count - odd)
    return tuple(
        Request(file.name.partition(".")[0], {"IMAGE": FileTensor(file.name, file.content)})
        for file in (*pictures[:own], *_renamed(photographs(odd)), *pictures[own:])
    )


def _renamed(files: tuple[PictureFile, ...]) -> tuple[PictureFile, ...]:
    # The model's own pictures may be the same photographs.
    return tuple(PictureFile(f"odd-{file.name}", file.content) for file in files)
