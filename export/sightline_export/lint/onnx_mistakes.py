"""Turns a refusal of ONNX Runtime or of the backend into findings with a place and an edit."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sightline_backend.model_config import Config, entries
from sightline_export.lint.edits import dims as dims_edit
from sightline_export.lint.edits import quoted, replacement, setting
from sightline_export.lint.findings import Finding
from sightline_export.lint.locate import Path as FieldPath
from sightline_export.lint.model import Model
from sightline_export.lint.tensors import WAYS, Way, text_of

if TYPE_CHECKING:
    from sightline_backend.onnx_runtime.graph import Graph, GraphTensor

_NO_OPERATOR = (
    "is not a registered function/op",
    "No Op registered for",
    "No opset import for domain",
    "NOT_IMPLEMENTED",
    "Could not find an implementation",
)
_PREFIX = re.compile(r"^onnx runtime error \d+: (Load model from \S+ failed:\s*)?")


def refused(model: Model, path: Path, message: str) -> Finding:
    """ONNX Runtime does not open the file."""
    text = " ".join(_PREFIX.sub("", message).split())
    if any(sign in text for sign in _NO_OPERATOR):
        rule, edit = "unknown-operator", "export it without this operator, or with another opset"
    elif "opset" in text.lower():
        rule, edit = "opset", "export it again with opset 20"
    else:
        rule, edit = "graph-refused", "export it again; onnx.checker.check_model says more"
    return model.error_in(path, None, rule, "a graph that ONNX Runtime opens", text[:300], edit)


def mismatches(model: Model, config: Config, graph: Graph, message: str) -> list[Finding]:
    """What differs between a configuration and its graph; `message` is the backend's own refusal."""
    found = [
        *_frozen_batch(model, config, graph),
        *(finding for way in WAYS for finding in _check_way(model, config, way, graph)),
    ]
    if found:
        return found
    return [model.error("graph-mismatch", ("input",), "what the graph offers", message, "correct config.pbtxt")]


def _frozen_batch(model: Model, config: Config, graph: Graph) -> Iterator[Finding]:
    if not config["max_batch_size"]:
        return
    named = {str(entry["name"]) for way in WAYS for entry in entries(config, way)}
    for tensor in (*graph.inputs, *graph.outputs):
        if (tensor.name in named or not named) and tensor.dims[:1] != (-1,):
            yield model.error(
                "frozen-batch-axis",
                ("max_batch_size",),
                f"a first dimension of {tensor.name} that varies, for max_batch_size {config['max_batch_size']}",
                f"{text_of(tensor.dims)} in the graph",
                "export it again with a dynamic batch axis, or set max_batch_size: 0 and add the first size to dims",
            )
            return


def _check_way(model: Model, config: Config, way: Way, graph: Graph) -> Iterator[Finding]:
    offered = {tensor.name: tensor for tensor in (graph.inputs if way == "input" else graph.outputs)}
    allowed = offered | ({tensor.name: tensor for tensor in graph.initializers} if way == "input" else {})
    given = [str(entry["name"]) for entry in entries(config, way)]
    missing = [name for name in offered if name not in given] if way == "input" else []
    wrong = [index for index, name in enumerate(given) if name not in allowed]
    free = [name for name in offered if name not in given]
    for index in wrong:
        sure = free[0] if len(wrong) == len(free) == 1 else ""
        near = sure or next(iter(difflib.get_close_matches(given[index], free, 1)), "")
        where = (way, index, "name")
        yield model.error(
            "tensor-name",
            where,
            f"one of the graph's {way}s, {', '.join(sorted(allowed))}",
            given[index],
            f"write {near}" if near else "correct the name",
            replacement(model.fields, where, quoted(sure)) if sure else (),
        )
    for name in missing if len(missing) > len(wrong) else ():
        yield model.error(
            "input-missing",
            (way,),
            f"all inputs of the graph, {', '.join(offered)}",
            f"{', '.join(given)} without {name}",
            f"add input {{ name: {quoted(name)} data_type: {offered[name].data_type} dims: … }}",
        )
    for index, entry in enumerate(entries(config, way)):
        if entry["name"] in allowed:
            yield from _check_entry(model, config, (way, index), entry, allowed[entry["name"]], exact=way == "output")


def _check_entry(
    model: Model, config: Config, where: FieldPath, entry: Config, tensor: GraphTensor, *, exact: bool
) -> Iterator[Finding]:
    if entry["data_type"] != tensor.data_type:
        known = tensor.data_type != "TYPE_INVALID"
        place = (*where, "data_type")
        yield model.error(
            "tensor-type",
            place,
            f"{tensor.data_type} for {tensor.name}, as in the graph" if known else "a type that is served",
            str(entry["data_type"]),
            f"write data_type: {tensor.data_type}" if known else "export it with another type, for example float32",
            setting(model.fields, place, tensor.data_type) if known and model.given else (),
        )
    batching = bool(config["max_batch_size"])
    if batching and tensor.dims[:1] != (-1,):
        return  # said already
    wanted = tensor.dims[1:] if batching else tensor.dims
    reshape = entry.get("reshape")
    given = tuple(int(size) for size in (entry["dims"] if reshape is None else reshape["shape"]))
    fits = len(given) == len(wanted) and all(
        a == b or (a == -1 and not exact) for a, b in zip(wanted, given, strict=True)
    )
    if fits or (not tensor.dims and set(given) <= {1}):
        return
    place = (*where, "dims") if reshape is None else (*where, "reshape", "shape")
    right = wanted or (1,)
    if len(given) == len(wanted) and not exact:  # a fixed size where the graph takes any is a choice
        right = tuple(b if a == -1 else a for a, b in zip(wanted, given, strict=True))
    certain = reshape is None and len(wanted) > 0 and (batching or len(given) == len(wanted))
    yield model.error(
        "tensor-dims",
        place,
        f"dims {text_of(wanted)} for {tensor.name}, as in the graph{' without its batch axis' if batching else ''}",
        text_of(given),
        f"write dims: {text_of(right)}",
        dims_edit(model.fields, place, right) if certain else (),
    )
