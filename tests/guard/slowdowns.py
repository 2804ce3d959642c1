"""Slowdowns as they happen, put into our functions on purpose: the guard has to notice each of them."""

from __future__ import annotations

import functools
import json
import pkgutil
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np

from sightline_backend.onnx_runtime.batching import Run, Work

from .counting import ARRAYS, INSTRUCTIONS, PIXELS

Function = Callable[..., Any]


@dataclass(frozen=True)
class Slowdown:
    """A function made slower.

    call: of `tests.guard.calls`, that gets slower by it.
    target: the function, as `module:name`.
    slower: makes the slower function of it.
    shown_by: what grows by more than is allowed.
    """

    name: str
    call: str
    target: str
    slower: Callable[[Function], Function]
    shown_by: str

    @contextmanager
    def applied(self) -> Generator[None]:
        module, _, path = self.target.partition(":")
        *classes, name = path.split(".")
        owner = pkgutil.resolve_name(f"{module}:{'.'.join(classes)}")
        with patch.object(owner, name, self.slower(getattr(owner, name))):
            yield


def twice(function: Function) -> Function:
    return lambda *args, **options: (function(*args, **options), function(*args, **options))[1]


def copied(function: Function) -> Function:
    return lambda *args, **options: function(*args, **options).copy()


def bytes_copied(function: Function) -> Function:
    return lambda *args: bytes(bytearray(function(*args)))


def after(other: Callable[..., object]) -> Callable[[Function], Function]:
    """Does something else first, with the same arguments."""
    return lambda function: lambda *args, **options: (other(*args, **options), function(*args, **options))[1]


def at_full_size(_: Function) -> Function:
    def margin_wh(size_wh: tuple[int, int], _: object) -> tuple[int, int]:
        return size_wh

    return margin_wh


def one_by_one(run_all: Function) -> Function:
    def slower(works: Sequence[Work], run: Run, *, batching: bool) -> list[Any]:
        return [run_all([work], run, batching=batching)[0] for work in works]

    return slower


def joined_in_pairs(run_together: Function) -> Function:
    """Appends tensors to one another, so that the first is copied as often as there are requests."""

    def slower(works: Sequence[Work], run: Run) -> list[Any]:
        pixels = functools.reduce(lambda a, b: np.concatenate([a, b]), [work.inputs["PIXELS"] for work in works])
        (answers,) = run_together([Work({"PIXELS": pixels}, works[0].output_names)], run)
        return [{name: array[index : index + 1] for name, array in answers.items()} for index in range(len(works))]

    return slower


def new_connection(_: Function) -> Function:
    def take(transport: Any, _: object) -> object:
        return transport._open()

    return take


def parse_steps(_: object, requests: Sequence[object]) -> None:
    for _ in requests:
        json.loads('[{"model": "pixels", "backend": "image_decode"}]')


def forget_models(conversation: Any, _: object) -> None:
    conversation._models.clear()


def look_at_each_score(*arguments: Any) -> bool:
    return all(0 <= score <= 1 for score in arguments[-1].tolist())


_DECODE = "sightline_backend.pixels"
_FIT = "sightline_backend.fitting"
_RUN = "sightline_backend.onnx_runtime"
_PIPELINE = "sightline_backend.pipeline"
_HTTP = "sightline._transports.http"
_GRPC = "sightline._transports.grpc_wire"

SLOWDOWNS = (
    Slowdown("a JPEG is decoded at its full size", "decode", f"{_DECODE}:margin_wh", at_full_size, PIXELS),
    Slowdown("a picture is decoded twice", "decode", f"{_DECODE}:open_reduced", twice, "PIL.load()"),
    Slowdown("a picture is copied before it is resized", "decode", f"{_FIT}:to_mode", copied, PIXELS),
    Slowdown("the pixels are copied", "decode", f"{_DECODE}:fitted", copied, ARRAYS),
    Slowdown("inputs are copied", "drop_in", f"{_RUN}.signature:Signature.to_graph", copied, ARRAYS),
    Slowdown("tensors are joined in pairs", "drop_in", f"{_RUN}.batching:_run_together", joined_in_pairs, ARRAYS),
    Slowdown(
        "JSON is read for each request", "pipeline", f"{_PIPELINE}:Pipeline.answer", after(parse_steps), "json.loads()"
    ),
    Slowdown("requests ask the network alone", "pipeline", f"{_PIPELINE}:run_all", one_by_one, "onnxruntime.run()"),
    Slowdown("a file is read twice", "client_file", "sightline.images:_read_path", twice, "pathlib.read_bytes()"),
    Slowdown("an array is encoded twice", "client_array", "sightline.images:_png", twice, "PIL.save()"),
    Slowdown("the message is copied", "client_file", f"{_HTTP}_wire:to_wire", bytes_copied, ARRAYS),
    Slowdown(
        "each call connects", "client_file", f"{_HTTP}:HTTPTransport._take", new_connection, "socket.getaddrinfo()"
    ),
    Slowdown(
        "each call asks what the model is",
        "client_file",
        "sightline._conversation:Conversation.answer",
        after(forget_models),
        "http.request()",
    ),
    Slowdown(
        "scores are checked in Python",
        "client_file",
        "sightline._tasks.classify:check_scores",
        after(look_at_each_score),
        INSTRUCTIONS,
    ),
    Slowdown("the message of gRPC is built twice", "client_grpc", f"{_GRPC}:_encode_infer", twice, ARRAYS),
)
