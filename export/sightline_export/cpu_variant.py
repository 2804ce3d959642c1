"""The variant `cpu` of an ensemble: the same contract from one process, which runs all of its steps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sightline_backend.model_config import entries, string_parameters
from sightline_export.repository.model_config import ModelConfig

BACKEND = "image_pipeline"
_OF_THE_ENSEMBLE = ("platform", "ensemble_scheduling")


def cpu_variant(ensemble: ModelConfig, steps: Mapping[str, ModelConfig]) -> ModelConfig:
    """The configuration that serves `ensemble` through the backend `image_pipeline`.

    steps: the configuration of each model that the ensemble names, by name.
    """
    wiring = [_step(steps[str(step["model_name"])], step) for step in entries(ensemble["ensemble_scheduling"], "step")]
    parameters = {**string_parameters(ensemble), "steps": json.dumps(wiring, sort_keys=True)}
    kept = {key: value for key, value in ensemble.items() if key not in _OF_THE_ENSEMBLE}
    return kept | {
        "backend": BACKEND,
        "instance_group": [{"kind": "KIND_CPU", "count": 1}],
        "dynamic_batching": {},
        "parameters": {key: {"string_value": value} for key, value in parameters.items()},
    }


def _step(config: ModelConfig, wiring: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "model": config["name"],
        "backend": config["backend"],
        "parameters": string_parameters(config),
        "inputs": dict(wiring["input_map"]),
        "outputs": dict(wiring["output_map"]),
    }
