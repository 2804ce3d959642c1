"""image-classification: the bytes of a picture in, softmax probabilities out."""

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

SCORE_TOLERANCE = 1e-3  # of the largest
SCORE_MOST = 1e-4  # and never more than this
HALF_TOLERANCE = 1e-2
"""Of networks that compute in float16: the last place of a logit of 16 alone changes a score by up to 0.004."""


@dataclass(frozen=True)
class ImageClassification:
    """extra: further outputs of the network, served by the network model but not by the ensemble.

    logits: whether the network gives logits; False where it ends in a softmax of its own.
    tolerance: how far runtimes may differ in a score, as a share of the largest one.
    """

    extra: tuple[TensorSpec, ...] = ()
    logits: bool = True
    tolerance: float = SCORE_TOLERANCE

    @property
    def most(self) -> float:
        """The largest difference however large the values are: of float16 the rounding alone is more than usual."""
        return SCORE_MOST if self.tolerance <= SCORE_TOLERANCE else self.tolerance

    @property
    def id(self) -> str:
        return "image-classification"

    @property
    def finish(self) -> Finish:
        return "softmax" if self.logits else "none"

    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        return PictureGraph(network, spec.normalisation, self.finish)

    def network_signature(self, spec: ModelSpec) -> Signature:
        return Signature((pixels_tensor(spec.pixels),), (self._scores(spec), *self.extra))

    def ensemble_signature(self, spec: ModelSpec) -> Signature:
        return Signature((IMAGE,), (self._scores(spec),))

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        return picture_steps(spec, network, "SCORES")

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        return picture_requests(spec, count)

    def _scores(self, spec: ModelSpec) -> TensorSpec:
        return TensorSpec(
            "SCORES", "FP32", (len(spec.labels),), tolerance=self.tolerance, most=self.most, labelled=True
        )
