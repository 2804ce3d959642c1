"""The onnxruntime drop-in: dynamic batches, and sessions."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sightline_backend.errors import ModelConfigError, ModelError
from sightline_backend.onnx_runtime.batching import Work, run_all
from sightline_backend.onnx_runtime.graph import Graph, GraphTensor
from sightline_backend.onnx_runtime.providers import CPU
from sightline_backend.onnx_runtime.session import error_text, graph_of, model_file, open_session
from sightline_backend.onnx_runtime.settings import SessionSettings

from .triton_models import BATCH, doubled, with_default

Array = npt.NDArray[Any]


class Doubler:
    """Stands for a session: Y = 2 X, N = the batch size for each row; refuses negative numbers."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], tuple[int, ...]]] = []

    def __call__(self, output_names: list[str], inputs: dict[str, Array]) -> list[Array]:
        x = inputs["X"]
        self.calls.append((output_names, x.shape))
        if (x < 0).any():
            raise ModelError("negative")
        outputs = {"Y": 2 * x, "N": np.full(len(x), len(x)), "LOST": np.zeros(99)}
        return [outputs[name] for name in output_names]


def work(*shape: int, value: float = 1.0, outputs: tuple[str, ...] = ("Y",)) -> Work:
    return Work({"X": np.full(shape, value)}, outputs)


def test_equal_shapes_are_one_call_and_are_split_again() -> None:
    run = Doubler()
    results = run_all([work(1, 3), work(2, 3, value=5), work(1, 3, value=7)], run, batching=True)
    assert run.calls == [(["Y"], (4, 3))]
    assert [result["Y"].tolist() for result in results if isinstance(result, dict)] == [
        [[2] * 3],
        [[10] * 3] * 2,
        [[14] * 3],
    ]


def test_each_shape_is_a_call_and_the_order_is_kept() -> None:
    run = Doubler()
    results = run_all([work(1, 3), work(1, 5, value=2), work(1, 3, value=3)], run, batching=True)
    assert [shape for _, shape in run.calls] == [(2, 3), (1, 5)]
    assert [result["Y"][0, 0] for result in results if isinstance(result, dict)] == [2, 4, 6]


def test_each_request_gets_the_outputs_that_it_asks_for() -> None:
    run = Doubler()
    wanted = [("N",), ("Y", "N"), ("Y",)]
    results = run_all([work(1, 1, outputs=outputs) for outputs in wanted], run, batching=True)
    assert [tuple(result) for result in results if isinstance(result, dict)] == wanted
    assert run.calls == [(["N", "Y"], (3, 1))]


def test_a_failing_request_is_run_alone_and_keeps_its_error() -> None:
    results = run_all([work(1, 1), work(1, 1, value=-1), work(1, 1, value=3)], Doubler(), batching=True)
    assert isinstance(results[1], ModelError)
    assert [result["Y"].tolist() for result in results if isinstance(result, dict)] == [[[2]], [[6]]]


def test_what_failed_before_keeps_its_error() -> None:
    broken = LookupError("X")
    results = run_all([broken, work(1, 1)], Doubler(), batching=True)
    assert results[0] is broken
    assert isinstance(results[1], dict)


def test_an_output_without_batch_axis_is_an_error() -> None:
    (result,) = run_all([work(2, 1, outputs=("LOST",))], Doubler(), batching=True)
    assert isinstance(result, ModelError)
    assert "output 'LOST': expected 2 as first dimension, the size of the batch, the model gave the shape [99]" in str(
        result
    )


def test_without_batch_axis_every_request_is_a_call() -> None:
    run = Doubler()
    results = run_all([work(2), work(2, value=-1), work(2)], run, batching=False)
    assert len(run.calls) == 3
    assert [isinstance(result, dict) for result in results] == [True, False, True]


def test_settings_reach_the_session(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(doubled((BATCH, 3)).SerializeToString())
    settings = SessionSettings(
        intra_op_threads=2,
        inter_op_threads=3,
        parallel=True,
        session_entries={"session.intra_op.allow_spinning": "0"},
    )
    session: Any = open_session(path, settings, [CPU])
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 3)
    assert options.execution_mode.name == "ORT_PARALLEL"
    assert not options.enable_cpu_mem_arena
    assert options.enable_mem_pattern
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


CONFINED = """
import os, sys
import onnxruntime
from pathlib import Path
from sightline_backend.onnx_runtime.session import open_session
from sightline_backend.onnx_runtime.settings import SessionSettings

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
before = set(os.listdir("/proc/self/task"))
session = open_session(Path(sys.argv[1]), SessionSettings(), ["CPUExecutionProvider"])
options = session.get_session_options()
print(options.intra_op_num_threads, options.inter_op_num_threads)
print(*(os.sched_getaffinity(int(thread)) for thread in set(os.listdir("/proc/self/task")) - before))
"""


def test_a_process_that_may_use_one_core_uses_no_other(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(doubled((BATCH, 3)).SerializeToString())
    command = [sys.executable, "-c", CONFINED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    threads, used = done.stdout.splitlines()
    assert set(re.findall(r"\d+", used)) <= {str(min(os.sched_getaffinity(0)))}
    assert threads == "1 1"


def test_a_graph_is_read_with_its_overridable_initializers(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(with_default().SerializeToString())
    graph = graph_of(open_session(path, SessionSettings(), [CPU]))
    assert graph == Graph(
        (GraphTensor("X", "TYPE_FP32", (2,)),),
        (GraphTensor("Y", "TYPE_FP32", (2,)),),
        (GraphTensor("BIAS", "TYPE_FP32", (2,)),),
    )


def test_a_folder_stands_for_the_model_inside_it(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.onnx").touch()
    assert model_file(tmp_path, "weights", "m") == tmp_path / "weights" / "model.onnx"
    with pytest.raises(ModelConfigError) as refused:
        model_file(tmp_path, "", "m")
    assert str(refused.value) == f"unable to find '{tmp_path / 'model.onnx'}' for model instance 'm'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Got\nit", "onnx runtime error 2: Got\nit"),
        ("Required inputs (['x']) are missing", "onnx runtime error 1: Required inputs (['x']) are missing"),
    ],
)
def test_errors_are_written_as_the_cpp_backend_does(text: str, expected: str) -> None:
    assert error_text(RuntimeError(text)) == expected
