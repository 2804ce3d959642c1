"""The benchmark that holds `sightline tune` against configurations written by hand: its figures, and the five."""

from pathlib import Path

import pytest
from benchmarks.tuning.comparison import compare
from benchmarks.tuning.hand_written import five
from serving import built_repository

from sightline_server.model_config import read_config_file

from .figures import figures


def test_the_choice_is_compared_with_each_round_by_round() -> None:
    drift = (1.0, 2.0, 4.0)
    choice = [figures(100 * each, 200 * each, 300 * each) for each in drift]
    better = [figures(125 * each, 250 * each, 375 * each) for each in drift]
    found = compare(choice, {"alike": choice, "better": better})
    assert found.ratios["alike"].median == pytest.approx(1)
    assert found.ratios["better"].median == pytest.approx(0.8)
    assert (found.best, found.is_reached) == ("better", False)
    assert compare(choice, {"alike": choice}).is_reached


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_the_five_are_configurations_that_triton_reads(cores: int, tmp_path: Path) -> None:
    written = [each.configs(built_repository()) for each in five(built_repository(), "cnn", cores)]
    assert len({str(sorted(each.items())) for each in written}) == 5
    for configs in written:
        for model, text in configs.items():
            (tmp_path / model).write_text(text)
            assert read_config_file(tmp_path / model, model).name == model
