"""The folders of one export: shared steps, the network, and last the ensemble that users call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sightline_export.cpu_variant import cpu_variant
from sightline_export.model_spec import ModelSpec
from sightline_export.repository.entry import ModelEntry
from sightline_export.repository.golden import GoldenCase
from sightline_export.repository.model_config import ModelConfig, backend_config, ensemble_config, network_config


def network_name(name: str) -> str:
    """The model behind the ensemble `name`."""
    return f"{name}_network"


def ensemble_name(network: str) -> str:
    """The model that users call, in front of `network`."""
    return network.removesuffix("_network")


def entries(
    spec: ModelSpec,
    weights: Sequence[Path],
    golden: Sequence[GoldenCase],
    verification: Sequence[GoldenCase],
    variants: Mapping[str, ModelConfig],
) -> tuple[ModelEntry, ...]:
    """weights: the ONNX file and those of its external data. variants: configurations of the network, by name."""
    task, size, network = spec.task, spec.max_batch_size, network_name(spec.name)
    step_models, wiring = task.steps(spec, network)
    labels = {"labels.txt": "".join(f"{label}\n" for label in spec.labels)} if spec.labels else {}
    shared = [
        ModelEntry(backend_config(step.name, step.backend, step.signature, size, step.parameters), versioned=False)
        for step in step_models
    ]
    network_entry = ModelEntry(
        network_config(network, task.network_signature(spec), size), variants, texts=labels, weights=tuple(weights)
    )
    portable = ensemble_config(spec.name, task.id, task.ensemble_signature(spec), wiring, size, spec.labels)
    ensemble = ModelEntry(
        portable,
        {"cpu": cpu_variant(portable, {entry.name: entry.config for entry in (*shared, network_entry)})},
        texts=labels,
        golden=tuple(golden),
        verification=tuple(verification),
    )
    return (*shared, network_entry, ensemble)
