"""The steps of an ensemble as functions: what each of our backends makes of its tensors, without Triton.

The backend `image_pipeline` runs a whole ensemble with them in one process; `sightline export` verifies, measures and
draws models with the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline_backend.errors import ParameterError

Arrays = Mapping[str, NDArray[Any]]
"""Tensors by name, each with its batch axis first; the bytes of files are object arrays (n, 1)."""

StepRuntime = Callable[[Arrays], Arrays]
"""The inputs of one step or network to its outputs."""


def step_runtime(
    backend: str, parameters: Mapping[str, str], models: Mapping[str, StepRuntime] | None = None
) -> StepRuntime:
    """The step that one of our backends runs with these parameters of its `config.pbtxt`.

    models: by name, those that the step may ask itself, as its parameter `network` says.

    Raises:
        ParameterError: a parameter can't be used, or the backend is not ours.

    >>> decode = step_runtime("image_decode", {"width": "64", "height": "64"})
    >>> decode({"IMAGE": files_array([Path("digit.jpg").read_bytes()])})["PIXELS"].shape
    (1, 64, 64, 3)
    """
    if backend not in BACKENDS:
        raise ParameterError(f"expected a step of one of the backends {', '.join(BACKENDS)}, got {backend!r}")
    return _STEPS[backend](parameters, models or {})


def files_array(contents: Sequence[bytes]) -> NDArray[np.object_]:
    """The bytes of files as the tensor (n, 1) that a request carries."""
    files = np.empty((len(contents), 1), dtype=np.object_)
    files[:, 0] = contents
    return files


def _files(inputs: Arrays) -> list[bytes]:
    return inputs["IMAGE"][:, 0].tolist()


# Each step imports what it needs when it is made: a process that decodes pictures has no use for OpenCV.


def _image_decode(parameters: Mapping[str, str], _: Mapping[str, StepRuntime]) -> StepRuntime:
    from sightline_backend.pixels import PixelSpec, decode_batch_sized

    spec = PixelSpec.from_parameters(parameters)

    def decode(inputs: Arrays) -> Arrays:
        pixels, sizes_wh = decode_batch_sized(_files(inputs), spec)
        return {"PIXELS": pixels, "SIZE_WH": sizes_wh}

    return decode


def _image_pair(parameters: Mapping[str, str], _: Mapping[str, StepRuntime]) -> StepRuntime:
    from sightline_backend.pairs import decode_pairs
    from sightline_backend.pixels import PixelSpec

    spec = PixelSpec.from_parameters(parameters)

    def decode(inputs: Arrays) -> Arrays:
        pixels, others = decode_pairs(_files(inputs), inputs["OTHER"][:, 0].tolist(), spec)
        return {"PIXELS": pixels, "OTHER_PIXELS": others}

    return decode


def _image_encode(_: Mapping[str, str], __: Mapping[str, StepRuntime]) -> StepRuntime:
    from sightline_backend.pictures import encode_png

    return lambda inputs: {"RESULT": files_array([encode_png(pixels) for pixels in inputs["PIXELS"]])}


def _image_edit(parameters: Mapping[str, str], _: Mapping[str, StepRuntime]) -> StepRuntime:
    from sightline_backend.edits import edit_files, edit_from_parameters

    edit = edit_from_parameters(parameters)

    def run(inputs: Arrays) -> Arrays:
        beside = {name: array for name, array in inputs.items() if name != "IMAGE"}
        return {"RESULT": files_array(edit_files(_files(inputs), edit, beside))}

    return run


def _image_tiles(parameters: Mapping[str, str], models: Mapping[str, StepRuntime]) -> StepRuntime:
    from sightline_backend.tiles import TileSpec, enhance_each

    tiles = TileSpec.from_parameters(parameters)

    def run(inputs: Arrays) -> Arrays:
        network = models[tiles.network]
        return {
            "RESULT": enhance_each(_files(inputs), tiles, lambda pixels: network({"PIXELS": pixels})["RESULT_PIXELS"])
        }

    return run


def _class_map(parameters: Mapping[str, str], _: Mapping[str, StepRuntime]) -> StepRuntime:
    from sightline_backend.class_maps import MapFit, class_map_png

    fit = MapFit.from_parameters(parameters)

    def run(inputs: Arrays) -> Arrays:
        pairs = zip(inputs["CLASSES"], inputs["SIZE_WH"].tolist(), strict=True)
        return {"CLASS_MAP": files_array([class_map_png(classes, (w, h), fit) for classes, (w, h) in pairs])}

    return run


def _explain(parameters: Mapping[str, str], models: Mapping[str, StepRuntime]) -> StepRuntime:
    from sightline_backend.explanation.explainer import explain_batch
    from sightline_backend.explanation.spec import ExplainSpec

    spec = ExplainSpec.from_parameters(parameters)

    def run(inputs: Arrays) -> Arrays:
        network, class_ids = models[spec.network], inputs["CLASS_ID"].ravel().tolist()
        return explain_batch(
            _files(inputs), class_ids, spec, lambda batches, _: [network({"PIXELS": batch}) for batch in batches]
        )

    return run


def _face_align(parameters: Mapping[str, str], _: Mapping[str, StepRuntime]) -> StepRuntime:
    from sightline_backend.face_alignment import FaceAlignment, align_batch

    alignment = FaceAlignment.from_parameters(parameters)
    return lambda inputs: {"PIXELS": align_batch(_files(inputs), alignment)}


def _face_cascade(_: Mapping[str, str], __: Mapping[str, StepRuntime]) -> StepRuntime:
    from sightline_backend.faces import detect_batch

    return lambda inputs: detect_batch(_files(inputs))


def _latent_noise(parameters: Mapping[str, str], _: Mapping[str, StepRuntime]) -> StepRuntime:
    from sightline_backend.noise import classes_from_parameters, classes_of, normal_noise, size_from_parameters

    size, classes = size_from_parameters(parameters), classes_from_parameters(parameters)

    def run(inputs: Arrays) -> Arrays:
        seeds = inputs["SEED"].astype(np.int64)
        noise = np.stack([normal_noise(seed, size) for seed in seeds.ravel().tolist()])
        if classes is None:
            return {"NOISE": noise}
        asked = inputs["CLASS_ID"].astype(np.int32) if "CLASS_ID" in inputs else None
        return {"NOISE": noise, "CLASS": classes_of(seeds, classes, asked)}

    return run


_STEPS: Mapping[str, Callable[[Mapping[str, str], Mapping[str, StepRuntime]], StepRuntime]] = {
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
BACKENDS = tuple(_STEPS)
"""The backends whose steps these are."""
