"""From a candidate to a published version: write the graph, verify, measure, serve, write the card, publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version as installed_version
from pathlib import Path

from PIL import Image

from sightline_export.candidate import Candidate
from sightline_export.card import About, Facts, write_card
from sightline_export.entries import entries, network_name
from sightline_export.errors import ExportError, NoServer, ServiceUnusable, VerificationFailed
from sightline_export.explanation.cam_candidate import with_cam
from sightline_export.latency import Latency, measure_latency
from sightline_export.measures.figures import Measurement, in_words
from sightline_export.record import Record, write_record
from sightline_export.repository.claim import SOURCE_KEY
from sightline_export.repository.publish import build, publish
from sightline_export.repository.staging import staging_folder, unusable
from sightline_export.runtimes import onnx_runtime
from sightline_export.sheets.contact_sheet import SHEET, save_sheet
from sightline_export.tensorrt import add_plan
from sightline_export.variants import network_variants
from sightline_export.verification.check import check_graph, check_served
from sightline_export.verification.parity import Parity, Runtime, chunked, worst_of
from sightline_export.verification.service import started
from sightline_export.verification.truth import Truth, find_truth, whole_model

ARRANGEMENTS = ("portable", "cpu")
"""How an entry is served before it is published: as the ensemble, and from one process."""

LIBRARIES = ("torch", "onnx", "onnxruntime")

Measure = Callable[[Runtime], Measurement]
"""Measures the model, asked as users ask it, on held-out data. Raises FloorMissed."""

Draw = Callable[[Runtime], Image.Image]
"""Draws the contact sheet of what the model answers."""


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
    maps: whether a classifier's graph also gives class activation maps, where its network allows them.
    beside: how many other exports may run at the same time; the card says it of its times.
    """

    repository: Path
    version: int | None = None
    reproducers: Path = Path("build/reproducers")
    serve: bool = True
    tensorrt: bool = False
    maps: bool = False
    beside: int = 0


def release(
    candidate: Candidate, setting: Setting, version: int, measure: Measure | None = None, draw: Draw | None = None
) -> Iterator[Doing | Done]:
    """Publish `candidate` as `version`, reporting each step. Nothing appears unless every step succeeds.

    Raises GraphRefused, VerificationFailed, FloorMissed, VersionExists, NameTaken, RepositoryUnusable.
    """
    try:
        with staging_folder(setting.repository) as staging:
            yield from _release(candidate, setting, version, measure, draw, staging)
    except OSError as error:
        if isinstance(error, ExportError):
            raise
        raise unusable(setting.repository, error) from error


def _release(
    candidate: Candidate, setting: Setting, version: int, measure: Measure | None, draw: Draw | None, staging: Path
) -> Iterator[Doing | Done]:
    spec, reproducer = candidate.spec, setting.reproducers / candidate.spec.name
    graph_path = staging / "graph" / "model.onnx"
    graph_path.parent.mkdir()
    yield Doing("writing the ONNX graph")
    candidate.write_graph(graph_path, {SOURCE_KEY: candidate.origin})
    if setting.maps:
        candidate = with_cam(candidate, graph_path)
        spec = candidate.spec
    weights = [graph_path, *sorted(file for file in graph_path.parent.iterdir() if file != graph_path)]
    graph_bytes = sum(file.stat().st_size for file in weights)
    yield Done(f"wrote the ONNX graph, {graph_bytes / 1e6:.1f} MB")

    yield Doing(f"comparing {candidate.reference_name} and ONNX Runtime")
    truth = find_truth(spec, candidate.reference, candidate.reference_name)
    parity = check_graph(truth, graph_path, reproducer)
    yield Done(f"verified: {candidate.reference_name} and ONNX Runtime agree {extent(parity)}")

    graph = onnx_runtime(graph_path)
    yield Doing("measuring")
    model = chunked(whole_model(spec, graph), spec.max_batch_size)
    measurement = measure(model) if measure else Measurement(())
    if measurement.figures:
        yield Done(in_a_line(measurement))
    latencies = [measure_latency("the graph alone, in this process", graph, truth.network_inputs)]

    variants = network_variants(spec, tensorrt=setting.tensorrt)
    *steps, called = entries(spec, weights, truth.golden(graph), truth.cases(), variants)
    folders = (*steps, called.saying(spec.parameters))
    staged = staging / "repository"
    build(staged, folders, version, spec.task.id)
    if setting.tensorrt:
        yield Done(add_plan(staged / network_name(spec.name), version, spec))
    if draw:
        save_sheet(draw(model), staged / spec.name / SHEET)
    served: tuple[Parity, ...] = ()
    not_served = "the export was told not to start a tritonserver"
    if setting.serve:
        yield Doing("asking a tritonserver")
        try:
            for arrangement in ARRANGEMENTS:
                rows, latency = _served(truth, staged, reproducer, arrangement)
                served += rows
                latencies.append(latency)
                yield Done(f"served: {rows[0].runtime} gives the same answers {extent(rows)}")
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
        beside=setting.beside,
        variants=tuple(variants),
        notes=candidate.notes,
        versions=made_with(),
        sheet=draw is not None,
    )
    describe(staged / spec.name, About.of_spec(spec), facts)
    publish(setting.repository, folders, version, staged)
    yield Done(f"published version {version} in {setting.repository / spec.name}")


def _served(truth: Truth, staged: Path, reproducer: Path, arrangement: str) -> tuple[tuple[Parity, ...], Latency]:
    """Raises NoServer where this machine has none, VerificationFailed where it is lost or answers otherwise."""
    name = truth.spec.name
    with started(staged, [name], arrangement) as service:
        try:
            rows = check_served(truth, service, staged, reproducer)
            ensemble = service.runtime(name, truth.spec.task.ensemble_signature(truth.spec).outputs)
            return rows, measure_latency(f"served from files, {service.name()} over gRPC", ensemble, truth.inputs)
        except ServiceUnusable as error:
            raise VerificationFailed(
                f"{name}: expected tritonserver to answer every request, got: {error}; nothing was published. It may "
                "have run out of memory: try a smaller --max-batch-size"
            ) from error


def describe(folder: Path, about: About, facts: Facts) -> None:
    """Write the card of a version and the record of its figures into the model's folder."""
    (folder / "README.md").write_text(write_card(about, facts), encoding="utf-8")
    record = Record(
        name=about.name,
        version=facts.version,
        task=about.task,
        summary=about.summary,
        architecture=about.architecture,
        origin=facts.origin,
        weights=facts.weights,
        parameters=facts.parameters,
        exported_on=facts.exported_on.isoformat(),
        measurement=facts.measurement,
    )
    write_record(folder / str(facts.version), record)


def made_with() -> tuple[tuple[str, str], ...]:
    """The libraries whose versions a card names."""
    return tuple((library, installed_version(library)) for library in LIBRARIES)


def in_a_line(measurement: Measurement) -> str:
    """The figures for the log of an export."""
    return "measured: " + ", ".join(f"{figure.name} {in_words(figure.value)}" for figure in measurement.figures)


def extent(rows: tuple[Parity, ...]) -> str:
    """At which batches two runtimes agree, and how far apart they are at most."""
    batches = sorted({row.batch for row in rows})
    worst = worst_of(rows)
    share = worst.difference / worst.tolerance if worst.tolerance else 0.0
    return f"at batch {', '.join(map(str, batches))}, at most {share:.2%} of what is allowed apart"
