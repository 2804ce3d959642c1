"""What a user of `sightline tune` asked for."""

from dataclasses import dataclass
from pathlib import Path

CONCURRENCY = (1, 8, 32)
"""Requests in flight at which every arrangement is measured."""


@dataclass(frozen=True)
class TuneOptions:
    """Everything that decides what is tried and what counts."""

    model: str
    repository: Path
    minutes: float
    cpus: int | None
    """Cores that the server may use; None for all that this process may use."""
    latency_budget_ms: float | None
    """For 95 % of the answers; None where only throughput counts."""
    runtime: Path | None

    def __post_init__(self) -> None:
        if not 0 < self.minutes <= 24 * 60:
            raise ValueError(f"--minutes: expected more than 0 and at most a day, got {self.minutes:g}.")
        if self.cpus is not None and self.cpus < 1:
            raise ValueError(f"--cpus: expected 1 or more, got {self.cpus}.")
        if self.latency_budget_ms is not None and not self.latency_budget_ms > 0:
            raise ValueError(f"--latency-budget-ms: expected more than 0, got {self.latency_budget_ms:g}.")
