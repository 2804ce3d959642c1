"""An ensemble run in this process, without Triton: the same steps, through the same functions as the backends call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sightline_backend.class_maps import MapFit, class_map_png
from sightline_backend.edits import edit_files, edit_from_parameters
from sightline_backend.explanation.explainer import explain_batch
from sightline_backend.explanation.spec import ExplainSpec
from sightline_backend.face_alignment import FaceAlignment, align_batch
from sightline_backend.faces import detect_batch
from sightline_backend.noise import classes_from_parameters, classes_of, normal_noise, size_from_parameters
from sightline_backend.pairs import decode_pairs
from sightline_backend.pictures import encode_png
from sightline_backend.pixels import PixelSpec, decode_batch_sized
from sightline_backend.tiles import TileSpec, enhance_each
from sightline_export.errors import RepositoryUnusable
from sightline_export.repository.model_config import Step
from sightline_export.verification.parity import Arrays, Runtime


def step_runtime(backend: str, parameters: Mapping[str, str], models: Mapping[str, Runtime] | None = None) -> Runtime:
    """The step that one of our backends runs with these parameters of its `config.pbtxt`.

    models: by name, those that the step may ask itself, as its parameter `network` says.

    Raises RepositoryUnusable for a backend that is not ours.
    """
    match backend:
        case "image_decode":
            spec = PixelSpec.from_parameters(parameters)
            return lambda inputs: _decoded(inputs["IMAGE"], spec)
        case "class_map":
            fit = MapFit.from_parameters(parameters)
            return lambda inputs: {"CLASS_MAP": _class_maps(inputs, fit)}
        case "explain":
            explaining = ExplainSpec.from_parameters(parameters)
            return lambda inputs: _explained(inputs, explaining, (models or {})[explaining.network])
        case "face_align":
            alignment = FaceAlignment.from_parameters(parameters)
            return lambda inputs: {"PIXELS": align_batch(inputs["IMAGE"][:, 0].tolist(), alignment)}
        case "face_cascade":
            return lambda inputs: detect_batch(inputs["IMAGE"][:, 0].tolist())
        case "image_edit":
            edit = edit_from_parameters(parameters)
            return lambda inputs: {
                "RESULT": files_array(edit_files(inputs["IMAGE"][:, 0].tolist(), edit, _beside(inputs)))
            }
        case "image_encode":
            return lambda inputs: {"RESULT": files_array([encode_png(pixels) for pixels in inputs["PIXELS"]])}
        case "image_pair":
            both = PixelSpec.from_parameters(parameters)
            return lambda inputs: _pairs(inputs, both)
        case "image_tiles":
            tiles = TileSpec.from_parameters(parameters)
            return lambda inputs: {"RESULT": _tiled(inputs["IMAGE"], tiles, (models or {})[tiles.network])}
        case "latent_noise":
            size, classes = size_from_parameters(parameters), classes_from_parameters(parameters)
            return lambda inputs: _noise(inputs, size, classes)
        case _:
            raise RepositoryUnusable(
                f"expected steps of our own backends around the network, got {backend!r}; compare this model through a "
                "server instead"
            )


def run_steps(steps: Sequence[Step], models: Mapping[str, Runtime], inputs: Arrays) -> dict[str, NDArray[np.generic]]:
    """Every tensor of the ensemble, its inputs included, by its name in the ensemble; batch axis first.

    steps: in an order in which each comes after those that it needs. Optional inputs may be missing.
    """
    tensors = dict(inputs)
    for step in steps:
        given = {name: tensors[source] for name, source in step.inputs.items() if source in tensors}
        answers = models[step.model](given)
        tensors |= {target: answers[name] for name, target in step.outputs.items()}
    return tensors


def ensemble_runtime(steps: Sequence[Step], models: Mapping[str, Runtime]) -> Runtime:
    """The whole ensemble as one function."""
    return lambda inputs: run_steps(steps, models, inputs)


def _beside(inputs: Arrays) -> Arrays:
    """The inputs beside IMAGE."""
    return {name: array for name, array in inputs.items() if name != "IMAGE"}


def _pairs(inputs: Arrays, spec: PixelSpec) -> Arrays:
    pixels, others = decode_pairs(inputs["IMAGE"][:, 0].tolist(), inputs["OTHER"][:, 0].tolist(), spec)
    return {"PIXELS": pixels, "OTHER_PIXELS": others}


def _noise(inputs: Arrays, size: int, classes: int | None) -> Arrays:
    seeds = inputs["SEED"].astype(np.int64)
    noise: dict[str, NDArray[np.generic]] = {
        "NOISE": np.stack([normal_noise(seed, size) for seed in seeds.ravel().tolist()])
    }
    if classes is None:
        return noise
    asked = inputs["CLASS_ID"].astype(np.int32) if "CLASS_ID" in inputs else None
    return noise | {"CLASS": classes_of(seeds, classes, asked)}


def _decoded(files: NDArray[np.object_], spec: PixelSpec) -> Arrays:
    pixels, sizes_wh = decode_batch_sized(files[:, 0].tolist(), spec)
    return {"PIXELS": pixels, "SIZE_WH": sizes_wh}


def _class_maps(inputs: Arrays, fit: MapFit) -> NDArray[np.object_]:
    pairs = zip(inputs["CLASSES"], inputs["SIZE_WH"].tolist(), strict=True)
    return files_array([class_map_png(classes, (width, height), fit) for classes, (width, height) in pairs])


def _explained(inputs: Arrays, spec: ExplainSpec, network: Runtime) -> Arrays:
    files, class_ids = inputs["IMAGE"][:, 0].tolist(), inputs["CLASS_ID"].ravel().tolist()
    return explain_batch(files, class_ids, spec, lambda batches, _: [network({"PIXELS": batch}) for batch in batches])


def _tiled(files: NDArray[np.object_], tiles: TileSpec, network: Runtime) -> NDArray[np.object_]:
    return enhance_each(files[:, 0].tolist(), tiles, lambda pixels: network({"PIXELS": pixels})["RESULT_PIXELS"])


def files_array(contents: Sequence[bytes]) -> NDArray[np.object_]:
    """The bytes of files as the tensor (n, 1) that a request carries."""
    files = np.empty((len(contents), 1), dtype=np.object_)
    files[:, 0] = contents
    return files
