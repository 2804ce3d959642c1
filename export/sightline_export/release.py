"""From a candidate to a published version: write the graph, verify, measure, serve, write the card, publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version as installed_version
from pathlib import Path

from sightline_export.candidate import Candidate
from sightline_export.card import Facts, write_card
from sightline_export.entries import entries, network_name
from sightline_export.errors import ExportError, NoServer, ServiceUnusable, VerificationFailed
from sightline_export.latency import Latency, measure_latency
from sightline_export.measure import Measurement, in_words
from sightline_export.repository.claim import SOURCE_KEY
from sightline_export.repository.publish import build, publish
from sightline_export.repository.staging import staging_folder, unusable
from sightline_export.runtimes import onnx_runtime
from sightline_export.tensorrt import add_plan
from sightline_export.variants import network_variants
from sightline_export.verification.check import check_graph, check_served
from sightline_export.verification.parity import Parity, Runtime, worst_of
from sightline_export.verification.service import started
from sightline_export.verification.truth import Truth, find_truth

LIBRARIES = ("torch", "onnx", "onnxruntime")

Measure = Callable[[Runtime], Measurement]
"""Measures the served graph on held-out data. Raises FloorMissed."""


@dataclass(frozen=True)
class Doing:
    """A step that has just begun, in words."""

    text: str


@dataclass(frozen=True)
class Done:
    """A step that has just ended, in words."""

    text: str


@dataclass(frozen=True)
class Setting:
    """Where an export writes, and what it may use.

    version: of the new folder; None takes the next. reproducers: where a failed verification leaves its script.
    serve: whether a real tritonserver has to give the right answers before anything is published.
    tensorrt: whether the variants for TensorRT are made.
    """

    repository: Path
    version: int | None = None
    reproducers: Path = Path("build/reproducers")
    serve: bool = True
    tensorrt: bool = False


def release(candidate: Candidate, setting: Setting, version: int, measure: Measure | None) -> Iterator[Doing | Done]:
    """Publish `candidate` as `version`, reporting each step. Nothing appears unless every step succeeds.

    Raises GraphRefused, VerificationFailed, FloorMissed, VersionExists, NameTaken, RepositoryUnusable.
    """
    try:
        with staging_folder(setting.repository) as staging:
            yield from _release(candidate, setting, version, measure, staging)
    except OSError as error:
        if isinstance(error, ExportError):
            raise
        raise unusable(setting.repository, error) from error


def _release(
    candidate: Candidate, setting: Setting, version: int, measure: Measure | None, staging: Path
) -> Iterator[Doing | Done]:
    spec, reproducer = candidate.spec, setting.reproducers / candidate.spec.name
    graph_path = staging / "graph" / "model.onnx"
    graph_path.parent.mkdir()
    yield Doing("writing the ONNX graph")
    candidate.write_graph(graph_path, {SOURCE_KEY: candidate.origin})
    weights = [graph_path, *sorted(file for file in graph_path.parent.iterdir() if file != graph_path)]
    graph_bytes = sum(file.stat().st_size for file in weights)
    yield Done(f"wrote the ONNX graph, {graph_bytes / 1e6:.1f} MB")

    yield Doing(f"comparing {candidate.reference_name} and ONNX Runtime")
    truth = find_truth(spec, candidate.reference, candidate.reference_name)
    parity = check_graph(truth, graph_path, reproducer)
    yield Done(f"verified: {candidate.reference_name} and ONNX Runtime agree {_extent(parity)}")

    graph = onnx_runtime(graph_path)
    yield Doing("measuring")
    measurement = measure(graph) if measure else Measurement(())
    if measurement.figures:
        yield Done(
            "measured: " + ", ".join(f"{figure.name} {in_words(figure.value)}" for figure in measurement.figures)
        )
    latencies = [measure_latency("the graph alone, in this process", graph, truth.network_inputs)]

    variants = network_variants(spec, tensorrt=setting.tensorrt)
    folders = entries(spec, weights, truth.golden(graph), truth.cases(), variants)
    staged = staging / "repository"
    build(staged, folders, version, spec.task.id)
    if setting.tensorrt:
        yield Done(add_plan(staged / network_name(spec.name), version, spec))
    served: tuple[Parity, ...] = ()
    not_served = "the export was told not to start a tritonserver"
    if setting.serve:
        yield Doing("asking a tritonserver")
        try:
            served, latency = _served(truth, staged, reproducer)
            latencies.append(latency)
            yield Done(f"served: {served[0].runtime} gives the same answers to files {_extent(served)}")
        except NoServer as error:
            not_served = str(error)
            yield Done(f"not served before publishing: {error}")

    facts = Facts(
        version=version,
        exported_on=date.today(),
        origin=candidate.origin,
        weights=candidate.weights,
        parameters=candidate.parameters,
        graph_bytes=graph_bytes,
        measurement=measurement,
        reference=candidate.reference_name,
        parity=(*parity, *served),
        not_served=None if served else not_served,
        latencies=tuple(latencies),
        variants=tuple(variants),
        notes=candidate.notes,
        versions=tuple((library, installed_version(library)) for library in LIBRARIES),
    )
    (staged / spec.name / "README.md").write_text(write_card(spec, facts), encoding="utf-8")
    publish(setting.repository, folders, version, staged)
    yield Done(f"published version {version} in {setting.repository / spec.name}")


def _served(truth: Truth, staged: Path, reproducer: Path) -> tuple[tuple[Parity, ...], Latency]:
    """Raises NoServer where this machine has none, VerificationFailed where it is lost or answers otherwise."""
    name = truth.spec.name
    with started(staged, [name]) as service:
        try:
            rows = check_served(truth, service, staged, reproducer)
            ensemble = service.runtime(name, truth.spec.task.ensemble_signature(truth.spec).outputs)
            return rows, measure_latency(f"served from files, {service.name()} over gRPC", ensemble, truth.inputs)
        except ServiceUnusable as error:
            raise VerificationFailed(
                f"{name}: expected tritonserver to answer every request, got: {error}; nothing was published. It may "
                "have run out of memory: try a smaller --max-batch-size"
            ) from error


def _extent(rows: tuple[Parity, ...]) -> str:
    batches = sorted({row.batch for row in rows})
    worst = worst_of(rows)
    share = worst.difference / worst.tolerance if worst.tolerance else 0.0
    return f"at batch {', '.join(map(str, batches))}, at most {share:.2%} of what is allowed apart"
