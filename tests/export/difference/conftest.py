"""One server for all: the healthy entries, and every seeded fault beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from export.difference.comparing import HEALTHY_ENTRIES
from export.difference.faulty_repository import write_repository
from serving import Serve, Service

from sightline_export.connection import Connection
from sightline_export.difference.reference import Reference, read_reference


@pytest.fixture(scope="session")
def faulty_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_repository(tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="session")
def faulty_service(serve: Serve, faulty_repository: Path) -> Service:
    return serve(faulty_repository)


@pytest.fixture(scope="session")
def connection(faulty_service: Service) -> Iterator[Connection]:
    connection = Connection(faulty_service.grpc_url, 60)
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def references(faulty_repository: Path) -> dict[str, Reference]:
    return {name: read_reference(faulty_repository, name, None) for name in HEALTHY_ENTRIES}
