"""The class of latent_noise in a real tritonserver: named, drawn, left out, refused; and through an ensemble."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tritonclient.utils import InferenceServerException

from sightline_backend.noise import class_of, normal_noise

from .running_triton import Array, Triton, running_triton
from .triton_models import ON_CPU, WAITING, parameters, tensor, write_model

BACKEND = 'backend: "latent_noise"\n' + parameters(size="5", classes="10")
OPTIONAL = 'input { name: "CLASS_ID" data_type: TYPE_INT32 dims: [1] optional: true }\n'
SEED = tensor("input", "SEED", "TYPE_INT64", "[1]")
OUTPUTS = tensor("output", "NOISE", "TYPE_FP32", "[5]") + tensor("output", "CLASS", "TYPE_INT32", "[1]")
ENSEMBLE = (
    'platform: "ensemble"\nmax_batch_size: 16\n'
    + SEED
    + OPTIONAL
    + OUTPUTS
    + """ensemble_scheduling { step { model_name: "waiting" model_version: -1
    input_map { key: "SEED" value: "SEED" } input_map { key: "CLASS_ID" value: "CLASS_ID" }
    output_map { key: "NOISE" value: "NOISE" } output_map { key: "CLASS" value: "CLASS" } } }"""
)


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    repository = tmp_path_factory.mktemp("noise")
    write_model(repository, "bare", BACKEND + ON_CPU)
    write_model(repository, "waiting", BACKEND + "max_batch_size: 16\n" + SEED + OPTIONAL + OUTPUTS + WAITING + ON_CPU)
    write_model(repository, "whole", ENSEMBLE)
    with running_triton(repository) as triton:
        yield triton


def request(seed: int, class_id: int | None) -> dict[str, Array]:
    inputs: dict[str, Array] = {"SEED": np.array([[seed]], np.int64)}
    return inputs if class_id is None else inputs | {"CLASS_ID": np.array([[class_id]], np.int32)}


def test_a_configuration_of_parameters_is_completed_with_the_class(noise: Triton) -> None:
    def listed(entries: list[dict[str, Any]]) -> list[tuple[str, str, list[str], bool]]:
        return [(e["name"], e["data_type"], e["dims"], bool(e.get("optional"))) for e in entries]

    config = noise.config("bare")
    assert listed(config["input"]) == [
        ("SEED", "TYPE_INT64", ["1"], False),
        ("CLASS_ID", "TYPE_INT32", ["1"], True),
    ]
    assert listed(config["output"]) == [
        ("NOISE", "TYPE_FP32", ["5"], False),
        ("CLASS", "TYPE_INT32", ["1"], False),
    ]


@pytest.mark.parametrize("model", ["bare", "whole"])
@pytest.mark.parametrize("class_id", [None, -1, 0, 9])
def test_the_class_is_the_named_one_or_drawn_from_the_seed(noise: Triton, model: str, class_id: int | None) -> None:
    answer = noise.infer(model, request(7, class_id))
    expected = class_id if class_id is not None and class_id >= 0 else class_of(7, 10)
    assert answer["CLASS"].tolist() == [[expected]]
    assert np.array_equal(answer["NOISE"], normal_noise(7, 5)[None])


@pytest.mark.parametrize("model", ["bare", "whole"])
def test_a_class_that_is_not_there_is_the_senders_error(noise: Triton, model: str) -> None:
    with pytest.raises(InferenceServerException, match="CLASS_ID: expected a class from 0 to 9, or -1") as refused:
        noise.infer(model, request(7, 10))
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"


@pytest.mark.parametrize("model", ["waiting", "whole"])
def test_requests_with_and_without_a_class_share_a_batch_and_leave_each_other_alone(noise: Triton, model: str) -> None:
    asked = [None, 3, -1, 77, None, 0, -2, 9]
    before = noise.executions("waiting")
    answers = noise.infer_together(model, [request(seed, class_id) for seed, class_id in enumerate(asked)])
    assert noise.executions("waiting") - before < len(asked)
    for seed, (class_id, answer) in enumerate(zip(asked, answers, strict=True)):
        if class_id in (77, -2):
            assert isinstance(answer, InferenceServerException)
            assert answer.status() == "StatusCode.INVALID_ARGUMENT"
        else:
            assert isinstance(answer, dict)
            expected = class_id if class_id is not None and class_id >= 0 else class_of(seed, 10)
            assert answer["CLASS"].tolist() == [[expected]]
            assert np.array_equal(answer["NOISE"], normal_noise(seed, 5)[None])


def test_rows_of_one_request_have_classes_of_their_own(noise: Triton) -> None:
    seeds, asked = np.array([[1], [2], [1]], np.int64), np.array([[-1], [5], [8]], np.int32)
    answer = noise.infer("whole", {"SEED": seeds, "CLASS_ID": asked})
    assert answer["CLASS"].ravel().tolist() == [class_of(1, 10), 5, 8]
