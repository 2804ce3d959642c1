"""Two ways to a candidate for publishing: train a recipe, or take a network whose weights came ready."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from PIL import Image

from sightline_export.backend_release import claim_backend_model, release_backend_model
from sightline_export.candidate import from_onnx, from_pytorch
from sightline_export.entries import entries, network_name
from sightline_export.errors import ExportError, RepositoryUnusable
from sightline_export.explanation.entry import explanation_of
from sightline_export.measures.figures import Measurement
from sightline_export.model_spec import ModelSpec
from sightline_export.recipe import Companion, Evaluate, Evaluation, Exportable, Operation, Recipe, Sheet
from sightline_export.release import Doing, Done, Draw, Measure, Setting, release
from sightline_export.repository.claim import require_own_names, require_unreserved
from sightline_export.repository.lock import locked
from sightline_export.repository.publish import next_version, published_versions, remove_orphan, require_free
from sightline_export.repository.published import read_published
from sightline_export.repository.staging import unusable
from sightline_export.sources import Imported
from sightline_export.sources.choices import ExplainChoice
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch
from sightline_export.verification.parity import Runtime, chunked

WEIGHTS_SEED = 0


def claim(spec: ModelSpec, setting: Setting) -> int:
    """The version to be written, once the names are known to be free or our own.

    Raises NameTaken, VersionExists, RepositoryUnusable.
    """
    repository, network = setting.repository, network_name(spec.name)
    try:
        with locked(repository):
            require_unreserved(spec.name)
            require_own_names(repository, entries(spec, (), (), (), {}))
            remove_orphan(repository, network, spec.name)
            version = setting.version or next_version(repository, (spec.name, network))
            require_free(repository, (network, spec.name), version)
            return version
    except OSError as error:
        if isinstance(error, ExportError):
            raise
        raise unusable(repository, error) from error


def export_recipe(recipe: Recipe, setting: Setting, checkpoints: Path) -> Iterator[Epoch | Doing | Done]:
    """Train `recipe` and publish all that it serves, reporting each epoch and each step.

    Nothing of a model appears in the repository unless every step succeeds; the model itself comes after its
    companions. Raises VersionExists, VerificationFailed, FloorMissed, GraphRefused, RepositoryUnusable.
    """
    versions = {part.spec.name: claim(part.spec, setting) for part in recipe.parts}
    torch.manual_seed(WEIGHTS_SEED)
    network = recipe.build()
    checkpoint = Checkpoint(checkpoints / f"{recipe.name}.pt", recipe.key)
    if trouble := checkpoint.trouble():
        yield Done(trouble)
    yield from recipe.train(network, checkpoint)
    training_s = checkpoint.seconds
    checkpoint.path.unlink(missing_ok=True)  # trained to the end: the next export, also after a refusal, trains anew
    weights = f"trained by this export in {training_s:.0f} s"
    parameters = sum(parameter.numel() for parameter in network.parameters())
    yield Done(f"trained {parameters:,} parameters in {training_s:.0f} s")

    required = {name: published_model(setting.repository, name) for name in recipe.requires}
    for part in recipe.parts:
        candidate = from_pytorch(part.spec, part.network(network), f"recipe {recipe.name}", weights)
        measure, draw = asked_with(part, required)
        yield from release(candidate, setting, versions[part.spec.name], measure, draw)
        yield from explain(part.spec, setting, promised=recipe.explained_well)


def explain(
    spec: ModelSpec, setting: Setting, choice: ExplainChoice = "auto", *, promised: bool = False
) -> Iterator[Doing | Done]:
    """Publish the heat maps of a classifier that was just published; nothing for other models.

    promised: whether they have to be better than random ones, which they can be only where the classifier is good.
    Raises SourceUnusable where `choice` does not fit the network, RepositoryUnusable where the network is gone, and as
    :func:`export_recipe` does.
    """
    network = setting.repository / network_name(spec.name)
    versions = published_versions(setting.repository, network.name)
    if not versions:
        raise RepositoryUnusable(
            f"expected a version of {network.name} beside {spec.name}, got none; delete "
            f"{setting.repository / spec.name} and export {spec.name} again"
        )
    operation = explanation_of(spec, network / str(versions[-1]) / "model.onnx", choice)
    if operation:
        chosen = operation if promised else replace(operation, evaluate=None, sheet=None)
        yield from export_operation(chosen, replace(setting, version=None))


def export_operation(operation: Operation, setting: Setting) -> Iterator[Doing | Done]:
    """Publish a model without a network of its own, reporting each step; raises as :func:`export_recipe` does."""
    version = claim_backend_model(operation.model, setting)
    required = {name: published_model(setting.repository, name) for name in operation.requires}
    yield from release_backend_model(operation.model, setting, version, *asked_with(operation, required))


def export_named(wanted: Exportable, setting: Setting, checkpoints: Path) -> Iterator[Epoch | Doing | Done]:
    """Publish whatever has a name in the registry."""
    match wanted:
        case Recipe():
            yield from export_recipe(wanted, setting, checkpoints)
        case Operation():
            yield from export_operation(wanted, setting)


def asked_with(part: Companion | Operation, required: Mapping[str, Runtime]) -> tuple[Measure | None, Draw | None]:
    """How a model is measured and drawn, once it can be asked."""
    evaluate, sheet = part.evaluate, part.sheet
    measure = partial(_measured, part.name, evaluate, required) if evaluate else None
    draw = partial(_drawn, sheet, required) if sheet else None
    return measure, draw


def _measured(name: str, evaluate: Evaluate, required: Mapping[str, Runtime], model: Runtime) -> Measurement:
    measurement = evaluate(Evaluation(model, required))
    measurement.require_floors(name)
    return measurement


def _drawn(sheet: Sheet, required: Mapping[str, Runtime], model: Runtime) -> Image.Image:
    return sheet(Evaluation(model, required))


def published_model(repository: Path, name: str) -> Runtime:
    """The newest published version of `name`, asked in this process. Raises UnknownModel, RepositoryUnusable."""
    published = read_published(repository, name)
    return chunked(published.in_process(), published.max_batch_size)


def export_import(
    imported: Imported, setting: Setting, measure: Measure | None = None, choice: ExplainChoice | None = None
) -> Iterator[Doing | Done]:
    """Publish a network whose weights came ready, reporting each step; raises as :func:`export_recipe` does.

    measure: figures on held-out data, where there is any. choice: how a classifier is explained; None: not at all,
    because that takes many answers of a large network.
    """
    spec, network = imported.spec, imported.network
    version = claim(spec, setting)
    if isinstance(network, torch.nn.Module):
        candidate = from_pytorch(spec, network, imported.origin, imported.weights)
    else:
        candidate = from_onnx(spec, network, imported.origin, imported.weights)
    yield Done(f"read {imported.origin}: {candidate.parameters:,} parameters, weights {imported.weights}")
    for note in candidate.notes:
        yield Done(note)
    yield from release(candidate, replace(setting, maps=choice in ("cam", "auto")), version, measure)
    if choice:
        yield from explain(spec, setting, choice)
