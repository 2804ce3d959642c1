"""How long measurements take, from a first one."""

import time
from dataclasses import dataclass

from sightline_server.bench.analyzer import NoFigures
from sightline_server.bench.analyzer_log import WINDOWS
from sightline_server.errors import MeasurementError
from sightline_server.tuning.contestant import Contestant, LoadGenerator
from sightline_server.tuning.options import CONCURRENCY, TuneOptions
from sightline_server.tuning.schedule import race_s

SHORTEST_WINDOW_S = 0.25
CYCLES = 2
"""How often every request in flight should be answered in a window."""
MARGIN = 1.1
"""Of the time that a round takes over the one that was tried."""


@dataclass(frozen=True)
class Pace:
    """window_s: of a measurement, which has three; round_s: what a round of one arrangement takes."""

    window_s: float
    round_s: float


def pace_of(generator: LoadGenerator, default: Contestant, answer_s: float) -> Pace:
    """Measures once, which brings the default to life too.

    answer_s: what one answer takes alone.

    Raises:
        MeasurementError: There were no figures.
    """
    load = CONCURRENCY[1]
    tried_s = max(SHORTEST_WINDOW_S, load * answer_s)
    begun_s = time.monotonic()
    try:
        figures = generator.measure(default.plan, load, tried_s)
    except NoFigures as error:
        raise MeasurementError(f"Expected figures of the default arrangement, got none: {error}") from error
    took_s = time.monotonic() - begun_s
    return pace(tried_s, took_s, figures.throughput_per_s)


def pace(tried_s: float, took_s: float, throughput_per_s: float) -> Pace:
    """From a measurement with windows of `tried_s` that took `took_s` in all.

    Example:
        >>> pace(tried_s=0.5, took_s=2.0, throughput_per_s=64.0)
        Pace(window_s=1.0, round_s=11.55)
    """
    window_s = max(SHORTEST_WINDOW_S, CYCLES * max(CONCURRENCY) / throughput_per_s)
    return Pace(window_s, MARGIN * len(CONCURRENCY) * (took_s + WINDOWS * (window_s - tried_s)))


def require_time(seconds: float, round_s: float, options: TuneOptions) -> None:
    """
    Raises:
        MeasurementError: Not even one round of two arrangements fits into `seconds`.
    """
    if seconds < 2 * round_s:
        least = options.minutes + (race_s(2, round_s) - seconds) / 60
        raise MeasurementError(
            f"Expected time for a round of two arrangements, {2 * round_s:.0f} s for {options.model}; of --minutes "
            f"{options.minutes:g} there are {max(0.0, seconds):.0f} s left. Give it {least:.1f} or more."
        )
