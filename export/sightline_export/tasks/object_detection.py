"""object-detection: the bytes of a picture in, boxes with classes and scores out, in pixels of the sent picture."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from sightline_export.model_spec import ModelSpec
from sightline_export.repository.golden import Request
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.detection_graph import DetectionGraph
from sightline_export.tasks.picture_input import picture_requests
from sightline_export.tasks.pixel_steps import IMAGE, SIZE_WH, decoder, pixels_tensor
from sightline_export.tasks.task import Finish, StepModel

BOX_TOLERANCE = 2e-4  # of the largest coordinate: 1.2 pixels in a picture of 6000, 0.03 in one of 128
SCORE_TOLERANCE = 1e-3  # of the largest
SCORE_MOST = 1e-3  # and never more than this


@dataclass(frozen=True)
class ObjectDetection:
    """The network gives logits (B, P, K) and boxes xyxy (B, P, 4) in pixels of its input.

    max_detections: N, to which answers are padded with zeros. candidates: boxes that enter the suppression.
    score_threshold: boxes with a lower score are not given. iou_threshold: boxes of one class that share more are one.

    Raises ValueError where a number is outside of what it can be.
    """

    max_detections: int = 32
    candidates: int = 100
    score_threshold: float = 0.2
    iou_threshold: float = 0.5

    def __post_init__(self) -> None:
        if not 1 <= self.max_detections <= self.candidates:
            raise ValueError(
                f"expected 1 <= max_detections <= candidates, got {self.max_detections} and {self.candidates}"
            )
        if not (0 < self.score_threshold < 1 and 0 < self.iou_threshold < 1):
            raise ValueError(
                "expected a score_threshold and an iou_threshold between 0 and 1, got "
                f"{self.score_threshold} and {self.iou_threshold}"
            )

    @property
    def id(self) -> str:
        return "object-detection"

    @property
    def finish(self) -> Finish:
        return "none"

    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        if spec.pixels.fit == "crop":
            raise ValueError(f"{spec.name}: expected the fit letterbox or squash, got crop, which hides objects")
        return DetectionGraph(
            network,
            spec.normalisation,
            spec.pixels,
            self.max_detections,
            self.candidates,
            self.score_threshold,
            self.iou_threshold,
        )

    def network_signature(self, spec: ModelSpec) -> Signature:
        return Signature((pixels_tensor(spec.pixels), SIZE_WH), self._detections)

    def ensemble_signature(self, spec: ModelSpec) -> Signature:
        return Signature((IMAGE,), self._detections)

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        decode_step = decoder(spec.pixels)
        return (decode_step,), (
            Step(decode_step.name, {"IMAGE": "IMAGE"}, {"PIXELS": "pixels", "SIZE_WH": "size_wh"}),
            Step(
                network,
                {"PIXELS": "pixels", "SIZE_WH": "size_wh"},
                {output.name: output.name for output in self._detections},
            ),
        )

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        return picture_requests(spec, count)

    @property
    def _detections(self) -> tuple[TensorSpec, ...]:
        most = self.max_detections
        return (
            TensorSpec("num_detections", "INT32", (1,)),
            TensorSpec("detection_boxes", "FP32", (most, 4), tolerance=BOX_TOLERANCE),
            TensorSpec("detection_scores", "FP32", (most,), tolerance=SCORE_TOLERANCE, most=SCORE_MOST),
            TensorSpec("detection_classes", "INT32", (most,)),
        )
