"""Asks a graph for one row and for more, of zeros: some graphs promise a batch axis and have their rows built in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from sightline_backend.model_config import Config, entries
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model

if TYPE_CHECKING:
    from sightline_backend.onnx_runtime.graph import Graph, GraphTensor
    from sightline_backend.onnx_runtime.session import Session

ANY_SIZE = 4  # what stands for a size that varies
FEW_ROWS = 8  # so many are tried in any case

_TYPES: dict[str, Any] = {
    "TYPE_BOOL": np.bool_,
    "TYPE_UINT8": np.uint8,
    "TYPE_UINT16": np.uint16,
    "TYPE_UINT32": np.uint32,
    "TYPE_UINT64": np.uint64,
    "TYPE_INT8": np.int8,
    "TYPE_INT16": np.int16,
    "TYPE_INT32": np.int32,
    "TYPE_INT64": np.int64,
    "TYPE_FP16": np.float16,
    "TYPE_FP32": np.float32,
    "TYPE_FP64": np.float64,
}


def check_rows(model: Model, config: Config, graph: Graph, session: Session) -> Iterator[Finding]:
    """Run one row, two rows and, where they are few, all rows through a graph whose configuration promises them."""
    most = int(config["max_batch_size"])
    if not most or "sequence_batching" in config:
        return
    one = _refusal(session, graph, config, 1)
    if one is not None:
        if _fixed(graph, config):
            yield model.error(
                "row-refused",
                ("max_batch_size",),
                "a graph that takes a single row",
                f"it refuses one: {one}",
                "export it again with a dynamic batch axis: sizes inside it do not fit to one row",
                answers=True,
            )
        return
    for rows in sorted({min(2, most), most} if most <= FEW_ROWS else {2}):
        refused = _refusal(session, graph, config, rows)
        if refused is not None:
            yield model.error(
                "one-row-only",
                ("max_batch_size",),
                f"a graph that takes {most} rows at once, as max_batch_size says",
                f"it takes one and refuses {'two' if rows == 2 else rows}: {refused}",
                "export it again with a dynamic batch axis: a reshape inside it has the batch of the example",
                answers=True,
            )
            return


def _fixed(graph: Graph, config: Config) -> bool:
    """Whether no size but the batch varies: where one does, another may be right than the one that was tried."""
    arrays = _feeds(graph, config, 1)
    return all(array.shape == _feeds(graph, config, 1, size=ANY_SIZE + 1)[name].shape for name, array in arrays.items())


def _refusal(session: Session, graph: Graph, config: Config, rows: int) -> str | None:
    """Why the graph takes so many rows neither of zeros nor of ones; None where it takes them."""
    zeros = _feeds(graph, config, rows)
    ones = {name: array if array.dtype == np.object_ else np.ones_like(array) for name, array in zeros.items()}
    said = _answer(session, graph, config, rows, zeros)
    return said if said is None or _answer(session, graph, config, rows, ones) is not None else None


def _feeds(graph: Graph, config: Config, rows: int, size: int = ANY_SIZE) -> dict[str, NDArray[Any]]:
    given = {str(entry["name"]): entry for entry in entries(config, "input")}
    return {tensor.name: _zeros(tensor, given.get(tensor.name), rows, size) for tensor in graph.inputs}


def _answer(session: Session, graph: Graph, config: Config, rows: int, feeds: dict[str, NDArray[Any]]) -> str | None:
    import onnxruntime

    listed = {str(entry["name"]) for entry in entries(config, "output")}
    outputs = [tensor.name for tensor in graph.outputs if tensor.name in listed or not listed]
    options = cast(Any, onnxruntime).RunOptions()
    options.log_severity_level = 4  # a refusal is an answer here
    try:
        for name, array in zip(outputs, session.run(outputs, feeds, options), strict=True):
            if np.asarray(array).shape[:1] != (rows,):
                return f"{name} has {np.asarray(array).shape[:1] or 'no'} rows"
    except Exception as error:
        return " ".join(str(error).split())[:200]
    return None


def _zeros(tensor: GraphTensor, entry: Config | None, rows: int, any_size: int) -> NDArray[Any]:
    sizes = list(tensor.dims[1:])
    if entry is not None:
        chosen = entry["reshape"]["shape"] if "reshape" in entry else entry["dims"]
        sizes = [wanted if wanted > 0 else size for wanted, size in zip(chosen, sizes, strict=True)]
    shape = (rows, *(size if size > 0 else any_size for size in sizes))
    if tensor.data_type == "TYPE_STRING":
        return np.full(shape, "", np.object_)
    return np.zeros(shape, _TYPES[tensor.data_type])
