"""One server for all: the healthy entries, and every seeded fault beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from export.difference.faulty_repository import write_repository
from serving import Serve, Service


@pytest.fixture(scope="session")
def faulty_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_repository(tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="session")
def faulty_service(serve: Serve, faulty_repository: Path) -> Service:
    return serve(faulty_repository)
