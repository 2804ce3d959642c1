"""Puts the rules together: every model of a repository, its findings and its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sightline_export.lint.asked import asked_of, check_asked
from sightline_export.lint.ensembles import check_ensemble
from sightline_export.lint.examine import examine
from sightline_export.lint.examined import Examined
from sightline_export.lint.findings import Finding, Report, Verdict
from sightline_export.lint.folders import folders_of, is_model, stray
from sightline_export.lint.machine import Machine
from sightline_export.lint.memory import check_memory

# mistakes of models that load and then refuse every request
_NO_ANSWER = frozenset(
    {
        "asked-batch",
        "asked-does-not-load",
        "asked-missing",
        "asked-tensor",
        "decoupled",
        "ensemble-promise",
        "no-tensors",
        "passive-instances",
        "python-bfloat16",
        "python-execute",
        "python-tensor",
        "row-refused",
        "scalar-output",
        "tensor-twice",
    }
)
# those that answer single rows only
_ONE_ROW = frozenset({"one-row-only", "step-one-row"})


def lint(repository: Path, machine: Machine, config_name: str | None = None) -> Report:
    """Read a model repository and say of every model what is wrong with it and whether Triton will load it.

    No foreign code is run: Python models are parsed, libraries of operators are not loaded.

    Args:
        repository: the folder with one folder per model.
        machine: where it will be served; see :func:`this_machine`.
        config_name: prefer `configs/<config_name>.pbtxt`, as tritonserver's --model-config-name.

    Raises:
        RepositoryUnusable: it is not a repository.
    """
    folders = folders_of(repository)
    examined = {folder.name: examine(folder, machine, config_name) for folder in folders if is_model(folder)}
    _judge_ensembles(examined)
    _judge_networks(examined)
    _add(examined, check_memory([one.model for one in examined.values() if one.model and one.loads], machine))
    findings = [finding for one in examined.values() for finding in one.findings]
    findings += [stray(folder) for folder in folders if not is_model(folder)]
    return Report(
        tuple(sorted(dict.fromkeys(findings), key=_order)),
        tuple(Verdict(name, one.loads, _max_batch(name, examined)) for name, one in examined.items()),
    )


def _judge_ensembles(examined: dict[str, Examined]) -> None:
    """Judge ensembles after their steps; what goes in circles never becomes ready and is refused."""
    waiting = [name for name, one in examined.items() if one.model is not None and one.model.is_ensemble]
    while waiting:
        ready = [name for name in waiting if not examined[name].steps & set(waiting)] or waiting
        steps = dict(examined)
        for name in ready:
            one = examined[name]
            if one.model is not None:
                found = tuple(check_ensemble(one.model, steps, circular=ready is waiting))
                examined[name] = Examined(one.model, (*one.findings, *found), one.known)
        waiting = [name for name in waiting if name not in ready]


def _judge_networks(examined: dict[str, Examined]) -> None:
    """Judge what models ask of networks, which may be ensembles, once it is known what these answer."""
    for one in tuple(examined.values()):
        asked = asked_of(one.model) if one.model is not None and one.loads else None
        if one.model is not None and asked is not None:
            rows = _max_batch(asked.network, examined) if asked.network in examined else 0
            _add(examined, check_asked(one.model, asked, examined, rows))


def _add(examined: dict[str, Examined], findings: Iterable[Finding]) -> None:
    for finding in findings:
        one = examined[finding.model]
        examined[finding.model] = replace(one, findings=(*one.findings, finding))


def _max_batch(name: str, examined: Mapping[str, Examined]) -> int:
    """The most rows that one request may have; 0 where there is no batch axis, or no answer."""
    one = examined[name]
    if not one.loads or one.model is None or _any(one, _NO_ANSWER):
        return 0
    if "sequence_batching" in one.model.config or _any(one, _ONE_ROW):
        return min(1, one.model.max_batch_size)
    batching = [step for step in one.steps if (known := examined[step].model) and known.max_batch_size]
    return min([one.model.max_batch_size, *(_max_batch(step, examined) for step in batching)])


def _any(one: Examined, rules: frozenset[str]) -> bool:
    return any(finding.rule in rules and finding.severity == "error" for finding in one.findings)


def _order(finding: Finding) -> tuple[str, str, int, str]:
    return finding.model, finding.file, finding.line or 0, finding.rule
