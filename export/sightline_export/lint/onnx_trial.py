"""Asks a graph for one row and for two, of zeros: some graphs promise a batch axis and have one row built in."""

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
    """Run one row and two rows through a graph whose configuration promises more than one."""
    if config["max_batch_size"] < 2 or "sequence_batching" in config:
        return
    one, two = (_refusal(session, graph, config, rows) for rows in (1, 2))
    if two is not None and one is None:
        yield model.error(
            "one-row-only",
            ("max_batch_size",),
            f"a graph that takes {config['max_batch_size']} rows at once, as max_batch_size says",
            f"it takes one and refuses two: {two}",
            "export it again with a dynamic batch axis: a reshape inside it has the batch of the example",
            answers=True,
        )


def _refusal(session: Session, graph: Graph, config: Config, rows: int) -> str | None:
    """Why the graph does not take so many rows; None where it does."""
    import onnxruntime

    given = {str(entry["name"]): entry for entry in entries(config, "input")}
    feeds = {tensor.name: _zeros(tensor, given.get(tensor.name), rows) for tensor in graph.inputs}
    outputs = [tensor.name for tensor in graph.outputs]
    options = cast(Any, onnxruntime).RunOptions()
    options.log_severity_level = 4  # a refusal is an answer here
    try:
        for name, array in zip(outputs, session.run(outputs, feeds, options), strict=True):
            if np.asarray(array).shape[:1] != (rows,):
                return f"{name} has {np.asarray(array).shape[:1] or 'no'} rows"
    except Exception as error:
        return " ".join(str(error).split())[:200]
    return None


def _zeros(tensor: GraphTensor, entry: Config | None, rows: int) -> NDArray[Any]:
    sizes = list(tensor.dims[1:])
    if entry is not None:
        chosen = entry["reshape"]["shape"] if "reshape" in entry else entry["dims"]
        sizes = [wanted if wanted > 0 else size for wanted, size in zip(chosen, sizes, strict=True)]
    shape = (rows, *(size if size > 0 else ANY_SIZE for size in sizes))
    if tensor.data_type == "TYPE_STRING":
        return np.full(shape, "", np.object_)
    return np.zeros(shape, _TYPES[tensor.data_type])
