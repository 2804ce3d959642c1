"""Everything that a run of `sightline tune` found."""

from collections.abc import Mapping
from dataclasses import dataclass

from sightline_server.arrangement import Arrangement
from sightline_server.tuning.cores import Cores
from sightline_server.tuning.decision import Decision
from sightline_server.tuning.objective import Rounds, ranking
from sightline_server.tuning.options import TuneOptions


@dataclass(frozen=True)
class Outcome:
    """What was tried, with all figures, and what was chosen."""

    options: TuneOptions
    cores: Cores
    rounds: Rounds
    """Of every arrangement that gave figures."""
    memory_mib: Mapping[Arrangement, float]
    left_out: Mapping[Arrangement, str]
    """Arrangements that were not measured to the end, with the reason."""
    decision: Decision
    window_s: float
    took_s: float
    tuned_at: str
    """UTC, ISO 8601."""
    machine: str

    @property
    def ranked(self) -> list[Arrangement]:
        """Best first, by all rounds."""
        return ranking(self.rounds, self.options.latency_budget_ms)
