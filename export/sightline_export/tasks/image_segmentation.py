"""image-segmentation: the bytes of a picture in, a class of each of its pixels out, as a PNG of the same size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from sightline_export.model_spec import ModelSpec
from sightline_export.normalisation import Normalisation
from sightline_export.repository.golden import Request
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.picture_input import picture_requests
from sightline_export.tasks.pixel_steps import IMAGE, class_map, decoder, pixels_tensor
from sightline_export.tasks.task import Finish, StepModel

FLIPS = 1e-3
"""Share of the pixels that may change their class: where two are nearly as likely, the last digit decides."""

MOST_CLASSES = 256  # that fit into the byte of a pixel


class SegmentationGraph(nn.Module):
    """uint8 pixels (B, h, w, c) to the uint8 class of each pixel (B, h, w).

    network: normalised pictures (B, c, h, w) to logits (B, k, h, w).
    """

    def __init__(self, network: nn.Module, normalisation: Normalisation) -> None:
        super().__init__()
        self.network = network
        self.normalisation = normalisation

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.normalisation(pixels.float().permute(0, 3, 1, 2))  # (B, c, h, w)
        logits = cast(Tensor, self.network(x))  # (B, k, h, w)
        return logits.argmax(dim=1).byte()  # (B, h, w)


@dataclass(frozen=True)
class ImageSegmentation:
    """flips: share of the pixels in which two runtimes may differ."""

    flips: float = FLIPS

    @property
    def id(self) -> str:
        return "image-segmentation"

    @property
    def finish(self) -> Finish:
        return "none"

    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        """Raises ValueError unless there are 1 to 256 labels."""
        if not 1 <= len(spec.labels) <= MOST_CLASSES:
            raise ValueError(f"{spec.name}: expected 1 to {MOST_CLASSES} labels, got {len(spec.labels)}")
        return SegmentationGraph(network, spec.normalisation)

    def network_signature(self, spec: ModelSpec) -> Signature:
        classes = TensorSpec("CLASSES", "UINT8", (spec.pixels.height, spec.pixels.width), flips=self.flips)
        return Signature((pixels_tensor(spec.pixels),), (classes,))

    def ensemble_signature(self, spec: ModelSpec) -> Signature:
        return Signature((IMAGE,), (TensorSpec("CLASS_MAP", "BYTES", (1,), flips=self.flips),))

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        decode_step, map_step = decoder(spec.pixels), class_map(spec.pixels)
        return (decode_step, map_step), (
            Step(decode_step.name, {"IMAGE": "IMAGE"}, {"PIXELS": "pixels", "SIZE_WH": "size_wh"}),
            Step(network, {"PIXELS": "pixels"}, {"CLASSES": "classes"}),
            Step(map_step.name, {"CLASSES": "classes", "SIZE_WH": "size_wh"}, {"CLASS_MAP": "CLASS_MAP"}),
        )

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        return picture_requests(spec, count)
