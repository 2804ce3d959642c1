"""The command `sightline trace` as a user runs it, with the real tritonserver behind it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import pytest
from client.task_repository import write_task_repository
from PIL import Image

from .conftest import write_model

CPU = "instance_group { kind: KIND_CPU count: 1 }"
IMAGE = 'input { name: "IMAGE" data_type: TYPE_STRING dims: 1 }'
STEPS = [
    {
        "model": "cells",
        "backend": "image_decode",
        "parameters": {"width": "8", "height": "8"},
        "inputs": {"IMAGE": "IMAGE"},
        "outputs": {"PIXELS": "pixels", "SIZE_WH": "size_wh"},
    },
    {
        "model": "tiny_segmenter_network",
        "backend": "onnxruntime",
        "parameters": {},
        "inputs": {"PIXELS": "pixels"},
        "outputs": {"CLASSES": "classes"},
    },
    {
        "model": "class_map",
        "backend": "class_map",
        "parameters": {},
        "inputs": {"CLASSES": "classes", "SIZE_WH": "size_wh"},
        "outputs": {"CLASS_MAP": "CLASS_MAP"},
    },
]
FUSED_CONFIG = f"""
backend: "image_pipeline" max_batch_size: 8 {IMAGE} {CPU}
output {{ name: "CLASS_MAP" data_type: TYPE_STRING dims: 1 }}
parameters {{ key: "steps" value {{ string_value: {json.dumps(json.dumps(STEPS))} }} }}
"""
COLOURS = """<ir_version: 10, opset_import: ["": 21]>
colours (uint8[N, 8, 8, 3] PIXELS) => (float[N, 3] SCORES) {
    cells = Constant <value_ints = [1, 2]> ()
    levels = Cast <to = 1> (PIXELS)
    means = ReduceMean <keepdims = 0> (levels, cells)
    SCORES = Softmax <axis = 1> (means)
}
"""
EXPLAIN = {"network": "colours", "method": "occlusion", "width": 8, "height": 8, "patch": 4, "stride": 2}


def parameters(values: dict[str, Any]) -> str:
    return " ".join(f'parameters {{ key: "{key}" value {{ string_value: "{values[key]}" }} }}' for key in values)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tiny_segmenter`, the same in one process as `fused`, `explained`, which asks `colours`, and `noise`."""
    repository = write_task_repository(tmp_path_factory.mktemp("trace") / "repository")
    (write_model(repository, "fused", FUSED_CONFIG) / "1").mkdir()
    (write_model(repository, "explained", f'backend: "explain" {CPU} {parameters(EXPLAIN)}') / "1").mkdir()
    (write_model(repository, "noise", f'backend: "latent_noise" {CPU} {parameters({"size": 100})}') / "1").mkdir()
    version = write_model(repository, "colours", f'backend: "onnxruntime" {CPU}') / "1"
    version.mkdir()
    onnx.save(onnx.parser.parse_model(COLOURS), version / "model.onnx")
    return repository


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "noise.jpg"
    Image.effect_noise((320, 240), 60).convert("RGB").save(path)
    return path


COMMAND = [sys.executable, "-c", "from sightline_server.tracing.cli import trace; trace()"]


def run(*arguments: object, temporary: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TMPDIR": str(temporary or tempfile.gettempdir())}
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120, env=environment
    )


def traced(repository: Path, model: str, *arguments: object) -> dict[tuple[str, str], float]:
    """Milliseconds by stage and step, of a waterfall nearly all of which is somebody's."""
    done = run(model, *arguments, "--model-repository", repository, "--repeat", 8, "--json", "-")
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert (content["model"], content["requests"]) == (model, 4)
    assert content["attributed_share"] >= 0.95, content
    found = {(row["stage"], row["step"]): row["ms"] for row in content["stages"]}
    assert sum(found.values()) == pytest.approx(content["total_ms"])
    return found


def test_a_waterfall_is_shown_drawn_and_held_to_budgets(repository: Path, picture: Path, tmp_path: Path) -> None:
    files = ("--json", tmp_path / "trace.json", "-o", tmp_path / "trace.png")
    budgets = ("--budget", "total=60s,decode=0.001us")
    done = run("tiny_segmenter", picture, "--model-repository", repository, *files, *budgets)
    assert done.returncode == 20, done.stderr
    assert done.stderr.splitlines()[-1].startswith("Error: tiny_segmenter is over its budget: decode: expected at most")
    assert "total:" not in done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert lines[0] == ["stage", "step", "ms", "percent"]
    assert [(stage, step) for stage, step, *_ in lines[1:4]] == [
        ("client encode", "client"),
        ("network", "request"),
        ("queue", "cells"),
    ]
    written = json.loads((tmp_path / "trace.json").read_text())
    assert [f"{row['ms']:.3f}" for row in written["stages"]] == [line[2] for line in lines[1:-1]]
    assert np.asarray(Image.open(tmp_path / "trace.png")).shape[1:] == (1280, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trace.json", "trace.png"]


def test_a_model_in_one_process_has_the_same_stages_in_one_step(repository: Path, picture: Path) -> None:
    found = traced(repository, "fused", picture)
    inside = {stage for stage, step in found if step == "fused"}
    assert inside == {"queue", "copies", "decode", "resize", "inference", "postprocess"}


def test_what_a_model_asks_another_one_for_is_found_in_that_one(repository: Path, picture: Path) -> None:
    found = traced(repository, "explained", picture)
    assert {"decode", "resize", "postprocess"} <= {stage for stage, step in found if step == "explained"}
    assert {stage for stage, step in found if step == "colours"} == {"inference"}


def test_a_model_of_a_seed_needs_no_picture(repository: Path) -> None:
    assert {"queue", "copies", "noise"} == {stage for stage, step in traced(repository, "noise") if step == "noise"}


def test_a_request_that_cannot_be_answered_is_refused_with_the_reason(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    (tmp_path / "file").write_bytes(b"a text")
    done = run("cells", tmp_path / "file", "--model-repository", repository, temporary=tmp_path / "temporary")
    assert done.returncode == 8
    what = "Error: cells refused the request: expected a JPEG, PNG, WebP, BMP or GIF file, got a text file"
    assert done.stderr.splitlines()[-1].startswith(what)
    assert list((tmp_path / "temporary").iterdir()) == []  # no log either: the server did nothing wrong


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["nothing", "--model-repository", "REPOSITORY"], 6, "holds no model 'nothing'"),
        (["cells", "--model-repository", "nowhere"], 12, "nowhere is not a model repository"),
        (["cells", "missing.jpg"], 3, "missing.jpg cannot be read: expected the file of a picture"),
        (["cells", "--budget", "decode=soon"], 2, "such as decode=4ms,inference=10ms, got 'decode=soon'"),
        (["cells", "-o", "trace.jpg"], 2, "expected a file that ends in .png, got trace.jpg"),
        (["cells", "--json", "missing/trace.json"], 2, "expected a file in a folder that exists"),
    ],
)
def test_what_cannot_be_traced_is_refused_before_a_server_starts(
    arguments: list[str], code: int, what: str, repository: Path
) -> None:
    done = run(*(str(repository) if each == "REPOSITORY" else each for each in arguments))
    assert done.returncode == code
    assert what in " ".join(done.stderr.split())
    assert "Starting tritonserver" not in done.stderr


def test_ctrl_c_ends_it_and_leaves_nothing_behind(repository: Path, picture: Path, tmp_path: Path) -> None:
    command = [*COMMAND, "tiny_segmenter", str(picture), "--model-repository", str(repository), "--repeat", "1000000"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("sightline-*/spans/*.jsonl")):
        assert process.poll() is None
        time.sleep(0.05)
    (directory,) = tmp_path.iterdir()
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, "")
    assert list(tmp_path.iterdir()) == []
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(directory) in command_line(path)]


def command_line(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
