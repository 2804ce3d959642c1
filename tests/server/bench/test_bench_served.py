"""`sightline bench` against the real tritonserver, with windows that are too short to be worth anything but a test."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from serving import Serve, Service, built_repository

from sightline_server.bench.cli import bench

QUICK = ("--seconds", "0.2", "--rounds", "2")

FUSSY_MODEL = '''
import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """The number of bytes of each text; a text of six it does not like."""

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        texts = pb_utils.get_input_tensor_by_name(request, "TEXT").as_numpy()
        if any(len(text) == 6 for row in texts for text in row):
            raise ValueError("six is too many")  # an error as answer Triton would count among the successes
        lengths = np.array([[len(text) for text in row] for row in texts], dtype=np.int64)
        return pb_utils.InferenceResponse([pb_utils.Tensor("LENGTH", lengths)])
'''


ECHO_MODEL = '''
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """The same text, if it is one that it knows."""

    def execute(self, requests):
        texts = [pb_utils.get_input_tensor_by_name(request, "LONG_TEXT").as_numpy() for request in requests]
        if any(text not in (b"short", b"long" * 50_000) for rows in texts for text in rows.ravel()):
            raise ValueError("expected a text that was sent")
        return [pb_utils.InferenceResponse([pb_utils.Tensor("ECHO", rows)]) for rows in texts]
'''

ECHO_CONFIG = """
backend: "python"
max_batch_size: 8
input { name: "LONG_TEXT" data_type: TYPE_STRING dims: 1 }
output { name: "ECHO" data_type: TYPE_STRING dims: 1 }
instance_group { kind: KIND_CPU count: 1 }
parameters { key: "task" value { string_value: "echo" } }
"""


@pytest.fixture(scope="module")
def lengths(serve: Serve, shared_length_repository: Path) -> Service:
    return serve(shared_length_repository)


def run(service: Service, repository: Path, output: Path, *options: str) -> Result:
    addresses = [f"--url={service.http_url}", f"--grpc-url={service.grpc_url}"]
    return CliRunner().invoke(bench, [*addresses, f"--model-repository={repository}", f"--output={output}", *options])


@pytest.fixture(scope="module")
def measured(
    lengths: Service, shared_length_repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Result, Path]:
    output = tmp_path_factory.mktemp("bench")
    loads = ("--concurrency", "1,4", "--rate", "40", "--distribution", "poisson", "--percentile", "97")
    return run(lengths, shared_length_repository, output, *QUICK, *loads), output


def test_every_load_is_a_line_on_stdout(measured: tuple[Result, Path]) -> None:
    result, _ = measured
    assert result.exit_code == 0, result.stderr
    loads, _ = result.stdout.split("\n\n")
    names, *rows = [line.split("\t") for line in loads.splitlines()]
    assert names[:6] == ["MODEL", "PROTOCOL", "LOAD", "ANSWERS/S", "95% INTERVAL", "P50 MS"]
    assert "P97 MS" in names
    assert [row[:3] for row in rows] == [
        ["length", protocol, load] for protocol in ("http", "grpc") for load in ("1 in flight", "4 in flight", "40/s")
    ]
    assert all(float(row[3]) > 0 for row in rows)
    assert all(row[names.index("FAILED")] == "0" for row in rows)


def test_the_steps_of_an_ensemble_are_lines_of_their_own(measured: tuple[Result, Path]) -> None:
    _, stages = measured[0].stdout.split("\n\n")
    names, *rows = [line.split("\t") for line in stages.splitlines()]
    assert [row[names.index("STEP")] for row in rows] == ["length", "length_step"] * 6
    for model, step in zip(rows[::2], rows[1::2], strict=True):
        assert float(step[names.index("CALLS")]) == pytest.approx(1, abs=0.05)
        assert 1 <= float(step[names.index("BATCH")]) <= 8
        parts = [float(step[names.index(f"{part} MS")]) for part in ("QUEUE", "INPUT", "INFER", "OUTPUT")]
        assert sum(parts) <= float(step[names.index("TOTAL MS")]) * 1.01 + 0.05
        assert float(step[names.index("TOTAL MS")]) <= float(model[names.index("TOTAL MS")]) * 1.05 + 0.05


def test_progress_is_on_stderr(measured: tuple[Result, Path]) -> None:
    said = measured[0].stderr.splitlines()
    assert any(line.startswith("12 measurements, about ") for line in said)
    assert sum(line.startswith(f"{done} of 12: round ") for done in range(1, 13) for line in said) == 12
    assert said[-1].startswith("Written: ")


def test_the_files_hold_what_was_measured(measured: tuple[Result, Path]) -> None:
    _, output = measured
    content: Any = json.loads((output / "bench.json").read_text())
    assert len(content["samples"]) == 12
    assert content["models"][0] | {"mean_request_bytes": 5} == {
        "name": "length",
        "version": 1,
        "steps": ["length_step"],
        "requests": 1,
        "mean_request_bytes": 5,
        "sends": "golden requests",
        "is_checked": True,
    }
    assert all(len(each["windows"]) == 3 for each in content["samples"])
    assert {"p50", "p90", "p95", "p97", "p99"} == set(content["loads"][0]["latency_ms"])
    # perf_analyzer counts only what is answered within its windows, Triton everything
    assert all(
        each["triton"]["length"]["requests"] > 0.5 * each["throughput_per_s"] * 0.6 for each in content["samples"]
    )
    with (output / "loads.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 6
    for name in ("length-concurrency.png", "length-rate.png"):
        assert Image.open(io.BytesIO((output / name).read_bytes())).size == (1000, 600)


def test_pictures_are_sent_to_the_models_that_take_some(service: Service, tmp_path: Path) -> None:
    repository = built_repository()
    pictures = repository / "cnn" / "1" / "golden"
    models = ("cnn", "cnn_explain", "gan")
    options = ("--pictures", str(pictures), "--concurrency", "1", "--protocol", "http", "--rounds", "1")
    result = run(service, repository, tmp_path, *models, *options, "--seconds", "0.5")
    assert result.exit_code == 0, result.stderr
    assert "gan takes no picture; its golden requests are sent." in result.stderr
    content: Any = json.loads((tmp_path / "bench.json").read_text())
    sent = {model["name"]: model["sends"] for model in content["models"]}
    assert sent == {"cnn": "pictures", "cnn_explain": "pictures", "gan": "golden requests"}
    # the heat map asks its network several times, which Triton does not know as a step
    calls = {each["stages"][0]["model"]: each["stages"][-1]["calls"] for each in content["loads"]}
    assert calls["cnn_explain"] > 1.5


def test_a_wrong_answer_is_found_before_anything_is_measured(
    lengths: Service, wrong_golden_repository: Path, tmp_path: Path
) -> None:
    result = run(lengths, wrong_golden_repository, tmp_path / "out", *QUICK)
    assert result.exit_code == 7
    assert "Expected golden answers before the measurements, got length version 1: wrong answer" in result.stderr
    assert not list((tmp_path / "out").iterdir())


def test_refused_requests_leave_the_other_loads_measured(
    start: Callable[..., Service], write_model: Callable[..., Path], length_repository: Path, tmp_path: Path
) -> None:
    golden_folder = length_repository / "length" / "1" / "golden"
    config = (length_repository / "length_step" / "config.pbtxt").read_text()
    golden = json.loads((golden_folder / "golden.json").read_text())
    refused = json.loads(json.dumps(golden["cases"][0]))
    refused["inputs"]["TEXT"] = {"datatype": "BYTES", "shape": [1], "values": ["sixsix"]}
    fussy = write_model(length_repository, "fussy", config, {"1/model.py": FUSSY_MODEL, "1/golden/text.txt": "five!"})
    service = start(length_repository)
    cases = {**golden, "model": "fussy", "cases": [golden["cases"][0], refused]}
    (fussy / "1" / "golden" / "golden.json").write_text(json.dumps(cases))
    options = ("--concurrency", "2", "--protocol", "grpc", "--seconds", "0.2", "--rounds", "1")
    result = run(service, length_repository, tmp_path / "out", *options)
    assert result.exit_code == 21
    assert "Expected figures from all 2 measurements, got none from 1; the first was fussy, grpc, 2" in result.stderr
    assert "six is too many" in result.stderr.splitlines()[-1]
    rows = [line.split("\t") for line in result.stdout.split("\n\n")[0].splitlines()]
    cells = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    assert float(cells["length"]["ANSWERS/S"]) > 0
    assert cells["fussy"]["ANSWERS/S"] == "-"
    assert int(cells["fussy"]["FAILED"]) > 0


@pytest.fixture
def texts_repository(write_model: Callable[..., Path], tmp_path: Path) -> Path:
    """A model `echo` that answers texts of two lengths, and any other with an error."""
    repository = tmp_path / "repository"
    folder = write_model(repository, "echo", ECHO_CONFIG, {"1/model.py": ECHO_MODEL})
    cases = [
        {
            "name": text,
            "inputs": {"LONG_TEXT": {"datatype": "BYTES", "shape": [1], "values": [text]}},
            "outputs": {"ECHO": {"datatype": "BYTES", "shape": [1], "values": [text]}},
        }
        for text in ("short", "long" * 50_000)
    ]
    (folder / "1" / "golden").mkdir()
    golden = {"model": "echo", "version": 1, "task": "echo", "cases": cases}
    (folder / "1" / "golden" / "golden.json").write_text(json.dumps(golden))
    return repository


def test_texts_of_any_size_go_through_shared_memory(
    start: Callable[..., Service], texts_repository: Path, tmp_path: Path
) -> None:
    service = start(texts_repository, "--allow-shared-memory")
    output = tmp_path / "out"
    result = run(service, texts_repository, output, "--shared-memory", "--concurrency", "4", *QUICK)
    assert result.exit_code == 0, result.stderr
    names, *rows = [line.split("\t") for line in result.stdout.split("\n\n")[0].splitlines()]
    assert names[1] == "PROTOCOL WITH SHARED MEMORY"
    assert [row[1] for row in rows] == ["http", "grpc"]
    assert all(float(row[3]) > 0 and row[names.index("FAILED")] == "0" for row in rows)
    content: Any = json.loads((output / "bench.json").read_text())
    assert content["settings"]["shared_memory"] is True
    assert all(each["shared_memory"] for each in (*content["loads"], *content["samples"]))
    left = {path.name for path in Path("/dev/shm").iterdir()}  # noqa: S108
    assert not {name for name in left if name.startswith(("LONG_TEXT", "ECHO"))}


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_service_that_takes_no_shared_memory_is_refused_before_anything_is_measured(
    lengths: Service, shared_length_repository: Path, tmp_path: Path, protocol: str
) -> None:
    result = run(lengths, shared_length_repository, tmp_path, "--shared-memory", "--protocol", protocol)
    assert result.exit_code == 8
    (line,) = result.stderr.splitlines()
    url = lengths.http_url if protocol == "http" else lengths.grpc_url
    assert f"--shared-memory: expected the server at {url} to take shared memory of this machine, got: " in line
    assert "restricted" in line
    assert "`sightline serve --allow-shared-memory`" in line
    assert not list(tmp_path.iterdir())


def test_a_typo_in_a_name_is_told_the_nearest_one(
    lengths: Service, shared_length_repository: Path, tmp_path: Path
) -> None:
    result = run(lengths, shared_length_repository, tmp_path, "lenght")
    assert result.exit_code == 6
    assert "The server has no model 'lenght'. Did you mean 'length'?" in result.stderr


def test_nobody_listening_is_said_with_what_to_do(lengths: Service, length_repository: Path, tmp_path: Path) -> None:
    options = [f"--model-repository={length_repository}", f"--output={tmp_path}"]
    for addresses in (
        ["--url=http://127.0.0.1:1", "--grpc-url=grpc://127.0.0.1:1"],
        ["--url=http://127.0.0.1:1", f"--grpc-url={lengths.grpc_url}"],
    ):
        result = CliRunner().invoke(bench, [*addresses, *options])
        assert result.exit_code == 4
        assert "127.0.0.1:1, nobody answers there; start it with `sightline serve`" in result.stderr


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--protocol=ftp", "expected http, grpc or both, got ftp"),
        ("--concurrency=0", "expected a number of requests in flight of 1 or more, got 0"),
        ("--concurrency=many", "expected numbers of requests in flight, separated by commas, got 'many'"),
        ("--rate=-5", "expected a rate above 0 requests per second, got -5"),
        ("--rounds=0", "--rounds: expected 1 or more, got 0"),
        ("--seconds=0", "--seconds: expected 0.1 to 3600 seconds per window, got 0"),
        ("--url=grpc://localhost:8000", "expected an address like http://localhost:8000"),
        ("--grpc-url=localhost:8001", "expected an address like grpc://localhost:8001"),
    ],
)
def test_options_that_make_no_sense_are_refused(option: str, said: str) -> None:
    result = CliRunner().invoke(bench, [option])
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_ctrl_c_keeps_what_was_measured(lengths: Service, shared_length_repository: Path, tmp_path: Path) -> None:
    program = "from sightline_server.bench.cli import bench; bench()"
    options = [f"--url={lengths.http_url}", f"--grpc-url={lengths.grpc_url}", f"--output={tmp_path}", "--rounds=1000"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *options, f"--model-repository={shared_length_repository}", "--seconds=0.2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith("2 of 6000: "):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert stderr.splitlines()[-1] == "Interrupted."
    assert len(json.loads((tmp_path / "bench.json").read_text())["samples"]) in (2, 3)
    assert stdout.startswith("MODEL\tPROTOCOL\t")
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"-u {lengths.grpc_url.partition('://')[2]} " not in running
