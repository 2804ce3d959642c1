"""The benchmark runs from end to end and writes its figures. How fast it was is not asked here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from serving import ROOT, built_repository


def benchmark(output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.protocols", "--output", str(output), "--no-report", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)


def test_every_way_is_measured_at_every_concurrency(tmp_path: Path) -> None:
    built_repository()
    output = tmp_path / "protocols.json"
    done = benchmark(output, "--rounds", "1", "--seconds", "0.3")
    assert done.returncode == 0, done.stderr
    (measured,) = json.loads(output.read_text())["rounds"]
    asked = {(load["way"]["protocol"], load["way"]["shared_memory"], load["concurrency"]) for load in measured["loads"]}
    assert asked == {(name, memory, c) for name in ("http", "grpc") for memory in (False, True) for c in (1, 8, 32)}
    assert all(load["per_s"] > 0 for load in measured["loads"]), done.stderr
    assert set(measured["calls"]) == {"http", "grpc"}
    assert all(each["ours_cpu_ms"] > 0 and each["bare_ms"] > 0 for each in measured["calls"].values())
    assert "| gRPC + shared memory, ratio |" in done.stdout
    assert [each.name for each in tmp_path.iterdir()] == ["protocols.json"]


@pytest.mark.parametrize("options", [["--rounds", "0"], ["--seconds", "0"], ["--seconds", "long"]])
def test_options_that_make_no_sense_are_refused(options: list[str], tmp_path: Path) -> None:
    done = benchmark(tmp_path / "protocols.json", *options)
    assert done.returncode == 2
    assert "expected" in done.stderr
