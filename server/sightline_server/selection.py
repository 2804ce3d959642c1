"""Which models of a repository can be served, and what has to be loaded for them."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sightline_server.errors import ModelNotBuiltError, UnknownModelError
from sightline_server.repository import Model


@dataclass(frozen=True)
class Selection:
    """What is going to be served."""

    models: tuple[Model, ...]
    """All models that will be loaded, steps of ensembles and what they ask included."""
    top_level: tuple[str, ...]
    """The models that users call: parts of none of the others."""
    notes: tuple[str, ...]
    """One sentence for each model that was left out."""

    @property
    def loaded_by_name(self) -> tuple[str, ...]:
        """What tritonserver has to be told to load, each after what it asks; it finds the steps of an ensemble."""
        steps = {step for model in self.models for step in model.steps}
        return tuple(model.name for model in in_order_of_need(self.models) if model.name not in steps)


def select(models: dict[str, Model], chosen: Sequence[str] | None = None) -> Selection:
    """Chooses what to serve: everything that is built, or the models of `chosen` with all that they need.

    Steps whose work the models that need them do themselves, in the variant that is served, are left out unless they
    are chosen.

    Raises:
        UnknownModelError: A name of `chosen` is not in the repository.
        ModelNotBuiltError: A model of `chosen` has no version, or nothing at all can be served.
    """
    for name in chosen or ():
        if name not in models:
            raise UnknownModelError(f"The repository holds no model {name!r}. {advice(name, models)}")
    wanted = list(dict.fromkeys(chosen)) if chosen else [name for name in models if name not in absorbed(models)]
    problems = {name: problem for name in wanted if (problem := why_not_servable(models[name], models))}
    if chosen and problems:
        raise ModelNotBuiltError(" ".join(problems.values()))
    served = [name for name in wanted if name not in problems]
    used = {part for name in wanted for part in parts_of(models[name], models)}
    # a shared part that is not built is already named by the models that wait for it
    notes = tuple(problem for name, problem in problems.items() if name not in used)
    if not served or (not chosen and notes and set(served) <= used):
        raise ModelNotBuiltError(f"No model of the repository can be served yet. {' '.join(notes)}")
    parts = {part for name in served for part in parts_of(models[name], models)}
    return Selection(
        models=tuple(models[name] for name in sorted({*served, *parts})),
        top_level=tuple(name for name in served if name not in parts),
        notes=notes,
    )


def advice(name: str, models: Mapping[str, Model]) -> str:
    """The names that somebody may have meant, three at most; where none is near, how many there are and where."""
    near = get_close_matches(name, models, 3)
    if near:
        return f"Did you mean {', '.join(map(repr, near))}?"
    folders = sorted({str(model.path.parent) for model in models.values()})
    return f"It holds {len(models)} of other names; `ls {shlex.join(folders)}` lists them. Correct the name."


def absorbed(models: Mapping[str, Model]) -> frozenset[str]:
    """Names of the steps that no model needs as models of their own."""
    return frozenset(step for model in models.values() for step in model.absorbs)


def parts_of(model: Model, models: Mapping[str, Model]) -> tuple[str, ...]:
    """Names of all that a model needs: its steps, what they ask, their own parts; some may be missing in `models`."""
    found: dict[str, None] = {}
    waiting = [*model.parts]
    while waiting:
        name = waiting.pop(0)
        if name not in found and name != model.name:
            found[name] = None
            waiting += models[name].parts if name in models else ()
    return tuple(found)


def in_order_of_need(models: Iterable[Model]) -> tuple[Model, ...]:
    """Each model after its parts, else in the given order."""
    by_name = {model.name: model for model in models}
    begun: set[str] = set()
    ordered: list[Model] = []

    def add(model: Model) -> None:
        if model.name in begun:
            return
        begun.add(model.name)
        for part in model.parts:
            if part in by_name:
                add(by_name[part])
        ordered.append(model)

    for model in by_name.values():
        add(model)
    return tuple(ordered)


def why_not_servable(model: Model, models: Mapping[str, Model]) -> str | None:
    """Why a model cannot be loaded, as one sentence; None when it can."""
    export = f"run `sightline export {model.name}`"
    if not model.versions:
        return f"{model.name} has no version folder yet: {export}."
    parts = parts_of(model, models)
    missing = [part for part in parts if part not in models]
    if missing:
        return f"{model.name} needs {enumeration(missing)}, which the repository does not hold: {export}."
    unbuilt = [part for part in parts if not models[part].versions]
    if unbuilt:
        return f"{model.name} needs {enumeration(unbuilt)}, which has no version folder yet: {export}."
    return None


def enumeration(names: Iterable[str]) -> str:
    return " and ".join(names)
