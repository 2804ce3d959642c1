"""Opens the pipeline that a model's configuration describes, with the networks that lie beside it in the repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sightline_backend.errors import ModelConfigError
from sightline_backend.model_config import string_parameters
from sightline_backend.onnx_runtime.providers import CPU
from sightline_backend.onnx_runtime.session import graph_of, model_file, open_session, runner
from sightline_backend.onnx_runtime.settings import SessionSettings
from sightline_backend.onnx_runtime.values import parse_int
from sightline_backend.pipeline import Network, Pipeline, steps_from_parameter
from sightline_backend.workers import Workers


def open_pipeline(config: Mapping[str, Any], model_folder: Path, version: int) -> Pipeline:
    """The pipeline of a model that is served as `version`.

    Parameters are `steps`; `thread_count`, without which it is the number of cores that this process may use; and those
    of the drop-in ONNX Runtime for all of its networks, apart from the number of threads.

    Args:
        config: as Triton hands it to Python.
        model_folder: of the model in the repository, beside the folders of its networks.

    Raises:
        ParameterError: a parameter is missing or can't be used (ModelConfigError: a file is missing or refused).
    """
    parameters = string_parameters(config)
    if "steps" not in parameters:
        raise ModelConfigError(
            "expected the parameter steps, got none; `sightline export` writes it into configs/cpu.pbtxt"
        )
    steps = steps_from_parameter(parameters["steps"])
    workers = Workers(parse_int(parameters.get("thread_count", "0")) or None)
    settings = replace(SessionSettings.from_config(config), intra_op_threads=workers.threads)
    asked = dict.fromkeys(name for step in steps for name in step.networks)
    networks = {name: _open(model_folder.parent / name, version, settings) for name in asked}
    return Pipeline(steps, networks, workers)


def _open(folder: Path, version: int, settings: SessionSettings) -> Network:
    session = open_session(model_file(folder / str(_version(folder, version)), "", folder.name), settings, [CPU])
    return Network(runner(session, settings), tuple(tensor.name for tensor in graph_of(session).outputs))


def _version(folder: Path, wanted: int) -> int:
    """A model and its own network are exported together; of a network of another model the newest is asked."""
    there = [int(child.name) for child in folder.iterdir() if child.name.isdecimal()] if folder.is_dir() else []
    return wanted if wanted in there else max(there, default=wanted)
