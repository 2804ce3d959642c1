"""The text files of an entry: configurations, labels, golden answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from google.protobuf import text_format

from sightline_backend.model_config import string_parameters
from sightline_export.errors import RepositoryUnusable
from sightline_export.repository.model_config import ModelConfig, from_text
from sightline_export.spelling import did_you_mean

TOLERANCE = 1e-4


def labels_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The `labels` parameter of an ensemble's configuration; empty where there is none or it is no JSON list."""
    try:
        labels = json.loads(string_parameters(config).get("labels", "[]"))
    except ValueError:
        return ()
    return tuple(map(str, cast("list[object]", labels))) if isinstance(labels, list) else ()


def config_of(repository: Path, name: str) -> ModelConfig:
    """Read its `config.pbtxt`. Raises RepositoryUnusable where there is none, or it is none."""
    path = repository / name / "config.pbtxt"
    try:
        return from_text(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        names = sorted(p.parent.name for p in repository.glob("*/config.pbtxt"))
        question = did_you_mean(name, names)
        raise RepositoryUnusable(
            f"expected the entry {name} in {repository}, got {len(names)} of other names; "
            + (f"{question} If not, " if question else "")
            + "name the repository that the service was exported to with --repository"
        ) from error
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        reason = " ".join(str(error).split())[:160]
        raise RepositoryUnusable(
            f"expected a configuration at {path}, got: {reason}; export the model again"
        ) from error


def pinned_version(step: Mapping[str, Any]) -> int | None:
    """The version that a step of an ensemble names; None where it takes the newest.

    >>> pinned_version({"model_name": "cnn_network", "model_version": "2"})
    2
    """
    version = int(step.get("model_version", -1))
    return version if version > 0 else None


def label_file(folder: Path) -> tuple[str, ...]:
    """The lines of `labels.txt`; empty where there is none. Raises RepositoryUnusable where it can't be read."""
    path = folder / "labels.txt"
    try:
        return tuple(path.read_text(encoding="utf-8").splitlines()) if path.is_file() else ()
    except (OSError, UnicodeDecodeError) as error:
        raise RepositoryUnusable(f"expected labels in UTF-8 in {path}, got: {error}; write it in UTF-8") from error


def tolerance_of(golden: Path, output: str) -> float:
    """The largest that golden answers state for `output`; TOLERANCE where they state none."""
    try:
        cases = json.loads(golden.read_text(encoding="utf-8"))["cases"]
        return max(float(case["outputs"][output]["tolerance"]) for case in cases)
    except (OSError, ValueError, LookupError, TypeError):
        return TOLERANCE
