"""20 ms are spent in one stage after the other, and the waterfall of the real tritonserver says in which."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

import pytest
from client.task_repository import write_task_repository
from PIL import Image

from sightline_server.console import Console
from sightline_server.private_server import private_options
from sightline_server.serving import make_plan
from sightline_server.tracing import client
from sightline_server.tracing.client import Question
from sightline_server.tracing.recording import Recording, recorded_server
from sightline_server.tracing.run import WARM_UP, evaluate, measure
from sightline_server.tracing.stages import ClientTimes
from sightline_server.tracing.waterfall import Waterfall

from .trace_delays import DELAY_S, INSIDE, proxy, slow_down_backends, slowed

ROUNDS = 3
REPEAT = 8
HOST = "127.0.0.1"
PLAIN, WAITING = "tiny_segmenter", "waiting_segmenter"
UNDISTURBED, OVER_PROXY = "undisturbed", "undisturbed over a proxy"
STEPS = {
    "client encode": "client",
    "network": "request",
    "queue": "waiting_network",
    "copies": "cells",
    "decode": "cells",
    "resize": "cells",
    "inference": "tiny_segmenter_network",
    "postprocess": "class_map",
    "client decode": "client",
}
"""The stages that are disturbed, and where."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A segmentation, and the same one with a network that waits for a batch that does not come."""
    repository = write_task_repository(tmp_path_factory.mktemp("trace") / "repository")
    for name, waiting in ((PLAIN, WAITING), ("tiny_segmenter_network", "waiting_network")):
        shutil.copytree(repository / name, repository / waiting)
    config = repository / WAITING / "config.pbtxt"
    config.write_text(config.read_text().replace("tiny_segmenter_network", "waiting_network"))
    config = repository / "waiting_network" / "config.pbtxt"
    delay = f"dynamic_batching {{ max_queue_delay_microseconds: {DELAY_S * 1e6:.0f} }}"
    config.write_text(config.read_text().replace("dynamic_batching { }", delay))
    return repository


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "noise.jpg"
    Image.effect_noise((320, 240), 60).convert("RGB").save(path)
    return path


@pytest.fixture(scope="module")
def waterfalls(repository: Path, picture: Path) -> Iterator[Mapping[str, list[Waterfall]]]:
    """Some waterfalls of each disturbed stage by its name, and of undisturbed requests."""
    with tempfile.TemporaryDirectory(prefix="sightline-test-") as name:
        directory = Path(name)
        plan = make_plan(private_options(repository, (PLAIN, WAITING), "portable", None), directory, Console())
        switch = directory / "switch"
        slow_down_backends(directory / "backends", switch)
        recording = Recording(directory, WARM_UP + REPEAT)
        series: list[tuple[str, str, dict[str, ClientTimes]]] = []
        port = plan.ports.http

        def ask(what: str, model: str = PLAIN, port: int = port) -> None:
            times = measure(HOST, port, Question(model, picture), REPEAT, f"{what}, series {len(series)}")
            series.append((what, model, times))

        with recorded_server(plan, recording, Console()):
            for _ in range(ROUNDS):
                ask(UNDISTURBED)
                for inside in INSIDE:
                    switch.write_text(inside.stage)
                    ask(inside.stage)
                switch.write_text("")
                for stage, function in (("client encode", "encode_request"), ("client decode", "decode_response")):
                    with patch.object(client, function, slowed(getattr(client, function))):
                        ask(stage)
                ask("queue", WAITING)
                for what, delay_s in ((OVER_PROXY, 0.0), ("network", DELAY_S)):
                    with proxy(port, delay_s) as proxy_port:
                        ask(what, port=proxy_port)
        found: dict[str, list[Waterfall]] = {}
        for what, model, times in series:
            found.setdefault(what, []).append(evaluate(model, times, recording))
        yield found


def least_ms(waterfalls: list[Waterfall]) -> dict[str, float]:
    """The time of each stage in the round in which it was least: the others were disturbed by this busy machine."""
    stages = {row.stage for waterfall in waterfalls for row in waterfall.rows}
    return {stage: min(waterfall.stage_ns(stage) for waterfall in waterfalls) / 1e6 for stage in stages}


@pytest.mark.parametrize("stage", STEPS)
def test_20_ms_are_found_in_the_stage_in_which_they_were_spent(
    stage: str, waterfalls: Mapping[str, list[Waterfall]]
) -> None:
    before = least_ms(waterfalls[OVER_PROXY if stage == "network" else UNDISTURBED])
    after = least_ms(waterfalls[stage])
    growth = {each: after[each] - before.get(each, 0.0) for each in after}
    assert growth.pop(stage) == pytest.approx(DELAY_S * 1e3, abs=5)
    assert max(growth.values()) < 5, growth


@pytest.mark.parametrize(("stage", "step"), STEPS.items())
def test_they_are_found_in_the_step_as_well(stage: str, step: str, waterfalls: Mapping[str, list[Waterfall]]) -> None:
    for waterfall in waterfalls[stage]:
        slowest = max(waterfall.rows, key=lambda row: row.duration_ns)
        assert (slowest.stage, slowest.step) == (stage, step)


def test_nearly_all_of_the_time_is_somebodys(waterfalls: Mapping[str, list[Waterfall]]) -> None:
    for what, several in waterfalls.items():
        for waterfall in several:
            assert waterfall.attributed_share >= 0.95, what
            assert sum(row.duration_ns for row in waterfall.rows) == pytest.approx(waterfall.wall_ns)
            assert waterfall.requests == REPEAT / 2
