"""From many requests to one waterfall, to budgets, and to what is shown."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sightline_server.errors import FileError, OverBudgetError
from sightline_server.tracing.budget import budgets_from_text, overruns, require_budgets
from sightline_server.tracing.drawing import BAR, drawn, tick_step_ms
from sightline_server.tracing.files import write_reports
from sightline_server.tracing.palette import Colour, stage_colour
from sightline_server.tracing.report import print_waterfall
from sightline_server.tracing.stages import Stage
from sightline_server.tracing.waterfall import Waterfall, waterfall

MS = 1_000_000


def request_of(start_ms: int, *lengths_ms: int) -> list[Stage]:
    """A request whose stages are decode, copies, decode of another step, decode again, and nobody's."""
    names = [("decode", "a"), ("copies", "a"), ("decode", "b"), ("decode", "a"), ("unattributed", "")]
    stages: list[Stage] = []
    for (name, step), length_ms in zip(names, lengths_ms, strict=True):
        begin_ms = stages[-1].end_ns // MS if stages else start_ms
        stages.append(Stage(name, step, begin_ms * MS, (begin_ms + length_ms) * MS))
    return stages


@pytest.fixture
def one() -> Waterfall:
    return waterfall("m", [request_of(100, 1, 2, 3, 4, 10)])


def test_the_stages_of_a_step_are_added_up_and_the_rows_add_up_to_the_whole(one: Waterfall) -> None:
    assert [(row.stage, row.step, row.begin_ns / MS, row.duration_ns / MS, row.share) for row in one.rows] == [
        ("decode", "a", 0, 5, 0.25),
        ("copies", "a", 5, 2, 0.1),
        ("decode", "b", 7, 3, 0.15),
        ("unattributed", "", 10, 10, 0.5),
    ]
    assert one.wall_ns == 20 * MS
    assert one.attributed_share == pytest.approx(0.5)
    assert one.stage_ns("decode") == 8 * MS
    assert one.stage_ns("resize") == 0


def test_the_fastest_and_the_slowest_quarter_do_not_count() -> None:
    fast, slow = request_of(0, 0, 0, 0, 0, 1), request_of(0, 500, 0, 0, 0, 0)
    middle = [request_of(0, 4, 0, 0, 0, 0), request_of(900, 6, 0, 0, 0, 0)]
    mean = waterfall("m", [slow, middle[0], fast, middle[1]])
    assert (mean.requests, mean.wall_ns, mean.stage_ns("decode")) == (2, 5 * MS, 5 * MS)


def test_a_stage_that_not_all_requests_have_counts_as_nothing_in_the_others() -> None:
    with_it, without = request_of(0, 2, 2, 0, 0, 0), request_of(0, 4, 0, 0, 0, 0)[:1]
    assert waterfall("m", [with_it, without]).stage_ns("copies") == 1 * MS


@pytest.mark.parametrize("text", ["", "decode", "decode=4", "decode=ms", "=4ms", "decode=4ms,", "decode=-4ms"])
def test_what_is_no_budget_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as decode=4ms,inference=10ms"):
        budgets_from_text(text)


def test_budgets_are_read_in_every_unit() -> None:
    assert budgets_from_text("decode=4ms, client encode=250us,total=0.5s") == {
        "decode": 4e6,
        "client encode": 250e3,
        "total": 0.5e9,
    }


def test_a_budget_counts_all_steps_of_a_stage(one: Waterfall) -> None:
    assert overruns(one, {"decode": 8 * MS, "total": 20 * MS}) == []
    assert overruns(one, {"decode": 7.5 * MS, "total": 19 * MS}) == [
        "decode: expected at most 7.5 ms, got 8.00 ms",
        "total: expected at most 19 ms, got 20.00 ms",
    ]


def test_a_budget_of_a_stage_that_is_not_there_is_no_silent_pass(one: Waterfall) -> None:
    with pytest.raises(OverBudgetError, match="decod: expected one of the stages copies, decode, total") as refused:
        require_budgets(one, {"decod": 1 * MS})
    assert refused.value.exit_code == 20


def test_elsewhere_than_on_a_terminal_it_is_tab_separated(one: Waterfall) -> None:
    stream = io.StringIO()
    print_waterfall(one, stream)
    assert stream.getvalue().splitlines() == [
        "stage\tstep\tms\tpercent",
        "decode\ta\t5.000\t25.0",
        "copies\ta\t2.000\t10.0",
        "decode\tb\t3.000\t15.0",
        "unattributed\t\t10.000\t50.0",
        "total\t\t20.000\t100.0",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_every_row_has_a_bar_that_begins_where_the_last_one_ends(one: Waterfall) -> None:
    stream = Terminal()
    print_waterfall(one, stream)
    plain = re.sub("\x1b\\[[0-9;]*m", "", stream.getvalue())
    lines = {line.split()[0]: line for line in plain.splitlines() if line.strip()}
    assert lines["copies"].split()[-2:] == ["2.00", "10.0"]
    assert lines["unattributed"].index("█") > lines["copies"].index("█")
    assert "20.00" in lines["total"]


def test_the_json_holds_every_figure(one: Waterfall, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_reports(one, tmp_path / "trace.json", None)
    written = json.loads((tmp_path / "trace.json").read_text())
    assert written["stages"][0] == {"stage": "decode", "step": "a", "ms": 5.0, "share": 0.25}
    assert (written["model"], written["requests"], written["total_ms"]) == ("m", 1, 20.0)
    assert capsys.readouterr().out.startswith("stage\t")
    write_reports(one, Path("-"), None)
    assert json.loads(capsys.readouterr().out) == written


def test_the_drawing_shows_each_bar_in_its_place_and_colour(one: Waterfall, tmp_path: Path) -> None:
    write_reports(one, None, tmp_path / "trace.png")
    pixels = np.asarray(Image.open(tmp_path / "trace.png"))
    columns = {row.stage: columns_of(stage_colour(row.stage), pixels) for row in one.rows}
    assert max(columns["copies"]) < min(columns["unattributed"])
    assert len(columns["unattributed"]) == pytest.approx(5 * len(columns["copies"]), rel=0.05)


def columns_of(colour: Colour, pixels: NDArray[np.uint8]) -> list[int]:
    """Where a bar of that colour is."""
    return np.flatnonzero((pixels == colour).all(axis=2).sum(axis=0) >= BAR).tolist()


@pytest.mark.parametrize("total_ms", [0.003, 0.9, 4.2, 19.0, 250.0, 7000.0])
def test_a_scale_has_a_few_round_ticks(total_ms: float) -> None:
    assert 3 <= total_ms / tick_step_ms(total_ms) <= 8


def test_many_rows_and_long_names_are_drawn_as_well() -> None:
    stages = [Stage(f"stage {n}", "a_model_with_a_long_name" * 2, n * MS, (n + 1) * MS) for n in range(40)]
    assert drawn(waterfall("m", [stages])).width == 1280


def test_a_file_that_cannot_be_written_is_named(one: Waterfall, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone/trace\.png cannot be written: No such file or directory"):
        write_reports(one, None, tmp_path / "gone" / "trace.png")
