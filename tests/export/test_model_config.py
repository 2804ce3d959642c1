"""`config.pbtxt`: written through Triton's schema and read back."""

import pytest
from google.protobuf.json_format import ParseError

from sightline_backend.pixels import PixelSpec
from sightline_export.entries import network_name
from sightline_export.model_spec import ModelSpec
from sightline_export.recipe import Recipe, recipes
from sightline_export.repository.model_config import (
    Step,
    backend_config,
    ensemble_config,
    from_text,
    network_config,
    to_text,
)
from sightline_export.signature import Signature, TensorSpec
from sightline_export.tasks.pixel_steps import decoder

SIGNATURE = Signature(
    (TensorSpec("PIXELS", "UINT8", (64, 48, 3), nhwc=True),), (TensorSpec("SCORES", "FP32", (10,), labelled=True),)
)


def test_network_config_says_everything_that_triton_needs() -> None:
    config = from_text(to_text(network_config("m_network", SIGNATURE, 32)))
    assert config == {
        "name": "m_network",
        "backend": "onnxruntime",
        "max_batch_size": 32,
        "input": [
            {"name": "PIXELS", "data_type": "TYPE_UINT8", "format": "FORMAT_NHWC", "dims": ["64", "48", "3"]},
        ],
        "output": [{"name": "SCORES", "data_type": "TYPE_FP32", "dims": ["10"], "label_filename": "labels.txt"}],
        "instance_group": [{"count": 1, "kind": "KIND_CPU"}],
        "dynamic_batching": {},
    }


def test_the_pixel_specification_travels_in_the_decoders_parameters() -> None:
    spec = PixelSpec(64, 48, mode="gray", fit="letterbox", resample="lanczos")
    step = decoder(spec)
    config = from_text(to_text(backend_config(step.name, step.backend, step.signature, 32, step.parameters)))
    read = {key: value["string_value"] for key, value in config["parameters"].items()}
    assert PixelSpec.from_parameters(read) == spec
    assert config["name"] == f"pixels_{spec.name}"


def test_ensemble_wires_its_steps_and_tells_task_and_labels() -> None:
    steps = (Step("decode", {"IMAGE": "IMAGE"}, {"PIXELS": "p"}), Step("net", {"PIXELS": "p"}, {"SCORES": "SCORES"}))
    config = from_text(to_text(ensemble_config("m", "image-classification", SIGNATURE, steps, 4, ('a "b"', "ü"))))
    assert [step["model_name"] for step in config["ensemble_scheduling"]["step"]] == ["decode", "net"]
    assert config["ensemble_scheduling"]["step"][1]["input_map"] == {"PIXELS": "p"}
    assert config["parameters"] == {
        "task": {"string_value": "image-classification"},
        "labels": {"string_value": r'["a \"b\"", "\u00fc"]'},
    }


def test_a_field_that_triton_does_not_know_is_refused() -> None:
    with pytest.raises(ParseError, match="max_batchsize"):
        to_text({"name": "m", "max_batchsize": 3})


SPECS = [part.spec for recipe in recipes().values() if isinstance(recipe, Recipe) for part in recipe.parts]


@pytest.mark.parametrize("spec", SPECS, ids=[spec.name for spec in SPECS])
def test_ensembles_are_wired_without_loose_ends(spec: ModelSpec) -> None:
    name = spec.name
    models, steps = spec.task.steps(spec, network_name(name))
    signature = spec.task.ensemble_signature(spec)
    available = {tensor.name for tensor in signature.inputs}
    for step in steps:
        assert set(step.inputs.values()) <= available
        available |= set(step.outputs.values())
    assert {tensor.name for tensor in signature.outputs} <= available
    asked = {step.model for step in steps} | {model.parameters.get("network", "") for model in models} - {""}
    assert asked == {model.name for model in models} | {network_name(name)}
