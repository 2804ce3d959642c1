"""Inputs and outputs of a configuration, by the rules of Triton's core."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Literal

from sightline_backend.model_config import Config, entries
from sightline_export.lint.edits import removal
from sightline_export.lint.findings import Finding
from sightline_export.lint.locate import Path
from sightline_export.lint.model import Model

Way = Literal["input", "output"]
WAYS: tuple[Way, Way] = ("input", "output")


def check_tensors(model: Model) -> Iterator[Finding]:
    """Every input and output by itself, then their names together; `model` is completed."""
    for way in WAYS:
        for index, entry in enumerate(entries(model.config, way)):
            yield from _check_entry(model, way, index, entry)
    yield from _check_names(model)


def text_of(dims: Sequence[int]) -> str:
    return f"[{', '.join(map(str, dims))}]"


def _check_entry(model: Model, way: Way, index: int, entry: Config) -> Iterator[Finding]:
    where = (way, index)
    name = str(entry["name"]) or f"{way} {index + 1}"
    if not entry["name"]:
        yield model.error("tensor-without-name", where, f"a name for the {way}", "none", 'add name: "…"')
    if entry["data_type"] == "TYPE_INVALID":
        yield model.error(
            "tensor-without-type", where, f"a data_type for {name}", "none", "add data_type, for example TYPE_FP32"
        )
    if not entry["dims"]:
        yield model.error(
            "tensor-without-dims",
            where,
            f"dims for {name}",
            "none",
            "add dims, without the batch axis if max_batch_size > 0",
        )
    yield from _check_sizes(model, (*where, "dims"), name, entry["dims"])
    yield from _check_reshape(model, where, name, entry)
    if way == "input" and entry["format"] in ("FORMAT_NHWC", "FORMAT_NCHW") and len(entry["dims"]) != 3:
        yield model.error(
            "format-needs-3-dims",
            (*where, "format"),
            f"3 dims for {name}, which is a picture by its format {entry['format']}",
            text_of(entry["dims"]),
            "take the format out, or correct dims",
        )
    for key, what in (("is_shape_tensor", "a shape tensor"), ("is_non_linear_format_io", "a non-linear format")):
        if entry.get(key) and model.config["platform"] != "tensorrt_plan":
            yield model.error(
                "only-in-tensorrt",
                (*where, key),
                f"{what} in TensorRT models only",
                f"{name} of the backend {model.config['backend']}",
                f"take {key} out",
                removal(model.fields, (*where, key)),
            )


def _check_sizes(model: Model, where: Path, name: str, dims: Sequence[int]) -> Iterator[Finding]:
    for index, size in enumerate(dims):
        if size < 1 and size != -1:
            yield model.error(
                "dims-value",
                (*where, index),
                f"{where[-1]} of {name} of 1 or more, or -1 for any size",
                str(size),
                "write the size, or -1",
            )


def _check_reshape(model: Model, where: Path, name: str, entry: Config) -> Iterator[Finding]:
    if "reshape" not in entry:
        return
    dims, shape = list(entry["dims"]), list(entry["reshape"]["shape"])
    place = (*where, "reshape")
    if not shape and model.max_batch_size == 0:
        yield model.error(
            "reshape",
            place,
            f"a reshape of {name} with a size, as there is no batch axis",
            "an empty one",
            "take the reshape out",
        )
    yield from _check_sizes(model, (*place, "shape"), name, shape)
    if not _same_elements(dims, shape):
        yield model.error(
            "reshape",
            place,
            f"as many elements in reshape as in dims of {name}, and -1 between the same numbers",
            f"dims {text_of(dims)} and shape {text_of(shape)}",
            "correct the shape",
        )


def _same_elements(dims: list[int], shape: list[int]) -> bool:
    if not shape:
        return _count(dims) in (0, 1)
    return _chunks(dims) == _chunks(shape)


def _count(dims: list[int]) -> int:
    return -1 if -1 in dims else prod(dims) if dims else 0


def _chunks(dims: list[int]) -> list[int]:
    """The number of elements before, between and after the sizes that vary."""
    chunks = [1]
    for size in dims:
        if size == -1:
            chunks.append(1)
        else:
            chunks[-1] *= size
    return chunks


def _check_names(model: Model) -> Iterator[Finding]:
    for way in WAYS:
        found = entries(model.config, way)
        for index, entry in enumerate(found):
            same = [other for other in found[:index] if other["name"] == entry["name"]]
            if not same or not entry["name"]:
                continue
            expected, again = f"each {way} once", f"{entry['name']} again"
            changes = removal(model.fields, (way, index)) if entry in same else []
            edit = "take one of them out, or correct its name"
            if way == "input":
                yield model.error("tensor-twice", (way, index), expected, again, edit, changes, answers=True)
            else:
                yield model.warning("tensor-twice", (way, index), expected, again, edit, changes)
