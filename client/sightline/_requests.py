"""What can be asked of an inference server, as values; each transport knows how to say them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from numpy.typing import NDArray

Answer_co = TypeVar("Answer_co", covariant=True)


class Request(Generic[Answer_co]):
    """One request; the type parameter is what it is answered with."""

    @property
    def model_name(self) -> str | None:
        """Name of the model that is asked; None where the server itself is."""
        return None


@dataclass(frozen=True)
class ModelRequest(Request[Answer_co]):
    """A request to one model."""

    model: str

    @property
    def model_name(self) -> str:
        return self.model


@dataclass(frozen=True)
class Region:
    """A piece of shared memory that was registered with the server, and what lies in it."""

    name: str
    offset: int
    byte_size: int
    datatype: str
    shape: tuple[int, ...]


Tensor: TypeAlias = NDArray[Any] | Region
"""A tensor that travels with the request, or lies in memory that the server can see."""


class Reply(NamedTuple):
    """The answer to one inference.

    `tensors` have the batch axis. An output that was asked for in a region is not among them; its shape is in `shapes`.
    """

    version: int
    tensors: dict[str, NDArray[Any]]
    shapes: dict[str, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Infer(ModelRequest[Reply]):
    """Run a model on tensors that include the batch axis; `outputs` None asks for all of its outputs."""

    inputs: Mapping[str, Tensor]
    outputs: tuple[str, ...] | None = None
    output_regions: Mapping[str, Region] = field(default_factory=dict[str, Region])


@dataclass(frozen=True)
class ModelMetadata(ModelRequest[Mapping[str, Any]]):
    """Ask for Triton's metadata of a model in its JSON form; `version` None means the newest."""

    version: int | None = None


@dataclass(frozen=True)
class ModelConfig(ModelRequest[Mapping[str, Any]]):
    """Ask for Triton's configuration of a model in its JSON form; `version` None means the newest."""

    version: int | None = None


@dataclass(frozen=True)
class Statistics(Request[Mapping[str, Any]]):
    """Ask for Triton's statistics of all ready models in their JSON form."""


@dataclass(frozen=True)
class IsReady(Request[bool]):
    """Ask whether the server (None) or a model is ready."""

    model: str | None = None

    @property
    def model_name(self) -> str | None:
        return self.model


@dataclass(frozen=True)
class RegisterRegion(Request[None]):
    """Let the server see a piece of system shared memory; `key` is its name in /dev/shm."""

    name: str
    key: str
    byte_size: int


@dataclass(frozen=True)
class UnregisterRegion(Request[None]):
    """Let the server forget a piece of shared memory."""

    name: str
