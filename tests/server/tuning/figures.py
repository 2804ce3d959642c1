"""Rounds made by hand."""

from sightline_server.arrangement import Arrangement
from sightline_server.tuning.objective import LoadFigures, Round

DEFAULT = Arrangement("cpu")
TWO = Arrangement("cpu", 2, 1)
BOTH = Arrangement("cpu", 2, 2)
PORTABLE = Arrangement("portable")


def figures(at_1: float, at_8: float, at_32: float, p95_ms: tuple[float, float, float] = (10, 20, 80)) -> Round:
    """A round with these answers per second."""
    loads = zip((1, 8, 32), (at_1, at_8, at_32), p95_ms, strict=True)
    return {load: LoadFigures(per_s, latency_ms) for load, per_s, latency_ms in loads}
