"""A model's configuration as Triton hands it to Python: plain dicts, completed and checked.

These are the parts of `config.pbtxt` that our own backends care about: their parameters, their one input and their one
output. A configuration that names only the backend and its parameters is completed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sightline_backend.errors import ModelConfigError

Config = dict[str, Any]
DEFAULT_MAX_BATCH_SIZE = 32


@dataclass(frozen=True)
class TensorSpec:
    """One tensor of a model; `dims` are without the batch axis, -1 is any size."""

    name: str
    data_type: str
    dims: tuple[int, ...]

    def entry(self) -> Config:
        return {"name": self.name, "data_type": self.data_type, "dims": list(self.dims)}

    def __str__(self) -> str:
        return f"{self.name} {self.data_type} [{', '.join(map(str, self.dims))}]"


def string_parameters(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the `parameters` of a configuration as plain strings.

    >>> string_parameters({"parameters": {"width": {"string_value": "64"}}})
    {'width': '64'}
    """
    return {key: str(value.get("string_value", "")) for key, value in config.get("parameters", {}).items()}


def section(config: Mapping[str, Any], key: str) -> Config:
    """A nested message of a configuration; empty where it is left out."""
    return cast("Config", config.get(key) or {})


def entries(config: Mapping[str, Any], key: str) -> list[Config]:
    """A repeated message of a configuration; empty where it is left out."""
    return cast("list[Config]", config.get(key) or [])


def complete(config: Config, takes: TensorSpec, gives: TensorSpec) -> None:
    """Fill in, in place, what the configuration leaves out: tensors, maximum batch size and dynamic batching."""
    config["input"] = config.get("input") or [takes.entry()]
    config["output"] = config.get("output") or [gives.entry()]
    if not config.get("max_batch_size"):
        config["max_batch_size"] = DEFAULT_MAX_BATCH_SIZE
    if config["max_batch_size"] > 1 and "dynamic_batching" not in config and "sequence_batching" not in config:
        config["dynamic_batching"] = {}


def check(config: Mapping[str, Any], takes: TensorSpec, gives: TensorSpec) -> None:
    """Check that the configuration has exactly the given input and output, and a batch axis.

    Raises:
        ModelConfigError: it does not.
    """
    name = config.get("name", "")
    if int(config.get("max_batch_size", 0)) < 1:
        raise ModelConfigError(
            f"model '{name}': expected max_batch_size of at least 1, got 0; set it, for example to "
            f"{DEFAULT_MAX_BATCH_SIZE}"
        )
    for key, expected in (("input", takes), ("output", gives)):
        found = [_tensor(entry) for entry in config.get(key, [])]
        if found != [expected]:
            raise ModelConfigError(
                f"model '{name}': expected one {key}, {expected}, got {' and '.join(map(str, found)) or 'none'}; "
                f"correct the {key} in config.pbtxt, or leave it out"
            )


def _tensor(entry: Mapping[str, Any]) -> TensorSpec:
    return TensorSpec(str(entry["name"]), str(entry["data_type"]), tuple(int(dim) for dim in entry["dims"]))
