"""What a client says to a server to get a task done, as flows: describe the model, check, send, repeat, read."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from numpy.typing import NDArray

from sightline._deadline import Deadline
from sightline._flow import Flow, Pause, Send, send, work
from sightline._metadata import parse_model, parse_ready_models
from sightline._requests import Infer, IsReady, ModelConfig, ModelMetadata, Request, Statistics
from sightline._retry import pause_before_retry_s
from sightline._shared_memory import infer_through_shared_memory
from sightline._tasks import Answer, Call
from sightline._tensors import bytes_tensor, check_name, checked_inputs, checked_outputs
from sightline._validation import check_answered, check_request, check_task
from sightline.errors import (
    ConnectionFailed,
    InferenceFailed,
    InvalidRequest,
    ModelNotFound,
    ModelNotReady,
    RequestTimeout,
    SightlineError,
)
from sightline.images import ImageLike, encode_image
from sightline.results import ModelInfo

Result = TypeVar("Result")
Replied = TypeVar("Replied")

_POLL_S = 0.2
_PROBE_TIMEOUT_S = 5.0
_LONGEST_TIMEOUT_S = 31_536_000  # a year; the clocks below end somewhere beyond
# Reading an answer that is larger than this would hold up an event loop for a noticeable time.
_LARGE_ANSWER_BYTES = 1 << 18
_NOT_THERE = (ConnectionFailed, InferenceFailed, ModelNotReady, RequestTimeout)


class Conversation:
    """Talks to one server. It remembers the models that it asked; threads and event loops may share it."""

    def __init__(self, url: str, *, timeout_s: float | None, retries: int) -> None:
        self._url = url
        self._timeout_s = _checked_timeout_s(timeout_s)
        self._retries = _checked_retries(retries)
        self._dice = random.Random()  # noqa: S311  # for back-off, not for secrets
        self._models: dict[str, ModelInfo] = {}

    def answer(self, call: Call[Result]) -> Flow[Result]:
        """Do a task."""
        deadline = Deadline(self._timeout_s)
        picture = (yield from _read_picture(call.image, deadline)) if call.takes_image else b""
        inputs = {"IMAGE": bytes_tensor(picture), **call.inputs} if call.takes_image else {**call.inputs}
        for name, image in call.pictures.items():
            inputs[name] = bytes_tensor((yield from _read_picture(image, deadline)))
        fixed = checked_inputs(call.model, inputs)

        def tensors_for(info: ModelInfo) -> Mapping[str, NDArray[Any]]:
            return {**fixed, **call.options(info)}

        info = self._models.get(call.model) or (yield from self._describe(call.model, None, deadline))
        info, tensors = yield from self._checked(info, call.task, tensors_for, call.outputs, deadline)
        reply = yield from self._repeat(Infer(call.model, tensors, call.outputs), deadline)
        if reply.version != info.version:
            # Another version was loaded since; its labels may differ.
            info = yield from self._describe(call.model, reply.version, deadline)
        check_answered(info, call.outputs, reply.tensors)
        answer = Answer(info, reply.tensors, picture)
        if sum(map(_byte_size, reply.tensors.values())) > _LARGE_ANSWER_BYTES:
            return (yield from work(lambda: call.decode(answer)))
        return call.decode(answer)

    def infer(
        self,
        model: str,
        inputs: Mapping[str, NDArray[Any]],
        outputs: Sequence[str] | None,
        *,
        shared_memory: bool,
    ) -> Flow[dict[str, NDArray[Any]]]:
        """Run a model on raw tensors."""
        deadline = Deadline(self._timeout_s)
        tensors = checked_inputs(model, inputs)
        wanted = checked_outputs(model, outputs)
        info = self._models.get(model) or (yield from self._describe(model, None, deadline))
        info, _ = yield from self._checked(info, None, lambda _: tensors, wanted, deadline)
        if shared_memory:
            return (yield from infer_through_shared_memory(info, tensors, wanted, self._repeat, deadline))
        reply = yield from self._repeat(Infer(model, tensors, wanted), deadline)
        # Triton answers in any order, and a version that was loaded since with other names.
        names = wanted if wanted is not None else [tensor.name for tensor in info.outputs]
        check_answered(info, wanted or (), reply.tensors)
        return {name: reply.tensors[name] for name in dict.fromkeys([*names, *reply.tensors]) if name in reply.tensors}

    def models(self) -> Flow[list[ModelInfo]]:
        """Describe every ready model."""
        deadline = Deadline(self._timeout_s)
        statistics = yield from self._repeat(Statistics(), deadline)
        found: list[ModelInfo] = []
        for name, version in parse_ready_models(statistics):
            try:
                found.append((yield from self._describe(name, version, deadline)))
            except (ModelNotFound, ModelNotReady):
                continue  # it was unloaded since the list was made
        return found

    def model(self, name: str) -> Flow[ModelInfo]:
        """Describe one model as it is now."""
        check_name(name)
        return (yield from self._describe(name, None, Deadline(self._timeout_s)))

    def is_ready(self, model: str | None) -> Flow[bool]:
        """Ask once; a server that is away is not ready."""
        if model is not None:
            check_name(model)
        try:
            return (yield from send(IsReady(model), Deadline(self._timeout_s)))
        except _NOT_THERE:
            return False

    def wait_until_ready(self, timeout_s: float) -> Flow[None]:
        """Ask again and again."""
        end = time.monotonic() + timeout_s
        reason = "it says that it is not ready"
        while (left_s := end - time.monotonic()) > 0:
            try:
                if (yield from send(IsReady(), Deadline(min(left_s, _PROBE_TIMEOUT_S)))):
                    return
                reason = "it says that it is not ready"
            except _NOT_THERE as exc:
                reason = str(exc)
            yield Pause(min(_POLL_S, max(end - time.monotonic(), 0)))
        raise RequestTimeout(f"expected {self._url} to be ready within {timeout_s:g} s, got: {reason}")

    def _describe(self, model: str, version: int | None, deadline: Deadline) -> Flow[ModelInfo]:
        metadata = yield from self._repeat(ModelMetadata(model, version), deadline)
        config = yield from self._repeat(ModelConfig(model, version), deadline)
        info = parse_model(metadata, config, version=version)
        self._models[model] = info
        return info

    def _checked(
        self,
        info: ModelInfo,
        task: str | None,
        tensors_for: Callable[[ModelInfo], Mapping[str, NDArray[Any]]],
        outputs: Sequence[str] | None,
        deadline: Deadline,
    ) -> Flow[tuple[ModelInfo, Mapping[str, NDArray[Any]]]]:
        """Check a request against what the model says; what it said may be out of date, so it is asked once more."""
        try:
            return info, _checked_tensors(info, task, tensors_for, outputs)
        except InvalidRequest:
            info = yield from self._describe(info.name, None, deadline)
            return info, _checked_tensors(info, task, tensors_for, outputs)

    def _repeat(self, request: Request[Replied], deadline: Deadline) -> Flow[Replied]:
        """Send, and send again after a pause while that is safe, allowed, and can be over in time."""
        for attempt in itertools.count():
            try:
                answer: Replied = yield Send(request, deadline)
                return answer
            except SightlineError as error:
                pause_s = pause_before_retry_s(error, attempt, self._retries, self._dice)
                if pause_s is None or not deadline.allows(pause_s):
                    raise
            yield Pause(pause_s)
        raise AssertionError("itertools.count never ends")


def _checked_tensors(
    info: ModelInfo,
    task: str | None,
    tensors_for: Callable[[ModelInfo], Mapping[str, NDArray[Any]]],
    outputs: Sequence[str] | None,
) -> Mapping[str, NDArray[Any]]:
    if task is not None:
        check_task(info, task)
    tensors = tensors_for(info)
    check_request(info, task, tensors, outputs)
    return tensors


def _read_picture(image: ImageLike | None, deadline: Deadline) -> Flow[bytes]:
    if isinstance(image, (bytes, bytearray, memoryview)):
        return encode_image(image)
    return (yield from work(lambda: encode_image(cast(ImageLike, image), timeout=deadline.remaining_s())))


def _byte_size(tensor: NDArray[Any]) -> int:
    return tensor.nbytes if tensor.dtype.kind != "O" else sum(map(len, tensor.ravel().tolist()))


def _checked_timeout_s(timeout_s: float | None) -> float | None:
    if timeout_s is None or (_is_number(timeout_s) and 0 < timeout_s <= _LONGEST_TIMEOUT_S):
        return timeout_s
    raise InvalidRequest(
        f"expected timeout to be seconds above 0 and up to {_LONGEST_TIMEOUT_S:,}, or None for no limit, "
        f"got {timeout_s!r}; correct it"
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))


def _checked_retries(retries: int) -> int:
    if not isinstance(cast(object, retries), int) or retries < 0:
        raise InvalidRequest(f"expected retries to be 0 or larger, got {retries!r}; 0 sends every request once")
    return retries
