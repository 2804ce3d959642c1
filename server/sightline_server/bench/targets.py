"""The models to measure: found on the server, and given requests and a golden answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from sightline_server.bench.requests import Request, requests_of, takes_picture
from sightline_server.bench.service import Served
from sightline_server.errors import NotAnsweringError, NotARepositoryError, UnknownModelError
from sightline_server.golden import Case, read_golden


@dataclass(frozen=True)
class Target:
    """One model that is measured."""

    model: str
    version: int
    parts: tuple[str, ...]
    """Names of its steps, and of what it asks, and their own."""
    requests: tuple[Request, ...]
    golden: Case | None
    """The request whose answer is compared before and after; None where the repository has none."""
    sends_pictures: bool
    """Whether pictures of the user are sent instead of the golden ones."""


@dataclass(frozen=True)
class Targets:
    """What is measured, and a sentence for each model of which there is something to say."""

    targets: tuple[Target, ...]
    notes: tuple[str, ...]


def find_targets(
    served: Mapping[str, Served], wanted: Sequence[str], repository: Path, pictures: Sequence[bytes]
) -> Targets:
    """Finds the models of `wanted`, or else all that users call, and what to send them.

    Args:
        served: What the server has loaded.
        wanted: Names of models; empty for those that are parts of none of the others.
        repository: Where golden requests and answers are looked for.
        pictures: See `requests_of`.

    Raises:
        UnknownModelError: The server does not know a model of `wanted`, nor does the repository.
        NotAnsweringError: The repository holds it, the server has not loaded it; or nothing is loaded.
        NotARepositoryError: There is nothing to send to a model of `wanted`, or to any; or a file cannot be read.
    """
    for name in wanted:
        require_served(name, served, repository)
    names = tuple(dict.fromkeys(wanted)) or top_level(served)
    found = [target(name, served, golden_cases(repository, name, served[name].version), pictures) for name in names]
    mute = [each.model for each in found if not each.requests]
    if mute and (wanted or len(mute) == len(found)):
        raise NotARepositoryError(
            f"{mute[0]} version {served[mute[0]].version} cannot be measured: expected golden requests to send in "
            f"{golden_file(repository, mute[0], served[mute[0]].version)}, found none. Name the repository that is "
            "served with --model-repository, or pictures with --pictures."
        )
    notes = [
        f"{name} is left out: the repository has no golden requests of it, so nobody knows what to send."
        for name in mute
    ]
    measured = tuple(each for each in found if each.requests)
    notes += [
        f"{each.model}: answers are not checked, {repository} holds no golden answers of version {each.version}."
        for each in measured
        if each.golden is None
    ]
    notes += [
        f"{each.model} takes no picture; its golden requests are sent."
        for each in measured
        if pictures and not each.sends_pictures
    ]
    return Targets(measured, tuple(notes))


def require_served(name: str, served: Mapping[str, Served], repository: Path) -> None:
    if name in served:
        return
    if (repository / name / "config.pbtxt").is_file():
        raise NotAnsweringError(
            f"{name} is in {repository}, but the server has not loaded it. Build it with `sightline export {name}` if "
            "it has no version yet, and start `sightline serve` again."
        )
    near = get_close_matches(name, served, n=1)
    advice = f"Did you mean {near[0]!r}?" if near else f"It serves {', '.join(top_level(served)) or 'nothing'}."
    raise UnknownModelError(f"The server has no model {name!r}. {advice}")


def top_level(served: Mapping[str, Served]) -> tuple[str, ...]:
    """Names of the models that are parts of none of the others."""
    parts = {part for each in served.values() for part in each.parts}
    return tuple(name for name in sorted(served) if name not in parts)


def parts_below(name: str, served: Mapping[str, Served]) -> tuple[str, ...]:
    """Names of all models that work for one: its parts and theirs, each after those that need it first."""
    found: dict[str, None] = {}
    waiting = [*served[name].parts]
    while waiting:
        part = waiting.pop(0)
        if part in served and part not in found and part != name:
            found[part] = None
            waiting += served[part].parts
    return tuple(found)


def target(name: str, served: Mapping[str, Served], cases: Sequence[Case], pictures: Sequence[bytes]) -> Target:
    model = served[name]
    return Target(
        name,
        model.version,
        parts_below(name, served),
        requests_of(model.inputs, cases, pictures),
        cases[0] if cases else None,
        sends_pictures=bool(pictures) and takes_picture(model.inputs),
    )


def golden_cases(repository: Path, model: str, version: int) -> tuple[Case, ...]:
    path = golden_file(repository, model, version)
    return read_golden(path).cases if path.is_file() else ()


def golden_file(repository: Path, model: str, version: int) -> Path:
    return repository / model / str(version) / "golden" / "golden.json"
