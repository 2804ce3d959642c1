"""What the client asks of a transport."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Reply:
    """The answer to one inference: the version that gave it, and its tensors with the batch axis."""

    version: int
    tensors: dict[str, NDArray[Any]]


class Transport(Protocol):
    """One protocol to one server. Safe to be used by many threads.

    Every method raises errors of `sightline.errors` only. `timeout_s` None waits for ever; `version` None means the
    newest one.
    """

    def infer(
        self,
        model: str,
        inputs: Mapping[str, NDArray[Any]],
        outputs: Sequence[str] | None,
        *,
        timeout_s: float | None,
    ) -> Reply:
        """Run a model on tensors that include the batch axis; None asks for all of its outputs."""
        ...

    def model_metadata(self, model: str, *, version: int | None, timeout_s: float | None) -> Mapping[str, Any]:
        """Return Triton's metadata of the model in its JSON form."""
        ...

    def model_config(self, model: str, *, version: int | None, timeout_s: float | None) -> Mapping[str, Any]:
        """Return Triton's configuration of the model in its JSON form."""
        ...

    def statistics(self, *, timeout_s: float | None) -> Mapping[str, Any]:
        """Return Triton's statistics of all ready models in their JSON form."""
        ...

    def is_ready(self, model: str | None, *, timeout_s: float | None) -> bool:
        """Return what the server says of itself (None) or of a model."""
        ...

    def close(self) -> None:
        """Close every connection; later calls raise `SightlineError`."""
        ...
