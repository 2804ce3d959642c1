"""How perf_analyzer is started, and what becomes of one that fails; a shell script stands for it where it must fail."""

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from sightline_server.bench.analyzer import NoFigures, arguments, measure
from sightline_server.bench.options import Settings
from sightline_server.bench.points import Load, Loop, Point
from sightline_server.perf_analyzer import PerfAnalyzer
from sightline_server.stop_signals import Stopped, StopSignals

SETTINGS = Settings(window_s=1.2, distribution="poisson", percentile=None, stability_percent=10)
POINT = Point("cnn", "grpc", Load(Loop.CLOSED, 8))


def given(point: Point = POINT, settings: Settings = SETTINGS) -> str:
    return " ".join(arguments(point, 3, "localhost:8001", Path("requests.json"), settings))


def test_the_model_its_version_and_the_requests_are_named() -> None:
    assert given().startswith("-m cnn -x 3 -i grpc -u localhost:8001 --input-data requests.json ")


def test_a_closed_loop_keeps_so_many_requests_in_flight() -> None:
    assert given().endswith("--concurrency-range 8")
    assert "--async" not in given()


def test_an_open_loop_waits_for_no_answer() -> None:
    text = given(Point("cnn", "http", Load(Loop.OPEN, 62.5)))
    assert text.endswith("--async --request-distribution poisson --request-rate-range 62.5")


def test_a_window_has_the_length_that_was_asked_for() -> None:
    # perf_analyzer waits 1.2 times the interval that it is given
    assert "--measurement-interval 1000 " in given()


def test_shared_memory_has_room_for_any_answer() -> None:
    assert "--shared-memory" not in given()
    text = given(replace(POINT, shared_memory=True))
    assert "--shared-memory system --output-shared-memory-size 1073741824 " in text
    assert text.endswith("--concurrency-range 8")


def test_a_percentile_is_passed_on() -> None:
    assert "--percentile" not in given()
    assert "--percentile 97 " in given(settings=Settings(1.0, "constant", 97, 10))


@pytest.mark.parametrize("settings", [(0.0, 95, 10), (1.0, 0, 10), (1.0, 100, 10), (1.0, 95, 0)])
def test_settings_that_make_no_sense_are_refused(settings: tuple[float, int, float]) -> None:
    window_s, percentile, stability_percent = settings
    with pytest.raises(ValueError, match="expected"):
        Settings(window_s, "constant", percentile, stability_percent)


def standing_for_it(folder: Path, commands: str) -> PerfAnalyzer:
    script = folder / "perf_analyzer"
    script.write_text(f"#!/bin/sh\n{commands}\n")
    script.chmod(0o755)
    return PerfAnalyzer(script, None, "2.51.0")


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ("echo first >&2; echo 'the queue is full' >&2; exit 99", "ended with 99: the queue is full"),
        ("echo 'No valid requests recorded within time interval.' >&2; exit 3", "make --seconds longer"),
        ("echo 'Failed to obtain stable measurement.' >&2", "wrote no figures: Failed to obtain stable measurement."),
        ("true", "wrote no figures: it did not say why"),
        ("echo Concurrency,Inferences/Second > figures.csv", "wrote no figures that can be read: expected a row"),
        ("kill -9 $$", "ended with -9"),
    ],
    ids=["error", "no answer", "unstable", "silent", "empty table", "killed"],
)
def test_why_there_are_no_figures_is_said_in_one_line(tmp_path: Path, commands: str, said: str) -> None:
    analyzer = standing_for_it(tmp_path, commands)
    with pytest.raises(NoFigures) as caught:
        measure(analyzer, POINT, 1, "localhost:8001", tmp_path / "requests.json", SETTINGS)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_figures_of_an_earlier_run_are_not_taken_for_its_own(tmp_path: Path) -> None:
    (tmp_path / "figures.csv").write_text("Concurrency,Inferences/Second,Avg latency\n8,800,10\n")
    with pytest.raises(NoFigures, match="wrote no figures"):
        measure(standing_for_it(tmp_path, "true"), POINT, 1, "localhost:8001", tmp_path / "requests.json", SETTINGS)


@pytest.mark.parametrize("point", [POINT, replace(POINT, shared_memory=True)], ids=["plain", "shared memory"])
def test_it_does_not_outlive_a_signal(tmp_path: Path, point: Point) -> None:
    # with shared memory it is asked by SIGINT, after which the real one removes its regions
    asked = "trap 'touch was_interrupted; exit' INT; " if point.shared_memory else ""
    analyzer = standing_for_it(tmp_path, f"{asked}echo $$ > pid; mkfifo ready; while :; do sleep 0.05; done")
    signals = StopSignals()

    def interrupt() -> None:
        while not (tmp_path / "ready").exists():
            threading.Event().wait(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    waiting = threading.Thread(target=interrupt)
    waiting.start()
    with signals.handled(), pytest.raises(Stopped), signals.interrupting():
        measure(analyzer, point, 1, "localhost:8001", tmp_path / "requests.json", SETTINGS)
    waiting.join()
    assert (tmp_path / "was_interrupted").exists() is point.shared_memory
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
