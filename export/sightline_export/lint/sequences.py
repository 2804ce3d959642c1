"""The batcher of sequences: its control inputs and strategies."""

from __future__ import annotations

from collections.abc import Iterator

from sightline_backend.model_config import Config, entries, section
from sightline_export.lint.findings import Finding
from sightline_export.lint.locate import Path
from sightline_export.lint.model import Model

_BOOLEANS = ("CONTROL_SEQUENCE_START", "CONTROL_SEQUENCE_END", "CONTROL_SEQUENCE_READY")
_VALUES = ("int32_false_true", "fp32_false_true", "bool_false_true")
_IDS = ("TYPE_UINT64", "TYPE_INT64", "TYPE_UINT32", "TYPE_INT32", "TYPE_STRING")


def check_sequences(model: Model, batching: Config) -> Iterator[Finding]:
    where = ("sequence_batching", "control_input")
    controls = entries(batching, "control_input")
    names = [str(control["name"]) for control in controls]
    for index, name in enumerate(names):
        if not name:
            yield model.error(
                "sequence-control", (*where, index), "a name for each control input", "none", "add its name"
            )
        elif name in names[:index]:
            yield model.error(
                "sequence-control",
                (*where, index),
                "each control input once",
                f"{name} again",
                "put both controls into one",
            )
    seen: set[str] = set()
    for index, control in enumerate(controls):
        for number, one in enumerate(entries(control, "control")):
            place = (*where, index, "control", number)
            kind = str(one["kind"])
            if kind in seen and kind in (*_BOOLEANS, "CONTROL_SEQUENCE_CORRID"):
                yield model.error("sequence-control", place, f"one {kind}", "another", "take one of them out")
            seen.add(kind)
            yield from _check_control(model, place, kind, one)
    for strategy in ("oldest", "direct"):
        if strategy in batching:
            chosen = section(batching, strategy)
            yield from (
                check_preferred(model, ("sequence_batching", strategy, "preferred_batch_size"), chosen)
                if (strategy == "oldest")
                else _check_slots(model, chosen)
            )


def _check_control(model: Model, place: Path, kind: str, control: Config) -> Iterator[Finding]:
    given = [key for key in _VALUES if control[key]]
    if kind in _BOOLEANS:
        if len(given) != 1 or len(control[given[0]]) != 2:
            found = ", ".join(f"{key} {control[key]}" for key in given) or "none"
            yield model.error(
                "sequence-control",
                place,
                f"one of {', '.join(_VALUES)} with two values for {kind}",
                found,
                "write, for example, int32_false_true: [0, 1]",
            )
    elif kind == "CONTROL_SEQUENCE_CORRID":
        if given:
            yield model.error("sequence-control", place, f"a data_type for {kind}", given[0], f"take {given[0]} out")
        elif control["data_type"] not in _IDS:
            yield model.error(
                "sequence-control",
                place,
                f"one of {', '.join(_IDS)} for {kind}",
                str(control["data_type"]),
                "correct data_type",
            )


def _check_slots(model: Model, direct: Config) -> Iterator[Finding]:
    share = float(direct["minimum_slot_utilization"])
    if not 0.0 <= share <= 1.0:
        yield model.error(
            "sequence-slots",
            ("sequence_batching", "direct", "minimum_slot_utilization"),
            "a share from 0 to 1",
            f"{share:g}",
            "correct minimum_slot_utilization",
        )


def check_preferred(model: Model, where: Path, section: Config) -> Iterator[Finding]:
    for index, size in enumerate(section["preferred_batch_size"]):
        if not 0 < size <= model.max_batch_size:
            yield model.error(
                "preferred-batch-size",
                (*where, index),
                f"preferred batch sizes from 1 to max_batch_size, which is {model.max_batch_size}",
                str(size),
                "take the size out" if model.max_batch_size else "set max_batch_size, or take dynamic_batching out",
            )
