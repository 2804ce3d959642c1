"""Files with the names of classes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import cast

from sightline_backend.model_config import entries, string_parameters
from sightline_export.lint.edits import removal
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.readable import is_file


def check_labels(model: Model) -> Iterator[Finding]:
    for index, entry in enumerate(entries(model.config, "output")):
        name = str(entry.get("label_filename", ""))
        if not name:
            continue
        where = ("output", index, "label_filename")
        path = model.folder / name
        if not is_file(path):
            yield model.error(
                "label-file",
                where,
                f"the file {name} in the model's folder",
                "no such file",
                f"put one label per line into {model.name}/{name}, or take label_filename out",
                removal(model.fields, where) if not _has_labels(model) else (),
            )
            continue
        labels = _lines(path)
        if labels is None:
            yield model.error("label-file", where, f"a file {name} that can be read", "none", "make it readable")
        else:
            yield from _check_count(model, where, str(entry["name"]), list(entry["dims"]), labels)
    yield from _check_parameter(model)


def _has_labels(model: Model) -> bool:
    return any(model.folder.rglob("*.txt")) or "labels" in string_parameters(model.config)


def _check_count(
    model: Model, where: tuple[str | int, ...], name: str, dims: list[int], labels: list[str]
) -> Iterator[Finding]:
    count = prod(dims) if dims and -1 not in dims else None
    if count is not None and count != len(labels):
        yield model.warning(
            "label-count",
            where,
            f"one label for each of the {count} values of {name}",
            f"{len(labels)} lines",
            "correct the file, one label per line",
        )


def _check_parameter(model: Model) -> Iterator[Finding]:
    """The labels that clients read from the ensemble's parameters are those of its file."""
    parameters = string_parameters(model.config)
    text, path = parameters.get("labels"), model.folder / "labels.txt"
    if text is None or "task" not in parameters:
        return  # others may mean something else by it
    entry = model.fields.entry(("parameters",), "labels")
    where = ("parameters", entry or 0)
    try:
        read: object = json.loads(text)
    except ValueError:
        read = None
    labels = cast("list[object]", read) if isinstance(read, list) else None
    if labels is None or not all(isinstance(label, str) for label in labels):
        yield model.error(
            "labels-parameter",
            where,
            "a JSON list of texts",
            text[:60],
            "write the labels as a JSON list",
            answers=True,
        )
    elif (lines := _lines(path)) is not None and labels != lines:
        yield model.error(
            "labels-parameter",
            where,
            f"the labels of {model.name}/labels.txt",
            "others, so that clients and server disagree",
            "write the same labels in both",
            answers=True,
        )


def _lines(path: Path) -> list[str] | None:
    """The lines of a file; None where it can't be read."""
    try:
        return path.read_bytes().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return None
