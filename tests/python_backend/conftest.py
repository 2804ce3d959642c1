"""A real tritonserver with small models, for the backends."""

from collections.abc import Iterator

import pytest

from .running_triton import Triton, running_triton
from .triton_models import write_good_models


@pytest.fixture(scope="session")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    """A tritonserver with all models of `write_good_models` loaded, which loads others on demand."""
    repository = tmp_path_factory.mktemp("repository")
    write_good_models(repository)
    with running_triton(repository) as triton:
        yield triton
