"""image-to-image from two pictures: the one that lies a fraction of the way from IMAGE to OTHER."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from sightline_export.model_spec import ModelSpec
from sightline_export.normalisation import Normalisation
from sightline_export.repository.golden import Request, ValueTensor
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.picture_input import picture_requests
from sightline_export.tasks.picture_output import rgb_levels, rgb_tensor
from sightline_export.tasks.pixel_steps import IMAGE, RESULT, png_encoder
from sightline_export.tasks.task import Finish, StepModel

OTHER = TensorSpec("OTHER", "BYTES", (1,))
FRACTION = TensorSpec("FRACTION", "FP32", (1,))
"""0 gives IMAGE, 1 gives OTHER; what lies outside counts as the nearer end, and what is no number as 0."""

GOLDEN_FRACTIONS = (0.5, 0.0, 1.0)


class InterpolationGraph(nn.Module):
    """Two batches of uint8 pixels (B, h, w, c) and fractions (B, 1) to uint8 pixels (B, h, w, 3).

    network: takes both as numbers and the fraction in [0, 1], gives pictures in [0, 1].
    """

    def __init__(self, network: nn.Module, normalisation: Normalisation) -> None:
        super().__init__()
        self.network = network
        self.normalisation = normalisation

    def forward(self, pixels: Tensor, other_pixels: Tensor, fraction: Tensor) -> Tensor:
        first, second = (self.normalisation(p.float().permute(0, 3, 1, 2)) for p in (pixels, other_pixels))
        above = torch.where(fraction > 0, fraction, torch.zeros_like(fraction))  # also of NaN, which is not above 0
        return rgb_levels(self.network(first, second, above.clamp(max=1.0)), darkest=0.0)


@dataclass(frozen=True)
class ImageInterpolation:
    """The picture that comes back has the network's size."""

    @property
    def id(self) -> str:
        return "image-to-image"

    @property
    def finish(self) -> Finish:
        return "none"

    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        return InterpolationGraph(network, spec.normalisation)

    def network_signature(self, spec: ModelSpec) -> Signature:
        return Signature((*_pictures(spec), FRACTION), (rgb_tensor("RESULT_PIXELS", spec.pixels),))

    def ensemble_signature(self, spec: ModelSpec) -> Signature:
        return Signature((IMAGE, OTHER, FRACTION), (RESULT,))

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        decode_step, encode_step = _decoder(spec), png_encoder()
        asked = {"PIXELS": "pixels", "OTHER_PIXELS": "other_pixels", "FRACTION": "FRACTION"}
        return (decode_step, encode_step), (
            Step(
                decode_step.name,
                {"IMAGE": "IMAGE", "OTHER": "OTHER"},
                {"PIXELS": "pixels", "OTHER_PIXELS": "other_pixels"},
            ),
            Step(network, asked, {"RESULT_PIXELS": "result_pixels"}),
            Step(encode_step.name, {"PIXELS": "result_pixels"}, {"RESULT": "RESULT"}),
        )

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        """Each picture with the next one, at a fraction of its own."""
        pictures = picture_requests(spec, count + 1)
        fractions = (*GOLDEN_FRACTIONS, *np.linspace(-0.5, 1.5, count))[:count]
        return tuple(
            Request(
                one.name,
                {
                    "IMAGE": one.inputs["IMAGE"],
                    "OTHER": other.inputs["IMAGE"],
                    "FRACTION": ValueTensor("FP32", np.array([fraction], dtype=np.float32)),
                },
            )
            for one, other, fraction in zip(pictures[:-1], pictures[1:], fractions, strict=True)
        )


def _decoder(spec: ModelSpec) -> StepModel:
    """From both files to pixels in one step: an ensemble of Triton 2.51 that begins with two may wait for itself."""
    return StepModel(
        f"pairs_{spec.pixels.name}",
        "image_pair",
        Signature((IMAGE, OTHER), _pictures(spec)),
        spec.pixels.parameters(),
    )


def _pictures(spec: ModelSpec) -> tuple[TensorSpec, ...]:
    # Without the format of a picture: Triton's example clients take networks of one picture only.
    return tuple(TensorSpec(name, "UINT8", spec.pixels.shape) for name in ("PIXELS", "OTHER_PIXELS"))
