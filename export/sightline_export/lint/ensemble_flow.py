"""How tensors flow through the steps of an ensemble, by the rules of Triton's core."""

from __future__ import annotations

from collections.abc import Iterator

from sightline_backend.model_config import entries, section
from sightline_export.lint.edits import removal
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model


def check_flow(model: Model) -> Iterator[Finding]:
    """Every tensor is made once, from tensors that are there, and is used."""
    steps = entries(section(model.config, "ensemble_scheduling"), "step")
    made: dict[str, list[set[str]]] = {}  # tensor -> what each step that writes it reads
    read: dict[str, tuple[str | int, ...]] = {}
    complete = True
    for index, step in enumerate(steps):
        where = ("ensemble_scheduling", "step", index)
        for key, example in (("model_name", '"…"'), ("input_map", "{ … }"), ("output_map", "{ … }")):
            if not step[key]:
                complete = False
                yield model.error("step-incomplete", where, f"{key} in every step", "none", f"add {key}: {example}")
        sources = {str(tensor) for tensor in step["input_map"].values()}
        read |= {tensor: (*where, "input_map") for tensor in sources if tensor not in read}
        for tensor in step["output_map"].values():
            if tensor in made:
                yield model.error(
                    "tensor-made-twice",
                    (*where, "output_map"),
                    "each ensemble tensor written by one step",
                    f"{tensor} written again",
                    "give it another name",
                )
            made.setdefault(str(tensor), []).append(sources)
    if complete:
        yield from _check_ends(model, made, read)


def _check_ends(
    model: Model, made: dict[str, list[set[str]]], read: dict[str, tuple[str | int, ...]]
) -> Iterator[Finding]:
    inputs = [str(entry["name"]) for entry in entries(model.config, "input")]
    outputs = [str(entry["name"]) for entry in entries(model.config, "output")]
    for index, name in enumerate(inputs):
        if name not in read and name not in made:
            yield model.error(
                "ensemble-input-unused",
                ("input", index),
                f"a step that takes the ensemble's input {name}",
                "none",
                f"map it in an input_map, or take the input {name} out",
            )
    there = _reachable(set(inputs), made)
    for index, name in enumerate(outputs):
        if name not in made and name not in read:
            yield model.error(
                "ensemble-output-not-made",
                ("output", index),
                f"a step that gives {name}",
                "none",
                "map it in an output_map",
            )
        elif name not in there:
            yield model.error(
                "ensemble-output-not-made",
                ("output", index),
                f"{name} made from the ensemble's inputs {', '.join(inputs)}",
                f"steps before it that wait for {', '.join(sorted(_wanting(name, made, there)))}",
                "connect the input_map of that step",
            )
    for name in sorted((set(made) | set(read)) - set(outputs)):
        if name not in there:
            yield model.error(
                "tensor-not-made",
                read.get(name, ()),
                f"a step or an input that gives {name}",
                "none",
                "correct its name",
            )
        elif name not in read:
            place = _output_place(model, name)
            yield model.error(
                "tensor-unused",
                place,
                f"a step that takes {name}, or an output of that name",
                "neither",
                "take it out of output_map",
                removal(model.fields, place) if _others(model, place) else (),
            )


def _reachable(there: set[str], made: dict[str, list[set[str]]]) -> set[str]:
    there = set(there)
    while True:
        new = {name for name, ways in made.items() if name not in there and set[str]().union(*ways) <= there}
        if not new:
            return there
        there |= new


def _wanting(name: str, made: dict[str, list[set[str]]], there: set[str]) -> set[str]:
    seen, waiting, ends = set[str](), [name], set[str]()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        sources = set[str]().union(*made.get(current, [])) - there
        waiting += sources
        if current not in made:
            ends.add(current)
    return ends or {name}


def _output_place(model: Model, tensor: str) -> tuple[str | int, ...]:
    for index, step in enumerate(entries(section(model.config, "ensemble_scheduling"), "step")):
        for key, value in step["output_map"].items():
            if value == tensor:
                where = ("ensemble_scheduling", "step", index, "output_map")
                entry = model.fields.entry(where, str(key))
                return (*where, entry) if entry is not None else where
    return ("ensemble_scheduling",)


def _others(model: Model, place: tuple[str | int, ...]) -> bool:
    """Whether the step has another output left: one without any is refused too."""
    return isinstance(place[-1], int) and len(model.fields.all(place[:-1])) > 1
