"""Models of Sightline's own backends: their parameters, their one input and their one output."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sightline_backend.errors import BackendError, ParameterError
from sightline_backend.model_config import Config, TensorSpec, check, complete, entries, section, string_parameters
from sightline_backend.noise import size_from_parameters
from sightline_backend.pixels import PixelSpec, decode
from sightline_export.lint.config_text import normalised
from sightline_export.lint.edits import quoted, replacement
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.onnx_models import Checked
from sightline_export.lint.readable import is_file
from sightline_export.lint.tensors import WAYS, text_of

_Tensors = tuple[TensorSpec, TensorSpec]


def _decoder(parameters: Mapping[str, str]) -> _Tensors:
    shape = PixelSpec.from_parameters(parameters).shape
    return TensorSpec("IMAGE", "TYPE_STRING", (1,)), TensorSpec("PIXELS", "TYPE_UINT8", shape)


def _encoder(parameters: Mapping[str, str]) -> _Tensors:
    return TensorSpec("PIXELS", "TYPE_UINT8", (-1, -1, 3)), TensorSpec("RESULT", "TYPE_STRING", (1,))


def _noise(parameters: Mapping[str, str]) -> _Tensors:
    size = size_from_parameters(parameters)
    return TensorSpec("SEED", "TYPE_INT64", (1,)), TensorSpec("NOISE", "TYPE_FP32", (size,))


OWN: dict[str, Callable[[Mapping[str, str]], _Tensors]] = {
    "image_decode": _decoder,
    "image_encode": _encoder,
    "latent_noise": _noise,
}
"""What each of our backends takes and gives, from its parameters."""


def check_own(model: Model) -> Checked:
    """Complete and check a model of one of `OWN`, as the backend does."""
    config: Config = copy.deepcopy(model.config)
    try:
        takes, gives = OWN[str(config["backend"])](string_parameters(config))
    except ParameterError as error:
        expected, _, found = str(error).partition(", got ")
        found, _, edit = found.partition("; ")
        return Checked(
            config,
            (
                model.error(
                    "parameter",
                    ("parameters", _parameter(model, expected) or 0),
                    expected.replace("expected ", ""),
                    found or "another",
                    edit or "correct the parameter",
                ),
            ),
            known=False,
        )
    complete(config, takes, gives)
    config = normalised(config)
    try:
        check(config, takes, gives)
    except BackendError as error:
        found = tuple(_differences(model, config, (takes, gives)))
        whole = model.error("own-tensors", (), "the tensors of the backend", str(error), "leave input and output out")
        return Checked(config, found or (whole,))
    if config["backend"] == "image_decode":
        return Checked(config, tuple(_check_warmup(model, config)))
    return Checked(config, ())


def _parameter(model: Model, message: str) -> int | None:
    return model.fields.entry(("parameters",), message.partition(":")[0])


def _differences(model: Model, config: Config, wanted: _Tensors) -> Iterator[Finding]:
    backend = config["backend"]
    for way, tensor in zip(WAYS, wanted, strict=True):
        found = entries(config, way)
        for index in range(1, len(found)):
            yield model.error(
                "own-tensors",
                (way, index),
                f"one {way} of {backend}, {tensor}",
                f"{len(found)}",
                f"take {found[index]['name']} out",
            )
        for key, right, text in (
            ("name", tensor.name, quoted(tensor.name)),
            ("data_type", tensor.data_type, tensor.data_type),
            ("dims", list(tensor.dims), text_of(tensor.dims)),
        ):
            if found[0][key] != right:
                where = (way, 0, key)
                yield model.error(
                    "own-tensors",
                    where,
                    f"{key} {text} for the {way} of {backend}",
                    str(found[0][key]),
                    f"write {key}: {text}" + (", or correct the parameters" if key == "dims" else ""),
                    replacement(model.fields, where, text) if key != "dims" else (),
                )


def _check_warmup(model: Model, config: Config) -> Iterator[Finding]:
    """A warm-up of a decoder needs a picture: zeros are refused, and then the model does not load."""
    spec = PixelSpec.from_parameters(string_parameters(config))
    for index, warmup in enumerate(entries(config, "model_warmup")):
        sample = section(section(warmup, "inputs"), "IMAGE")
        if sample and warmup["batch_size"] and not _is_picture(model.folder / "warmup", sample, spec):
            yield model.error(
                "warmup-picture",
                ("model_warmup", index),
                "input_data_file with a picture for IMAGE",
                str(sample.get("input_data_file", "zero_data or random_data")),
                "put the length as 4 bytes, low byte first, and a picture into a file of the folder warmup",
            )


def _is_picture(folder: Path, sample: Config, spec: PixelSpec) -> bool:
    path = folder / str(sample.get("input_data_file", ""))
    if not is_file(path):
        return "input_data_file" in sample  # said by the rule about files
    try:
        decode(path.read_bytes()[4:], spec)
    except BackendError:
        return False
    return True
