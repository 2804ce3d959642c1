"""`face_detector`: where faces are, by OpenCV's bundled cascade; nothing is trained."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.faces import MAX_FACES
from sightline_backend.steps import files_array
from sightline_export.backend_model import BackendModel
from sightline_export.datasets.faces import SOURCE, portraits, small_faces
from sightline_export.datasets.photographs import photographs
from sightline_export.measures.figures import Figure, Measurement
from sightline_export.recipe import Evaluation, Operation, register
from sightline_export.repository.golden import FileTensor, Request
from sightline_export.sheets.contact_sheet import grid
from sightline_export.sheets.face import boxed_faces
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.pixel_steps import IMAGE

FOUND_FLOOR = 0.9
CLEAN_FLOOR = 0.95
OVERLAP = 0.5
GOLDEN_PORTRAITS = 3
BOX_TOLERANCE = 1e-5  # of the largest side
PORTRAIT_FACE = (182, 80, 270, 178)  # hairline to chin, by hand

DETECTIONS = (
    TensorSpec("num_detections", "INT32", (1,)),
    TensorSpec("detection_boxes", "FP32", (MAX_FACES, 4), tolerance=BOX_TOLERANCE),
    TensorSpec("detection_scores", "FP32", (MAX_FACES,), tolerance=BOX_TOLERANCE),
    TensorSpec("detection_classes", "INT32", (MAX_FACES,)),
)


def _requests(count: int) -> tuple[Request, ...]:
    """The portrait first, then a photograph of every odd kind, then the portrait again."""
    odd = photographs(max(count - GOLDEN_PORTRAITS, 0))
    return tuple(
        Request(file.name.partition(".")[0], {"IMAGE": FileTensor(file.name, file.content)})
        for file in (*portraits(min(count, GOLDEN_PORTRAITS)), *odd)
    )


def _evaluate(evaluation: Evaluation) -> Measurement:
    faces = small_faces()
    found = _counts(evaluation, (*faces.train, *faces.held_out)) > 0
    clean = _counts(evaluation, faces.backgrounds) == 0
    return Measurement(
        figures=(
            Figure("faces found, of 100 of 25x25 pixels", float(found.mean()), FOUND_FLOOR),
            Figure("backgrounds without a find, of 100 of 25x25 pixels", float(clean.mean()), CLEAN_FLOOR),
            Figure(
                "overlap (IoU) with the face of the portrait, drawn by hand", _portrait_overlap(evaluation), OVERLAP
            ),
        )
    )


def _counts(evaluation: Evaluation, files: Sequence[bytes]) -> NDArray[np.int32]:
    return evaluation.model({"IMAGE": files_array(files)})["num_detections"][:, 0].astype(np.int32)


def _portrait_overlap(evaluation: Evaluation) -> float:
    answer: Mapping[str, NDArray[np.generic]] = evaluation.model({"IMAGE": files_array([portraits(1)[0].content])})
    if not answer["num_detections"].any():
        return 0.0
    left, top, right, bottom = answer["detection_boxes"].astype(np.float64)[0, 0].tolist()
    x0, y0, x1, y1 = PORTRAIT_FACE
    across, down = min(right, x1) - max(left, x0), min(bottom, y1) - max(top, y0)
    both = max(across, 0.0) * max(down, 0.0)
    return both / ((right - left) * (bottom - top) + (x1 - x0) * (y1 - y0) - both)


def _sheet(_: Evaluation) -> Image.Image:
    files = (*(file.content for file in portraits(6)), *small_faces().held_out[:12])
    return grid([[boxed_faces(file) for file in files[row : row + 6]] for row in range(0, len(files), 6)], tile=150)


register(
    Operation(
        BackendModel(
            name="face_detector",
            summary="where faces are, by a cascade of Haar features",
            architecture=(
                "Viola and Jones, Rapid object detection using a boosted cascade of simple features, 2001; OpenCV's "
                "haarcascade_frontalface_alt2, trained by Rainer Lienhart"
            ),
            task="object-detection",
            backend="face_cascade",
            signature=Signature((IMAGE,), DETECTIONS),
            requests=_requests,
            labels=("face",),
            data=f"not stated for the cascade; measured on {SOURCE}",
            licence="cascade: Intel License Agreement for Open Source Computer Vision Library (BSD 3-clause)",
            limits=(
                "It finds upright faces that look at the camera, from 4 % of the longer side of the picture on. "
                "Profiles, faces turned by more than about 15 degrees, covered and dark ones are missed. The score "
                "orders the finds of one picture; it is no probability."
            ),
        ),
        evaluate=_evaluate,
        sheet=_sheet,
    )
)
