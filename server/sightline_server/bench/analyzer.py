"""One run of perf_analyzer at one load."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sightline_server.bench.analyzer_log import AnalyzerLog, read_log, reason
from sightline_server.bench.options import Settings
from sightline_server.bench.points import Loop, Point
from sightline_server.perf_analyzer import PerfAnalyzer
from sightline_server.perf_analyzer_files import Measurement, read_measurements

TABLE = "figures.csv"
# It would go on until three windows agree, and give no figures if they never do. That picks the quiet moments; here
# the first three windows count, and how far they differ is read from its log.
STABILITY_PERCENT = 999
MOST_WINDOWS = 10  # it needs more than three where a window has no answer at all
LONGER = 1.2  # it waits so many times the interval that it is given
NO_ANSWER = "No valid requests recorded"
# Of each output whose size the model's configuration does not say. No answer is larger; of the region only what is
# written takes memory. perf_analyzer's own 100 KB are too few for a picture.
LARGEST_ANSWER_BYTES = 1 << 30
START_TIMEOUT_S = 60
END_TIMEOUT_S = 5


@dataclass(frozen=True)
class Figures:
    """What one run measured, and what that is worth."""

    measurement: Measurement
    log: AnalyzerLog


class NoFigures(Exception):  # of one measurement; the others go on
    """perf_analyzer gave no figures; the message is one line that says why."""


def arguments(point: Point, version: int, address: str, requests: Path, settings: Settings) -> list[str]:
    """The arguments of perf_analyzer for one load.

    Args:
        point: The model, the protocol and the load.
        version: Of the model.
        address: host:port of the server for that protocol.
        requests: A file as `request_data` writes it.
        settings: How to measure.

    Example:
        >>> load = Load(Loop.CLOSED, 8)
        >>> arguments(Point("cnn", "http", load), 1, "localhost:8000", Path("cnn.json"), settings)[-2:]
        ['--concurrency-range', '8']
    """
    interval_ms = max(1, round(settings.window_s * 1000 / LONGER))
    given = ["-m", point.model, "-x", str(version), "-i", point.protocol, "-u", address, "--input-data", str(requests)]
    given += ["--measurement-interval", str(interval_ms), "--stability-percentage", str(STABILITY_PERCENT)]
    given += ["--max-trials", str(MOST_WINDOWS), "-v", "-f", TABLE, "--verbose-csv"]
    if settings.percentile is not None:
        given += ["--percentile", str(settings.percentile)]
    if point.shared_memory:
        given += ["--shared-memory", "system", "--output-shared-memory-size", str(LARGEST_ANSWER_BYTES)]
    value = f"{point.load.value:.10g}"
    if point.load.loop is Loop.CLOSED:
        return [*given, "--concurrency-range", value]
    # asynchronous, as a request that waits for a thread would be no open loop
    given += ["--async", "--request-distribution", settings.distribution]
    return [*given, "--request-rate-range", value]


def measure(
    analyzer: PerfAnalyzer, point: Point, version: int, address: str, requests: Path, settings: Settings
) -> Figures:
    """Measures at one load; files are written beside `requests`. Whatever ends this ends perf_analyzer too.

    Raises:
        NoFigures: It ended with an error, or wrote no figures.
    """
    table = requests.with_name(TABLE)
    table.unlink(missing_ok=True)
    command = [str(analyzer.executable), *arguments(point, version, address, requests, settings)]
    timeout_s = START_TIMEOUT_S + MOST_WINDOWS * settings.window_s
    # SIGTERM would leave its regions behind, with this server and in /dev/shm
    ending = signal.SIGINT if point.shared_memory else signal.SIGTERM
    returncode, output, errors = run(command, analyzer, requests.parent, timeout_s, ending)
    if NO_ANSWER in errors:
        window = f"{settings.window_s:g} s"
        raise NoFigures(f"no answer came within some window of {window}; make --seconds longer, or the load lower")
    if returncode != 0:
        raise NoFigures(f"perf_analyzer ended with {returncode}: {reason(errors or output)}")
    if not table.is_file():
        raise NoFigures(f"perf_analyzer wrote no figures: {reason(errors or output)}")
    try:
        (measurement,) = read_measurements(table.read_text(encoding="utf-8"))
    except ValueError as error:
        raise NoFigures(f"perf_analyzer wrote no figures that can be read: {error}") from error
    return Figures(measurement, read_log(output))


def run(
    command: list[str], analyzer: PerfAnalyzer, directory: Path, timeout_s: float, ending: signal.Signals
) -> tuple[int, str, str]:
    """Exit code, standard output and error of a command that does not outlive the call; `ending` asks it to end."""
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=analyzer.environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C is for us, who end it
    )
    try:
        output, errors = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise NoFigures(f"perf_analyzer was not done after {timeout_s:.0f} s; it was ended.") from error
    finally:
        end(process, ending)
    return process.returncode, output, errors


def end(process: subprocess.Popen[str], ending: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(ending)
        try:
            process.communicate(timeout=END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
