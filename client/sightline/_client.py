"""The client: one method per task, each one line over `_tasks`; all that is sent goes through `_send`."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

import PIL.Image
from numpy.typing import NDArray

from sightline import _tasks
from sightline._deadline import Deadline
from sightline._metadata import parse_model, parse_ready_models
from sightline._tensors import checked_inputs
from sightline._transports import open_transport
from sightline._url import parse_url
from sightline.errors import (
    ConnectionFailed,
    InferenceFailed,
    InvalidRequest,
    ModelNotFound,
    RequestTimeout,
)
from sightline.images import ImageLike
from sightline.results import Classification, ModelInfo

Result = TypeVar("Result")

_POLL_S = 0.2
_PROBE_TIMEOUT_S = 5.0
_HEADER_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_OWN_HEADERS = frozenset({"content-type", "content-length", "transfer-encoding", "inference-header-content-length"})


class Client:
    """Asks the models of one server. One client may be used by many threads at once.

    Args:
        url: Where the server listens; the scheme chooses the protocol: `http://` or `https://` (port 8000 unless
            given), `grpc://` or `grpcs://` (port 8001). None means the environment variable SIGHTLINE_URL, or else
            http://localhost:8000.
        timeout: Seconds that a call may take; None waits for ever. Over HTTP, a server that drips its answer
            can take up to twice as long, and longer while it drips header lines.
        headers: Sent with every request, such as an API key.

    Raises:
        InvalidRequest: The URL, the timeout or a header is not usable. Nothing is sent before the first call.

    Example:
        ```python
        with Client("grpc://localhost:8001", timeout=10) as client:
            print(client.classify("digit.png"))  # 7 0.999, 1 0.001, 4 0.000, 9 0.000, 3 0.000
        ```
    """

    def __init__(
        self, url: str | None = None, *, timeout: float | None = 60.0, headers: Mapping[str, str] | None = None
    ) -> None:
        if timeout is not None and not timeout > 0:
            raise InvalidRequest(f"expected timeout to be seconds above 0, or None, got {timeout!r}; correct it")
        self._endpoint = parse_url(url)
        self._timeout_s = timeout
        self._transport = open_transport(self._endpoint, _checked_headers(headers or {}))
        self._models: dict[str, ModelInfo] = {}

    @property
    def url(self) -> str:
        """Address of the server, with its port."""
        return str(self._endpoint)

    def classify(self, image: ImageLike, *, model: str = "cnn", top_k: int = 5) -> Classification:
        """Name what is in a picture.

        Args:
            image: A path, bytes of an image file, a binary file, a PIL image, or a uint8 array (H, W, 3) in RGB order
                or (H, W) in grey.
            model: Name of a model for image-classification.
            top_k: How many classes to return; fewer come where the model has fewer.

        Returns:
            The best classes with their scores in [0, 1], best first.

        Raises:
            ImageError: The picture cannot be read here; nothing was sent.
            InvalidRequest: The server cannot decode the picture, `model` is for another task, or top_k is below 1.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            answer = client.classify("digit.png")
            print(answer.label, answer.score)  # 7 0.9987
            ```
        """
        return self._send(_tasks.classify(image, model=model, top_k=top_k))

    def generate(self, *, seed: int, model: str = "gan") -> PIL.Image.Image:
        """Make a new picture.

        Args:
            seed: Any 64-bit integer; the same seed gives the same picture everywhere.
            model: Name of a model for unconditional-image-generation.

        Returns:
            An RGB picture of the size that the model makes.

        Raises:
            InvalidRequest: The seed is not a 64-bit integer, or `model` is for another task.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            client.generate(seed=7).save("seed-7.png")
            ```
        """
        return self._send(_tasks.generate(seed=seed, model=model))

    def infer(
        self, model: str, inputs: Mapping[str, NDArray[Any]], *, outputs: Sequence[str] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Run any model on raw tensors, without help and without magic.

        Args:
            model: Name of the model.
            inputs: Array of each input, with the batch axis. The dtype must be the model's own; BYTES inputs are
                arrays of dtype object that hold `bytes`.
            outputs: Names of the wanted outputs; None means all.

        Returns:
            Array of each output, with the batch axis; read-only. BYTES outputs are arrays of dtype object.

        Raises:
            InvalidRequest: A tensor cannot be sent, or the server refused it.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            client.infer("gan", {"SEED": np.array([[7]], dtype=np.int64)})["RESULT"].shape  # (1, 1)
            ```
        """
        tensors = checked_inputs(model, inputs)
        wanted = None if outputs is None else list(outputs)
        return self._transport.infer(model, tensors, wanted, timeout_s=self._timeout_s).tensors

    def models(self) -> list[ModelInfo]:
        """Return every ready model of the server, sorted by name and version.

        Steps that other models are made of are in the list too; their `task` is None.

        Raises:
            SightlineError: Any fault, as `sightline.errors` lists them.

        Example:
            ```python
            [model.name for model in client.models() if model.task]  # ['attention', 'cnn', 'gan']
            ```
        """
        deadline = Deadline(self._timeout_s)
        ready = parse_ready_models(self._transport.statistics(timeout_s=deadline.remaining_s()))
        found = (self._describe_if_there(name, version, deadline) for name, version in ready)
        return [model for model in found if model is not None]

    def is_ready(self, model: str | None = None) -> bool:
        """Return whether the server, or one of its models, can answer now. A server that is away is not ready.

        Args:
            model: Name of a model; None asks for the server.

        Raises:
            InvalidRequest: The server refuses to say.

        Example:
            ```python
            client.is_ready("cnn")  # True
            ```
        """
        try:
            return self._transport.is_ready(model, timeout_s=self._timeout_s)
        except (ConnectionFailed, InferenceFailed, RequestTimeout):
            return False

    def wait_until_ready(self, *, timeout: float) -> None:
        """Wait for the server to be ready.

        Args:
            timeout: Seconds to wait at most.

        Raises:
            RequestTimeout: The server was not ready in time; the message says what was wrong at the end.

        Example:
            ```python
            client.wait_until_ready(timeout=30)
            ```
        """
        end = time.monotonic() + timeout
        reason = "it says that it is not ready"
        while (left := end - time.monotonic()) > 0:
            try:
                if self._transport.is_ready(None, timeout_s=min(left, _PROBE_TIMEOUT_S)):
                    return
                reason = "it says that it is not ready"
            except (ConnectionFailed, InferenceFailed, RequestTimeout) as exc:
                reason = str(exc)
            time.sleep(min(_POLL_S, max(end - time.monotonic(), 0)))
        raise RequestTimeout(f"expected {self.url} to be ready within {timeout:g} s, got: {reason}")

    def close(self) -> None:
        """Close every connection. Calls after this raise `SightlineError`.

        Example:
            ```python
            client.close()
            ```
        """
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def _send(self, call: _tasks.Call[Result]) -> Result:
        deadline = Deadline(self._timeout_s)
        tensors = checked_inputs(call.model, call.inputs)
        info = self._models.get(call.model) or self._describe(call.model, None, deadline)
        if info.task not in (call.task, None):
            raise InvalidRequest(
                f"expected a model for {call.task}, got {call.model!r}, which is for {info.task}; "
                "`sightline models` lists the task of each",
                model=call.model,
            )
        reply = self._transport.infer(call.model, tensors, call.outputs, timeout_s=deadline.remaining_s())
        if reply.version != info.version:
            # Another version was loaded since; its labels may differ.
            info = self._describe(call.model, reply.version, deadline)
        self._models[call.model] = info
        missing = [name for name in call.outputs if name not in reply.tensors]
        if missing:
            raise InferenceFailed(
                f"expected {call.model!r} to answer with {', '.join(missing)}, got {', '.join(reply.tensors)}; "
                "check the configuration of the model",
                model=call.model,
            )
        return call.decode(info, reply.tensors)

    def _describe_if_there(self, model: str, version: int, deadline: Deadline) -> ModelInfo | None:
        try:
            return self._describe(model, version, deadline)
        except ModelNotFound:
            return None  # it was unloaded since the list was made

    def _describe(self, model: str, version: int | None, deadline: Deadline) -> ModelInfo:
        metadata = self._transport.model_metadata(model, version=version, timeout_s=deadline.remaining_s())
        config = self._transport.model_config(model, version=version, timeout_s=deadline.remaining_s())
        return parse_model(metadata, config, version=version)


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            # The value is not repeated: it may be a key.
            raise InvalidRequest(f"expected a header of printable ASCII on one line, got {name!r}; correct it")
        if name.lower() in _OWN_HEADERS:
            raise InvalidRequest(f"expected headers of your own, got {name!r}, which the client sets; leave it out")
    return dict(headers)
