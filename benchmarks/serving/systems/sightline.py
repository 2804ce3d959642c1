"""Sightline: as `sightline serve` arranges the models by itself, and as the portable ensemble."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import partial

from benchmarks.serving.answer import Ranked
from benchmarks.serving.http_wire import Answer
from benchmarks.serving.scenario import Scenario, Served
from benchmarks.serving.system import Launch, System
from benchmarks.serving.triton_wire import best_scores, classes, classify, infer

PORTABLE = ("--model-config-name", "portable")
"""No model has a variant of this name, so that `config.pbtxt` itself is served."""


def command(launch: Launch, options: Sequence[str] = ()) -> list[str]:
    scenario = launch.scenario
    model = scenario.model if scenario.asks == "picture" else f"{scenario.model}_network"
    return [
        *(sys.executable, "-m", "sightline_server", "serve"),
        *("--model-repository", str(scenario.repository.resolve()), "--models", model),
        *("--http-port", str(launch.port), "--grpc-port", "0", "--metrics-port", "0"),
        *("--ready-file", str(launch.ready_file)),
        *options,
    ]


def frame(scenario: Scenario, model: Served, payload: bytes) -> bytes:
    if scenario.asks == "picture":
        return classify(scenario.model, payload)
    return infer(f"{scenario.model}_network", "PIXELS", "UINT8", [1, *model.pixels.shape], payload, {"SCORES": {}})


def read(answer: Answer, model: Served) -> Ranked:
    """The best classes where they were asked for, else the best of the scores."""
    length = int(answer.headers["inference-header-content-length"])
    (output,) = json.loads(answer.body[:length])["outputs"]
    return best_scores(answer, model.labels) if output["datatype"] == "FP32" else classes(answer)


def described(key: str, name: str, settings: str, options: Sequence[str] = ()) -> System:
    return System(
        key=key,
        name=name,
        settings=settings,
        command=partial(command, options=options),
        environment=None,
        frame=frame,
        read=read,
        asks=frozenset({"picture", "tensor"}),
        says_ready=True,
    )


SIGHTLINE = described("sightline", "**Sightline**", "`sightline serve`, what it chooses by itself")
SIGHTLINE_PORTABLE = described(
    "sightline-portable",
    "**Sightline, portable ensemble**",
    "`sightline serve --model-config-name portable`: decoding and network as steps of a Triton ensemble",
    PORTABLE,
)
