"""image-feature-extraction: the bytes of a picture in, a vector of unit length out."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from sightline_export.model_spec import ModelSpec
from sightline_export.repository.golden import Request
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.picture_input import PictureGraph, picture_requests, picture_steps
from sightline_export.tasks.pixel_steps import IMAGE, pixels_tensor
from sightline_export.tasks.task import Finish, StepModel

EMBEDDING_TOLERANCE = 1e-3  # of the largest
EMBEDDING_MOST = 1e-4  # and never more than this


@dataclass(frozen=True)
class ImageFeatureExtraction:
    """dimensions: D, the length of the network's vector, which is brought to unit length in the graph.

    tolerance: how far runtimes may differ in a number, as a share of the largest one.
    """

    dimensions: int
    tolerance: float = EMBEDDING_TOLERANCE

    @property
    def most(self) -> float:
        """The largest difference however large the values are: of float16 the rounding alone is more than usual."""
        return EMBEDDING_MOST if self.tolerance <= EMBEDDING_TOLERANCE else self.tolerance

    @property
    def id(self) -> str:
        return "image-feature-extraction"

    @property
    def finish(self) -> Finish:
        return "unit_length"

    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        return PictureGraph(network, spec.normalisation, self.finish)

    def network_signature(self, spec: ModelSpec) -> Signature:
        return Signature((pixels_tensor(spec.pixels),), (self._embedding,))

    def ensemble_signature(self, spec: ModelSpec) -> Signature:
        return Signature((IMAGE,), (self._embedding,))

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        return picture_steps(spec, network, "EMBEDDING")

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        return picture_requests(spec, count)

    @property
    def _embedding(self) -> TensorSpec:
        return TensorSpec("EMBEDDING", "FP32", (self.dimensions,), tolerance=self.tolerance, most=self.most)
