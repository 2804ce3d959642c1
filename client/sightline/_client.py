"""The client: one method per task, each one line over `_tasks` and the conversation that gets it done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, TypeVar, overload

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline import _tasks
from sightline._connection import PathLike, make_connection
from sightline._conversation import Conversation
from sightline._flow import Flow, run
from sightline._map import map_in_threads
from sightline._transports import open_transport
from sightline.errors import SightlineError
from sightline.images import ImageLike
from sightline.results import Classification, Detections, Explanation, ModelInfo, Segmentation

Result = TypeVar("Result")


class Client:
    """Asks the models of one server. One client may be used by many threads at once.

    Args:
        url: Where the server listens; the scheme chooses the protocol: `http://` or `https://` (port 8000 unless
            given), `grpc://` or `grpcs://` (port 8001). None means the environment variable SIGHTLINE_URL, or else
            http://localhost:8000.
        timeout: Seconds that a call may take, with everything that belongs to it: reading a picture from a URL,
            asking about the model, retries. None waits for ever. (Only the operating system's search for the address
            of a host keeps its own time over http.)
        retries: How often a request may be sent again that is safe to repeat: nobody listened (the connection was
            refused), or the server did not take it (503, and 429 with Retry-After). The pauses grow and are random.
            0 sends every request once.
        headers: Sent with every request.
        api_key: Sent with every request as `Authorization: Bearer …`.
        ca_file: PEM file with the certificates to trust, for `https` and `grpcs`; None trusts those of the system
            (https) or those that gRPC carries (grpcs).
        certificate_file: PEM file with the certificate that shows who this client is, if the server wants one.
        key_file: PEM file with its key; None where the certificate's file holds it too.

    Raises:
        InvalidRequest: The URL, the timeout, a header or a file is not usable. Nothing is sent before the first call.

    Example:
        ```python
        with Client("grpc://localhost:8001", timeout=10) as client:
            print(client.classify("digit.png"))  # 7 0.999, 1 0.001, 4 0.000, 9 0.000, 3 0.000
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
        self._transport = open_transport(connection)

    @property
    def url(self) -> str:
        """Address of the server, with its port."""
        return self._url

    def classify(self, image: ImageLike, *, model: str = "cnn", top_k: int = 5) -> Classification:
        """Name what is in a picture.

        Args:
            image: A path, an http(s) URL, bytes of an image file, a binary file, a PIL image, or a uint8 array
                (H, W, 3) in RGB order or (H, W) in grey.
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
        return self._run(self._conversation.answer(_tasks.classify(image, model=model, top_k=top_k)))

    def detect(self, image: ImageLike, *, model: str = "detector", threshold: float = 0.5) -> Detections:
        """Find what is in a picture, and where.

        Args:
            image: As for `classify`.
            model: Name of a model for object-detection.
            threshold: Least score, in [0, 1], of a detection that is returned.

        Returns:
            Boxes (n, 4) float32 as x0, y0, x1, y1 in pixels of the picture after EXIF rotation, best first, with
            their scores and labels.

        Raises:
            ImageError: The picture cannot be read here; nothing was sent.
            InvalidRequest: The server cannot decode the picture, `model` is for another task, or the threshold is
                outside [0, 1].
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            for found in client.detect("street.jpg", threshold=0.7):
                print(found.label, found.score, found.xyxy)  # car 0.93 (12.0, 40.5, 310.2, 288.0)
            ```
        """
        return self._run(self._conversation.answer(_tasks.detect(image, model=model, threshold=threshold)))

    def segment(self, image: ImageLike, *, model: str = "segmenter") -> Segmentation:
        """Give each pixel of a picture a class.

        Args:
            image: As for `classify`.
            model: Name of a model for image-segmentation.

        Returns:
            A class map (H, W) uint8 of the picture's size, after EXIF rotation.

        Raises:
            ImageError: The picture cannot be read here; nothing was sent.
            InvalidRequest: The server cannot decode the picture, or `model` is for another task.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            answer = client.segment("street.jpg")
            answer.mask("road").mean()  # the share of the picture that is road
            ```
        """
        return self._run(self._conversation.answer(_tasks.segment(image, model=model)))

    def embed(self, image: ImageLike, *, model: str) -> NDArray[np.float32]:
        """Turn a picture into a vector; similar pictures have vectors with a large dot product.

        Args:
            image: As for `classify`.
            model: Name of a model for image-feature-extraction.

        Returns:
            (D,) float32 of length 1, so that the dot product of two is their cosine.

        Raises:
            ImageError: The picture cannot be read here; nothing was sent.
            InvalidRequest: The server cannot decode the picture, or `model` is for another task.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            float(client.embed("a.jpg", model="face") @ client.embed("b.jpg", model="face"))  # 0.83
            ```
        """
        return self._run(self._conversation.answer(_tasks.embed(image, model=model)))

    def generate(self, *, seed: int, model: str = "gan", class_id: int | str | None = None) -> PIL.Image.Image:
        """Make a new picture.

        Args:
            seed: Any 64-bit integer; the same seed gives the same picture everywhere.
            model: Name of a model for unconditional-image-generation.
            class_id: Number or label of the class to show, for a model that takes one; None leaves it to the model.

        Returns:
            An RGB picture of the size that the model makes.

        Raises:
            InvalidRequest: The seed is not a 64-bit integer, `model` is for another task, takes no class, or has no
                such one.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            client.generate(seed=7).save("seed-7.png")
            client.generate(seed=7, class_id=3).save("three.png")
            ```
        """
        return self._run(self._conversation.answer(_tasks.generate(seed=seed, model=model, class_id=class_id)))

    def enhance(self, /, image: ImageLike, *, model: str = "denoiser", **inputs: object) -> PIL.Image.Image:
        """Make a picture into another one: less noisy, larger, in another style, turned, cut out.

        Args:
            image: As for `classify`.
            model: Name of a model for image-to-image.
            **inputs: Further inputs of the model by name, in small letters: a number, a text, or several of them, which
                become what the model takes. None leaves an input out.

        Returns:
            The new picture, of the size that the model makes.

        Raises:
            ImageError: The picture cannot be read here; nothing was sent.
            InvalidRequest: The server cannot decode the picture, `model` is for another task, or an input is not one of
                the model's or does not fit it.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            client.enhance("noisy.jpg").save("clean.png")
            client.enhance("photo.jpg", model="resize", width=320).save("small.png")
            client.enhance("photo.jpg", model="crop", xyxy=[10, 20, 200, 120]).save("part.png")
            ```
        """
        return self._run(self._conversation.answer(_tasks.enhance(image, model=model, inputs=inputs)))

    def interpolate(
        self, image: ImageLike, other: ImageLike, fraction: float, *, model: str = "vae_interpolate"
    ) -> PIL.Image.Image:
        """Make a picture that lies between two.

        Args:
            image: As for `classify`.
            other: As for `classify`.
            fraction: Where between them, in [0, 1]: 0 is `image` and 1 is `other`, each as the model sees it.
            model: Name of a model for image-to-image that takes two pictures and a fraction.

        Returns:
            The new picture, of the size that the model makes.

        Raises:
            ImageError: A picture cannot be read here; nothing was sent.
            InvalidRequest: The server cannot decode a picture, `model` does not take two, or the fraction is outside
                [0, 1].
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            client.interpolate("one.png", "seven.png", 0.5).save("between.png")
            ```
        """
        return self._run(self._conversation.answer(_tasks.interpolate(image, other, fraction, model=model)))

    def explain(self, image: ImageLike, *, model: str = "cnn", class_id: int | None = None) -> Explanation:
        """Show what in a picture speaks for a class.

        Args:
            image: As for `classify`.
            model: Name of a classifier; its explanations come from the model `<name>_explain`, which must be served.
            class_id: The class to explain; None explains the one with the best score.

        Returns:
            A heat map (H, W) float32 in [0, 1] of the picture's size, with the class and its score.

        Raises:
            ImageError: The picture cannot be read here; nothing was sent.
            ModelNotFound: The server has no explanations of this model.
            InvalidRequest: The server cannot decode the picture, or there is no such class.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            client.explain("digit.png").draw("digit.png").save("why.png")
            ```
        """
        return self._run(self._conversation.answer(_tasks.explain(image, model=model, class_id=class_id)))

    @overload
    def map(
        self,
        images: Iterable[ImageLike],
        task: Callable[[Any], Result],
        *,
        concurrency: int = 8,
        return_errors: Literal[False] = False,
    ) -> Iterator[Result]: ...

    @overload
    def map(
        self,
        images: Iterable[ImageLike],
        task: Callable[[Any], Result],
        *,
        concurrency: int = 8,
        return_errors: Literal[True],
    ) -> Iterator[Result | SightlineError]: ...

    def map(
        self,
        images: Iterable[ImageLike],
        task: Callable[[Any], Result],
        *,
        concurrency: int = 8,
        return_errors: bool = False,
    ) -> Iterator[Result | SightlineError]:
        """Do a task for many pictures, with the answers in order.

        Pictures are taken as they are needed, so that a folder of a million needs little memory.

        Args:
            images: Any pictures, each as for `classify`.
            task: What to do with each: a method of this client, with `functools.partial` for its options.
            concurrency: How many requests are under way at once, 1 or more.
            return_errors: Give a picture's `SightlineError` in place of its answer, instead of raising it.

        Returns:
            An iterator over the answers.

        Raises:
            InvalidRequest: The concurrency is below 1.
            SightlineError: What `task` raises, when its picture's turn comes, unless return_errors is set.

        Example:
            ```python
            for answer in client.map(paths, functools.partial(client.classify, top_k=1), concurrency=8):
                print(answer.label)
            ```
        """
        return map_in_threads(images, task, concurrency=concurrency, return_errors=return_errors)

    def infer(
        self,
        model: str,
        inputs: Mapping[str, NDArray[Any]],
        *,
        outputs: Sequence[str] | None = None,
        shared_memory: bool = False,
    ) -> dict[str, NDArray[Any]]:
        """Run any model on raw tensors, without help and without magic.

        Args:
            model: Name of the model.
            inputs: Array of each input, with the batch axis. The dtype must be the model's own; BYTES inputs are
                arrays of dtype object that hold `bytes`.
            outputs: Names of the wanted outputs; None means all.
            shared_memory: Let a server on the same machine read and write the tensors in memory that both see.
                Worth it from some megabytes on. The server must allow it: `sightline serve --allow-shared-memory`.

        Returns:
            Array of each output, with the batch axis; read-only. BYTES outputs are arrays of dtype object.

        Raises:
            InvalidRequest: A tensor does not fit the model, or the server refused it, or its shared memory.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            client.infer("gan", {"SEED": np.array([[7]], dtype=np.int64)})["RESULT"].shape  # (1, 1)
            ```
        """
        return self._run(self._conversation.infer(model, inputs, outputs, shared_memory=shared_memory))

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
        return self._run(self._conversation.models())

    def model(self, name: str) -> ModelInfo:
        """Return what the server says about one model now: its version, labels, and the inputs that it takes.

        Args:
            name: Name of the model.

        Raises:
            ModelNotFound: The server has no such model.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            [tensor.name for tensor in client.model("resize").inputs if tensor.is_optional]  # ['WIDTH', 'HEIGHT']
            ```
        """
        return self._run(self._conversation.model(name))

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
        return self._run(self._conversation.is_ready(model))

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
        self._run(self._conversation.wait_until_ready(timeout))

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

    def _run(self, flow: Flow[Result]) -> Result:
        return run(flow, self._transport)
