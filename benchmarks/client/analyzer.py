"""The rate of NVIDIA's perf_analyzer for the same pictures."""

import os
import subprocess
from pathlib import Path

from benchmarks.client.run import CONCURRENCY, MODEL

from sightline_server.perf_analyzer import PerfAnalyzer
from sightline_server.perf_analyzer_files import read_measurements

# It averages over its last three windows, and gives no figure where they differ by more than this. Rounds show how much
# the figures differ; a round without one helps nobody.
STABILITY_PERCENT = 999
TRIALS = 10
TIMEOUT_S = 120


def rate_per_s(analyzer: PerfAnalyzer, protocol: str, address: str, pictures: Path, window_ms: int) -> float:
    """Answers per second with `CONCURRENCY` requests in flight.

    Args:
        analyzer: The program.
        protocol: "http" or "grpc".
        address: host:port of the server for that protocol.
        pictures: A file as `input_data` writes it; the CSV is written beside it.
        window_ms: Length of each of at least three windows.
    """
    table = pictures.with_suffix(".csv")
    table.unlink(missing_ok=True)
    command = [str(analyzer.executable), "-m", MODEL, "-i", protocol, "-u", address, "--input-data", str(pictures)]
    command += ["--concurrency-range", str(CONCURRENCY), "--measurement-interval", str(window_ms)]
    command += ["--stability-percentage", str(STABILITY_PERCENT), "--max-trials", str(TRIALS)]
    command += ["-f", str(table), "--verbose-csv"]
    done = subprocess.run(
        command,
        env=analyzer.environment(os.environ),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0 or not table.exists():
        raise RuntimeError(f"expected figures from perf_analyzer, got status {done.returncode}: {done.stderr.strip()}")
    (measured,) = read_measurements(table.read_text())
    return measured.throughput_per_s
