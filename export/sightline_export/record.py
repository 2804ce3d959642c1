"""What an export measured, kept with the version as `record.json`, so that reports can be made of it any day."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline_export.errors import RepositoryUnusable
from sightline_export.measures.figures import Figure, Measurement

RECORD = "record.json"


@dataclass(frozen=True)
class Record:
    """One version of a model.

    origin, weights: where the network is from, and its weights, in a few words.
    """

    name: str
    version: int
    task: str
    summary: str
    architecture: str
    origin: str
    weights: str
    parameters: int
    exported_on: str
    measurement: Measurement


def write_record(folder: Path, record: Record) -> None:
    """Write the record into the version's folder. Raises OSError."""
    measurement = record.measurement
    document = {
        "name": record.name,
        "version": record.version,
        "task": record.task,
        "summary": record.summary,
        "architecture": record.architecture,
        "origin": record.origin,
        "weights": record.weights,
        "parameters": record.parameters,
        "exported_on": record.exported_on,
        "figures": [
            {"name": figure.name, "value": figure.value, "floor": figure.floor} for figure in measurement.figures
        ],
        "per_class": {row: dict(columns) for row, columns in measurement.per_class.items()},
    }
    (folder / RECORD).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_record(folder: Path) -> Record:
    """Read what :func:`write_record` wrote. Raises RepositoryUnusable where it can't be read."""
    path = folder / RECORD
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        figures = tuple(
            Figure(
                str(figure["name"]),
                _number(figure["value"]),
                None if figure["floor"] is None else _number(figure["floor"]),
            )
            for figure in document["figures"]
        )
        per_class = {
            str(row): {str(column): _number(value) for column, value in columns.items()}
            for row, columns in document["per_class"].items()
        }
        return Record(
            name=str(document["name"]),
            version=int(document["version"]),
            task=str(document["task"]),
            summary=str(document["summary"]),
            architecture=str(document["architecture"]),
            origin=str(document["origin"]),
            weights=str(document["weights"]),
            parameters=int(document["parameters"]),
            exported_on=str(document["exported_on"]),
            measurement=Measurement(figures, per_class),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RepositoryUnusable(
            f"expected the record of an exported version in {path}, got {type(error).__name__}: {error}; export the "
            "model again as a new version"
        ) from error


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is no finite number")
    return number
