"""The asynchronous client: one method per task, each one line over `_tasks` and the conversation that gets it done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, TypeVar, overload

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline import _tasks
from sightline._connection import PathLike, make_connection
from sightline._conversation import Conversation
from sightline._flow import Flow, run_async
from sightline._map import map_in_tasks
from sightline._transports import open_async_transport
from sightline.errors import SightlineError
from sightline.images import ImageLike
from sightline.results import Classification, Detections, Explanation, ModelInfo, Segmentation

Result = TypeVar("Result")


class AsyncClient:
    """Asks the models of one server from asynchronous code: `Client`, awaited.

    One client may be used by many tasks and by several event loops, one after the other or in different threads.
    Arguments and errors are those of `Client`.

    Example:
        ```python
        async with AsyncClient("grpc://localhost:8001", timeout=10) as client:
            print(await client.classify("digit.png"))  # 7 0.999, 1 0.001, 4 0.000, 9 0.000, 3 0.000
        ```
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        timeout: float | None = 60.0,
        retries: int = 2,
        headers: Mapping[str, str] | None = None,
        api_key: str | None = None,
        ca_file: PathLike | None = None,
        certificate_file: PathLike | None = None,
        key_file: PathLike | None = None,
    ) -> None:
        connection = make_connection(
            url,
            headers=headers,
            api_key=api_key,
            ca_file=ca_file,
            certificate_file=certificate_file,
            key_file=key_file,
        )
        self._url = connection.url
        self._conversation = Conversation(connection.url, timeout_s=timeout, retries=retries)
        self._transport = open_async_transport(connection)

    @property
    def url(self) -> str:
        """Address of the server, with its port."""
        return self._url

    async def classify(self, image: ImageLike, *, model: str = "cnn", top_k: int = 5) -> Classification:
        """Name what is in a picture.

        As `Client.classify`.

        Example:
            ```python
            answer = await client.classify("digit.png")
            print(answer.label, answer.score)  # 7 0.9987
            ```
        """
        return await self._run(self._conversation.answer(_tasks.classify(image, model=model, top_k=top_k)))

    async def detect(self, image: ImageLike, *, model: str = "detector", threshold: float = 0.5) -> Detections:
        """Find what is in a picture, and where.

        As `Client.detect`.

        Example:
            ```python
            for found in await client.detect("street.jpg", threshold=0.7):
                print(found.label, found.score, found.xyxy)  # car 0.93 (12.0, 40.5, 310.2, 288.0)
            ```
        """
        return await self._run(self._conversation.answer(_tasks.detect(image, model=model, threshold=threshold)))

    async def segment(self, image: ImageLike, *, model: str = "segmenter") -> Segmentation:
        """Give each pixel of a picture a class.

        As `Client.segment`.

        Example:
            ```python
            answer = await client.segment("street.jpg")
            answer.mask("road").mean()  # the share of the picture that is road
            ```
        """
        return await self._run(self._conversation.answer(_tasks.segment(image, model=model)))

    async def embed(self, image: ImageLike, *, model: str) -> NDArray[np.float32]:
        """Turn a picture into a vector; similar pictures have vectors with a large dot product.

        As `Client.embed`.

        Example:
            ```python
            float(await client.embed("a.jpg", model="face") @ await client.embed("b.jpg", model="face"))  # 0.83
            ```
        """
        return await self._run(self._conversation.answer(_tasks.embed(image, model=model)))

    async def generate(self, *, seed: int, model: str = "gan", class_id: int | str | None = None) -> PIL.Image.Image:
        """Make a new picture.

        As `Client.generate`.

        Example:
            ```python
            (await client.generate(seed=7)).save("seed-7.png")
            ```
        """
        return await self._run(self._conversation.answer(_tasks.generate(seed=seed, model=model, class_id=class_id)))

    async def enhance(self, /, image: ImageLike, *, model: str = "denoiser", **inputs: object) -> PIL.Image.Image:
        """Make a picture into another one: less noisy, larger, in another style, turned, cut out.

        As `Client.enhance`.

        Example:
            ```python
            (await client.enhance("photo.jpg", model="resize", width=320)).save("small.png")
            ```
        """
        return await self._run(self._conversation.answer(_tasks.enhance(image, model=model, inputs=inputs)))

    async def interpolate(
        self, image: ImageLike, other: ImageLike, fraction: float, *, model: str = "vae_interpolate"
    ) -> PIL.Image.Image:
        """Make a picture that lies between two.

        As `Client.interpolate`.

        Example:
            ```python
            (await client.interpolate("one.png", "seven.png", 0.5)).save("between.png")
            ```
        """
        return await self._run(self._conversation.answer(_tasks.interpolate(image, other, fraction, model=model)))

    async def explain(self, image: ImageLike, *, model: str = "cnn", class_id: int | None = None) -> Explanation:
        """Show what in a picture speaks for a class.

        As `Client.explain`.

        Example:
            ```python
            (await client.explain("digit.png")).draw("digit.png").save("why.png")
            ```
        """
        return await self._run(self._conversation.answer(_tasks.explain(image, model=model, class_id=class_id)))

    @overload
    def map(
        self,
        images: Iterable[ImageLike],
        task: Callable[[Any], Awaitable[Result]],
        *,
        concurrency: int = 8,
        return_errors: Literal[False] = False,
    ) -> AsyncIterator[Result]: ...

    @overload
    def map(
        self,
        images: Iterable[ImageLike],
        task: Callable[[Any], Awaitable[Result]],
        *,
        concurrency: int = 8,
        return_errors: Literal[True],
    ) -> AsyncIterator[Result | SightlineError]: ...

    def map(
        self,
        images: Iterable[ImageLike],
        task: Callable[[Any], Awaitable[Result]],
        *,
        concurrency: int = 8,
        return_errors: bool = False,
    ) -> AsyncIterator[Result | SightlineError]:
        """Do a task for many pictures, with the answers in order.

        As `Client.map`, but an asynchronous iterator; close it (`aclose`) where you leave it early.

        Example:
            ```python
            async for answer in client.map(paths, functools.partial(client.classify, top_k=1), concurrency=8):
                print(answer.label)
            ```
        """
        return map_in_tasks(images, task, concurrency=concurrency, return_errors=return_errors)

    async def infer(
        self,
        model: str,
        inputs: Mapping[str, NDArray[Any]],
        *,
        outputs: Sequence[str] | None = None,
        shared_memory: bool = False,
    ) -> dict[str, NDArray[Any]]:
        """Run any model on raw tensors, without help and without magic.

        As `Client.infer`.

        Example:
            ```python
            (await client.infer("gan", {"SEED": np.array([[7]], dtype=np.int64)}))["RESULT"].shape  # (1, 1)
            ```
        """
        return await self._run(self._conversation.infer(model, inputs, outputs, shared_memory=shared_memory))

    async def models(self) -> list[ModelInfo]:
        """Return every ready model of the server, sorted by name and version.

        As `Client.models`.

        Example:
            ```python
            [model.name for model in await client.models() if model.task]  # ['attention', 'cnn', 'gan']
            ```
        """
        return await self._run(self._conversation.models())

    async def model(self, name: str) -> ModelInfo:
        """Return what the server says about one model now: its version, labels, and the inputs that it takes.

        As `Client.model`.

        Example:
            ```python
            (await client.model("cnn")).version  # 1
            ```
        """
        return await self._run(self._conversation.model(name))

    async def is_ready(self, model: str | None = None) -> bool:
        """Return whether the server, or one of its models, can answer now. A server that is away is not ready.

        As `Client.is_ready`.

        Example:
            ```python
            await client.is_ready("cnn")  # True
            ```
        """
        return await self._run(self._conversation.is_ready(model))

    async def wait_until_ready(self, *, timeout: float) -> None:
        """Wait for the server to be ready.

        As `Client.wait_until_ready`.

        Example:
            ```python
            await client.wait_until_ready(timeout=30)
            ```
        """
        await self._run(self._conversation.wait_until_ready(timeout))

    async def close(self) -> None:
        """Close every connection. Calls after this raise `SightlineError`.

        Example:
            ```python
            await client.close()
            ```
        """
        await self._transport.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.url!r})"

    def _run(self, flow: Flow[Result]) -> Coroutine[Any, Any, Result]:
        return run_async(flow, self._transport)
