"""One picture, the training pipeline and a running service."""

from __future__ import annotations

from dataclasses import dataclass

from sightline_backend.pixels import decode
from sightline_export.connection import Connection
from sightline_export.difference.findings import Verdict
from sightline_export.difference.judge import judge
from sightline_export.difference.observations import Pixels
from sightline_export.difference.observe import observe
from sightline_export.difference.probes import probes
from sightline_export.difference.reference import Reference


@dataclass(frozen=True, eq=False)
class Comparison:
    """expected, served: uint8 (h, w, c); served is None where the service does not show its pixels."""

    verdict: Verdict
    expected: Pixels
    served: Pixels | None


def compare_with_service(reference: Reference, data: bytes, service: Connection, model: str) -> Comparison:
    """Send the picture file `data` to `model` and name every stage that differs.

    Raises sightline_backend.errors.PictureError where training would refuse the picture too; UnknownModel and
    ServiceUnusable.
    """
    expected = decode(data, reference.spec)
    seen = observe(service, model, reference, data, probes(expected))
    return Comparison(judge(reference, data, seen), expected, seen.pixels)
