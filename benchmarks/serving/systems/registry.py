"""All systems, in the order of the report."""

from __future__ import annotations

from benchmarks.serving.scenario import Scenario
from benchmarks.serving.system import System
from benchmarks.serving.systems.bentoml import BENTOML
from benchmarks.serving.systems.fastapi import BATCHED, PLAIN, WORKERS
from benchmarks.serving.systems.litserve import LITSERVE
from benchmarks.serving.systems.mlserver import MLSERVER
from benchmarks.serving.systems.pytriton import PYTRITON
from benchmarks.serving.systems.ray_serve import RAY_SERVE
from benchmarks.serving.systems.sightline import SIGHTLINE, SIGHTLINE_PORTABLE
from benchmarks.serving.systems.torchserve import TORCHSERVE

SYSTEMS = {
    system.key: system
    for system in (
        SIGHTLINE,
        SIGHTLINE_PORTABLE,
        PLAIN,
        WORKERS,
        BATCHED,
        RAY_SERVE,
        TORCHSERVE,
        PYTRITON,
        MLSERVER,
        LITSERVE,
        BENTOML,
    )
}


def taking_part(scenario: Scenario, chosen: list[str], *, everywhere: bool) -> list[System]:
    """The systems of `chosen` that a scenario compares; with `everywhere` also those it leaves out to save time."""
    return [
        SYSTEMS[key]
        for key in chosen
        if scenario.asks in SYSTEMS[key].asks and (everywhere or scenario.systems is None or key in scenario.systems)
    ]
