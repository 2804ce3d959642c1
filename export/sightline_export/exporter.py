"""Two ways to a candidate for publishing: train a recipe, or take a network whose weights came ready."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import torch

from sightline_export.candidate import from_onnx, from_pytorch
from sightline_export.entries import entries, network_name
from sightline_export.errors import ExportError
from sightline_export.measure import Measurement
from sightline_export.model_spec import ModelSpec
from sightline_export.recipe import Evaluation, Recipe
from sightline_export.release import Doing, Done, Measure, Setting, release
from sightline_export.repository.claim import require_own_names
from sightline_export.repository.lock import locked
from sightline_export.repository.publish import next_version, published_versions, remove_orphan, require_free
from sightline_export.repository.staging import unusable
from sightline_export.runtimes import onnx_runtime
from sightline_export.sources import Imported
from sightline_export.training.progress import Epoch
from sightline_export.verification.parity import Runtime

WEIGHTS_SEED = 0


def newest_graph(repository: Path, name: str) -> Path:
    """The ONNX file of the newest published version of `name`; FileNotFoundError where there is none."""
    versions = published_versions(repository, network_name(name))
    if not versions:
        raise FileNotFoundError(f"no version of {name} in {repository}; build it with: sightline export {name}")
    return repository / network_name(name) / str(versions[-1]) / "model.onnx"


def claim(spec: ModelSpec, setting: Setting) -> int:
    """The version to be written, once the names are known to be free or our own.

    Raises NameTaken, VersionExists, RepositoryUnusable.
    """
    repository, network = setting.repository, network_name(spec.name)
    try:
        with locked(repository):
            require_own_names(repository, spec.name, entries(spec, (), (), (), {}))
            remove_orphan(repository, network, spec.name)
            version = setting.version or next_version(repository, (spec.name, network))
            require_free(repository, (network, spec.name), version)
            return version
    except OSError as error:
        if isinstance(error, ExportError):
            raise
        raise unusable(repository, error) from error


def export_recipe(recipe: Recipe, setting: Setting, checkpoints: Path) -> Iterator[Epoch | Doing | Done]:
    """Train `recipe` and publish it, reporting each epoch and each step.

    Nothing appears in the repository unless every step succeeds. Raises VersionExists, VerificationFailed, FloorMissed,
    GraphRefused, RepositoryUnusable.
    """
    version = claim(recipe.spec, setting)
    started_at = time.monotonic()
    torch.manual_seed(WEIGHTS_SEED)
    network = recipe.build()
    checkpoint = checkpoints / f"{recipe.name}.pt"
    yield from recipe.train(network, checkpoint)
    training_s = time.monotonic() - started_at
    checkpoint.unlink(missing_ok=True)  # trained to the end: the next export, also after a refusal, trains anew

    def measure(graph: Runtime) -> Measurement:
        required = {name: onnx_runtime(newest_graph(setting.repository, name)) for name in recipe.requires}
        measurement = recipe.evaluate(Evaluation(graph, required))
        measurement.require_floors(recipe.name)
        return measurement

    weights = f"trained by this export in {training_s:.0f} s"
    candidate = from_pytorch(recipe.spec, network, f"recipe {recipe.name}", weights)
    yield Done(f"trained {candidate.parameters:,} parameters in {training_s:.0f} s")
    yield from release(candidate, setting, version, measure)


def export_import(imported: Imported, setting: Setting, measure: Measure | None = None) -> Iterator[Doing | Done]:
    """Publish a network whose weights came ready, reporting each step; raises as :func:`export_recipe` does.

    measure: figures on held-out data, where there is any.
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
    yield from release(candidate, setting, version, measure)
