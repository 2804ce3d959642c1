"""From rounds to lines, tables and files."""

import csv
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from server.bench.samples import CLOSED_8, CLOSED_32, OPEN_50, failed_sample, sample

from sightline_server.bench.report import write_report
from sightline_server.bench.summary import Summary, summarise
from sightline_server.bench.sweep import Sample
from sightline_server.bench.table import load_table, notes, print_table, stage_table
from sightline_server.errors import FileError

POINTS = (CLOSED_8, CLOSED_32, OPEN_50)


def one(*samples: Sample) -> Summary:
    (summary,) = summarise(POINTS, samples, stability_percent=10)
    return summary


def test_a_summary_is_the_median_of_the_rounds() -> None:
    summary = one(*(sample(number=each, throughput_per_s=800 + 10 * each, p50_ms=each) for each in range(1, 7)))
    throughput = summary.throughput_per_s
    assert throughput is not None
    assert (throughput.median, throughput.low, throughput.high) == (835, 810, 860)
    assert summary.percentiles_ms[99].median == 7
    assert summary.rounds == 6
    assert notes(summary) == []


def test_summaries_have_the_order_of_the_points() -> None:
    samples = [sample(OPEN_50), sample(CLOSED_32), sample(CLOSED_32, 2)]
    assert [each.point for each in summarise(POINTS, samples, 10)] == [CLOSED_32, OPEN_50]


def test_unstable_rounds_are_counted_and_named() -> None:
    summary = one(sample(spread=(700, 800, 810)), sample(number=2))
    assert (summary.unstable_rounds, summary.is_unstable) == (1, True)
    assert notes(summary) == ["unstable in 1 of 2 rounds, by up to 16 %"]


def test_rounds_without_figures_are_named_and_not_averaged() -> None:
    summary = one(sample(), failed_sample(number=2))
    assert (summary.rounds, summary.failed_requests) == (1, 3)
    assert notes(summary) == ["no figures in 1 of 2 rounds"]
    assert [each.model for each in summary.stages] == ["cnn", "cnn_network"]


def test_requests_that_are_sent_late_are_named() -> None:
    assert notes(one(sample(late_percent=12.4))) == ["up to 12 % of the requests were sent late"]


def test_a_point_without_any_figures_has_a_line_all_the_same() -> None:
    _, row = load_table([one(failed_sample())], None)
    assert row == ("cnn", "http", "8 in flight", "-", "-", "-", "-", "-", "0", "3", "no figures in 1 of 1 rounds")


def test_the_table_shows_percentiles_and_one_more() -> None:
    names, row = load_table([one(sample())], 90)
    cells = dict(zip(names, row, strict=True))
    assert [name for name in names if name.endswith(" MS")] == ["P50 MS", "P90 MS", "P95 MS", "P99 MS"]
    assert (cells["ANSWERS/S"], cells["P50 MS"], cells["P90 MS"]) == ("800", "10.0", "12.0")
    assert cells["95% INTERVAL"] == "800 - 800 (0%)"


def test_the_stages_are_those_of_a_request() -> None:
    names, model, network = stage_table([one(sample())])
    assert model[names.index("TOTAL MS")] == "10.0"
    assert network[names.index("BATCH") :] == ("4.00", "3.00", "0.000", "5.00", "0.000", "8.50")


def test_shared_memory_stands_in_the_heading_of_both_tables() -> None:
    point = replace(CLOSED_8, shared_memory=True)
    summaries = summarise([point], [sample(point)], 10)
    for rows in (load_table(summaries, None), stage_table(summaries)):
        assert rows[0][:3] == ("MODEL", "PROTOCOL WITH SHARED MEMORY", "LOAD")
        assert rows[1][:3] == ("cnn", "http", "8 in flight")
    assert load_table([one(sample())], None)[0][1] == "PROTOCOL"


def test_elsewhere_than_on_a_terminal_a_table_is_cells_and_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([("MODEL", "P50 MS"), ("cnn", "10.0")], sys.stdout)
    assert capsys.readouterr().out == "MODEL\tP50 MS\ncnn\t10.0\n"


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Path]:
    samples = [sample(), sample(CLOSED_32), sample(OPEN_50, spread=(40, 50, 60)), failed_sample(number=2)]
    paths = write_report(tmp_path, summarise(POINTS, samples, 10), samples, {"machine": {"cpus": 2}}, 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)
    return {path.name: path for path in paths}


def test_the_files_are_figures_and_a_picture_for_each_model_and_loop(written: dict[str, Path]) -> None:
    assert list(written) == ["bench.json", "loads.csv", "stages.csv", "cnn-concurrency.png", "gan-rate.png"]


def test_the_json_holds_every_measurement(written: dict[str, Path]) -> None:
    content: Any = json.loads(written["bench.json"].read_text())
    assert content["machine"] == {"cpus": 2}
    assert [(each["model"], each["loop"], each["load"]) for each in content["loads"]] == [
        ("cnn", "concurrency", 8),
        ("cnn", "concurrency", 32),
        ("gan", "rate", 50),
    ]
    assert content["loads"][0]["latency_ms"]["p95"]["median"] == 15
    assert content["loads"][0]["stages"][1]["batch"] == 4
    assert content["loads"][2]["unstable_rounds"] == 1
    assert content["samples"][0]["windows"][0] == {"throughput_per_s": 800, "latency_ms": 10}
    assert content["samples"][0]["triton"]["cnn"]["requests"] == 2400
    assert content["samples"][3]["failure"] == "perf_analyzer ended with 99: the model raised"


def test_the_csv_has_a_line_per_load(written: dict[str, Path]) -> None:
    loads = list(csv.DictReader(io.StringIO(written["loads.csv"].read_text())))
    assert [(each["protocol"], each["load"], each["throughput_per_s"]) for each in loads] == [
        ("http", "8", "800.0"),
        ("grpc", "32", "800.0"),
        ("http", "50", "800.0"),
    ]
    assert {each["shared_memory"] for each in loads} == {"False"}
    assert (loads[0]["p99_ms"], loads[0]["failed_requests"]) == ("20.0", "3")
    stages = list(csv.DictReader(io.StringIO(written["stages.csv"].read_text())))
    assert [each["step"] for each in stages] == ["cnn", "cnn_network", "cnn", "cnn_network", "gan", "gan_network"]
    assert stages[1]["queue_ms"] == "3.0"


def test_a_window_without_answers_does_not_spoil_the_json(tmp_path: Path) -> None:
    samples = [sample(spread=(0, 800, 800))]
    write_report(tmp_path, summarise(POINTS, samples, 10), samples, {}, 10)
    assert json.loads((tmp_path / "bench.json").read_text())["loads"][0]["spread_percent"] is None


def test_a_name_that_a_server_chose_stays_in_the_folder(tmp_path: Path) -> None:
    samples = [sample(replace(CLOSED_8, model="../../x/y"))]
    points = [each.point for each in samples]
    paths = write_report(tmp_path, summarise(points, samples, 10), samples, {}, 10)
    assert all(path.parent == tmp_path and path.is_file() for path in paths)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    samples = [sample()]
    with pytest.raises(FileError, match=r"gone/bench\.json cannot be written: No such file or directory"):
        write_report(tmp_path / "gone", summarise(POINTS, samples, 10), samples, {}, 10)


def test_the_plot_is_a_picture(written: dict[str, Path]) -> None:
    picture = Image.open(io.BytesIO(written["cnn-concurrency.png"].read_bytes()))
    assert (picture.size, picture.mode, picture.format) == ((1000, 600), "RGB", "PNG")
