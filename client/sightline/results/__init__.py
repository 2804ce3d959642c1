"""Answers as typed values: frozen, validated when made, arrays with a stated shape and dtype."""

from sightline.results.classification import Classification
from sightline.results.detections import Detection, Detections
from sightline.results.explanation import Explanation
from sightline.results.model_info import ModelInfo, TensorInfo
from sightline.results.segmentation import Segmentation

__all__ = [
    "Classification",
    "Detection",
    "Detections",
    "Explanation",
    "ModelInfo",
    "Segmentation",
    "TensorInfo",
]
