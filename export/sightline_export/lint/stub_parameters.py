"""Parameters that Triton itself and its Python backend read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sightline_backend.model_config import string_parameters
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.readable import exists

ENVIRONMENT = "EXECUTION_ENV_PATH"
_CPU_ONLY = "FORCE_CPU_ONLY_INPUT_TENSORS"
_BATCHING = "TRITON_BATCH_STRATEGY_PATH"
_MODEL_FOLDER = "$$TRITON_MODEL_DIRECTORY"


def check_stub_parameters(model: Model) -> Iterator[Finding]:
    parameters = string_parameters(model.config)
    if model.is_ensemble:
        return
    if parameters.get(_CPU_ONLY, "yes") not in ("yes", "no"):
        yield _wrong(model, _CPU_ONLY, "yes or no", parameters[_CPU_ONLY])
    environment = parameters.get(ENVIRONMENT)
    if environment is not None and model.config["backend"] == "python":
        path = Path(environment.replace(_MODEL_FOLDER, str(model.folder)))
        if not exists(path):
            yield _wrong(model, ENVIRONMENT, "a Python environment that is there", environment)
    strategy = parameters.get(_BATCHING)
    if strategy is not None and "sequence_batching" in model.config:
        yield _wrong(model, _BATCHING, "no custom batching beside sequence_batching", strategy)
    elif strategy is not None and not exists(Path(strategy)):
        yield _wrong(model, _BATCHING, "a library that is there", strategy)


def _wrong(model: Model, key: str, expected: str, found: str) -> Finding:
    entry = model.fields.entry(("parameters",), key)
    return model.error(
        "parameter", ("parameters", entry or 0), f"{expected} for {key}", found, "correct the parameter, or take it out"
    )
