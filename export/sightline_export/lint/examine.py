"""The rules about one model, ensembles apart: in the order in which Triton comes to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sightline_export.lint.backends import check_backend, with_backend
from sightline_export.lint.batch_tensors import check_batch_tensors
from sightline_export.lint.examined import Examined
from sightline_export.lint.findings import Finding
from sightline_export.lint.goldens import check_goldens
from sightline_export.lint.instances import check_instances
from sightline_export.lint.labels import check_labels
from sightline_export.lint.machine import Machine
from sightline_export.lint.model import Model
from sightline_export.lint.names import check_name
from sightline_export.lint.onnx_models import Checked, check_onnx
from sightline_export.lint.own_backends import check_own, is_own
from sightline_export.lint.python_models import check_python
from sightline_export.lint.reading import read_model, unreadable
from sightline_export.lint.scheduling import check_scheduling
from sightline_export.lint.stub_parameters import check_stub_parameters
from sightline_export.lint.tensors import check_tensors
from sightline_export.lint.versions import check_versions, version_path, versions_to_load
from sightline_export.lint.warmup import check_warmup

_COMPLETED = (check_tensors, check_batch_tensors, check_labels, check_goldens)


def examine(folder: Path, machine: Machine, config_name: str | None) -> Examined:
    """Read a model's folder and apply every rule that needs no other model."""
    try:
        return _examine(folder, machine, config_name)
    except (OSError, UnicodeError) as error:
        at = Path(str(getattr(error, "filename", None) or folder))
        file = at.relative_to(folder.parent).as_posix() if folder.parent in at.parents else folder.name
        found = unreadable(folder, file, getattr(error, "strerror", None) or str(error))
        return Examined(None, (found,), known=False)


def _examine(folder: Path, machine: Machine, config_name: str | None) -> Examined:
    read = read_model(folder, config_name)
    if isinstance(read, Finding):
        return Examined(None, (read,), known=False)
    model = with_backend(read)
    backend = tuple(check_backend(model, machine))
    findings = [*backend, *check_name(model), *check_versions(model)]
    findings += [*check_instances(model, machine), *check_scheduling(model), *check_stub_parameters(model)]
    known = model.is_ensemble
    if not model.is_ensemble and not any(finding.stops_loading for finding in backend):
        versions = _check_versions(model, machine)
        findings += [finding for one in versions for finding in _fixable_in_all(one.findings, versions)]
        known = bool(versions) and all(one.known for one in versions)
        if versions:  # Triton applies the rules about scheduling to what was given, then to what was completed
            model = model.with_config(versions[-1].config)
            findings += [*check_scheduling(model), *check_warmup(model)]
    findings += [finding for rule in _COMPLETED for finding in rule(model)]
    return Examined(model, tuple(findings), known)


def _fixable_in_all(findings: Iterable[Finding], versions: Sequence[Checked]) -> Iterator[Finding]:
    """Two versions may want opposite edits of the one configuration that they share."""
    for finding in findings:
        shared = all(finding in other.findings for other in versions)
        yield finding if shared else replace(finding, fixable=False, changes=())


def _check_versions(model: Model, machine: Machine) -> list[Checked]:
    folders = [version_path(model.folder, version) for version in versions_to_load(model)]
    if model.config["backend"] == "onnxruntime":
        return [check_onnx(model, folder, machine) for folder in folders]
    if is_own(model):
        return [check_own(model, machine) for _ in folders[:1]]
    if model.config["backend"] == "python":
        return [check_python(model, folder, machine) for folder in folders]
    return [Checked(model.config, (), known=False) for _ in folders]
