"""The variant `cpu` says what the ensemble says, and lists its steps."""

import json

import pytest
from serving import ROOT

from sightline_backend.pipeline import steps_from_parameter
from sightline_export.cpu_variant import cpu_variant
from sightline_export.repository.model_config import ModelConfig, from_text, to_text

REPOSITORY = ROOT / "model_repository"
ENSEMBLES = sorted(path.parent.parent.name for path in REPOSITORY.glob("*/configs/cpu.pbtxt"))


def config(name: str) -> ModelConfig:
    return from_text((REPOSITORY / name / "config.pbtxt").read_text())


@pytest.mark.parametrize("name", ENSEMBLES)
def test_the_committed_variants_are_those_of_their_ensembles(name: str) -> None:
    ensemble = from_text((REPOSITORY / name / "config.pbtxt").read_text())
    models = [step["model_name"] for step in ensemble["ensemble_scheduling"]["step"]]
    variant = cpu_variant(ensemble, {model: config(model) for model in models})
    written = from_text((REPOSITORY / name / "configs" / "cpu.pbtxt").read_text())
    assert from_text(to_text(variant)) == written
    assert written["backend"] == "image_pipeline"
    assert "ensemble_scheduling" not in written
    for key in ("name", "max_batch_size", "input", "output"):
        assert written[key] == ensemble[key]
    steps = steps_from_parameter(written["parameters"]["steps"]["string_value"])
    assert [step.model for step in steps] == models
    assert {name: written["parameters"][name] for name in ensemble["parameters"]} == ensemble["parameters"]


def test_every_ensemble_has_one() -> None:
    ensembles = [path.parent.name for path in REPOSITORY.glob("*/config.pbtxt") if '"ensemble"' in path.read_text()]
    assert sorted(ensembles) == ENSEMBLES
    assert len(ENSEMBLES) >= 16


def test_steps_carry_their_backends_and_parameters() -> None:
    written = from_text((REPOSITORY / "cnn" / "configs" / "cpu.pbtxt").read_text())
    decode, network = json.loads(written["parameters"]["steps"]["string_value"])
    assert (decode["backend"], decode["parameters"]["width"]) == ("image_decode", "64")
    assert (network["model"], network["backend"]) == ("cnn_network", "onnxruntime")
    assert decode["outputs"]["PIXELS"] == network["inputs"]["PIXELS"]
