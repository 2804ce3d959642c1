"""What to do about a model that does not answer and a tritonserver that ended. Decisions only: no clock, no process."""

from dataclasses import dataclass, field

QUICK_DEATH_S = 60.0
MAX_QUICK_DEATHS = 5
HANG_S = 60.0
FIRST_DELAY_S = 0.5
MAX_DELAY_S = 30.0
PROBE_INTERVAL_S = 2.0
MAX_PROBE_SHARE = 0.01


@dataclass
class RestartPolicy:
    """How long to wait before tritonserver is started again, and when to give up."""

    quick_deaths: int = 0

    def delay_after_death(self, lifetime_s: float) -> float | None:
        """Seconds to wait after it lived for `lifetime_s`; None: it dies again and again, give up."""
        self.quick_deaths = self.quick_deaths + 1 if lifetime_s < QUICK_DEATH_S else 1
        if self.quick_deaths >= MAX_QUICK_DEATHS:
            return None
        return min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** (self.quick_deaths - 1))


@dataclass
class RepairPolicy:
    """When a model may be reloaded: at once the first time, then ever later while it keeps dying."""

    attempts: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def is_due(self, model: str, now_s: float) -> bool:
        recent = self.recent(model, now_s)
        return not recent or now_s - recent[-1] >= min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** (len(recent) - 1))

    def record(self, model: str, now_s: float) -> None:
        self.attempts[model] = [*self.recent(model, now_s), now_s]

    def recent(self, model: str, now_s: float) -> list[float]:
        return [at for at in self.attempts.get(model, []) if now_s - at < 4 * MAX_DELAY_S]


def pause_after_probe_s(took_s: float, *, answered: bool) -> float:
    """How long a model is left alone after a probe, so that an idle server spends little time on a slow model.

    >>> pause_after_probe_s(0.005, answered=True), pause_after_probe_s(0.1, answered=True)
    (2.0, 10.0)
    """
    if not answered:
        return PROBE_INTERVAL_S
    return min(MAX_DELAY_S, max(PROBE_INTERVAL_S, took_s / MAX_PROBE_SHARE))


@dataclass
class HangWatch:
    """Tells a busy model from one that hangs: a timeout is a hang only when nobody else was answered either."""

    since: dict[str, tuple[float, int]] = field(default_factory=dict[str, tuple[float, int]])

    def answered(self, model: str) -> None:
        self.since.pop(model, None)

    def timed_out(self, model: str, successes: int, now_s: float) -> bool:
        """Records a timeout; True when the model has answered nobody for `HANG_S`.

        Args:
            model: The model that was asked.
            successes: How many requests it has answered in all.
            now_s: A monotonic clock.
        """
        first_s, count = self.since.setdefault(model, (now_s, successes))
        if successes != count:
            self.since[model] = (now_s, successes)
            return False
        return now_s - first_s >= HANG_S
