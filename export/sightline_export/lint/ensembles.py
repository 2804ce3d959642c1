"""Ensembles: whether their steps are there, fit to each other and to what the ensemble promises."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from sightline_backend.model_config import Config, entries, section
from sightline_export.lint.edits import removal, replacement
from sightline_export.lint.ensemble_flow import check_flow
from sightline_export.lint.ensemble_tensors import check_tensors_agree
from sightline_export.lint.examined import Examined
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.versions import versions_to_load


def check_ensemble(model: Model, models: Mapping[str, Examined], *, circular: bool) -> Iterator[Finding]:
    """Every rule about `model`, an ensemble of the repository's `models`, which have been judged before it."""
    config = model.config
    if "ensemble_scheduling" not in config:
        yield model.error(
            "no-steps",
            ("platform",),
            "ensemble_scheduling in an ensemble",
            "none",
            "add ensemble_scheduling, or name a backend",
        )
        return
    if config["platform"] != "ensemble":
        yield model.error(
            "ensemble-platform",
            ("ensemble_scheduling",),
            'platform: "ensemble" beside ensemble_scheduling',
            f"platform {config['platform']!r}",
            'write platform: "ensemble"',
            replacement(model.fields, ("platform",), '"ensemble"') if not config["backend"] else (),
        )
    yield from _check_settings(model)
    steps = entries(config["ensemble_scheduling"], "step")
    if not steps:
        yield model.error("no-steps", ("ensemble_scheduling",), "at least one step", "none", "add its steps")
        return
    yield from check_flow(model)
    found = [finding for index, step in enumerate(steps) for finding in _check_step(model, index, step, models)]
    if circular:
        found.append(
            model.error(
                "ensemble-circle",
                ("ensemble_scheduling",),
                "steps that do not lead back to the ensemble",
                "a circle of ensembles",
                "take one of the steps out",
            )
        )
    yield from found
    if not any(finding.stops_loading for finding in found):
        yield from _check_batch(model, models)
        yield from check_tensors_agree(
            model, {name: step.model for name, step in models.items() if step.known and step.model}
        )


def _check_settings(model: Model) -> Iterator[Finding]:
    for key in ("optimization", "model_warmup"):
        if model.config.get(key):
            yield model.error(
                "ensemble-setting",
                (key,),
                f"an ensemble without {key}",
                "one",
                f"take {key} out, or move it to a step",
                removal(model.fields, (key,)) if len(model.fields.all((key,))) == 1 else (),
            )


def _check_step(model: Model, index: int, step: Config, models: Mapping[str, Examined]) -> Iterator[Finding]:
    where = ("ensemble_scheduling", "step", index)
    name = str(step["model_name"])
    if not name:
        return  # said by the flow
    if name not in models:
        near = next(iter(difflib.get_close_matches(name, models, 1)), "")
        yield model.error(
            "step-missing",
            (*where, "model_name"),
            "models that the repository holds",
            name,
            f"write {near}" if near else f"add the model {name}, or correct the name",
        )
        return
    known = models[name]
    if not known.loads:
        yield model.error(
            "step-does-not-load",
            (*where, "model_name"),
            f"a step that loads, {name}",
            "it does not load",
            f"correct {name} first",
        )
        return
    version = int(step["model_version"])
    loaded = versions_to_load(known.model) if known.model else ()
    if version != -1 and version not in loaded:
        yield model.error(
            "step-version",
            (*where, "model_version"),
            f"-1 or one of the loaded versions of {name}, {', '.join(map(str, loaded))}",
            str(version),
            "write model_version: -1",
            replacement(model.fields, (*where, "model_version"), "-1"),
        )


def _check_batch(model: Model, models: Mapping[str, Examined]) -> Iterator[Finding]:
    limits = {
        name: limit
        for step in entries(section(model.config, "ensemble_scheduling"), "step")
        if (known := models.get(name := str(step["model_name"])))
        and known.known
        and known.model
        and (limit := known.model.max_batch_size)
    }
    if limits and min(limits.values()) < model.max_batch_size:
        name = min(limits, key=lambda name: limits[name])
        yield model.error(
            "ensemble-batch",
            ("max_batch_size",),
            f"a max_batch_size of at most {limits[name]}, that of its step {name}",
            str(model.max_batch_size),
            f"write max_batch_size: {limits[name]}",
            replacement(model.fields, ("max_batch_size",), str(limits[name])),
        )
