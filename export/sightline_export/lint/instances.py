"""Instance groups: how many processes serve a model, and on what."""

from __future__ import annotations

from collections.abc import Iterator

from sightline_backend.model_config import Config, entries
from sightline_export.lint.edits import insertion, removal
from sightline_export.lint.findings import Finding
from sightline_export.lint.machine import Machine
from sightline_export.lint.model import Model

DEFAULT_ONNX_INSTANCES = 2


def check_instances(model: Model, machine: Machine) -> Iterator[Finding]:
    groups = entries(model.config, "instance_group")
    if model.is_ensemble:
        for index in range(len(groups)):
            yield model.error(
                "ensemble-setting",
                ("instance_group", index),
                "an ensemble without instance_group: its steps have their own",
                "one",
                "take instance_group out",
                removal(model.fields, ("instance_group", index)),
            )
        return
    for index, group in enumerate(groups):
        yield from _check_group(model, machine, index, group)
    if groups and all(group["passive"] for group in groups):
        yield model.error(
            "passive-instances",
            ("instance_group", 0, "passive"),
            "an instance group that answers",
            "passive ones only, so that requests wait for ever",
            "take passive out",
            removal(model.fields, ("instance_group", 0, "passive")),
            answers=True,
        )
    if not groups and model.config["backend"] == "onnxruntime":
        yield model.warning(
            "no-instance-group",
            (),
            "an instance_group",
            f"none, so that Triton starts {DEFAULT_ONNX_INSTANCES} on a CPU",
            "add instance_group { count: 1 kind: KIND_CPU }",
            insertion(model.fields, (), "instance_group {\n  count: 1\n  kind: KIND_CPU\n}") if model.given else (),
        )


def instance_count(model: Model, machine: Machine) -> int:
    """How many Python processes Triton starts for a model."""
    if model.is_ensemble:
        return 0
    groups = entries(model.config, "instance_group")
    default = DEFAULT_ONNX_INSTANCES if model.config["backend"] == "onnxruntime" and not machine.gpus else 1
    return sum(int(group["count"]) if group["count"] > 0 else default for group in groups) if groups else default


def kinds(model: Model, machine: Machine) -> tuple[str, ...]:
    """The kinds of instances that Triton starts, as it tells them to a backend: CPU, GPU or MODEL."""
    auto = "GPU" if machine.gpus else "CPU"
    groups = [str(group["kind"]).removeprefix("KIND_") for group in entries(model.config, "instance_group")]
    return tuple(dict.fromkeys(auto if kind == "AUTO" else kind for kind in groups)) or (auto,)


def _check_group(model: Model, machine: Machine, index: int, group: Config) -> Iterator[Finding]:
    where, kind, gpus = ("instance_group", index), str(group["kind"]), list(group["gpus"])
    if kind in ("KIND_CPU", "KIND_MODEL") and gpus:
        yield model.error(
            "gpus-on-cpu",
            (*where, "gpus"),
            f"no gpus in a group of {kind}",
            str(gpus),
            "take gpus out",
            removal(model.fields, (*where, "gpus")),
        )
    missing = [gpu for gpu in gpus if not 0 <= gpu < machine.gpus]
    if kind == "KIND_GPU" and (not machine.gpus or missing):
        yield model.error(
            "no-such-gpu",
            (*where, "kind"),
            f"a GPU for KIND_GPU{f' with the number {missing[0]}' if missing else ''}",
            f"{machine.gpus} on this machine",
            "write KIND_CPU, or serve it where there is a GPU",
        )
    elif kind == "KIND_AUTO" and gpus and missing:
        yield model.error(
            "gpus-on-cpu",
            (*where, "gpus"),
            "no gpus in a group that becomes KIND_CPU, for want of these GPUs",
            str(gpus),
            "take gpus out",
            removal(model.fields, (*where, "gpus")),
        )
    if group["profile"] and model.config["platform"] != "tensorrt_plan":
        yield model.error(
            "only-in-tensorrt",
            (*where, "profile"),
            "profiles in TensorRT models only",
            ", ".join(group["profile"]),
            "take profile out",
            removal(model.fields, (*where, "profile")),
        )
