"""Golden answers: whether they can be read, and are of the model that they lie in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, cast

from sightline_backend.model_config import Config, entries
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.readable import is_file
from sightline_export.lint.tensors import WAYS, text_of
from sightline_export.lint.versions import version_folders

_AGAIN = "export the model again as a new version"


def check_goldens(model: Model) -> Iterator[Finding]:
    """Every golden.json below the version folders; the service refuses to call itself ready without them."""
    for version in version_folders(model.folder):
        path = model.folder / str(version) / "golden" / "golden.json"
        if _there(path):
            yield from (replace(finding, answers=True) for finding in _check_file(model, version, path))


def _there(path: Path) -> bool:
    """Whether there is something, and be it in a folder that can't be read."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _check_file(model: Model, version: int, path: Path) -> Iterator[Finding]:
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        cases = [dict(case) for case in document["cases"]]
        named = str(document["model"]), int(document["version"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        yield model.error_in(path, line, "golden-unreadable", "golden answers as JSON", f"{error!r}", _AGAIN)
        return
    if named != (model.name, version):
        yield model.error_in(
            path, None, "golden-model", f"answers of {model.name} {version}", f"{named[0]} {named[1]}", _AGAIN
        )
    if not cases:
        yield model.error_in(path, None, "golden-unreadable", "at least one case", "none", _AGAIN)
    for case in cases:
        for way in WAYS:
            try:
                yield from _check_tensors(model, path, way, str(case["name"]), dict(case[f"{way}s"]))
            except (KeyError, TypeError, ValueError) as error:
                yield model.error_in(path, None, "golden-unreadable", f"a case with {way}s", f"{error!r}", _AGAIN)


def _check_tensors(model: Model, path: Path, way: str, case: str, tensors: dict[str, Any]) -> Iterator[Finding]:
    known = {str(entry["name"]): entry for entry in entries(model.config, way)}
    for name, tensor in tensors.items():
        if known and name not in known:
            yield model.error_in(
                path, None, "golden-tensor", f"the {way}s {', '.join(known)} in case {case}", name, _AGAIN
            )
        elif known:
            yield from _check_tensor(model, path, f"{name} of case {case}", cast(Config, dict(tensor)), known[name])
    for name in known:
        if way == "input" and name not in tensors and not known[name].get("optional"):
            yield model.error_in(path, None, "golden-tensor", f"the input {name} in case {case}", "none", _AGAIN)


def _check_tensor(model: Model, path: Path, what: str, tensor: Config, entry: Config) -> Iterator[Finding]:
    data_type = str(entry["data_type"]).removeprefix("TYPE_").replace("STRING", "BYTES")
    if str(tensor["datatype"]) != data_type:
        yield model.error_in(path, None, "golden-tensor", f"{data_type} for {what}", str(tensor["datatype"]), _AGAIN)
    shape, dims = [int(size) for size in tensor["shape"]], [int(size) for size in entry["dims"]]
    if len(shape) != len(dims) or any(b not in (-1, a) for a, b in zip(shape, dims, strict=True)):
        yield model.error_in(
            path, None, "golden-tensor", f"the shape {text_of(dims)} for {what}", text_of(shape), _AGAIN
        )
    if "file" in tensor:
        file = str(tensor["file"])
        if Path(file).name != file or not is_file(path.parent / file):
            yield model.error_in(
                path, None, "golden-file", f"the file {file} beside golden.json, for {what}", "no such file", _AGAIN
            )
    elif len(list(tensor["values"])) != prod(shape):
        yield model.error_in(
            path, None, "golden-tensor", f"{prod(shape)} values for {what}", str(len(tensor["values"])), _AGAIN
        )
