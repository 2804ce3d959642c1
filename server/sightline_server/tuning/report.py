"""The figures of an outcome as tables and as JSON, and the header of the file that is written."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sightline_server.arrangement import Arrangement
from sightline_server.bench.interval import MedianInterval, median_interval
from sightline_server.bench.table import interval, number
from sightline_server.tuning.explanation import choice, cores_in_words, explanation, status
from sightline_server.tuning.objective import Round, best_throughput_per_s, medians, score
from sightline_server.tuning.options import CONCURRENCY
from sightline_server.tuning.outcome import Outcome

FORMAT = 1
"""Counts changes of the JSON that a reader of it has to know of."""
LOAD_COLUMNS = ("ARRANGEMENT", "IN FLIGHT", "ANSWERS/S", "95% INTERVAL", "P95 MS", "95% INTERVAL", "ROUNDS")
COLUMNS = ("ARRANGEMENT", "SCORE", "MEMORY MIB", "ROUNDS", "NOTE")

Rows = list[tuple[str, ...]]


def load_table(outcome: Outcome) -> Rows:
    """The figures at each load, the names of the columns first."""
    rows: Rows = [LOAD_COLUMNS]
    for arrangement in outcome.ranked:
        rounds = outcome.rounds[arrangement]
        for load in CONCURRENCY:
            throughput = median_interval(each[load].throughput_per_s for each in rounds)
            p95 = median_interval(each[load].p95_ms for each in rounds)
            figures = (number(throughput.median), spread(throughput), number(p95.median), spread(p95))
            rows.append((str(arrangement), str(load), *figures, str(len(rounds))))
    return rows


def spread(found: MedianInterval) -> str:
    return interval(found) if found.count > 1 else "-"


def table(outcome: Outcome) -> Rows:
    """One line per arrangement, the names of the columns first."""
    return [
        COLUMNS,
        *(
            (
                str(each),
                f"{score_of(outcome, each):.3f}",
                f"{outcome.memory_mib[each]:.0f}",
                str(len(outcome.rounds[each])),
                status(outcome, each),
            )
            for each in outcome.ranked
        ),
    ]


def score_of(outcome: Outcome, arrangement: Arrangement) -> float:
    best = best_throughput_per_s(medians(rounds) for rounds in outcome.rounds.values())
    return score(medians(outcome.rounds[arrangement]), best)


def json_text(outcome: Outcome) -> str:
    decision = outcome.decision
    content = {
        "format": FORMAT,
        "model": outcome.options.model,
        "tuned_at": outcome.tuned_at,
        "machine": {"platform": outcome.machine, "cores": outcome.cores.count, "confined_to": outcome.cores.server},
        "settings": {
            "minutes": outcome.options.minutes,
            "latency_budget_ms": outcome.options.latency_budget_ms,
            "window_s": outcome.window_s,
        },
        "took_s": outcome.took_s,
        "chosen": asdict(decision.chosen),
        "default": asdict(decision.default),
        "comparison": {
            "challenger": asdict(decision.challenger) if decision.challenger else None,
            "measure": decision.measure.value,
            "gain": asdict(decision.gain) if decision.gain else None,
        },
        "explanation": explanation(outcome),
        "arrangements": [arrangement_object(outcome, each) for each in outcome.ranked],
        "left_out": [{"arrangement": asdict(each), "reason": why} for each, why in outcome.left_out.items()],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def arrangement_object(outcome: Outcome, arrangement: Arrangement) -> dict[str, Any]:
    return {
        **asdict(arrangement),
        "name": str(arrangement),
        "score": score_of(outcome, arrangement),
        "memory_mib": outcome.memory_mib[arrangement],
        "rounds": [round_object(each) for each in outcome.rounds[arrangement]],
    }


def round_object(figures: Round) -> dict[str, Any]:
    return {str(load): asdict(each) for load, each in figures.items()}


def header(outcome: Outcome) -> Sequence[str]:
    """Lines for the top of `configs/auto.pbtxt`."""
    figures = medians(outcome.rounds[outcome.decision.chosen])
    return [
        f"Written by `sightline tune {outcome.options.model}` on {outcome.tuned_at}, for this machine only:",
        f"{outcome.machine}, {cores_in_words(outcome.cores.count)}.",
        f"Arrangement: {outcome.decision.chosen}.",
        *(
            f"{load} in flight: {number(each.throughput_per_s)} answers/s, p95 {number(each.p95_ms)} ms."
            for load, each in figures.items()
        ),
        choice(outcome.decision),
    ]
