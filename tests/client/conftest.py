"""A served toy repository, for the tests that need answers and refusals of a known kind."""

from collections.abc import Iterator

import pytest
from serving import Service

from sightline import Client


@pytest.fixture(params=["http", "grpc"])
def toy_url(request: pytest.FixtureRequest, toys: Service) -> str:
    """Address of the toys, over each protocol."""
    return toys.http_url if request.param == "http" else toys.grpc_url


@pytest.fixture
def client(toy_url: str) -> Iterator[Client]:
    """A client of the toys, over each protocol."""
    with Client(toy_url, timeout=20) as client:
        yield client
