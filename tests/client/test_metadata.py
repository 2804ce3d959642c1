from typing import Any

import pytest

from sightline import InferenceFailed, ModelInfo, TensorInfo
from sightline._metadata import parse_model, parse_ready_models

METADATA: dict[str, Any] = {
    "name": "cnn",
    "versions": ["2", "10"],
    "platform": "ensemble",
    "inputs": [{"name": "IMAGE", "datatype": "BYTES", "shape": [-1, 1]}],
    "outputs": [{"name": "SCORES", "datatype": "FP32", "shape": [-1, 10]}],
}
CONFIG: dict[str, Any] = {
    "parameters": {"task": {"string_value": "image-classification"}, "labels": {"string_value": '["0", "eins"]'}}
}
CNN = ModelInfo(
    "cnn",
    "image-classification",
    10,
    ("0", "eins"),
    (TensorInfo("IMAGE", "BYTES", (-1, 1)),),
    (TensorInfo("SCORES", "FP32", (-1, 10)),),
)


def test_both_protocols_describe_the_same_model() -> None:
    assert parse_model(METADATA, CONFIG) == CNN
    # protobuf's JSON writes 64-bit integers as strings
    tensors = {
        key: [{**METADATA[key][0], "shape": [str(n) for n in METADATA[key][0]["shape"]]}]
        for key in ("inputs", "outputs")
    }
    assert parse_model({**METADATA, **tensors}, CONFIG) == CNN


def test_a_version_that_was_asked_for_is_kept() -> None:
    assert parse_model(METADATA, CONFIG, version=2).version == 2


def test_a_model_without_parameters_has_no_task_and_no_labels() -> None:
    model = parse_model({"name": "step", "versions": ["1"]}, {})
    assert (model.task, model.labels, model.inputs, model.outputs) == (None, (), (), ())


@pytest.mark.parametrize("labels", ["[1, 2]", '{"a": 1}', "cat, dog", '"cat"', "["])
def test_labels_that_are_no_list_of_strings_are_refused(labels: str) -> None:
    with pytest.raises(InferenceFailed, match="JSON list of strings, got") as caught:
        parse_model(METADATA, {"parameters": {"labels": {"string_value": labels}}})
    assert caught.value.model == "cnn"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("versions", None),
        ("versions", []),
        ("versions", ["one"]),
        ("inputs", [7]),
        ("inputs", [{"name": "X"}]),
        ("outputs", [{"name": "X", "datatype": "FP32", "shape": ["wide"]}]),
    ],
)
def test_a_description_in_another_form_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InferenceFailed, match="description of a model in Triton's form"):
        parse_model({**METADATA, field: value}, CONFIG)


def test_ready_models_are_sorted_by_name_and_version() -> None:
    stats = [{"name": "b", "version": "10"}, {"name": "b", "version": "9"}, {"name": "a", "version": "1"}]
    answer = {"model_stats": stats}
    assert parse_ready_models(answer) == [("a", 1), ("b", 9), ("b", 10)]
    assert parse_ready_models({}) == []
    with pytest.raises(InferenceFailed, match="list of models"):
        parse_ready_models({"model_stats": [{"name": "a"}]})
