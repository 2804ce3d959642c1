"""A model's configuration as Triton hands it to Python: plain dicts, completed and checked.

These are the parts of `config.pbtxt` that our own backends care about: their parameters, inputs and outputs. A
configuration that names only the backend and its parameters is completed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sightline_backend.errors import ModelConfigError

Config = dict[str, Any]
DEFAULT_MAX_BATCH_SIZE = 32


Way = Literal["input", "output"]
_WAYS: tuple[Way, ...] = ("input", "output")


@dataclass(frozen=True)
class TensorSpec:
    """One tensor of a model; `dims` are without the batch axis, -1 is any size.

    optional: an input that requests may leave out, or an output that configurations may leave out; a configuration may
        leave out both.
    """

    name: str
    data_type: str
    dims: tuple[int, ...]
    optional: bool = False

    def entry(self, way: Way = "output") -> Config:
        """The tensor as a configuration lists it."""
        optional = {"optional": True} if self.optional and way == "input" else {}
        return {"name": self.name, "data_type": self.data_type, "dims": list(self.dims)} | optional

    def __str__(self) -> str:
        return f"{self.name} {self.data_type} [{', '.join(map(str, self.dims))}]"


Tensors = TensorSpec | Sequence[TensorSpec]
"""One tensor, or several."""


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


def complete(config: Config, takes: Tensors, gives: Tensors) -> None:
    """Fill in, in place, what the configuration leaves out: tensors, maximum batch size and dynamic batching.

    Where it lists inputs, or outputs, these stay as they are.
    """
    for way, tensors in zip(_WAYS, (takes, gives), strict=True):
        config[way] = config.get(way) or [tensor.entry(way) for tensor in _several(tensors)]
    if not config.get("max_batch_size"):
        config["max_batch_size"] = DEFAULT_MAX_BATCH_SIZE
    if config["max_batch_size"] > 1 and "dynamic_batching" not in config and "sequence_batching" not in config:
        config["dynamic_batching"] = {}


def check(config: Mapping[str, Any], takes: Tensors, gives: Tensors) -> None:
    """Check that the configuration has the given inputs and outputs, in any order, and a batch axis.

    Raises:
        ModelConfigError: it does not; only optional tensors may be missing.

    >>> sent = TensorSpec("IMAGE", "TYPE_STRING", (1,))
    >>> check({"name": "m", "max_batch_size": 8, "input": [sent.entry("input")]}, sent, ())
    """
    name = config.get("name", "")
    if int(config.get("max_batch_size", 0)) < 1:
        raise ModelConfigError(
            f"model '{name}': expected max_batch_size of at least 1, got 0; set it, for example to "
            f"{DEFAULT_MAX_BATCH_SIZE}"
        )
    for way, tensors in zip(_WAYS, (takes, gives), strict=True):
        _check_tensors(f"model '{name}'", way, entries(config, way), _several(tensors))


def _check_tensors(model: str, way: Way, found: Sequence[Config], expected: Sequence[TensorSpec]) -> None:
    wanted = {tensor.name: tensor for tensor in expected}
    listed = [_tensor(entry) for entry in found]
    names = [tensor.name for tensor in listed]
    fits = (
        len(set(names)) == len(names)
        and all(tensor.optional or tensor.name in names for tensor in expected)
        and all(tensor.name in wanted and _may_be(tensor, wanted[tensor.name]) for tensor in listed)
    )
    if not fits:
        number = "one" if len(expected) == 1 else str(len(expected))
        raise ModelConfigError(
            f"{model}: expected {number} {way}{'s' * (len(expected) != 1)}, {' and '.join(map(_in_words, expected))}, "
            f"got {' and '.join(map(str, listed)) or 'none'}; correct the {way} in config.pbtxt, or leave it out"
        )


def _may_be(listed: TensorSpec, wanted: TensorSpec) -> bool:
    """Whether a configuration may list the tensor so: what we need in every request must not be optional."""
    same = (listed.data_type, listed.dims) == (wanted.data_type, wanted.dims)
    return same and (wanted.optional or not listed.optional)


def _in_words(tensor: TensorSpec) -> str:
    return f"{tensor} (optional)" if tensor.optional else str(tensor)


def _several(tensors: Tensors) -> tuple[TensorSpec, ...]:
    return (tensors,) if isinstance(tensors, TensorSpec) else tuple(tensors)


def _tensor(entry: Mapping[str, Any]) -> TensorSpec:
    dims = tuple(int(dim) for dim in entry["dims"])
    return TensorSpec(str(entry["name"]), str(entry["data_type"]), dims, bool(entry.get("optional", False)))
