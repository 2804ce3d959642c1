"""The onnxruntime drop-in in a real tritonserver."""

from typing import Any

import numpy as np
import pytest
from tritonclient.utils import InferenceServerException

from .running_triton import Triton
from .triton_models import (
    BATCH,
    ELEMENT_TYPES,
    ON_CPU,
    ONNX,
    X_TO_Y,
    doubled,
    parameters,
    tensor,
    write_model,
)

NUMPY_TYPES: dict[str, Any] = {
    "BOOL": np.bool_,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "BYTES": np.object_,
    **{f"{kind}{bits}": np.dtype(f"{kind}{bits}".lower()) for kind in ("INT", "UINT") for bits in (8, 16, 32, 64)},
}


def floats(*rows: list[float]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array(rows, np.float32)


def test_a_model_without_a_configuration_is_completed(triton: Triton) -> None:
    config = triton.config("bare")
    assert config["max_batch_size"] == 4
    assert config["dynamic_batching"]["preferred_batch_size"] == [4]
    assert config["input"] == [{"name": "X", "data_type": "TYPE_FP32", "dims": ["3"]}]
    assert config["output"] == [{"name": "Y", "data_type": "TYPE_FP32", "dims": ["3"]}]
    assert config["runtime"] == "model.py"
    assert triton.infer("bare", {"X": floats([1, 2, 3])})["Y"].tolist() == [[2, 4, 6]]


def test_a_tensor_of_the_batch_axis_alone_is_reshaped(triton: Triton) -> None:
    config = triton.config("vector")
    assert config["input"] == [{"name": "X", "data_type": "TYPE_FP32", "dims": ["1"], "reshape": {}}]
    assert triton.infer("vector", {"X": floats([1], [2])})["Y"].tolist() == [[2], [4]]


def test_a_model_without_batch_axis_is_completed_without_batching(triton: Triton) -> None:
    config = triton.config("unbatched")
    assert "max_batch_size" not in config
    assert "dynamic_batching" not in config
    assert config["input"] == [{"name": "X", "data_type": "TYPE_FP32", "dims": ["2", "-1"]}]
    assert triton.infer("unbatched", {"X": floats([1], [2])})["Y"].tolist() == [[2], [4]]


def test_every_element_type_goes_through_unchanged(triton: Triton) -> None:
    inputs = {f"IN_{name}": np.array([values], NUMPY_TYPES[name]) for name, (_, values) in ELEMENT_TYPES.items()}
    outputs = triton.infer("types", inputs)
    assert len(outputs) == len(ELEMENT_TYPES)
    for name in ELEMENT_TYPES:
        assert outputs[f"OUT_{name}"].dtype == inputs[f"IN_{name}"].dtype
        assert outputs[f"OUT_{name}"].tolist() == inputs[f"IN_{name}"].tolist()


def test_strings_that_are_not_utf_8_are_the_senders_error(triton: Triton) -> None:
    inputs = {f"IN_{name}": np.array([values], NUMPY_TYPES[name]) for name, (_, values) in ELEMENT_TYPES.items()}
    inputs["IN_BYTES"] = np.array([[b"good", b"\xff\xfe"]], np.object_)
    with pytest.raises(InferenceServerException, match="input 'IN_BYTES': expected strings in UTF-8") as refused:
        triton.infer("types", inputs)
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"


def test_only_the_requested_outputs_come_back(triton: Triton) -> None:
    row = {"X": floats([1, 2, 3])}
    assert list(triton.infer("sums", row, ["SUM"])) == ["SUM"]
    assert list(triton.infer("sums", row, ["Y"])) == ["Y"]
    assert set(triton.infer("sums", row)) == {"Y", "SUM"}


def test_requests_of_equal_shape_are_run_together(triton: Triton) -> None:
    before = triton.executions("sums")
    rows = [floats([k, k + 1], [10 * k, 0]) if k % 2 else floats([k, k]) for k in range(6)]
    answers = triton.infer_together("sums", [{"X": row} for row in rows])
    assert triton.executions("sums") - before < len(rows)
    for row, answer in zip(rows, answers, strict=True):
        assert isinstance(answer, dict)
        assert np.array_equal(answer["Y"], 2 * row)
        assert np.array_equal(answer["SUM"], row.sum(axis=1, keepdims=True))


def test_requests_of_different_lengths_are_all_answered(triton: Triton) -> None:
    rows = [floats([1.0] * length) for length in (1, 5, 1, 2, 5)]
    answers = triton.infer_together("sums", [{"X": row} for row in rows])
    sums = [answer["SUM"].tolist() if isinstance(answer, dict) else answer for answer in answers]
    assert sums == [[[1]], [[5]], [[1]], [[2]], [[5]]]


def test_a_request_that_the_model_refuses_leaves_its_batch_alone(triton: Triton) -> None:
    before = triton.executions("table")
    requests = [{"INDEX": np.array([[index]], np.int64)} for index in (0, 99, 2, 1)]
    answers = triton.infer_together("table", requests)
    assert triton.executions("table") - before < len(requests)
    values = [answer["VALUE"].tolist() if isinstance(answer, dict) else None for answer in answers]
    assert values == [[[10]], None, [[30]], [[20]]]
    error = answers[1]
    assert isinstance(error, InferenceServerException)
    assert error.status() == "StatusCode.INTERNAL"
    assert str(error.message()).startswith("onnx runtime error 2: ")
    assert "Traceback" not in str(error.message())


def test_scalars_are_tensors_of_one_element(triton: Triton) -> None:
    config = triton.config("scalars")
    assert [entry["dims"] for entry in (*config["input"], *config["output"])] == [["2", "2"], ["1"], ["1"]]
    total = triton.infer("scalars", {"X": floats([1, 2], [3, 4]), "FACTOR": np.array([0.5], np.float32)})["TOTAL"]
    assert total.tolist() == [5]


def test_an_optional_input_may_be_left_out(triton: Triton) -> None:
    x = np.array([1, 2], np.float32)
    assert triton.infer("optional", {"X": x})["Y"].tolist() == [6, 7]
    assert triton.infer("optional", {"X": x, "BIAS": x})["Y"].tolist() == [2, 4]


def test_settings_accelerators_and_a_folder_as_file_name_are_accepted(triton: Triton) -> None:
    assert triton.infer("tuned", {"X": floats([1, 2, 3])})["Y"].tolist() == [[2, 4, 6]]
    assert "model 'tuned': this ONNX Runtime has no OpenVINO" in triton.log_path.read_text()


BATCHED = ONNX + "max_batch_size: 4\n"
THREE = doubled((BATCH, 3))
UNLOADABLE: dict[str, tuple[str, Any, str]] = {
    "wrong_dims": (
        BATCHED + tensor("input", "X", "TYPE_FP32", "[4]") + tensor("output", "Y", "TYPE_FP32", "[3]"),
        THREE,
        "model 'wrong_dims', tensor 'X': the model expects 2 dimensions (shape [-1,3]) but the model configuration "
        "specifies 2 dimensions (an initial batch dimension because max_batch_size > 0 followed by the explicit tensor "
        "shape, making complete shape [-1,4])",
    ),
    "fixed_batch": (
        ONNX + "max_batch_size: 4\n",
        doubled((1, 3)),
        "autofill failed for model 'fixed_batch': model does not support batching while non-zero max_batch_size is "
        "specified",
    ),
    "no_file": (BATCHED + X_TO_Y, None, "model.onnx' for model instance 'no_file'"),
    "no_model": (BATCHED + X_TO_Y, b"this is no model", "onnx runtime error 7: "),
    "wrong_mode": (
        BATCHED + X_TO_Y + parameters(execution_mode="2"),
        THREE,
        "Invalid configuration value provided. Expected values for  execution_mode are 0 or 1 but got 2 .",
    ),
    "unknown_accelerator": (
        BATCHED + X_TO_Y + 'optimization { execution_accelerators { cpu_execution_accelerator { name: "abacus" } } }\n',
        THREE,
        "unknown Execution Accelerator 'abacus' is requested",
    ),
    "op_library": (
        BATCHED + X_TO_Y + 'model_operations { op_library_filename: "missing.so" }\n',
        THREE,
        "onnx runtime error ",
    ),
}


@pytest.fixture(scope="module")
def load_failures(triton: Triton) -> dict[str, str]:
    for name, (config, model, _) in UNLOADABLE.items():
        write_model(triton.repository, name, config + ON_CPU, model)
    return triton.load_failures(list(UNLOADABLE))


@pytest.mark.parametrize("name", UNLOADABLE)
def test_an_unusable_model_says_why(load_failures: dict[str, str], name: str) -> None:
    assert UNLOADABLE[name][2] in load_failures[name]
