"""The files of the deployment, as they stand in this checkout."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def dockerfile() -> Path:
    return ROOT / "deploy" / "triton" / "Dockerfile"


@pytest.fixture
def compose() -> dict[str, Any]:
    """docker-compose.yml with its anchors resolved."""
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(params=["triton-cpu", "triton-gpu"])
def service(request: pytest.FixtureRequest, compose: dict[str, Any]) -> dict[str, Any]:
    # anchors make the services share their values
    return copy.deepcopy(compose["services"][request.param])


@pytest.fixture
def parameters() -> Callable[[list[str]], dict[str, Any]]:
    """`parameters(command)`: what `python3 -m sightline_server …` is told by a command, defaults included."""
    return parse


def parse(command: list[str]) -> dict[str, Any]:
    from sightline_server.__main__ import main

    assert command[:3] == ["python3", "-m", "sightline_server"]
    name, *arguments = command[3:]
    assert name in main.commands, f"sightline_server has no command {name!r}, it has {', '.join(main.commands)}"
    return main.commands[name].make_context(name, arguments).params
