"""Measuring a model through a running service, as its export measured it in process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sightline_export.errors import SourceUnusable, UnknownSource
from sightline_export.held_out import half_to_measure, measured_on
from sightline_export.measures.figures import Measurement
from sightline_export.model_spec import HELD_OUT_KEY, PART
from sightline_export.recipe import Companion, Evaluate, Evaluation, Exportable, Operation, recipes
from sightline_export.recipes.detector_evaluation import known_pictures, measured
from sightline_export.signature import TensorSpec
from sightline_export.verification.parity import Runtime, chunked
from sightline_export.verification.service import Service


@dataclass(frozen=True)
class Told:
    """What a served model says of itself in its configuration; trained_on_part as in `ModelSpec`."""

    task: str
    labels: tuple[str, ...]
    trained_on_part: bool


@dataclass(frozen=True)
class ServedEvaluation:
    """How the figures of one served model come about.

    part: of the recipe that exports a model of this name; None where there is no such recipe.
    requires: other models that are asked as well.
    """

    name: str
    part: Companion | Operation | None
    requires: tuple[str, ...] = ()

    @property
    def asks(self) -> tuple[str, ...]:
        """All models that have to be served."""
        return (self.name, *self.requires)

    def measure(self, service: Service, data: Path | None) -> Measurement:
        """Raises UnknownModel, ServiceUnusable, UnknownSource, SourceUnusable, VerificationFailed."""
        models = {name: served_model(service, name) for name in self.asks}
        return self.figures(models, _told(service, self.name), data)

    def figures(self, models: Mapping[str, Runtime], told: Told, data: Path | None) -> Measurement:
        """models: all of :attr:`asks`. Raises UnknownSource, SourceUnusable."""
        if data and told.labels and told.task in _ON_LABELLED:
            return _ON_LABELLED[told.task](models[self.name], data, told)
        evaluate = self._of_the_recipe(told, data)
        return evaluate(Evaluation(models[self.name], {name: models[name] for name in self.requires}, data))

    def _of_the_recipe(self, told: Told, data: Path | None) -> Evaluate:
        """What the recipe measures, where that is a measure of this very model."""
        if self.part is None or self.part.evaluate is None:
            raise UnknownSource(
                f"expected a recipe, or a classifier or detector with labels and --data, got {self.name} of the task "
                f"{told.task or 'that nobody named'}{'' if data else ' without --data'}; nothing else tells how a "
                "model is measured"
            )
        if data and not self.part.takes_data:
            raise SourceUnusable(
                f"expected a model that pictures of yours can measure, got {self.name}, which is measured on the "
                "recipe's own data alone; leave --data out"
            )
        if told.trained_on_part or told.labels != self.part.labels:
            raise SourceUnusable(
                f"expected {self.name} as its recipe trains it, got one that was trained on other data"
                f"{_named(told.labels)}; measure it on those with --data FOLDER"
            )
        return self.part.evaluate


def find_evaluation(name: str) -> ServedEvaluation:
    """Of a recipe or one of its companions as the recipe measures it; of anything else without one."""
    for exportable in recipes().values():
        for part in _parts(exportable):
            if part.name == name:
                return ServedEvaluation(name, part, exportable.requires)
    return ServedEvaluation(name, None)


def served_model(service: Service, name: str) -> Runtime:
    """`name` as users call it, for any number of rows. Raises UnknownModel, ServiceUnusable."""
    config = service.connection.config(name)
    outputs = [TensorSpec(str(output["name"]), "BYTES", (1,)) for output in config.get("output", [])]
    return chunked(service.runtime(name, outputs), max(1, int(config.get("max_batch_size", 1))))


def _classified(model: Runtime, data: Path, told: Told) -> Measurement:
    half = half_to_measure(data, told.labels, trained_on_part=told.trained_on_part)
    name = f"the held-out part of {data.name}" if told.trained_on_part else data.name
    return measured_on(half, told.labels, model, name)


def _detected(model: Runtime, data: Path, told: Told) -> Measurement:
    return measured(model, known_pictures(data, told.labels), told.labels, floor=None)


_ON_LABELLED: Mapping[str, Callable[[Runtime, Path, Told], Measurement]] = {
    "image-classification": _classified,
    "object-detection": _detected,
}
"""Tasks of which every model is measured on labelled data in the same way, wherever it is from."""


def _parts(exportable: Exportable) -> tuple[Companion | Operation, ...]:
    return (exportable,) if isinstance(exportable, Operation) else exportable.parts


def _told(service: Service, name: str) -> Told:
    parameters = service.connection.config(name).get("parameters", {})
    task, labels, held_out = (
        str(parameters.get(key, {}).get("string_value", "")) for key in ("task", "labels", HELD_OUT_KEY)
    )
    return Told(task, tuple(str(label) for label in json.loads(labels or "[]")), held_out == PART)


def _named(labels: tuple[str, ...]) -> str:
    return f" (its classes are {', '.join(labels[:3])}{', …' if len(labels) > 3 else ''})" if labels else ""
