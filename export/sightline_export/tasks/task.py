"""What every task provides, so that exporting is the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from sightline_export.repository.golden import Request
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature

if TYPE_CHECKING:
    from torch import nn

    from sightline_export.model_spec import ModelSpec

Finish = Literal["none", "softmax", "unit_length"]
"""What becomes of a network's own output before it is served."""


@dataclass(frozen=True)
class StepModel:
    """A shared step of ensembles, run by one of our backends: decoding, noise, encoding."""

    name: str
    backend: str
    signature: Signature
    parameters: Mapping[str, str]


class Task(Protocol):
    """A kind of answer. Implementations hold no state."""

    @property
    def id(self) -> str:
        """The Hugging Face task id, which clients read from the ensemble's `task` parameter."""
        ...

    @property
    def finish(self) -> Finish:
        """What the graph makes of the network's own output, where that is a vector."""
        ...

    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        """The network with everything numeric around it: what is traced and served."""
        ...

    def network_signature(self, spec: ModelSpec) -> Signature:
        """Inputs and outputs of that graph."""
        ...

    def ensemble_signature(self, spec: ModelSpec) -> Signature:
        """Inputs and outputs of the ensemble, as ARCHITECTURE's table of tasks has them."""
        ...

    def steps(self, spec: ModelSpec, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        """The shared step models needed, and the wiring of the ensemble around the model `network`."""
        ...

    def requests(self, spec: ModelSpec, count: int) -> tuple[Request, ...]:
        """`count` real requests to the ensemble, none of which the network was trained on. The first become golden."""
        ...
