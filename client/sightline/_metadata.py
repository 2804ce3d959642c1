"""From what Triton says about a model to a `ModelInfo`; pure.

Triton's JSON over HTTP and its protobuf over gRPC (turned into a dict with the field names of the schema) have one
form, but for two liberties that are taken care of here: protobuf's JSON writes 64-bit integers as strings and leaves
out fields that hold their default.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, cast

from sightline.errors import InferenceFailed
from sightline.results import ModelInfo, TensorInfo


def parse_model(metadata: Mapping[str, Any], config: Mapping[str, Any], *, version: int | None = None) -> ModelInfo:
    """Return the model that a metadata and a configuration answer of Triton describe; None: its newest version."""
    name = str(metadata.get("name", ""))
    try:
        optional = frozenset(str(each["name"]) for each in config.get("input", ()) if each.get("optional"))
        return ModelInfo(
            name=name,
            task=_parameter(config, "task"),
            version=max(int(each) for each in metadata["versions"]) if version is None else version,
            labels=_labels(name, _parameter(config, "labels")),
            inputs=tuple(_tensor(each, optional) for each in metadata.get("inputs", ())),
            outputs=tuple(_tensor(each) for each in metadata.get("outputs", ())),
            max_batch_size=int(config.get("max_batch_size", 0)),
            method=_parameter(config, "method"),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise InferenceFailed(
            f"expected a description of a model in Triton's form, got one that cannot be read ({exc!r}); "
            "check that the address is that of an inference server",
            model=name or None,
        ) from exc


def parse_ready_models(statistics: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return name and version of each model in a statistics answer, sorted."""
    try:
        return sorted((str(each["name"]), int(each["version"])) for each in statistics.get("model_stats", ()))
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise InferenceFailed(
            f"expected a list of models in Triton's form, got one that cannot be read ({exc!r}); "
            "check that the address is that of an inference server"
        ) from exc


def _parameter(config: Mapping[str, Any], key: str) -> str | None:
    value = config.get("parameters", {}).get(key, {}).get("string_value")
    return str(value) if value else None


def _labels(model: str, text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    expected = "expected the parameter `labels` of the model's config.pbtxt to be a JSON list of strings"
    advice = "export the model again, or correct the file"
    try:
        labels: object = json.loads(text)
    except ValueError as exc:
        raise InferenceFailed(f"{expected}, got {text[:80]!r}; {advice}", model=model) from exc
    if not isinstance(labels, list) or not all(isinstance(each, str) for each in cast(list[object], labels)):
        raise InferenceFailed(f"{expected}, got {text[:80]!r}; {advice}", model=model)
    return tuple(cast(list[str], labels))


def _tensor(tensor: Mapping[str, Any], optional: Collection[str] = ()) -> TensorInfo:
    return TensorInfo(
        name=str(tensor["name"]),
        datatype=str(tensor["datatype"]),
        shape=tuple(int(size) for size in tensor.get("shape", ())),
        is_optional=str(tensor["name"]) in optional,
    )
