"""What a user of `sightline bench` asked for."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sightline_server.bench.points import PROTOCOLS, Load

DISTRIBUTIONS = ("constant", "poisson")


@dataclass(frozen=True)
class Settings:
    """How perf_analyzer measures at one load."""

    window_s: float
    """It takes at least three such windows."""
    distribution: str
    """Of the times between requests in the open loop, of `DISTRIBUTIONS`."""
    percentile: int | None
    """One more percentile of the latency, beside 50, 90, 95 and 99."""
    stability_percent: float
    """By how much the throughput or the latency of its windows may differ before a measurement counts as unstable."""

    def __post_init__(self) -> None:
        if not 0.1 <= self.window_s <= 3600:
            raise ValueError(f"--seconds: expected 0.1 to 3600 seconds per window, got {self.window_s:g}.")
        if self.percentile is not None and not 1 <= self.percentile <= 99:
            raise ValueError(f"--percentile: expected a whole number from 1 to 99, got {self.percentile}.")
        if not self.stability_percent > 0:
            raise ValueError(f"--stability-percent: expected more than 0, got {self.stability_percent:g}.")


@dataclass(frozen=True)
class BenchOptions:
    """Everything that decides what is measured, how, and where the figures go."""

    models: tuple[str, ...]
    """Empty for all that users call."""
    http_url: str
    grpc_url: str
    protocols: tuple[str, ...]
    loads: tuple[Load, ...]
    settings: Settings
    rounds: int
    pictures: tuple[Path, ...]
    """Files and folders; empty for the golden pictures of each model."""
    repository: Path
    output: Path
    shared_memory: bool
    """Whether tensors are passed in shared memory of this machine."""

    def __post_init__(self) -> None:
        unknown = [protocol for protocol in self.protocols if protocol not in PROTOCOLS]
        if unknown or not self.protocols:
            raise ValueError(f"--protocol: expected http, grpc or both, got {','.join(self.protocols) or 'none'}.")
        if not self.loads:
            raise ValueError("--concurrency and --rate: expected at least one load, got none.")
        if self.rounds < 1:
            raise ValueError(f"--rounds: expected 1 or more, got {self.rounds}.")

    def address(self, protocol: str) -> str:
        """host:port of the server for a protocol."""
        return urlsplit(self.http_url if protocol == "http" else self.grpc_url).netloc
