"""`sightline probe`: whether a running server answers, asked from outside with golden pictures.

It is the health check of a container: "ready" there means that a real inference of every model has just succeeded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sightline_server.control import CallFailed, Control
from sightline_server.errors import NoAnswerError, NotAnsweringError
from sightline_server.golden import read_golden
from sightline_server.probe import Outcome, Probe, classify, probe
from sightline_server.repository import Model, read_repository
from sightline_server.selection import enumeration, select

# a queue is full because the model works through it: it answers others
HEALTHY = (Outcome.OK, Outcome.BUSY)


@dataclass(frozen=True)
class Health:
    """What one model made of its first golden request."""

    model: str
    version: int
    result: Probe

    def __str__(self) -> str:
        detail = f" ({self.result.detail})" if self.result.detail else ""
        return f"{self.model} version {self.version}: {self.result.outcome.value}{detail}"


def ask(url: str, repository: Path, models: tuple[str, ...], timeout_s: float) -> tuple[Health, ...]:
    """Sends the first golden request of the newest version that the server has ready of each model.

    A newer version in the repository that the server has not loaded is not asked for. Models without golden answers
    are left out; so are models that the server does not serve, unless they are named or it serves none of them.

    Args:
        url: Where the server listens, as `grpc://localhost:8001`.
        repository: The repository that it serves.
        models: Only these, and all of these; empty means all that are served.
        timeout_s: Seconds to wait for each answer.

    Raises:
        NotARepositoryError, UnknownModelError, ModelNotBuiltError: There is nothing to ask.
    """
    selection = select(read_repository(repository), models)
    control = Control(urlsplit(url).netloc, control_key="")
    try:
        return tuple(_ask_each(control, selection.models, frozenset(models), timeout_s))
    finally:
        control.close()


def require_healthy(answers: tuple[Health, ...], url: str) -> None:
    """A model that is busy counts as healthy: its queue is full because it answers others.

    Raises:
        NoAnswerError: Nobody listens.
        NotAnsweringError: A model did not answer, or not as it did at export time, or none has golden answers.
    """
    if not answers:
        raise NotAnsweringError(
            "Expected at least one served model with golden answers to ask for, found none in the repository; "
            "export one with `sightline export`, and name the repository that is served with --model-repository."
        )
    if all(answer.result.outcome is Outcome.UNREACHABLE for answer in answers):
        raise NoAnswerError(f"Expected a server at {url}, nobody answers there; start it with `sightline serve`.")
    ill = [str(answer) for answer in answers if answer.result.outcome not in HEALTHY]
    if ill:
        raise NotAnsweringError(f"Expected every model to give its golden answer, got {enumeration(ill)}.")


def _ask_each(control: Control, models: Iterable[Model], named: frozenset[str], timeout_s: float) -> Iterable[Health]:
    try:
        served = control.served_versions(timeout_s)
    except CallFailed as error:
        # without the list no model can be asked; each of them is as ill as the server
        result = classify(error.status, error.message)
        yield from (Health(model.name, model.versions[-1], result) for model in models)
        return
    serves_any = any(model.name in served for model in models)
    for model in models:
        version = served.get(model.name, model.versions)[-1]
        path = model.golden_file(version)
        if model.name not in served:
            if model.name in named or (not serves_any and path.is_file()):
                yield Health(model.name, version, Probe(Outcome.NOT_READY, "the server does not serve it"))
        elif path.is_file():
            yield Health(
                model.name, version, probe(control, model.name, version, read_golden(path).cases[0], timeout_s)
            )
