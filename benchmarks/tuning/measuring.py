"""Servers with one configuration each, measured in interleaved rounds."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from sightline_server.bench.service import Service
from sightline_server.bench.targets import find_targets
from sightline_server.perf_analyzer import find_perf_analyzer
from sightline_server.perf_analyzer_files import request_data
from sightline_server.tuning.contestant import Contestant, Grounds, LoadGenerator, contestant
from sightline_server.tuning.objective import LoadFigures, Round
from sightline_server.tuning.options import CONCURRENCY

WARM_UP = 8
WARM_UP_WINDOW_S = 0.5


def measure(
    configs: Mapping[str, Mapping[str, str]],
    grounds: Grounds,
    rounds: int,
    window_s: float,
    say: Callable[[str], None],
) -> dict[str, list[Round]]:
    """All rounds of each configuration.

    Args:
        configs: Name -> model -> text of its configuration.
        grounds: What the servers have in common.
        rounds: How many.
        window_s: Each measurement has three windows.
        say: Is told what is done.
    """
    found: dict[str, list[Round]] = {name: [] for name in configs}
    with ExitStack() as stack, tempfile.TemporaryDirectory(dir=grounds.directory) as scratch:
        running: dict[str, Contestant] = {}
        for name, texts in configs.items():
            say(f"starting: {name}")
            running[name] = stack.enter_context(contestant(texts, grounds))
        generator = _load_generator(next(iter(running.values())), grounds, Path(scratch), say)
        for each in running.values():
            generator.measure(each.plan, WARM_UP, WARM_UP_WINDOW_S)
        for number in range(rounds):
            order = random.Random(number).sample(list(running), len(running))  # noqa: S311  # no secret
            figures: dict[str, dict[int, LoadFigures]] = {name: {} for name in order}
            for load in CONCURRENCY:
                for name in order:
                    figures[name][load] = generator.measure(running[name].plan, load, window_s)
            for name, round_ in figures.items():
                found[name].append(round_)
                answers = ", ".join(f"{each.throughput_per_s:.0f} at {load}" for load, each in round_.items())
                say(f"round {number + 1} of {rounds}: {name}: {answers}")
    return found


def _load_generator(server: Contestant, grounds: Grounds, scratch: Path, say: Callable[[str], None]) -> LoadGenerator:
    with closing(Service(server.plan.urls["grpc_url"])) as service:
        (target,) = find_targets(service.served(), [grounds.model], grounds.repository, ()).targets
    requests = scratch / "requests.json"
    requests.write_text(request_data(target.requests), encoding="ascii")
    return LoadGenerator(find_perf_analyzer(say), target.model, target.version, requests, grounds.cores)
