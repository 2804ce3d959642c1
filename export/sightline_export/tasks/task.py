"""What every task provides, so that exporting is the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sightline_export.repository.golden import GoldenCase
from sightline_export.repository.model_config import Step
from sightline_export.signature import Signature
from sightline_export.verify import Arrays, Runtime

if TYPE_CHECKING:
    from torch import nn

    from sightline_export.recipe import Recipe


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

    def graph(self, recipe: Recipe, network: nn.Module) -> nn.Module:
        """The network with everything numeric around it: what is traced and served."""
        ...

    def network_signature(self, recipe: Recipe) -> Signature:
        """Inputs and outputs of that graph."""
        ...

    def ensemble_signature(self, recipe: Recipe) -> Signature:
        """Inputs and outputs of the ensemble, as ARCHITECTURE's table of tasks has them."""
        ...

    def steps(self, recipe: Recipe, network: str) -> tuple[tuple[StepModel, ...], tuple[Step, ...]]:
        """The shared step models needed, and the wiring of the ensemble around the model `network`."""
        ...

    def examples(self, recipe: Recipe, count: int) -> Arrays:
        """`count` real inputs of the graph, batch axis first, for tracing and verification."""
        ...

    def golden(self, recipe: Recipe, graph: Runtime) -> tuple[GoldenCase, ...]:
        """Real requests with the answers that the whole ensemble gives."""
        ...
