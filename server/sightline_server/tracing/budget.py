"""Budgets: how long a stage may take."""

import re
from collections.abc import Mapping

from sightline_server.errors import OverBudgetError
from sightline_server.tracing.waterfall import Waterfall

TOTAL = "total"
_NS = {"us": 1e3, "ms": 1e6, "s": 1e9}
_BUDGET = re.compile(r"(?P<stage>[a-z][a-z ]*)=(?P<number>\d+(\.\d+)?)(?P<unit>us|ms|s)")


def budgets_from_text(text: str) -> dict[str, float]:
    """Read budgets: stage -> nanoseconds.

    Raises:
        ValueError: it is not a list of `stage=duration`, separated by commas.

    >>> budgets_from_text("decode=4ms,client encode=200us")
    {'decode': 4000000.0, 'client encode': 200000.0}
    """
    budgets: dict[str, float] = {}
    for part in text.split(","):
        match = _BUDGET.fullmatch(part.strip())
        if match is None:
            raise ValueError(
                "expected stages with durations in us, ms or s, such as decode=4ms,inference=10ms, "
                f"got {part.strip()!r}"
            )
        budgets[match["stage"]] = float(match["number"]) * _NS[match["unit"]]
    return budgets


def overruns(waterfall: Waterfall, budgets: Mapping[str, float]) -> list[str]:
    """One sentence for each stage, over all steps, that takes longer than its budget, or that there is not.

    The stage `total` is the whole request.
    """
    known = sorted({TOTAL, *(row.stage for row in waterfall.rows)})
    found: list[str] = []
    for stage, budget_ns in budgets.items():
        spent_ns = waterfall.wall_ns if stage == TOTAL else waterfall.stage_ns(stage)
        if stage not in known:
            found.append(f"{stage}: expected one of the stages {', '.join(known)}")
        elif spent_ns > budget_ns:
            found.append(f"{stage}: expected at most {budget_ns / 1e6:g} ms, got {spent_ns / 1e6:.2f} ms")
    return found


def require_budgets(waterfall: Waterfall, budgets: Mapping[str, float]) -> None:
    """Raises:
    OverBudgetError: A stage takes longer than its budget.
    """
    found = overruns(waterfall, budgets)
    if found:
        raise OverBudgetError(f"{waterfall.model} is over its budget: {'; '.join(found)}.")
