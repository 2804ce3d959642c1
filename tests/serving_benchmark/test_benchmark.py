"""The benchmark runs from end to end, checks every answer and writes its figures. How fast it was is not asked here."""

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from benchmarks.serving.bare_loop import pixels_of
from benchmarks.serving.limit import Arrangement, otherwise, variables
from benchmarks.serving.pictures import pictures
from PIL import Image
from serving import ROOT, built_repository

from sightline_backend.pixels import PixelSpec, decode_batch


def benchmark(output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.serving", "--output", str(output), "--no-report"]
    few = ["--systems", "sightline", "--seconds", "0.3", "--concurrency", "1,8", *options]
    return subprocess.run([*command, *few], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_sightline_is_measured_against_the_limit_of_the_same_round(tmp_path: Path) -> None:
    built_repository()
    output = tmp_path / "serving.json"
    done = benchmark(output, "--scenarios", "jpeg-cnn", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    done = benchmark(output, "--scenarios", "jpeg-cnn", "--rounds", "2", "--resume")
    assert done.returncode == 0, done.stderr
    assert "round 1," not in done.stderr
    rounds = json.loads(output.read_text())["rounds"]
    assert [each["number"] for each in rounds] == [0, 1]
    for each in rounds:
        (run,) = each["runs"]
        assert run["failure"] is None
        assert [point["concurrency"] for point in run["points"]] == [1, 8]
        assert all(point["per_s"] > 0 and point["limit_per_s"] > 0 for point in run["points"])
        assert run["start_s"] > 0
        assert run["processes"] > 2
        assert [len(limits) for limits in each["limits"]["jpeg-cnn"].values()] == [3, 3]
        varied = each["otherwise"]["jpeg-cnn"]
        assert {variant: list(ratios) for variant, ratios in varied.items()} == {
            "memory as served": ["1 x 1", "2 x 8"],
            "JPEGs decoded whole": ["1 x 1", "2 x 8"],
        }
    assert "| **Sightline** |" in done.stdout


def test_the_limit_has_the_memory_settings_of_any_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "7")
    plain, tuned = variables(Arrangement(2, 8)), variables(Arrangement(2, 8, tuned_memory=True))
    assert "MALLOC_ARENA_MAX" not in plain
    assert "GLIBC_TUNABLES" not in plain
    assert tuned["MALLOC_ARENA_MAX"] == "2"
    assert plain.items() <= tuned.items()


def test_jpegs_are_decoded_whole_where_the_bare_loop_is_told_so() -> None:
    spec = PixelSpec(64, 64)
    job = {"asks": "picture", "pixels": spec.parameters()}
    reduced, whole = (pixels_of({**job, "whole_jpeg": each})(pictures()[:2]) for each in (False, True))
    np.testing.assert_array_equal(reduced, decode_batch(pictures()[:2], spec))
    for pixels, file in zip(whole, pictures(), strict=False):
        picture = Image.open(BytesIO(file)).convert("RGB").resize((64, 64), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(pixels, np.asarray(picture))
    assert not np.array_equal(whole, reduced)


def test_only_pictures_can_be_decoded_otherwise() -> None:
    how = Arrangement(2, 8)
    assert otherwise(how, "picture") == {
        "memory as served": Arrangement(2, 8, tuned_memory=True),
        "JPEGs decoded whole": Arrangement(2, 8, whole_jpeg=True),
    }
    assert list(otherwise(how, "tensor")) == ["memory as served"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "got: some without 'rounds', perhaps of an older one"),
        ("nonsense", "got: Expecting value"),
        ('{"rounds": [], "odd": 1}', "got: "),
    ],
)
def test_results_that_it_can_not_go_on_with_are_refused_in_a_line(text: str, said: str, tmp_path: Path) -> None:
    output = tmp_path / "serving.json"
    output.write_text(text)
    done = benchmark(output, "--resume")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: expected results of this benchmark in {output}, {said}")
    assert line.endswith("remove the file to begin anew")
    assert output.read_text() == text


@pytest.mark.parametrize("options", [["--systems", "nobody"], ["--concurrency", "0"], ["--scenarios", ""]])
def test_options_that_make_no_sense_are_refused(options: list[str], tmp_path: Path) -> None:
    done = benchmark(tmp_path / "serving.json", *options)
    assert done.returncode == 2
    assert "expected" in done.stderr
