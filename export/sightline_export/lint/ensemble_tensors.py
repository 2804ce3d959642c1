"""Whether names, types and shapes of an ensemble's tensors are those of the models behind its steps."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sightline_backend.model_config import Config, entries, section
from sightline_export.lint.edits import replacement
from sightline_export.lint.ensemble_pairs import Tensor, check_pair
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.tensors import WAYS, Way


def check_tensors_agree(model: Model, models: Mapping[str, Model]) -> Iterator[Finding]:
    """Hold the ensemble `model` against those of its steps whose configuration is known."""
    tensors: dict[str, Tensor] = {}
    steps = [
        (index, step, models[str(step["model_name"])])
        for index, step in enumerate(entries(section(model.config, "ensemble_scheduling"), "step"))
        if str(step["model_name"]) in models
    ]
    said = _said(steps)
    for way in WAYS:
        for index, entry in enumerate(entries(model.config, way)):
            dims = entry["reshape"]["shape"] if "reshape" in entry else entry["dims"]
            own = _tensor(model, entry, tuple(dims))
            certain = len(said.get(str(entry["name"]), ())) == 1
            tensors.setdefault(str(entry["name"]), replace(own, where=(way, index), certain=certain))
    for index, step, known in steps:
        for way in WAYS:
            yield from _check_map(model, known, index, step, way, tensors)


def _said(steps: Sequence[tuple[int, Config, Model]]) -> dict[str, set[Tensor]]:
    """What the steps say of each ensemble tensor, whoever says it."""
    said: dict[str, set[Tensor]] = {}
    for _, step, known in steps:
        for way in WAYS:
            offered = {str(entry["name"]): entry for entry in entries(known.config, way)}
            for key, tensor in step[f"{way}_map"].items():
                if key in offered:
                    new = replace(_tensor(known, offered[key], tuple(offered[key]["dims"])), owner="")
                    said.setdefault(str(tensor), set()).add(new)
    return said


def _tensor(model: Model, entry: Config, dims: tuple[int, ...]) -> Tensor:
    return Tensor(model.name, str(entry["data_type"]), dims, model.max_batch_size > 0)


def _check_map(
    model: Model, known: Model, index: int, step: Config, way: Way, tensors: dict[str, Tensor]
) -> Iterator[Finding]:
    mapping: dict[str, str] = step[f"{way}_map"]
    where = ("ensemble_scheduling", "step", index, f"{way}_map")
    offered = {str(entry["name"]): entry for entry in entries(known.config, way)}
    for key, tensor in mapping.items():
        entry = model.fields.entry(where, key)
        place = (*where, entry) if entry is not None else where
        if key not in offered:
            yield _unknown_key(model, known, place, way, key, [name for name in offered if name not in mapping])
            continue
        if way == "output" and [str(one["name"]) for one in entries(known.config, way)].count(key) > 1:
            yield model.error(
                "tensor-made-twice",
                place,
                f"one output {key} of {known.name}",
                "several of that name",
                f"take the others out of {known.name}/config.pbtxt",
            )
        new = _tensor(known, offered[key], tuple(offered[key]["dims"]))
        old = tensors.setdefault(tensor, new)
        if old is not new:
            yield from check_pair(model, place, tensor, old, new)
            yield from _check_optional(model, known, key, old, offered[key])
    if way == "input":
        for name, entry in offered.items():
            if name not in mapping and not entry.get("optional"):
                yield model.error(
                    "step-input-missing",
                    where,
                    f"all inputs of {known.name}, {', '.join(offered)}",
                    f"an input_map without {name}",
                    f'add input_map {{ key: "{name}" value: "…" }}',
                )


def _check_optional(model: Model, known: Model, key: str, old: Tensor, entry: Config) -> Iterator[Finding]:
    """An input that users may leave out reaches nobody then, so the steps that take it must do without it."""
    if old.where[:1] == ("input",) and not entry.get("optional"):
        index = int(old.where[1])
        if entries(model.config, "input")[index].get("optional"):
            name = entries(model.config, "input")[index]["name"]
            yield model.error(
                "ensemble-optional",
                (*old.where, "optional"),
                f"{name} in every request, as {known.name} can't do without its input {key}",
                "optional: true",
                f"take optional out, or write optional: true in {known.name}",
                answers=True,
            )


def _unknown_key(
    model: Model, known: Model, place: tuple[str | int, ...], way: Way, key: str, free: list[str]
) -> Finding:
    sure = free[0] if len(free) == 1 and way == "input" else ""
    near = sure or next(iter(difflib.get_close_matches(key, free, 1)), "")
    changes = replacement(model.fields, (*place, "key"), f'"{sure}"') if sure else []
    return model.error(
        "step-tensor",
        place,
        f"an {way} of {known.name} as key: {', '.join(sorted(str(e['name']) for e in entries(known.config, way)))}",
        key,
        f"write {near}" if near else "correct the key",
        changes,
    )
