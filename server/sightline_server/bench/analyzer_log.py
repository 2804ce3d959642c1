"""What perf_analyzer says with `-v` beside its CSV, as pure functions: how far its windows differ, and its warnings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

WINDOWS = 3
"""It takes the last three windows together."""
PASS = re.compile(r"^  Pass \[\d+\] throughput: (\S+) infer/sec\. (?:Avg|p\d+) latency: (\d+) usec", re.MULTILINE)
LATE = re.compile(r"(\d+(?:\.\d+)?)% of the requests were delayed")
REQUEST_FAILED = re.compile(r"Thread \[\d+\] had error: (.+)")
BEHIND = "not able to keep up with the desired load"


@dataclass(frozen=True)
class Window:
    """One window of a measurement; the latency is the mean, or the percentile that it was told to judge by."""

    throughput_per_s: float
    latency_ms: float


@dataclass(frozen=True)
class AnalyzerLog:
    """What a measurement is worth."""

    windows: tuple[Window, ...]
    """Those that the figures are of; empty where it did not say."""
    late_percent: float
    """Share of the requests of an open loop that were sent too late; 0 up to 10, of which it says nothing."""
    is_behind: bool
    """Whether it was itself too busy to keep up the load."""

    @property
    def spread_percent(self) -> float:
        """By how much the best of the windows is above the worst, in throughput or in latency, whichever is more."""
        return max(
            spread_percent([each.throughput_per_s for each in self.windows]),
            spread_percent([each.latency_ms for each in self.windows]),
        )


def read_log(text: str) -> AnalyzerLog:
    """text: the standard output of perf_analyzer with `-v`, for one load."""
    windows = [Window(float(found[1]), int(found[2]) / 1000) for found in PASS.finditer(text)]
    late = [float(found[1]) for found in LATE.finditer(text)]
    return AnalyzerLog(tuple(windows[-WINDOWS:]), max(late, default=0.0), BEHIND in text)


def reason(text: str) -> str:
    """Why perf_analyzer gave no figures, as one line of its standard error.

    A request that failed comes first, with whatever the server said of it in further lines: the path of a Python file,
    for example.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    failed = [found[1] for line in lines if (found := REQUEST_FAILED.match(line))]
    return next(iter(failed), lines[-1] if lines else "it did not say why")


def spread_percent(values: Sequence[float]) -> float:
    """As perf_analyzer judges stability: the greatest over the least, less one."""
    if not values:
        return 0.0
    return (max(values) / min(values) - 1) * 100 if min(values) > 0 else float("inf")
