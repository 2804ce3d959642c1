"""Measuring a model through a running service, as its export measured it in process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sightline_export.datasets.labelled_pictures import Half
from sightline_export.errors import UnknownSource
from sightline_export.held_out import labelled_files, measured_on
from sightline_export.measures.figures import Measurement
from sightline_export.recipe import Companion, Evaluate, Evaluation, Exportable, Operation, recipes
from sightline_export.recipes.classifier import half_to_measure
from sightline_export.signature import TensorSpec
from sightline_export.verification.parity import Runtime, chunked
from sightline_export.verification.service import Service


@dataclass(frozen=True)
class ServedEvaluation:
    """How the figures of one served model come about.

    recipe: what its recipe measures; None where no recipe knows the model.
    requires: other models that are asked as well.
    """

    name: str
    recipe: Evaluate | None
    requires: tuple[str, ...] = ()

    @property
    def asks(self) -> tuple[str, ...]:
        """All models that have to be served."""
        return (self.name, *self.requires)

    def measure(self, service: Service, data: Path | None) -> Measurement:
        """Raises UnknownModel, ServiceUnusable, UnknownSource, SourceUnusable, VerificationFailed."""
        model = served_model(service, self.name)
        task, labels = _task_and_labels(service, self.name)
        if data and task == "image-classification" and labels:
            return measured_on(self._half(data, labels), labels, model, data.name)
        if self.recipe is None:
            raise UnknownSource(
                f"expected a recipe, or a classifier with labels and --data, got {self.name} of the task "
                f"{task or 'that nobody named'}{'' if data else ' without --data'}; nothing else tells how a model is "
                "measured"
            )
        required = {name: served_model(service, name) for name in self.requires}
        return self.recipe(Evaluation(model, required, data))

    def _half(self, data: Path, labels: tuple[str, ...]) -> Half:
        """The pictures of a folder: of what a recipe may have been trained on, only those that it held out."""
        if self.recipe:
            return half_to_measure(data, labels)
        return Half(*labelled_files(data, labels))


def find_evaluation(name: str) -> ServedEvaluation:
    """Of a recipe or one of its companions as the recipe measures it; of anything else without one."""
    for exportable in recipes().values():
        for part in _parts(exportable):
            if part.name == name:
                return ServedEvaluation(name, part.evaluate, exportable.requires)
    return ServedEvaluation(name, None)


def served_model(service: Service, name: str) -> Runtime:
    """`name` as users call it, for any number of rows. Raises UnknownModel, ServiceUnusable."""
    config = service.connection.config(name)
    outputs = [TensorSpec(str(output["name"]), "BYTES", (1,)) for output in config.get("output", [])]
    return chunked(service.runtime(name, outputs), max(1, int(config.get("max_batch_size", 1))))


def _parts(exportable: Exportable) -> tuple[Companion | Operation, ...]:
    return (exportable,) if isinstance(exportable, Operation) else exportable.parts


def _task_and_labels(service: Service, name: str) -> tuple[str, tuple[str, ...]]:
    parameters = service.connection.config(name).get("parameters", {})
    task, labels = (str(parameters.get(key, {}).get("string_value", "")) for key in ("task", "labels"))
    return task, tuple(str(label) for label in json.loads(labels or "[]"))
