"""Medians of ratios, and targets that are reached or missed by the figures alone."""

from pathlib import Path

import pytest
from benchmarks.serving.results import Results, read_results, write_results
from benchmarks.serving.rounds import between
from benchmarks.serving.summary import Row, Spread, limits_per_s, row
from benchmarks.serving.targets import TARGETS, Verdict, verdicts
from serving_benchmark.made_results import failed, results, run

SIGHTLINE = "sightline"


def rows(made: Results, *systems: str) -> dict[str, dict[str, Row]]:
    return {"jpeg-cnn": {system: row(made, "jpeg-cnn", system) for system in systems}}


def judged(made: Results, *systems: str) -> dict[tuple[str, int, bool], Verdict]:
    """By system, concurrency, and whether it is about the first place."""
    found = [each for each in verdicts(rows(made, *systems)) if each.target.scenario == "jpeg-cnn"]
    return {(each.target.system, each.target.concurrency, each.target.least is None): each for each in found}


def test_a_row_is_the_median_of_the_ratios_with_the_least_and_the_greatest() -> None:
    made = results(
        (run(SIGHTLINE, 1.0, 0.9, 0.98),), (run(SIGHTLINE, 1.4, 0.7, 0.96),), (run(SIGHTLINE, 0.9, 0.8, 1.0),)
    )
    columns = row(made, "jpeg-cnn", SIGHTLINE).columns
    found = [(ratio.median, ratio.least, ratio.greatest) for ratio in (columns[each].ratio for each in (1, 8, 32))]
    assert found == [pytest.approx(each) for each in ((1.0, 0.9, 1.4), (0.8, 0.7, 0.9), (0.98, 0.96, 1.0))]


def test_a_ratio_is_to_the_mean_of_the_limits_before_and_after() -> None:
    run_between = between(
        run(SIGHTLINE, 0.5, 0.5, 0.5), lambda concurrency: [90, 110] if concurrency == 1 else [300, 500]
    )
    assert [point.ratio for point in run_between.points] == [1.0, 0.25, 0.25]


def test_the_limit_is_over_all_measurements_of_an_arrangement() -> None:
    made = results((run(SIGHTLINE, 1, 1, 1),), (run(SIGHTLINE, 1, 1, 1),))
    assert limits_per_s(made, "jpeg-cnn") == {"1 x 1": Spread(115, 110, 120), "2 x 8": Spread(200, 190, 210)}


def test_targets_are_reached_at_the_very_figure_and_missed_below() -> None:
    made = results((run(SIGHTLINE, 1.0, 0.84, 0.97), run("fastapi", 0.99, 0.9, 0.4)))
    found = judged(made, SIGHTLINE, "fastapi")
    assert found[SIGHTLINE, 1, False].reached is True
    assert found[SIGHTLINE, 8, False].reached is False
    assert found[SIGHTLINE, 32, False].reached is True
    assert found[SIGHTLINE, 1, True].reached is True
    assert found[SIGHTLINE, 8, True].reached is False
    assert found[SIGHTLINE, 8, True].rival == ("fastapi", pytest.approx(0.9))
    assert found["sightline-portable", 8, False].reached is None


def test_the_portable_ensemble_is_no_rival() -> None:
    made = results(
        (run(SIGHTLINE, 1, 0.9, 0.97), run("sightline-portable", 1.2, 0.95, 0.99), run("litserve", 0.5, 0.5, 0.6))
    )
    assert judged(made, SIGHTLINE, "sightline-portable", "litserve")[SIGHTLINE, 8, True].reached is True


def test_a_round_without_figures_reaches_nothing() -> None:
    made = results((run(SIGHTLINE, 1.2, 1, 1),), (failed(SIGHTLINE, "3 of 100 answers are wrong"),))
    found = row(made, "jpeg-cnn", SIGHTLINE)
    assert (found.missing, found.failures) == (1, ("3 of 100 answers are wrong",))
    assert judged(made, SIGHTLINE)[SIGHTLINE, 1, False].reached is False


def test_every_target_of_the_first_scenario_is_judged() -> None:
    assert len(judged(results(), SIGHTLINE)) == len([target for target in TARGETS if target.scenario == "jpeg-cnn"])


def test_results_come_back_as_they_were_written(tmp_path: Path) -> None:
    made = results((run(SIGHTLINE, 1.0, 0.9, 0.98), failed("litserve", "it ended")))
    write_results(tmp_path / "new" / "serving.json", made)
    assert read_results(tmp_path / "new" / "serving.json") == made
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["serving.json"]


@pytest.mark.parametrize("text", ["", "[]", '{"rounds": []}', '{"rounds": [{"number": 0}]}'])
def test_another_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "serving.json").write_text(text)
    with pytest.raises(ValueError, match=r"serving\.json, got"):
        read_results(tmp_path / "serving.json")
