"""What Sightline's own backends take, give and ask, from their parameters.

The parameters are read by the functions that the backends themselves use. The tensors stand in the `model.py` of each
backend, which can only be imported inside Triton.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sightline_backend.class_maps import MapFit
from sightline_backend.edits import edit_from_parameters
from sightline_backend.explanation.spec import ExplainSpec
from sightline_backend.face_alignment import FaceAlignment
from sightline_backend.faces import MAX_FACES
from sightline_backend.model_config import TensorSpec
from sightline_backend.noise import classes_from_parameters, size_from_parameters
from sightline_backend.pixels import PixelSpec
from sightline_backend.tiles import TileSpec

Parameters = Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """What a backend asks of the model that its parameter `network` names.

    sends: the one input of each request. reads: the outputs that it wants; a floating type stands for any number.
    rows: the most of one request.
    """

    network: str
    sends: TensorSpec
    reads: tuple[TensorSpec, ...]
    rows: int


@dataclass(frozen=True)
class Contract:
    """Tensors without the batch axis; packages: modules that the backend needs beside those of all backends."""

    takes: tuple[TensorSpec, ...]
    gives: tuple[TensorSpec, ...]
    asked: Asked | None = None
    packages: tuple[str, ...] = ()


def _text(name: str) -> TensorSpec:
    return TensorSpec(name, "TYPE_STRING", (1,))


def _uint8(name: str, *dims: int) -> TensorSpec:
    return TensorSpec(name, "TYPE_UINT8", dims)


def _int32(name: str, *dims: int, optional: bool = False) -> TensorSpec:
    return TensorSpec(name, "TYPE_INT32", dims, optional)


def _fp32(name: str, *dims: int) -> TensorSpec:
    return TensorSpec(name, "TYPE_FP32", dims)


_IMAGE, _RESULT = _text("IMAGE"), _text("RESULT")


def _image_decode(parameters: Parameters) -> Contract:
    pixels = _uint8("PIXELS", *PixelSpec.from_parameters(parameters).shape)
    return Contract((_IMAGE,), (pixels, _int32("SIZE_WH", 2, optional=True)))


def _image_pair(parameters: Parameters) -> Contract:
    shape = PixelSpec.from_parameters(parameters).shape
    return Contract((_IMAGE, _text("OTHER")), (_uint8("PIXELS", *shape), _uint8("OTHER_PIXELS", *shape)))


def _image_encode(parameters: Parameters) -> Contract:
    return Contract((_uint8("PIXELS", -1, -1, 3),), (_RESULT,))


def _image_edit(parameters: Parameters) -> Contract:
    return Contract((_IMAGE, *edit_from_parameters(parameters).inputs), (_RESULT,))


def _image_tiles(parameters: Parameters) -> Contract:
    spec = TileSpec.from_parameters(parameters)
    side = spec.scale * spec.side
    sends, reads = _uint8("PIXELS", spec.side, spec.side, 3), _uint8("RESULT_PIXELS", side, side, 3)
    return Contract((_IMAGE,), (_RESULT,), Asked(spec.network, sends, (reads,), spec.batch))


def _class_map(parameters: Parameters) -> Contract:
    MapFit.from_parameters(parameters)
    return Contract((_uint8("CLASSES", -1, -1), _int32("SIZE_WH", 2)), (_text("CLASS_MAP"),))


def _latent_noise(parameters: Parameters) -> Contract:
    seed, noise = TensorSpec("SEED", "TYPE_INT64", (1,)), _fp32("NOISE", size_from_parameters(parameters))
    if classes_from_parameters(parameters) is None:
        return Contract((seed,), (noise,))
    return Contract((seed, _int32("CLASS_ID", 1, optional=True)), (noise, _int32("CLASS", 1)))


def _face_cascade(parameters: Parameters) -> Contract:
    faces = (
        _int32("num_detections", 1),
        _fp32("detection_boxes", MAX_FACES, 4),
        _fp32("detection_scores", MAX_FACES),
        _int32("detection_classes", MAX_FACES),
    )
    return Contract((_IMAGE,), faces, packages=("cv2",))


def _face_align(parameters: Parameters) -> Contract:
    alignment = FaceAlignment.from_parameters(parameters)
    return Contract((_IMAGE,), (_uint8("PIXELS", *alignment.pixels.shape),), packages=("cv2",))


def _explain(parameters: Parameters) -> Contract:
    spec = ExplainSpec.from_parameters(parameters)
    gives = _fp32("HEATMAP", *spec.map_hw), _int32("CLASS_ID", 1), _fp32("SCORE", 1)
    maps = {"CAM": _fp32("CAM", -1, *spec.map_hw), "ATTENTION": _fp32("ATTENTION", *spec.map_hw)}
    reads = (_fp32("SCORES", -1), *([maps[spec.map_output]] if spec.map_output else []))
    sends = _uint8("PIXELS", *spec.pixels.shape)
    return Contract((_IMAGE, _int32("CLASS_ID", 1)), gives, Asked(spec.network, sends, reads, _masked_rows(spec)))


def _masked_rows(spec: ExplainSpec) -> int:
    """How many pictures the largest request to an explained network holds."""
    if spec.map_output:
        return 1
    more = spec.patch // spec.stride - 1  # squares that begin beyond the edge
    places = (spec.map_hw[0] + more) * (spec.map_hw[1] + more)
    return min(spec.network_batch_size, places if spec.method == "occlusion" else spec.masks)


CONTRACTS: Mapping[str, Callable[[Parameters], Contract]] = {
    "class_map": _class_map,
    "explain": _explain,
    "face_align": _face_align,
    "face_cascade": _face_cascade,
    "image_decode": _image_decode,
    "image_edit": _image_edit,
    "image_encode": _image_encode,
    "image_pair": _image_pair,
    "image_tiles": _image_tiles,
    "latent_noise": _latent_noise,
}
"""By the name of the backend. Each raises ParameterError as the backend does."""
