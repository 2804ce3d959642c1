"""Tensors that Triton makes of a whole batch."""

from __future__ import annotations

from collections.abc import Iterator

from sightline_backend.model_config import entries
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.tensors import WAYS


def check_batch_tensors(model: Model) -> Iterator[Finding]:
    known = {way: {str(entry["name"]) for entry in entries(model.config, way)} for way in WAYS}
    for key in ("batch_input", "batch_output"):
        for index, entry in enumerate(entries(model.config, key)):
            where = (key, index)
            if len(entry["source_input"]) != 1:
                yield model.error(
                    "batch-tensor",
                    where,
                    f"one source_input in {key}",
                    str(len(entry["source_input"])),
                    "name one input",
                )
            if key == "batch_input" and entry["data_type"] not in ("TYPE_INT32", "TYPE_FP32"):
                yield model.error(
                    "batch-tensor",
                    (*where, "data_type"),
                    "TYPE_INT32 or TYPE_FP32 in batch_input",
                    str(entry["data_type"]),
                    "correct data_type",
                )
            for name in entry["source_input"]:
                if name not in known["input"]:
                    yield model.error(
                        "batch-tensor", where, f"an input as source of {key}", repr(name), _one_of(known["input"])
                    )
            for name in entry["target_name"] if key == "batch_output" else ():
                if name not in known["output"]:
                    yield model.error(
                        "batch-tensor", where, f"an output as target of {key}", repr(name), _one_of(known["output"])
                    )


def _one_of(names: set[str]) -> str:
    return f"name one of {', '.join(sorted(names)) or 'them'}"
