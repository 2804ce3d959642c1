"""Whose a name in the repository is: an export adds versions to its own models and touches nobody else's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from google.protobuf.text_format import ParseError

from sightline_export.errors import NameTaken
from sightline_export.graph.cam import CAM
from sightline_export.repository.entry import ModelEntry
from sightline_export.repository.model_config import HEADER, ModelConfig, from_text, to_text

SOURCE_KEY = "sightline.source"
RESERVED_SUFFIXES = ("_network", "_explain", "_tiles")
RESERVED_PREFIXES = ("pixels_", "noise_", "png_", "class_map_", "faces_")
_TUNED = ("max_batch_size", "instance_group", "dynamic_batching")  # of a shared step; people may change these


def require_unreserved(name: str) -> None:
    """Raise NameTaken for a name that only steps of models and explanations have."""
    if name.endswith(RESERVED_SUFFIXES) or name.startswith(RESERVED_PREFIXES):
        raise NameTaken(
            f"expected a name that does not end in {' or '.join(RESERVED_SUFFIXES)} and does not begin with "
            f"{', '.join(RESERVED_PREFIXES)}, which steps of models have, got {name!r}; choose another with --name"
        )


def require_own_names(repository: Path, entries: Sequence[ModelEntry]) -> None:
    """Raise NameTaken unless every name of `entries` is free, or that of an earlier version of the same model.

    The versions of a model share one configuration, so they have to take and give the same tensors.
    """
    for entry in entries:
        path = repository / entry.name / "config.pbtxt"
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
        if text is None:
            continue
        there = _parsed(text) if text.startswith(HEADER) else None
        if there is None:
            raise NameTaken(
                f"expected {path} to be free or written by `sightline export`, got somebody else's model; choose "
                "another with --name"
            )
        promised, offered = _essence(there, entry), _essence(from_text(to_text(entry.config)), entry)
        gives = offered.get("output", [])
        if not entry.versioned and gives and all(output in gives for output in promised.get("output", [])):
            promised["output"] = gives  # a shared step may gain outputs, but lose none
        if promised != offered:
            key = next(key for key in {**promised, **offered} if promised.get(key) != offered.get(key))
            raise NameTaken(
                f"expected {entry.name} with the {key} of the versions that are there, {_short(promised.get(key))}, "
                f"got {_short(offered.get(key))}: all versions of a model share one configuration; choose another "
                "name with --name"
            )


def grown(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> ModelConfig:
    """The configuration of a shared step that is there, with the outputs and the batches that another user wants.

    A shared step only grows, because other models count on it: what it gives and takes already, it keeps.
    """
    names = {output["name"] for output in there.get("output", [])}
    gained = [output for output in wanted.get("output", []) if output["name"] not in names]
    size = max(int(config.get("max_batch_size", 0)) for config in (there, wanted))
    return {**there, "output": [*there.get("output", []), *gained], "max_batch_size": size}


def is_own_network(folder: Path, version: int) -> bool:
    """Whether `sightline export` wrote this version of a network: only that may be taken away again."""
    config, graph = folder / "config.pbtxt", folder / str(version) / "model.onnx"
    if not (config.is_file() and graph.is_file() and config.read_text(encoding="utf-8").startswith(HEADER)):
        return False
    try:
        metadata = onnx.load(graph, load_external_data=False).metadata_props
    except DecodeError:
        return False
    return any(entry.key == SOURCE_KEY for entry in metadata)


def _parsed(text: str) -> ModelConfig | None:
    try:
        return from_text(text)
    except ParseError:
        return None


def _essence(config: Mapping[str, Any], entry: ModelEntry) -> dict[str, Any]:
    """What two versions, or two users of a shared step, have to have in common."""
    if not entry.versioned:
        return {key: value for key, value in config.items() if key not in _TUNED}
    tensors = {
        kind: [
            (tensor["name"], tensor["data_type"], tensor["dims"])
            for tensor in config.get(kind, [])
            if tensor["name"] != CAM  # comes and goes with --explain; only the explanation of the same version reads it
        ]
        for kind in ("input", "output")
    }
    return {"backend": config.get("backend"), "platform": config.get("platform"), **tensors}


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 160 else f"{text[:160]}…"
