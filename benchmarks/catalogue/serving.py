"""One server for the whole repository: when it is ready, how much memory it holds, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalogue.memory import Memory, tree_memory
from benchmarks.own_server import sightline_serve

from sightline_export.errors import ExportError
from sightline_export.repository.published import read_published
from sightline_export.signature import TensorSpec
from sightline_export.verification.again import verify_again
from sightline_export.verification.service import Service, connected


@dataclass(frozen=True)
class Served:
    """ready_s: from the start of `sightline serve` until every golden answer was right.

    idle: memory then. busy: memory after every model has answered what it was asked when it was exported.
    failures: one line for each model that does not answer as it did then.
    """

    models: int
    ready_s: float
    idle: Memory
    busy: Memory
    failures: tuple[str, ...]


def serve_at_once(repository: Path, names: Sequence[str], scratch: Path) -> Served:
    """Serve everything in `repository` and ask `names`. Raises RuntimeError where the server does not come up."""
    with sightline_serve(repository, scratch) as server:
        idle = tree_memory(server.pid)
        with connected(server.grpc_url) as service:
            failures = tuple(line for name in names if (line := _failure(repository, name, service)))
        return Served(len(names), server.ready_s, idle, tree_memory(server.pid), failures)


def _failure(repository: Path, name: str, service: Service) -> str | None:
    """What is wrong with the answers of a model to the requests that it was verified with; None where all are right."""
    published = read_published(repository, name)
    cases, _ = published.cases()
    outputs = [TensorSpec(output, "BYTES", (1,)) for output in cases[0].outputs]
    try:
        rows = verify_again(published, cases, service.runtime(name, outputs), "Triton")
    except ExportError as error:
        return f"{name}: {error}"
    wrong = [row for row in rows if not row.holds]
    return f"{name}: {wrong[0].output} differs by {wrong[0].difference:.3g}" if wrong else None
