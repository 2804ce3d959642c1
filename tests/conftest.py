"""Fixtures for all rooms: a real service behind every test that asks for one."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from client.toy_repository import write_toy_repository
from serving import Serve, Service, built_repository, launch, stop


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """`serve(repository, *options)` starts `sightline serve`, once per session for the same arguments."""
    started: dict[tuple[str, ...], Service] = {}

    def start(repository: Path, *options: str) -> Service:
        key = (str(repository), *options)
        # a test may have ended the one that was there
        if key not in started or started[key].process.poll() is not None:
            started[key] = launch(repository, *options)
        return started[key]

    yield start
    with ThreadPoolExecutor(max(len(started), 1)) as pool:  # together: each takes seconds to end
        list(pool.map(stop, started.values()))
    for service in started.values():
        shutil.rmtree(service.directory)


@pytest.fixture(scope="session")
def service(serve: Serve) -> Service:
    """The models of this checkout, served."""
    try:
        return serve(built_repository())
    except RuntimeError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def toys(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The toy repository, served once for all rooms that ask for it."""
    return serve(write_toy_repository(tmp_path_factory.getbasetemp() / "toys"))
