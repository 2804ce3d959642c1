"""One export from start to end: train, trace, verify, measure, write down, publish."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version as installed_version
from pathlib import Path

import torch
from torch import nn

from sightline_export.card import Facts, write_card
from sightline_export.recipe import Evaluation, Recipe
from sightline_export.repository.entry import ModelEntry
from sightline_export.repository.model_config import backend_config, ensemble_config, network_config
from sightline_export.repository.publish import publish, published_versions, require_free, staging_folder
from sightline_export.runtimes import onnx_runtime, pytorch_runtime
from sightline_export.trace import trace
from sightline_export.training.progress import Epoch
from sightline_export.verify import Runtime, compare, require_parity

WEIGHTS_SEED = 0
LIBRARIES = ("torch", "onnx", "onnxruntime")


@dataclass(frozen=True)
class Done:
    """A step that has just ended, in words."""

    text: str


def network_name(name: str) -> str:
    """The model behind the ensemble `name`."""
    return f"{name}_network"


def newest_graph(repository: Path, name: str) -> Path:
    """The ONNX file of the newest published version of `name`; FileNotFoundError where there is none."""
    versions = published_versions(repository, network_name(name))
    if not versions:
        raise FileNotFoundError(f"no version of {name} in {repository}; build it with: sightline export {name}")
    return repository / network_name(name) / str(versions[-1]) / "model.onnx"


def export_recipe(recipe: Recipe, repository: Path, version: int, checkpoints: Path) -> Iterator[Epoch | Done]:
    """Build version `version` of `recipe` in `repository`, reporting each epoch and each step.

    Nothing appears in the repository unless every step succeeds. Raises VersionExists, VerificationFailed, FloorMissed,
    GraphRefused, RepositoryUnusable.
    """
    require_free(repository, (network_name(recipe.name), recipe.name), version)

    started = time.monotonic()
    torch.manual_seed(WEIGHTS_SEED)
    network = recipe.build()
    checkpoint = checkpoints / f"{recipe.name}.pt"
    yield from recipe.train(network, checkpoint)
    training_s = time.monotonic() - started

    checkpoint.unlink(missing_ok=True)  # trained to the end: the next export, also after a refusal, trains anew
    with staging_folder(repository) as staging:
        yield from _publish_trained(recipe, network, training_s, repository, version, staging)


def _publish_trained(
    recipe: Recipe, network: nn.Module, training_s: float, repository: Path, version: int, staging: Path
) -> Iterator[Done]:
    task = recipe.task
    signature = task.network_signature(recipe)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    yield Done(f"trained {parameters:,} parameters in {training_s:.0f} s")

    graph_module = task.graph(recipe, network).eval()
    examples = task.examples(recipe, recipe.max_batch_size)
    graph_path = staging / "model.onnx"
    trace(
        graph_module,
        tuple(torch.from_numpy(examples[spec.name][:2]) for spec in signature.inputs),
        signature,
        graph_path,
    )
    graph_bytes = graph_path.stat().st_size
    yield Done(f"traced to ONNX, {graph_bytes / 1e6:.1f} MB")

    graph = onnx_runtime(graph_path)
    parity = compare(pytorch_runtime(graph_module, signature), graph, examples, signature, recipe.max_batch_size)
    require_parity(recipe.name, parity)
    batches = ", ".join(str(batch) for batch in dict.fromkeys(row.batch for row in parity))
    yield Done(
        f"verified: PyTorch and ONNX Runtime agree at batch {batches}, within {max(p.difference for p in parity):.1e}"
    )

    required = {name: onnx_runtime(newest_graph(repository, name)) for name in recipe.requires}
    measurement = recipe.evaluate(Evaluation(graph, required))
    measurement.require_floors(recipe.name)
    yield Done("measured: " + ", ".join(f"{figure.name} {figure.value:.4g}" for figure in measurement.figures))

    facts = Facts(
        version=version,
        exported_on=date.today(),
        training_s=training_s,
        parameters=parameters,
        graph_bytes=graph_bytes,
        measurement=measurement,
        parity=parity,
        versions=tuple((library, installed_version(library)) for library in LIBRARIES),
    )
    publish(repository, entries(recipe, graph_path, graph, write_card(recipe, facts)), version, task.id, staging)
    yield Done(f"published version {version} in {repository / recipe.name}")


def entries(recipe: Recipe, graph_path: Path, graph: Runtime, card: str) -> tuple[ModelEntry, ...]:
    """The folders of one export, the ensemble last."""
    task, size = recipe.task, recipe.max_batch_size
    network = network_name(recipe.name)
    step_models, wiring = task.steps(recipe, network)
    signature = task.network_signature(recipe)
    labels = {"labels.txt": "".join(f"{label}\n" for label in recipe.labels)} if recipe.labels else {}
    shared = [
        ModelEntry(backend_config(step.name, step.backend, step.signature, size, step.parameters), versioned=False)
        for step in step_models
    ]
    network_entry = ModelEntry(
        network_config(network, signature, size),
        variants={"gpu": network_config(network, signature, size, gpu=True)},
        texts=labels,
        weights=graph_path,
    )
    ensemble = ModelEntry(
        ensemble_config(recipe.name, task.id, task.ensemble_signature(recipe), wiring, size, recipe.labels),
        texts=labels | {"README.md": card},
        golden=task.golden(recipe, graph),
    )
    return (*shared, network_entry, ensemble)
