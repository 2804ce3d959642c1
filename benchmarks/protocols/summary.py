"""From the rounds to the figures of the tables: medians with the least and the greatest, ratios within a round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.client.overhead import Overhead
from benchmarks.protocols.results import NAMES, REFERENCE, WAYS, Load, Round, Way
from benchmarks.serving.summary import Spread, spread


@dataclass(frozen=True)
class LoadSummary:
    """One way at one concurrency. ratio: of answers per second, to HTTP in the same round; None where HTTP has none.

    missing: rounds without figures, `failures` says why, each cause once. The figures are None where no round has any.
    """

    way: Way
    concurrency: int
    per_s: Spread | None
    ratio: Spread | None
    p50_ms: Spread | None
    p95_ms: Spread | None
    missing: int
    failures: tuple[str, ...]


@dataclass(frozen=True)
class CallSummary:
    """One call at a time through one client over one protocol: milliseconds on the clock, and of our process.

    to_bare: the ratio to tritonclient's over the same protocol, to_http: to the same client's over HTTP; both of the
    same round, on the clock and of processor time.
    """

    client: str
    protocol: str
    wall_ms: Spread
    cpu_ms: Spread
    wall_to_bare: Spread
    cpu_to_bare: Spread
    wall_to_http: Spread
    cpu_to_http: Spread


@dataclass(frozen=True)
class _Client:
    name: str
    wall_ms: Callable[[Overhead], float]
    cpu_ms: Callable[[Overhead], float]


_BARE = _Client("tritonclient's `infer`", lambda each: each.bare_ms, lambda each: each.bare_cpu_ms)
_OURS = _Client("`Client.classify`", lambda each: each.ours_ms, lambda each: each.ours_cpu_ms)


def load_summaries(rounds: Sequence[Round]) -> tuple[LoadSummary, ...]:
    """By way, and then by concurrency."""
    concurrency = sorted({load.concurrency for each in rounds for load in each.loads})
    return tuple(_load_summary(rounds, way, each) for way in WAYS for each in concurrency)


def call_summaries(rounds: Sequence[Round]) -> tuple[CallSummary, ...]:
    """By protocol, tritonclient's first."""
    return tuple(_call_summary(rounds, client, protocol) for protocol in NAMES for client in (_BARE, _OURS))


def _load_summary(rounds: Sequence[Round], way: Way, concurrency: int) -> LoadSummary:
    found = [(_load(each, way, concurrency), _load(each, REFERENCE, concurrency)) for each in rounds]
    good = [load for load, _ in found if load.failure is None]
    pairs = [(load, reference) for load, reference in found if load.failure is None and reference.failure is None]
    failures = [load.failure for load, _ in found if load.failure is not None]
    return LoadSummary(
        way,
        concurrency,
        per_s=_spread(load.per_s for load in good),
        ratio=_spread(load.per_s / reference.per_s for load, reference in pairs),
        p50_ms=_spread(load.p50_ms for load in good),
        p95_ms=_spread(load.p95_ms for load in good),
        missing=len(failures),
        failures=tuple(dict.fromkeys(failures)),
    )


def _load(measured: Round, way: Way, concurrency: int) -> Load:
    return next(load for load in measured.loads if (load.way, load.concurrency) == (way, concurrency))


def _call_summary(rounds: Sequence[Round], client: _Client, protocol: str) -> CallSummary:
    here = [each.calls[protocol] for each in rounds]
    over_http = [each.calls[REFERENCE.protocol] for each in rounds]
    pairs = list(zip(here, over_http, strict=True))
    return CallSummary(
        client.name,
        protocol,
        wall_ms=spread(client.wall_ms(each) for each in here),
        cpu_ms=spread(client.cpu_ms(each) for each in here),
        wall_to_bare=spread(client.wall_ms(each) / _BARE.wall_ms(each) for each in here),
        cpu_to_bare=spread(client.cpu_ms(each) / _BARE.cpu_ms(each) for each in here),
        wall_to_http=spread(client.wall_ms(each) / client.wall_ms(http) for each, http in pairs),
        cpu_to_http=spread(client.cpu_ms(each) / client.cpu_ms(http) for each, http in pairs),
    )


def _spread(values: Iterable[float]) -> Spread | None:
    known = list(values)
    return spread(known) if known else None
