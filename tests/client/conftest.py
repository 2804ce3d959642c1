"""A served toy repository, for the tests that need answers and refusals of a known kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from client.command_runs import write_pictures
from client.further_repository import write_further_models
from client.task_repository import write_task_repository
from serving import Serve, Service
from ways import WAYS, client_over

from sightline import Client


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """Each of the ways to a server."""
    return request.param


@pytest.fixture
def client(way: str, toys: Service) -> Iterator[Client]:
    """A client of the toys, over each way, that sends every request once."""
    with client_over(way, toys.http_url, toys.grpc_url, timeout=20, retries=0) as client:
        yield client


@pytest.fixture(scope="session")
def tasks(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A small model for each task, served, and the operations without a network."""
    return serve(write_further_models(write_task_repository(tmp_path_factory.getbasetemp() / "tasks")))


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder for a command, with nothing of ours in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SIGHTLINE_URL", raising=False)
    monkeypatch.delenv("SIGHTLINE_API_KEY", raising=False)
    return tmp_path


@pytest.fixture
def folder(workplace: Path) -> Path:
    """The current folder of a command, with many pictures in it."""
    return write_pictures(workplace)
