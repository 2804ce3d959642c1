"""Models of Sightline's own backends: their parameters, and the tensors that follow from them."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from sightline_backend.errors import BackendError, ParameterError
from sightline_backend.model_config import Config, check, complete, string_parameters
from sightline_export.lint.config_text import normalised
from sightline_export.lint.contracts import CONTRACTS, Contract
from sightline_export.lint.findings import Finding
from sightline_export.lint.machine import Machine
from sightline_export.lint.model import Model
from sightline_export.lint.onnx_models import Checked
from sightline_export.lint.own_tensors import differences
from sightline_export.lint.own_warmups import check_own_warmup


def is_own(model: Model) -> bool:
    return model.config["backend"] in CONTRACTS


def contract_of(model: Model) -> Contract:
    """What a model of one of our backends takes, gives and asks.

    Raises:
        ParameterError: its parameters can't be used.
    """
    return CONTRACTS[str(model.config["backend"])](string_parameters(model.config))


def check_own(model: Model, machine: Machine) -> Checked:
    """Complete and check a model of one of our backends, as the backend does."""
    config: Config = copy.deepcopy(model.config)
    try:
        contract = contract_of(model)
    except ParameterError as error:
        return Checked(config, (_wrong_parameter(model, str(error)),), known=False)
    complete(config, contract.takes, contract.gives)
    config = normalised(config)
    packages = tuple(_check_packages(model, contract, machine))
    try:
        check(config, contract.takes, contract.gives)
    except BackendError as error:
        found = tuple(differences(model, config, contract))
        whole = model.error("own-tensors", (), "the tensors of the backend", str(error), "leave input and output out")
        return Checked(config, (*packages, *(found or (whole,))))
    return Checked(config, (*packages, *check_own_warmup(model, config, contract)))


def _wrong_parameter(model: Model, message: str) -> Finding:
    expected, _, found = message.partition(", got ")
    found, _, edit = found.partition("; ")
    entry = model.fields.entry(("parameters",), expected.partition(":")[0])
    return model.error(
        "parameter",
        ("parameters", entry or 0),
        expected.replace("expected ", ""),
        found or "another",
        edit or "correct the parameter",
    )


def _check_packages(model: Model, contract: Contract, machine: Machine) -> Iterator[Finding]:
    for package in contract.packages:
        if machine.python_modules is not None and not machine.python_modules(package):
            yield model.error(
                "import-missing",
                ("backend",),
                f"{package} in the Python of Triton, for the backend {model.config['backend']}",
                "no such module",
                "run: sightline install-runtime",
            )
