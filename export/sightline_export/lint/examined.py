"""What is known of one model after its own rules."""

from __future__ import annotations

from dataclasses import dataclass

from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model


@dataclass(frozen=True, eq=False)
class Examined:
    """A model with its findings.

    model: completed as Triton does; None where its configuration can't be read.
    known: whether the completion is certain; if not, ensembles are not held against it.
    """

    model: Model | None
    findings: tuple[Finding, ...]
    known: bool = True

    @property
    def loads(self) -> bool:
        return self.model is not None and not any(finding.stops_loading for finding in self.findings)

    @property
    def steps(self) -> frozenset[str]:
        """The names of the models that an ensemble runs; empty for other models."""
        if self.model is None or "ensemble_scheduling" not in self.model.config:
            return frozenset()
        return frozenset(str(step["model_name"]) for step in self.model.config["ensemble_scheduling"]["step"])
