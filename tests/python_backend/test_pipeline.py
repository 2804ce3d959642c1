"""A whole ensemble in one process: its steps, the shares of a batch, and what a bad request leaves alone."""

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from PIL import Image

from sightline_backend.cores import available_cores, physical_cores
from sightline_backend.errors import ModelConfigError, ParameterError, PictureFormatError
from sightline_backend.pipeline import Known, Network, Pipeline, PipelineStep, in_pieces, steps_from_parameter
from sightline_backend.pipeline_files import open_pipeline
from sightline_backend.steps import Arrays, files_array
from sightline_backend.workers import Workers

from .triton_models import BATCH, graph, node

STEPS = [
    {
        "model": "pixels",
        "backend": "image_decode",
        "parameters": {"width": "4", "height": "4", "mode": "gray"},
        "inputs": {"IMAGE": "IMAGE"},
        "outputs": {"PIXELS": "pixels"},
    },
    {
        "model": "net",
        "backend": "onnxruntime",
        "parameters": {},
        "inputs": {"PIXELS": "pixels"},
        "outputs": {"LEVELS": "LEVELS"},
    },
]


def gray(level: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (9, 7), level).save(file, "PNG")
    return file.getvalue()


def request(*levels: int) -> dict[str, Any]:
    return {"IMAGE": files_array([gray(level) for level in levels])}


def mean_level() -> onnx.ModelProto:
    """LEVELS (B, 1, 1, 1) = the mean of PIXELS (B, 4, 4, 1)."""
    return graph(
        [
            node("Cast", ["PIXELS"], "x", to=TensorProto.FLOAT),
            node("ReduceMean", ["x", "AXES"], "LEVELS", keepdims=1),
        ],
        {"PIXELS": (TensorProto.UINT8, (BATCH, 4, 4, 1))},
        {"LEVELS": (TensorProto.FLOAT, (BATCH, 1, 1, 1))},
        {"AXES": np.array([1, 2, 3])},
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """`model`, in versions 1 and 2, with the network `net` in version 2 only."""
    for version in ("1", "2"):
        (tmp_path / "model" / version).mkdir(parents=True)
    (tmp_path / "net" / "2").mkdir(parents=True)
    onnx.save(mean_level(), tmp_path / "net" / "2" / "model.onnx")
    return tmp_path


def opened(repository: Path, threads: int, version: int = 2) -> Pipeline:
    parameters = {"steps": json.dumps(STEPS), "thread_count": str(threads)}
    return open_pipeline(configuration(parameters), repository / "model", version)


def configuration(parameters: Mapping[str, str]) -> dict[str, Any]:
    return {"name": "model", "parameters": {key: {"string_value": value} for key, value in parameters.items()}}


def tensors_or_raise(request: Arrays | Exception) -> Arrays:
    if isinstance(request, Exception):
        raise request
    return request


def levels(answer: Known) -> list[float]:
    if isinstance(answer, Exception):
        raise answer
    return answer["LEVELS"].ravel().tolist()


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_each_request_gets_its_own_answer(repository: Path, threads: int, count: int) -> None:
    pipeline = opened(repository, threads)
    answers = pipeline.answer([request(10 * index, 10 * index + 1) for index in range(count)])
    assert [levels(answer) for answer in answers] == [[10 * index, 10 * index + 1] for index in range(count)]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_bad_picture_leaves_the_others_alone(repository: Path, threads: int) -> None:
    bad, unread = {"IMAGE": files_array([b"hello"])}, ValueError("not read")
    requests = [request(1), bad, request(2), unread, request(3)]
    answers = opened(repository, threads).respond(requests, tensors_or_raise, lambda _, known: known)
    assert [levels(answers[index]) for index in (0, 2, 4)] == [[1], [2], [3]]
    assert isinstance(answers[1], PictureFormatError)
    assert answers[3] is unread


@pytest.mark.parametrize("threads", [1, 2])
def test_a_network_is_asked_once_for_all_requests(threads: int) -> None:
    asked: list[int] = []

    def run(_: list[str], inputs: dict[str, Any]) -> list[Any]:
        asked.append(len(inputs["PIXELS"]))
        return [inputs["PIXELS"].mean(axis=(1, 2, 3), keepdims=True)]

    workers = Workers(threads)
    pipeline = Pipeline(steps_from_parameter(json.dumps(STEPS)), {"net": Network(run, ("LEVELS",))}, workers)
    pipeline.answer([request(1)])
    pipeline.answer([request(1, 2), request(3), request(4)])
    assert asked == [1, 4]


@pytest.mark.parametrize(
    ("side", "count", "expected"),
    [(64, 32, [32]), (224, 1, [1]), (224, 10, [10]), (224, 11, [5, 6]), (224, 32, [8, 8, 8, 8]), (2000, 3, [1, 1, 1])],
)
def test_a_network_takes_as_many_pictures_as_stay_in_the_cache(side: int, count: int, expected: list[int]) -> None:
    asked: list[int] = []

    def run(names: list[str], inputs: dict[str, Any]) -> list[Any]:
        assert names == ["FIRST", "TWICE"]
        asked.append(len(inputs["PIXELS"]))
        first = inputs["PIXELS"][:, 0, 0, 0]
        return [first, 2 * first]

    pixels = np.zeros((count, side, side, 3), np.uint8)
    pixels[:, 0, 0, 0] = np.arange(count)
    first, twice = in_pieces(run)(["FIRST", "TWICE"], {"PIXELS": pixels})
    assert asked == expected
    assert (first == np.arange(count)).all()
    assert (twice == 2 * np.arange(count)).all()


def test_inputs_that_do_not_agree_reach_the_network_whole() -> None:
    asked: list[list[int]] = []

    def run(_: list[str], inputs: dict[str, Any]) -> list[Any]:
        asked.append([len(array) for array in inputs.values()])
        return []

    pixels = np.zeros((11, 224, 224, 3), np.uint8)
    in_pieces(run)([], {"PIXELS": pixels, "OTHER": pixels[:3]})
    assert asked == [[11, 3]]


def test_steps_after_a_network_run_on_each_request() -> None:
    after = {**STEPS[1], "model": "again", "inputs": {"PIXELS": "LEVELS"}, "outputs": {"LEVELS": "TWICE"}}
    tiles = {
        "model": "tiles",
        "backend": "image_decode",
        "parameters": STEPS[0]["parameters"],
        "inputs": {"IMAGE": "IMAGE"},
        "outputs": {"PIXELS": "seen"},
    }
    workers = Workers(2)
    double = Network(lambda _, inputs: [2 * inputs["PIXELS"].astype(np.float32)], ("LEVELS",))
    steps = steps_from_parameter(json.dumps([*STEPS, tiles, after]))
    pipeline = Pipeline(steps, {"net": double, "again": double}, workers)
    answers = pipeline.answer([request(level) for level in (1, 2, 3)])
    for level, answer in enumerate(answers, start=1):
        assert isinstance(answer, dict)
        assert (answer["seen"] == level).all()
        assert (answer["TWICE"] == 4 * level).all()


def test_steps_that_ask_a_network_themselves_are_given_it() -> None:
    tiles = PipelineStep(
        "enhancer_tiles",
        "image_tiles",
        {"network": "enhancer", "side": "16", "halo": "2", "scale": "1", "batch": "2"},
        {"IMAGE": "IMAGE"},
        {"RESULT": "RESULT"},
    )

    def invert(names: list[str], inputs: dict[str, Any]) -> list[Any]:
        assert names == ["RESULT_PIXELS"]
        return [255 - inputs["PIXELS"]]

    workers = Workers(1)
    pipeline = Pipeline([tiles], {"enhancer": Network(invert, ("RESULT_PIXELS",))}, workers)
    (answer,) = pipeline.answer([request(55)])
    assert isinstance(answer, dict)
    result = np.asarray(Image.open(io.BytesIO(answer["RESULT"][0, 0])))
    assert result.shape == (7, 9, 3)
    assert (result == 200).all()


def test_the_version_of_a_network_is_that_of_its_model_or_the_newest(repository: Path) -> None:
    for version in (1, 2):
        assert levels(opened(repository, 1, version).answer([request(7)])[0]) == [7]


def test_a_network_that_is_not_there_is_named(repository: Path) -> None:
    (repository / "net").rename(repository / "elsewhere")
    with pytest.raises(ModelConfigError, match=r"unable to find '.*net/2/model\.onnx'"):
        opened(repository, 1)


def test_without_steps_it_says_who_writes_them(repository: Path) -> None:
    with pytest.raises(ModelConfigError, match="expected the parameter steps, got none; `sightline export` writes it"):
        open_pipeline(configuration({}), repository / "model", 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a JSON list of steps"),
        ("{}", "expected at least one step"),
        ("[]", "expected at least one step, got none"),
        ('[{"model": "m"}]', "KeyError: 'backend'"),
        ('["m"]', "expected a JSON list of steps"),
        (json.dumps([{**STEPS[0], "model": ""}]), "expected a model, a backend and outputs in each step"),
        (json.dumps([{**STEPS[0], "outputs": {}}]), "expected a model, a backend and outputs in each step"),
        (json.dumps([{**STEPS[0], "inputs": 3}]), "expected a JSON list of steps"),
    ],
)
def test_a_list_of_steps_that_cannot_be_used_is_refused(text: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        steps_from_parameter(text)


def test_a_step_of_a_backend_that_is_not_ours_is_refused() -> None:
    steps = steps_from_parameter(json.dumps([{**STEPS[0], "backend": "dali"}]))
    with pytest.raises(ParameterError, match=r"expected a step of one of the backends .*image_decode.*, got 'dali'"):
        Pipeline(steps, {}, Workers(1))


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "150000 100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "100000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({}, None),
        ({"cpu.max": "nonsense\n"}, None),
    ],
)
def test_cores_are_those_that_the_quota_leaves(files: dict[str, str], cores: int | None, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    unlimited = available_cores(tmp_path / "nowhere")
    assert available_cores(tmp_path) == (cores or unlimited)
    assert unlimited >= 1


def test_of_hyper_threads_that_share_a_core_one_counts(tmp_path: Path) -> None:
    allowed = os.sched_getaffinity(0)
    for number in allowed:
        listed = tmp_path / f"cpu{number}" / "topology" / "thread_siblings_list"
        listed.parent.mkdir(parents=True)
        listed.write_text(f"{number // 2 * 2}-{number // 2 * 2 + 1}\n")
    nowhere = tmp_path / "nowhere"
    assert physical_cores(tmp_path, nowhere) == len({number // 2 for number in allowed})
    assert physical_cores(nowhere, nowhere) == len(allowed)
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert physical_cores(nowhere, tmp_path) == 1
