"""The methods of Triton's ModelConfig, which `auto_complete_config` of a Python model is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from sightline_backend.model_config import Config

CONFIG = object()
"""What the argument of `auto_complete_config` is known as."""

_KEYS = {"name", "data_type", "dims", "optional"}


class Refused(Exception):
    """Triton's own helper refuses what the source adds. line: of the source."""

    def __init__(self, line: int, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, got {found}")
        self.line, self.expected, self.found = line, expected, found


class Unclear(Exception):
    """The source does something that is not followed."""


def _add_input(line: int, entry: object, config: Config) -> None:
    _add(line, entry, config, "input", _KEYS)


def _add_output(line: int, entry: object, config: Config) -> None:
    _add(line, entry, config, "output", _KEYS - {"optional"})


def _add(line: int, given: object, config: Config, way: str, allowed: set[str]) -> None:
    entry = _dictionary(given)
    if set(entry) - allowed or not {"name", "data_type", "dims"} <= set(entry):
        raise Refused(line, f"{', '.join(sorted(allowed))} in each {way}", ", ".join(sorted(entry)))
    for there in config[way]:
        if there["name"] == entry["name"]:
            for key in ("data_type", "dims"):
                if there[key] not in ("TYPE_INVALID", []) and there[key] != entry[key]:
                    raise Refused(line, f"{key} {entry[key]} for {entry['name']} in config.pbtxt too", str(there[key]))
            there.update(entry)
            return
    config[way].append(entry)


def _set_max_batch_size(line: int, size: object, config: Config) -> None:
    if not isinstance(size, int):
        raise Unclear
    if config["max_batch_size"] > size:
        raise Refused(line, f"a max_batch_size of at most {size}", str(config["max_batch_size"]))
    config["max_batch_size"] = size


def _set_dynamic_batching(line: int, config: Config) -> None:
    if "sequence_batching" in config:
        raise Refused(line, "no sequence_batching where the model sets dynamic batching", "sequence_batching")
    config.setdefault("dynamic_batching", {})


def _set_policy(line: int, given: object, config: Config) -> None:
    policy = _dictionary(given)
    if set(policy) - {"decoupled"}:
        raise Refused(line, "decoupled as the only property of the policy", ", ".join(sorted(policy)))
    there = config.setdefault("model_transaction_policy", {})
    if policy and there.get("decoupled", policy["decoupled"]) != policy["decoupled"]:
        raise Refused(line, f"decoupled: {str(policy['decoupled']).lower()} in config.pbtxt too", str(there))
    there.update(policy)


def _dictionary(given: object) -> dict[str, Any]:
    if not isinstance(given, dict) or not all(isinstance(key, str) for key in cast("dict[Any, Any]", given)):
        raise Unclear
    return dict(cast("dict[str, Any]", given))


_ONE_ARGUMENT: dict[str, Callable[[int, object, Config], None]] = {
    "add_input": _add_input,
    "add_output": _add_output,
    "set_max_batch_size": _set_max_batch_size,
    "set_model_transaction_policy": _set_policy,
}


def call(name: str, line: int, arguments: Sequence[object], config: Config) -> None:
    """Do to the configuration what a method does.

    Raises:
        Refused: as the method does.
        Unclear: there is no such method, or it is not given what it takes.
    """
    if name in _ONE_ARGUMENT and len(arguments) == 1:
        _ONE_ARGUMENT[name](line, arguments[0], config)
    elif name == "set_dynamic_batching" and not arguments:
        _set_dynamic_batching(line, config)
    else:
        raise Unclear
