"""The choice in words: pure functions of an outcome."""

from sightline_server.arrangement import Arrangement
from sightline_server.bench.interval import CONFIDENCE, MedianInterval
from sightline_server.bench.table import number
from sightline_server.tuning.decision import Decision
from sightline_server.tuning.objective import load_within, medians
from sightline_server.tuning.options import CONCURRENCY
from sightline_server.tuning.outcome import Outcome

LOADS = f"{', '.join(map(str, CONCURRENCY[:-1]))} and {CONCURRENCY[-1]} requests in flight"


def explanation(outcome: Outcome) -> list[str]:
    """Sentences, one per line: what was tried, what was chosen and why, what it costs."""
    lines = [tried(outcome), goal(outcome), choice(outcome.decision), memory(outcome), budget(outcome)]
    lines += [f"Left out: {each}: {reason}" for each, reason in outcome.left_out.items()]
    return [line for line in lines if line]


def tried(outcome: Outcome) -> str:
    count = len(outcome.rounds)
    ways = f"{count} {'arrangement' if count == 1 else 'arrangements'}"
    return (
        f"{outcome.options.model} on {cores_in_words(outcome.cores.count)}: {ways} measured in {outcome.took_s:.0f} s, "
        f"each at {LOADS}; all gave the golden answers."
    )


def cores_in_words(count: int) -> str:
    return f"{count} {'core' if count == 1 else 'cores'}"


def goal(outcome: Outcome) -> str:
    budget_ms = outcome.options.latency_budget_ms
    if budget_ms is None:
        return f"Looked for: the highest geometric mean of the throughput at {LOADS}."
    return f"Looked for: the highest throughput at any of {LOADS} with 95 % of the answers within {budget_ms:g} ms."


def choice(decision: Decision) -> str:
    if decision.challenger is None or decision.gain is None:
        return f"Chosen: the default, {decision.default}. There was nothing else to measure it against."
    gain = factor(decision.gain)
    if decision.is_replaced:
        default = f"the default, {decision.default}"
        return f"Chosen: {decision.challenger}. By the {decision.measure.value} it is {gain} as good as {default}."
    why = "not better by more than the noise of the rounds"
    if decision.gain.confidence < CONFIDENCE:
        why = "too few rounds to tell that from noise; --minutes gives more of them"
    return (
        f"Chosen: the default, {decision.default}. By the {decision.measure.value} the best of the others, "
        f"{decision.challenger}, is {gain} as good: {why}."
    )


def factor(gain: MedianInterval) -> str:
    rounds = f"{gain.count} {'round' if gain.count == 1 else 'rounds'}"
    return f"{gain.median:.2f} times ({gain.low:.2f} to {gain.high:.2f} with {gain.confidence:.0%}, {rounds})"


def memory(outcome: Outcome) -> str:
    decision = outcome.decision
    taken_mib = outcome.memory_mib[decision.chosen]
    said = f"Memory: its processes take {taken_mib:.0f} MiB beyond program files"
    if not decision.is_replaced:
        return f"{said}."
    more_mib = taken_mib - outcome.memory_mib[decision.default]
    return f"{said}, {abs(more_mib):.0f} MiB {'more' if more_mib >= 0 else 'less'} than the default."


def budget(outcome: Outcome) -> str:
    """What becomes of the latency budget; empty without one."""
    budget_ms = outcome.options.latency_budget_ms
    if budget_ms is None:
        return ""
    figures = medians(outcome.rounds[outcome.decision.chosen])
    load = load_within(figures, budget_ms)
    if load is None:
        lowest_ms = min(each.p95_ms for each in figures.values())
        return (
            f"The budget is NOT kept: nothing that was measured answers 95 % within {budget_ms:g} ms at any load; the "
            f"lowest p95 of the choice is {number(lowest_ms)} ms."
        )
    return (
        f"The budget is kept up to {load} in flight: {number(figures[load].throughput_per_s)} answers/s with a p95 of "
        f"{number(figures[load].p95_ms)} ms."
    )


def status(outcome: Outcome, arrangement: Arrangement) -> str:
    """A word on an arrangement, for the table."""
    decision = outcome.decision
    words = [
        "chosen" if arrangement == decision.chosen else "",
        "default" if arrangement == decision.default else "",
    ]
    return ", ".join(filter(None, words)) or "-"
