"""A served toy repository, for the tests that need answers and refusals of a known kind."""

from collections.abc import Iterator

import pytest
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
    """A small model for each task that this checkout has no model for, served."""
    return serve(write_task_repository(tmp_path_factory.getbasetemp() / "tasks"))
