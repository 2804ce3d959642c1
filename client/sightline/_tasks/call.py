"""What a task asks of a model, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from numpy.typing import NDArray

from sightline.images import ImageLike
from sightline.results import ModelInfo

Result = TypeVar("Result")


class Answer(NamedTuple):
    """The tensors of one answer, and what is needed to read them."""

    info: ModelInfo
    """Of the model and the version that answered."""
    tensors: Mapping[str, NDArray[Any]]
    """With the batch axis, a batch of one."""
    picture: bytes = b""
    """The encoded picture that was sent; empty where the task takes none."""


@dataclass(frozen=True, eq=False)
class Call(Generic[Result]):
    """A request whose picture is still to be read, with the function that reads its answer."""

    task: str
    """Hugging Face's task id."""
    model: str
    outputs: tuple[str, ...]
    decode: Callable[[Answer], Result]
    image: ImageLike | None = None
    """Becomes the input IMAGE."""
    inputs: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, "NDArray[Any]"])
    """Beside IMAGE."""
    pictures: Mapping[str, ImageLike] = field(default_factory=dict[str, ImageLike])
    """Further pictures, by the names of their inputs."""
    options: Callable[[ModelInfo], Mapping[str, NDArray[Any]]] = lambda _: {}
    """Further inputs, whose form the model decides; raises InvalidRequest where it takes no such ones."""
    takes_image: bool = True
    """None is no picture, but a mistake, where a task takes one."""
