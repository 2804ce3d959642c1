"""image-to-image through a network of one picture size: whatever is sent is brought to that size first."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from sightline_export.model_spec import ModelSpec
from sightline_export.normalisation import Normalisation
from sightline_export.repository.golden import Request
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature
from sightline_export.tasks.picture_input import picture_requests
from sightline_export.tasks.picture_output import rgb_levels, rgb_tensor
from sightline_export.tasks.pixel_steps import IMAGE, RESULT, decoder, pixels_tensor, png_encoder
from sightline_export.tasks.task import Finish, StepModel


class PictureToPictureGraph(nn.Module):
    """uint8 pixels (B, h, w, c) to uint8 pixels (B, h, w, 3), through a network that gives pictures in [0, 1]."""

    def __init__(self, network: nn.Module, normalisation: Normalisation) -> None:
        super().__init__()
        self.network = network
        self.normalisation = normalisation

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.normalisation(pixels.float().permute(0, 3, 1, 2))  # (B, c, h, w)
        return rgb_levels(self.network(x), darkest=0.0)


@dataclass(frozen=True)
class FixedSizeImageToImage:
    """The picture that comes back has the network's size."""

    @property
    def id(self) -> str:
        return "image-to-image"

    @property
    def finish(self) -> Finish:
        return "none"

    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        return PictureToPictureGraph(network, spec.normalisation)

    def network_signature(self, spec: ModelSpec) -> Signature:
        return Signature((pixels_tensor(spec.pixels),), (rgb_tensor("RESULT_PIXELS", spec.pixels),))

    def ensemble_signature(self, spec: ModelSpec) -> Signature:
        return Signature((IMAGE,), (RESULT,))

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        decode_step, encode_step = decoder(spec.pixels), png_encoder()
        return (decode_step, encode_step), (
            Step(decode_step.name, {"IMAGE": "IMAGE"}, {"PIXELS": "pixels"}),
            Step(network, {"PIXELS": "pixels"}, {"RESULT_PIXELS": "result_pixels"}),
            Step(encode_step.name, {"PIXELS": "result_pixels"}, {"RESULT": "RESULT"}),
        )

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        return picture_requests(spec, count)
