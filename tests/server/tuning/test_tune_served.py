"""`sightline tune` as a user runs it, with the real tritonserver and too little time for anything but a test."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Service, built_repository

from sightline_export.lint import lint, this_machine
from sightline_server.arrangement import Arrangement
from sightline_server.model_config import read_config_file
from sightline_server.tuned import is_tuned, tuned_file

from .own_repository import MODEL, write_own_repository

COMMAND = [sys.executable, "-c", "from sightline_server.tuning.cli import tune; tune()"]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=240)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str], dict[str, Any]]:
    """The repository, what the command said, and its JSON."""
    directory = tmp_path_factory.mktemp("tune")
    repository, figures = write_own_repository(directory), directory / "figures.json"
    done = run(MODEL, "--model-repository", repository, "--minutes", 0.8, "--json", figures)
    assert done.returncode == 0, done.stderr
    return repository, done, json.loads(figures.read_text())


def test_the_choice_is_explained_with_figures(
    tuned: tuple[Path, subprocess.CompletedProcess[str], dict[str, Any]],
) -> None:
    _, done, content = tuned
    loads, arrangements, words = done.stdout.split("\n\n")
    names = {each["name"] for each in content["arrangements"]}
    assert "cpu as exported" in names
    assert len(names) >= 2
    assert {line.split("\t")[0] for line in arrangements.splitlines()[1:]} == names
    assert len(loads.splitlines()) == 1 + 3 * len(names)
    assert words.splitlines() == content["explanation"]
    assert all(each["memory_mib"] > 10 for each in content["arrangements"])
    for each in content["arrangements"]:
        for round_ in each["rounds"]:
            assert set(round_) == {"1", "8", "32"}
            assert all(load["throughput_per_s"] > 0 and load["p95_ms"] > 0 for load in round_.values())


def test_the_file_that_is_written_is_the_choice(
    tuned: tuple[Path, subprocess.CompletedProcess[str], dict[str, Any]],
) -> None:
    repository, done, content = tuned
    file = tuned_file(repository / MODEL)
    assert f"Written: {file}" in done.stderr
    text = file.read_text()
    assert text.startswith(f"# Written by `sightline tune {MODEL}` on {content['tuned_at']}")
    assert f"{content['machine']['cores']} core" in text
    assert is_tuned(repository / MODEL)
    chosen = Arrangement(**content["chosen"])
    config = read_config_file(file, MODEL)
    assert sum(group.count for group in config.instance_group) == (chosen.processes or 1)
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []
    for other in ("config.pbtxt", "configs/cpu.pbtxt"):
        exported = built_repository() / MODEL / other
        assert (repository / MODEL / other).read_text() == exported.read_text()


def test_the_file_that_is_written_has_no_mistakes_and_serves_the_golden_answers(
    tuned: tuple[Path, subprocess.CompletedProcess[str], dict[str, Any]], start: Callable[..., Service]
) -> None:
    repository, _, content = tuned
    found = lint(repository, this_machine(), "auto").findings
    assert [each for each in found if each.model == MODEL and "auto" in each.file] == []
    service = start(repository, "--models", MODEL)
    with urllib.request.urlopen(f"{service.http_url}/v2/models/{MODEL}/config") as answer:
        served = json.load(answer)
    assert sum(group["count"] for group in served["instance_group"]) == (content["chosen"]["processes"] or 1)
    assert re.search(rf"^{MODEL} .* \d+ reproduced$", service.stdout, re.MULTILINE)


@pytest.fixture
def tuning(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`sightline tune` on one core, with files in `tmp_path`, for longer than a test takes."""
    repository, temporary = write_own_repository(tmp_path), tmp_path / "temporary"
    temporary.mkdir()
    command = [*COMMAND, MODEL, "--model-repository", str(repository), "--cpus", "1", "--minutes", "10"]
    with (tmp_path / "stderr.txt").open("wb") as stderr:
        process = subprocess.Popen(
            command, env={**os.environ, "TMPDIR": str(temporary)}, stdout=subprocess.PIPE, stderr=stderr
        )
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.communicate()


def test_ctrl_c_leaves_nothing_and_until_then_the_server_is_confined(
    tuning: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    errors, temporary = tmp_path / "stderr.txt", tmp_path / "temporary"
    while "round 1" not in errors.read_text():
        assert tuning.poll() is None, errors.read_text()
        time.sleep(0.05)
    servers = processes_of(temporary)
    assert any("tritonserver" in command for command in servers.values())
    assert any("triton_python_backend_stub" in command for command in servers.values())
    assert {tuple(os.sched_getaffinity(pid)) for pid in servers} == {(min(os.sched_getaffinity(0)),)}
    tuning.send_signal(signal.SIGINT)
    stdout, _ = tuning.communicate(timeout=60)
    assert (tuning.returncode, stdout) == (130, b"")
    assert errors.read_text().splitlines()[-1] == "Interrupted: nothing was written."
    assert processes_of(temporary) == {}
    assert list(temporary.iterdir()) == []
    assert not tuned_file(tmp_path / "repository" / MODEL).exists()


def processes_of(directory: Path) -> dict[int, str]:
    """Process id -> command line of the tritonservers and their Python processes that have files in a folder."""
    found: dict[int, str] = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if str(directory) in command and "perf_analyzer" not in command:
            found[int(path.parent.name)] = command
    return found


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["nothing"], 6, "holds no model 'nothing'"),
        ([MODEL, "--minutes", "0"], 2, "--minutes: expected more than 0"),
        ([MODEL, "--cpus", "0"], 2, "--cpus: expected 1 or more, got 0"),
        ([MODEL, "--cpus", "4096"], 10, "Expected 4096 cores for --cpus 4096, this process may use"),
        ([MODEL, "--latency-budget-ms", "-3"], 2, "--latency-budget-ms: expected more than 0, got -3"),
        ([MODEL, "--json", "missing/figures.json"], 2, "expected a file in a folder that exists"),
    ],
)
def test_what_cannot_be_tuned_is_refused_before_a_server_starts(arguments: list[str], code: int, what: str) -> None:
    done = run(*arguments, "--model-repository", built_repository())
    assert done.returncode == code
    assert what in " ".join(done.stderr.split())
    assert "starting" not in done.stderr


def test_too_little_time_is_said_with_how_much_is_needed(tmp_path: Path) -> None:
    repository = write_own_repository(tmp_path)
    done = run(MODEL, "--model-repository", repository, "--minutes", 0.05)
    assert done.returncode == 21
    assert "Expected time for a round of two arrangements" in done.stderr
    assert not tuned_file(repository / MODEL).exists()
