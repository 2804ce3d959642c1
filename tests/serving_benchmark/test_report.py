"""The report shows what was measured, what failed and what was not run, and leaves the text around it alone."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from benchmarks.serving.report import BEGIN, END, document, write_report
from benchmarks.serving.systems.registry import SYSTEMS
from serving_benchmark.made_results import failed, results, run

MADE = results(
    (
        run("sightline", 1.0, 0.9, 0.99),
        run("fastapi", 0.99, 0.41, 0.39),
        failed("litserve", "3 of 90 answers are wrong"),
    ),
    (
        run("sightline", 1.1, 0.8, 0.97),
        failed("fastapi", "it | ended"),
        failed("litserve", "3 of 90 answers are wrong"),
    ),
)
REPORT = document(replace(MADE, not_run={"torchserve": "expected java on PATH, got none"}), SYSTEMS)


def line_of(name: str, report: str = REPORT) -> str:
    """The first line of a table about a system."""
    return next(line for line in report.splitlines() if line.startswith(f"| {name} |"))


def test_ratios_stand_with_their_least_and_greatest() -> None:
    assert (
        line_of("**Sightline**") == "| **Sightline** | 1.05 (1.00 - 1.10) | 0.85 (0.80 - 0.90) | 0.98 (0.97 - 0.99) |"
    )
    assert line_of("the limit, answers/s").startswith("| the limit, answers/s | 115 (110 - 120) | 200 (190 - 210) |")
    assert line_of("the limit, memory as served").startswith(
        "| the limit, memory as served | 1.12 (1.12 - 1.12) | 1.03 "
    )
    assert line_of("the limit, JPEGs decoded whole").startswith(
        "| the limit, JPEGs decoded whole | 0.63 (0.63 - 0.63) |"
    )


def test_what_failed_is_said_in_the_row() -> None:
    assert "not run: 3 of 90 answers are wrong" in line_of("LitServe, batched")
    assert "not run: expected java on PATH, got none" in line_of("TorchServe, batched")
    fastapi = line_of("FastAPI, what most people write")
    assert "**1 of the rounds failed**: it \\| ended" in fastapi
    assert "0.99 (0.99 - 0.99)" in fastapi


def test_targets_and_conditions_are_in_it() -> None:
    targets = REPORT.partition("### Targets")[2]
    assert "| 32 | at least 0.97 | 0.98 | reached |" in targets
    assert "| first place | 0.98; FastAPI, what most people write: 0.39 | reached |" in targets
    assert "**missed**" not in targets
    assert "not measured" in targets
    assert "a machine, 2 cores, 2 rounds of 3 s" in REPORT
    assert "onnxruntime 1.32.0" in REPORT
    assert "fastapi 0.165.0" in REPORT


def test_every_table_has_as_many_cells_in_each_line() -> None:
    lines = [line.replace("\\|", "") for line in REPORT.splitlines()]
    for above, below in pairwise(lines):
        if above.startswith("|") and below.startswith("|"):
            assert above.count("|") == below.count("|"), below


def test_the_text_around_the_marks_stays(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_report(path, MADE, SYSTEMS)
    assert path.read_text().startswith(f"before\n{BEGIN}\n")
    assert path.read_text().endswith(f"{END}\nafter\n")
    assert "old" not in path.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["performance.md"]


def test_a_document_without_marks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text("something else\n")
    with pytest.raises(RuntimeError, match="marks"):
        write_report(path, MADE, SYSTEMS)
    assert path.read_text() == "something else\n"
