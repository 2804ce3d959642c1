"""What figures depend on, to be written beside them."""

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import mean

from sightline_server import __version__
from sightline_server.bench.options import BenchOptions
from sightline_server.bench.requests import size_bytes
from sightline_server.bench.targets import Target


@dataclass(frozen=True)
class Circumstances:
    """The machine that perf_analyzer runs on, and the server, before the first measurement."""

    started_at: str
    """UTC, ISO 8601."""
    cpus: int
    """That this process may use."""
    load_average: float
    """Of the minute before: much more than 0 means that somebody else uses the machine."""
    machine: str
    server_version: str

    def record(self, options: BenchOptions, targets: Sequence[Target], analyzer_version: str) -> dict[str, object]:
        """For a JSON."""
        return {
            "started_at": self.started_at,
            "machine": {"cpus": self.cpus, "load_average": self.load_average, "platform": self.machine},
            "versions": {
                "sightline_server": __version__,
                "tritonserver": self.server_version,
                "perf_analyzer": analyzer_version,
            },
            "settings": {
                **asdict(options.settings),
                "rounds": options.rounds,
                "http_url": options.http_url,
                "grpc_url": options.grpc_url,
                "shared_memory": options.shared_memory,
            },
            "models": [described(target) for target in targets],
        }


def look_around(server_version: str) -> Circumstances:
    return Circumstances(
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        len(os.sched_getaffinity(0)),
        os.getloadavg()[0],
        platform.platform(),
        server_version,
    )


def described(target: Target) -> dict[str, object]:
    sizes_bytes = [size_bytes(request) for request in target.requests]
    return {
        "name": target.model,
        "version": target.version,
        "steps": list(target.parts),
        "requests": len(sizes_bytes),
        "mean_request_bytes": mean(sizes_bytes),
        "sends": "pictures" if target.sends_pictures else "golden requests",
        "is_checked": target.golden is not None,
    }
