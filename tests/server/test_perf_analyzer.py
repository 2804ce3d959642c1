"""perf_analyzer is found or prepared, starts, and drives a real server with real pictures."""

import os
import subprocess
from pathlib import Path

import pytest
from serving import ROOT, Service

from sightline_server.errors import MachineError
from sightline_server.perf_analyzer import PerfAnalyzer, find_perf_analyzer
from sightline_server.perf_analyzer_files import input_data, read_measurements


def unheard(_text: str) -> None:
    pass


@pytest.fixture(scope="module")
def perf_analyzer() -> PerfAnalyzer:
    return find_perf_analyzer(unheard)


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_it_drives_a_server_with_pictures(
    perf_analyzer: PerfAnalyzer, service: Service, tmp_path: Path, protocol: str
) -> None:
    pictures = sorted((ROOT / "model_repository" / "cnn" / "1" / "golden").glob("digit-*"))
    (tmp_path / "pictures.json").write_text(input_data(picture.read_bytes() for picture in pictures))
    url = service.http_url if protocol == "http" else service.grpc_url
    arguments = ["-m", "cnn", "-i", protocol, "-u", url.partition("://")[2], "--input-data", "pictures.json"]
    windows = ["--measurement-interval", "300", "--stability-percentage", "999", "--concurrency-range", "1:2"]
    done = subprocess.run(
        [str(perf_analyzer.executable), *arguments, *windows, "-f", "rates.csv", "--verbose-csv"],
        cwd=tmp_path,
        env=perf_analyzer.environment(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    measured = read_measurements((tmp_path / "rates.csv").read_text())
    assert [each.load for each in measured] == [1, 2]
    assert {50, 99} <= set(measured[0].percentiles_ms)


def test_one_that_does_not_start_is_prepared_again(tmp_path: Path) -> None:
    directory = tmp_path / "share" / "perf_analyzer"
    directory.mkdir(parents=True)
    (directory / "perf_analyzer").write_text("cut off")
    said: list[str] = []
    found = find_perf_analyzer(said.append, directory)
    assert found.version == "2.51.0"
    assert [text.split()[0] for text in said] == ["Downloading", "Linking", "Linking", "Using"]
    assert [path.name for path in directory.parent.iterdir()] == ["perf_analyzer"]
    # it is there now
    again: list[str] = []
    assert find_perf_analyzer(again.append, directory) == found
    assert [text.split()[0] for text in again] == ["Using"]


def test_the_one_on_the_path_comes_first(
    perf_analyzer: PerfAnalyzer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library_directory = perf_analyzer.environment({}).get("LD_LIBRARY_PATH", "")
    script = tmp_path / "bin" / "perf_analyzer"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{library_directory}" exec "{perf_analyzer.executable}" "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=os.pathsep)
    found = find_perf_analyzer(unheard, tmp_path / "none")
    assert (found.executable, found.library_directory) == (script, None)
    assert not (tmp_path / "none").exists()


def test_nothing_is_left_where_it_cannot_be_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(MachineError, match=r"pip could not download tritonclient==2\.51\.0; it said: ERROR"):
        find_perf_analyzer(unheard, tmp_path / "perf_analyzer")
    assert list(tmp_path.iterdir()) == []


def test_own_libraries_come_before_inherited_ones(tmp_path: Path) -> None:
    prepared = PerfAnalyzer(tmp_path / "perf_analyzer", tmp_path / "lib", "2.51.0")
    assert prepared.environment({"LD_LIBRARY_PATH": "/old", "A": "b"}) == {
        "LD_LIBRARY_PATH": f"{tmp_path}/lib:/old",
        "A": "b",
    }
    assert PerfAnalyzer(Path("/usr/bin/perf_analyzer"), None, "2.51.0").environment({"A": "b"}) == {"A": "b"}
