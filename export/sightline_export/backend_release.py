"""Publishing a model without a graph: what the backend's functions answer here is what the server has to answer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sightline_export.backend_model import BackendModel
from sightline_export.card import About, Facts
from sightline_export.entries import ensemble_name
from sightline_export.errors import ExportError, NoServer, ServiceUnusable, UnknownModel, VerificationFailed
from sightline_export.latency import Latency, measure_latency
from sightline_export.measures.figures import Measurement
from sightline_export.release import Doing, Done, Draw, Measure, Setting, describe, extent, in_a_line, made_with
from sightline_export.repository.claim import require_own_names
from sightline_export.repository.golden import answered, stack
from sightline_export.repository.lock import locked
from sightline_export.repository.publish import build, next_version, publish, published_versions, require_free
from sightline_export.repository.staging import staging_folder, unusable
from sightline_export.runtimes import onnx_runtime
from sightline_export.sheets.contact_sheet import SHEET, save_sheet
from sightline_export.verification.check import require
from sightline_export.verification.parity import Arrays, Parity, Runtime, chunked, compare, in_chunks
from sightline_export.verification.reproducer import leave_served_reproducer
from sightline_export.verification.service import started
from sightline_export.verification.truth import GOLDEN_CASES, MIN_REQUESTS

REFERENCE = "the backend's own functions in this process"


def claim_backend_model(model: BackendModel, setting: Setting) -> int:
    """The version to be written, once the name is known to be free or our own. Raises as `exporter.claim` does."""
    try:
        with locked(setting.repository):
            require_own_names(setting.repository, [model.entry()])
            version = setting.version or next_version(setting.repository, [model.name])
            require_free(setting.repository, [model.name], version)
            return version
    except OSError as error:
        if isinstance(error, ExportError):
            raise
        raise unusable(setting.repository, error) from error


def release_backend_model(
    model: BackendModel, setting: Setting, version: int, measure: Measure | None = None, draw: Draw | None = None
) -> Iterator[Doing | Done]:
    """Publish `model` as `version`, reporting each step; the networks that it asks are in the repository already.

    Raises VerificationFailed, FloorMissed, VersionExists, NameTaken, UnknownModel, RepositoryUnusable.
    """
    try:
        with staging_folder(setting.repository) as staging:
            yield from _release(model, setting, version, measure, draw, staging / "repository")
    except OSError as error:
        if isinstance(error, ExportError):
            raise
        raise unusable(setting.repository, error) from error


def _release(
    model: BackendModel, setting: Setting, version: int, measure: Measure | None, draw: Draw | None, staged: Path
) -> Iterator[Doing | Done]:
    staged.mkdir()
    networks = {name: onnx_runtime(_lent(setting.repository, name, staged)) for name in model.asks}
    here = model.in_process(networks)
    runtime = chunked(here, model.max_batch_size)
    requests = model.requests(max(model.max_batch_size, MIN_REQUESTS))
    inputs = stack(requests)
    answers = in_chunks(here, inputs, model.max_batch_size)

    yield Doing("measuring")
    measurement = measure(runtime) if measure else Measurement(())
    if measurement.figures:
        yield Done(in_a_line(measurement))
    cases = answered(requests, answers, model.signature.outputs)
    entry = model.entry(cases[:GOLDEN_CASES], cases)
    build(staged, [entry], version, model.task)
    if draw:
        save_sheet(draw(runtime), staged / model.name / SHEET)

    served: tuple[Parity, ...] = ()
    latencies = [measure_latency("its functions alone, in this process", here, inputs)]
    not_served = "the export was told not to start a tritonserver"
    if setting.serve:
        yield Doing("asking a tritonserver")
        try:
            served, latency = _served(model, staged, inputs, answers, setting.reproducers / model.name)
            latencies.append(latency)
            yield Done(f"served: {served[0].runtime} gives the same answers {extent(served)}")
        except NoServer as error:
            not_served = str(error)
            yield Done(f"not served before publishing: {error}")

    facts = Facts(
        version=version,
        exported_on=date.today(),
        origin=f"backend {model.backend}" + (f", asking {', '.join(model.asks)}" if model.asks else ""),
        weights="those of the networks that it asks" if model.asks else "none",
        parameters=0,
        graph_bytes=0,
        measurement=measurement,
        reference=REFERENCE,
        parity=served,
        not_served=None if served else not_served,
        latencies=tuple(latencies),
        beside=setting.beside,
        variants=(),
        notes=(),
        versions=made_with(),
        sheet=draw is not None,
    )
    describe(staged / model.name, About.of_backend(model), facts)
    publish(setting.repository, [entry], version, staged)
    yield Done(f"published version {version} in {setting.repository / model.name}")


def _lent(repository: Path, network: str, staged: Path) -> Path:
    """The newest version of a published network, put into the staged repository as well; the path of its graph."""
    versions = published_versions(repository, network)
    if not versions:
        name = ensemble_name(network)
        raise UnknownModel(f"expected {name} in {repository}, got none; build it first with: sightline export {name}")
    there, lent = repository / network, staged / network
    lent.mkdir()
    shutil.copytree(there / str(versions[-1]), lent / str(versions[-1]), copy_function=_link)
    for file in there.iterdir():
        if file.is_file():
            shutil.copy2(file, lent / file.name)
    return lent / str(versions[-1]) / "model.onnx"


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _served(
    model: BackendModel, staged: Path, inputs: Arrays, answers: Arrays, reproducer: Path
) -> tuple[tuple[Parity, ...], Latency]:
    """Raises NoServer where this machine has none, VerificationFailed where it is lost or answers otherwise."""
    with started(staged, [model.name, *model.asks]) as service:
        try:
            outputs = model.signature.outputs
            asked: Runtime = service.runtime(model.name, outputs)
            rows = compare(answers, asked, inputs, outputs, model.max_batch_size, service.name())
            require(
                model.name,
                rows,
                lambda worst: leave_served_reproducer(reproducer, worst, model.name, staged, inputs, answers),
                REFERENCE,
            )
            return rows, measure_latency(f"served, {service.name()} over gRPC", asked, inputs)
        except ServiceUnusable as error:
            raise VerificationFailed(
                f"{model.name}: expected tritonserver to answer every request, got: {error}; nothing was published. "
                "It may have run out of memory: try a smaller --max-batch-size"
            ) from error
