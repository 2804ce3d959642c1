"""A served model without a graph of its own: one of our backends with parameters, which may ask networks of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sightline_export.in_process import step_runtime
from sightline_export.repository.entry import ModelEntry
from sightline_export.repository.golden import GoldenCase, Request
from sightline_export.repository.model_config import backend_config
from sightline_export.signature import Signature
from sightline_export.verification.parity import Runtime

Requests = Callable[[int], tuple[Request, ...]]
"""The first n real requests to a model, always the same ones; the first become golden."""


@dataclass(frozen=True)
class BackendModel:
    """One model, and all that its entry and its card say.

    name, summary, architecture, data, licence, limits: as in `ModelSpec`.
    task: the Hugging Face task id. backend: the folder of `python_backend` that runs it.
    signature: inputs and outputs. parameters: of the backend.
    requests: real requests for verification and golden answers.
    labels: names of the classes; empty where there are none.
    asks: the networks, by the names of their models, that the backend asks itself.
    """

    name: str
    summary: str
    architecture: str
    task: str
    backend: str
    signature: Signature
    requests: Requests
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    labels: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    data: str = "none: nothing in it was trained"
    licence: str = "Sightline's own"
    limits: str = ""
    max_batch_size: int = 8

    def entry(self, golden: tuple[GoldenCase, ...] = (), verification: tuple[GoldenCase, ...] = ()) -> ModelEntry:
        """The folder in the repository."""
        parameters = {"task": self.task, **self.parameters}
        config = backend_config(
            self.name, self.backend, self.signature, self.max_batch_size, parameters, labels=self.labels
        )
        texts = {"labels.txt": "".join(f"{label}\n" for label in self.labels)} if self.labels else {}
        return ModelEntry(config, texts=texts, golden=golden, verification=verification)

    def in_process(self, networks: Mapping[str, Runtime]) -> Runtime:
        """The model in this process, without Triton. networks: those that it asks, by name."""
        return step_runtime(self.backend, self.parameters, networks)
