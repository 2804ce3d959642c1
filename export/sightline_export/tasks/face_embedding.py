"""image-feature-extraction of faces: the largest face of a picture is cut out and turned upright before the network."""

from __future__ import annotations

from dataclasses import dataclass

from sightline_backend.face_alignment import FaceAlignment, Fallback
from sightline_export.datasets.faces import portraits
from sightline_export.model_spec import ModelSpec
from sightline_export.repository.golden import FileTensor, Request
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature
from sightline_export.tasks.image_feature_extraction import ImageFeatureExtraction
from sightline_export.tasks.picture_input import picture_requests
from sightline_export.tasks.pixel_steps import IMAGE, pixels_tensor
from sightline_export.tasks.task import StepModel, Task

REFUSES = (
    "It finds the largest face that is upright and looks at the camera, and refuses a picture without one. Profiles, "
    "faces turned by more than about 15 degrees and covered ones are not found."
)


def face_aligner(alignment: FaceAlignment) -> StepModel:
    """From the bytes of a file to the pixels of its largest face; shared by all models that take faces so."""
    signature = Signature((IMAGE,), (pixels_tensor(alignment.pixels),))
    return StepModel(f"faces_{alignment.name}", "face_align", signature, alignment.parameters())


@dataclass(frozen=True)
class FaceEmbedding(ImageFeatureExtraction):
    """fallback: what becomes of a picture without a face: the sender is told so, or the whole picture is embedded."""

    fallback: Fallback = "refuse"

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        align = face_aligner(FaceAlignment(spec.pixels, self.fallback))
        return (align,), (
            Step(align.name, {"IMAGE": "IMAGE"}, {"PIXELS": "pixels"}),
            Step(network, {"PIXELS": "pixels"}, {"EMBEDDING": "EMBEDDING"}),
        )

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        """Portraits alone where anything else is refused, else the model's own pictures and those of every odd kind."""
        if self.fallback == "whole":
            return picture_requests(spec, count)
        return tuple(
            Request(file.name.partition(".")[0], {"IMAGE": FileTensor(file.name, file.content)})
            for file in portraits(count)
        )


def face_embedding(task: Task) -> FaceEmbedding:
    """A task of plain vectors as one of faces, where a picture without a face is refused.

    Raises TypeError for a task that gives something else.
    """
    if not isinstance(task, ImageFeatureExtraction):
        raise TypeError(f"expected a task that gives a vector, got {task.id}")
    return FaceEmbedding(task.dimensions, task.tolerance)
