"""Warm-up requests to our own backends: those that the backend refuses keep the model from loading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from sightline_backend.edits import edit_from_parameters
from sightline_backend.errors import BackendError, EditError
from sightline_backend.model_config import Config, TensorSpec, entries, section, string_parameters
from sightline_backend.pictures import MAX_PIXELS, open_picture
from sightline_backend.pixels import PixelSpec, decode
from sightline_export.lint.contracts import Contract
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.readable import is_file

_PICTURES = ("IMAGE", "OTHER")


def check_own_warmup(model: Model, config: Config, contract: Contract) -> Iterator[Finding]:
    """What can be said without running the backend, or the network that it asks."""
    pictures = [tensor.name for tensor in contract.takes if tensor.name in _PICTURES]
    for index, warmup in enumerate(entries(config, "model_warmup")):
        if not warmup["batch_size"]:
            continue
        where = ("model_warmup", index)
        samples = section(warmup, "inputs")
        for name in pictures:
            sample = section(samples, name)
            if sample and not _is_picture(model.folder / "warmup", sample, config):
                yield model.error(
                    "warmup-picture",
                    where,
                    f"input_data_file with a picture for {name}",
                    str(sample.get("input_data_file", "zero_data or random_data")),
                    "put the length as 4 bytes, low byte first, and a picture into a file of the folder warmup",
                )
        for name in _refused_zeros(config, contract, samples):
            yield model.error(
                "warmup-input",
                where,
                f"a {name} that {config['backend']} takes",
                "zero_data",
                f"write input_data_file for {name}, or leave it out where it is optional",
            )


def _is_picture(folder: Path, sample: Config, config: Config) -> bool:
    path = folder / str(sample.get("input_data_file", ""))
    if not is_file(path):
        return "input_data_file" in sample  # said by the rule about files
    data = path.read_bytes()[4:]
    try:
        if config["backend"] in ("image_decode", "image_pair"):
            decode(data, PixelSpec.from_parameters(string_parameters(config)))
        else:
            open_picture(data)
    except BackendError:
        return False
    return True


def _refused_zeros(config: Config, contract: Contract, samples: Config) -> Iterator[str]:
    """The inputs beside the pictures for which the backend does not take zeros, or empty texts."""
    for tensor in contract.takes:
        given = tensor.name not in _PICTURES and "zero_data" in section(samples, tensor.name)
        if given and _refuses_zero(config, tensor):
            yield tensor.name


def _refuses_zero(config: Config, tensor: TensorSpec) -> bool:
    if config["backend"] != "image_edit":
        return config["backend"] == "class_map" and tensor.name == "SIZE_WH"
    text = tensor.data_type == "TYPE_STRING"
    value = np.full(tensor.dims, b"", np.object_) if text else np.zeros(tensor.dims, np.float32)
    edit = edit_from_parameters(string_parameters(config))
    try:
        edit.apply(Image.new("RGB", (8, 8)), {tensor.name: value}, MAX_PIXELS)
    except EditError:
        return True
    return False
