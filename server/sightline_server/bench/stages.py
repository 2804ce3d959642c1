"""What Triton counts of each model, and what a request spent where between two looks at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Counters:
    """Triton's statistics of one model since it was loaded, or what came in addition; times in nanoseconds.

    A request is counted with the whole time of the batch that it was part of.
    """

    requests: int = 0
    """Answered ones."""
    failed: int = 0
    rows: int = 0
    """Pictures: a request with a batch of 4 has 4."""
    executions: int = 0
    """How often the model ran, whatever the size of the batch."""
    total_ns: int = 0
    queue_ns: int = 0
    input_ns: int = 0
    infer_ns: int = 0
    output_ns: int = 0

    def __add__(self, other: Counters) -> Counters:
        return Counters(*(mine + others for mine, others in zip(values(self), values(other), strict=True)))

    def __sub__(self, earlier: Counters) -> Counters:
        grown = [now - before for now, before in zip(values(self), values(earlier), strict=True)]
        if min(grown) < 0:
            raise ValueError("expected Triton's statistics to grow, some fell: the model was loaded again meanwhile")
        return Counters(*grown)


def values(counters: Counters) -> tuple[int, ...]:
    return tuple(getattr(counters, field.name) for field in fields(counters))


def growth(before: Mapping[str, Counters], after: Mapping[str, Counters], models: Iterable[str]) -> dict[str, Counters]:
    """What each of `models` did between two looks.

    Raises:
        ValueError: A model was loaded again between them.
    """
    return {model: after.get(model, Counters()) - before.get(model, Counters()) for model in models}


@dataclass(frozen=True)
class Stage:
    """Where a request was in one model; milliseconds, means per call of that model."""

    model: str
    calls: float
    """How often a request of a user came here."""
    batch: float
    """Rows of a run of the model: what dynamic batching reached."""
    queue_ms: float
    input_ms: float
    infer_ms: float
    output_ms: float
    total_ms: float


def stages(rounds: Sequence[Mapping[str, Counters]], model: str) -> tuple[Stage, ...]:
    """The stages of all rounds taken together, `model` first; what ran nothing is left out."""
    if not rounds:
        return ()
    sums = {name: sum((each[name] for each in rounds), Counters()) for name in rounds[0]}
    asked = sums[model].requests
    return tuple(stage(name, each, asked) for name, each in sums.items() if each.requests and asked)


def stage(model: str, counters: Counters, asked: int) -> Stage:
    def mean_ms(nanoseconds: int) -> float:
        return nanoseconds / counters.requests / 1e6

    return Stage(
        model,
        calls=counters.requests / asked,
        batch=counters.rows / max(counters.executions, 1),
        queue_ms=mean_ms(counters.queue_ns),
        input_ms=mean_ms(counters.input_ns),
        infer_ms=mean_ms(counters.infer_ns),
        output_ms=mean_ms(counters.output_ns),
        total_ms=mean_ms(counters.total_ns),
    )
