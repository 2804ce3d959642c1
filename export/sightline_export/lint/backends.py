"""Which backend Triton chooses for a model, by the rules of its core, and whether this machine has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sightline_backend.model_config import entries, section
from sightline_export.lint.config_text import Config
from sightline_export.lint.edits import removal
from sightline_export.lint.findings import Edit, Finding
from sightline_export.lint.machine import Machine
from sightline_export.lint.model import Model
from sightline_export.lint.readable import exists, is_file, is_folder

# (backend, platform that names it, platform that is filled in, file), in the order in which Triton tries them
_KNOWN = (
    ("tensorrt", "tensorrt_plan", "tensorrt_plan", "model.plan"),
    ("onnxruntime", "onnxruntime_onnx", "onnxruntime_onnx", "model.onnx"),
    ("openvino", "", "", "model.xml"),
    ("pytorch", "pytorch_libtorch", "pytorch_libtorch", "model.pt"),
    ("python", "", "", "model.py"),
)
_AGENTS = Path("/opt/tritonserver/repoagents")  # where Triton looks unless it is told otherwise
_TENSORFLOW = {"model.savedmodel": "tensorflow_savedmodel", "model.graphdef": "tensorflow_graphdef"}
_PLATFORMS = {
    "tensorflow_graphdef": "tensorflow",
    "tensorflow_savedmodel": "tensorflow",
    "tensorrt_plan": "tensorrt",
    "onnxruntime_onnx": "onnxruntime",
    "pytorch_libtorch": "pytorch",
}


def with_backend(model: Model) -> Model:
    """The model with name, backend, platform and file name filled in as Triton does before it loads anything."""
    config = dict(model.config)
    config["name"] = config["name"] or model.name
    _fill(config, model.name, _first_folder(model.folder))
    return model.with_config(config)


def check_backend(model: Model, machine: Machine) -> Iterator[Finding]:
    """Whether `model`, after `with_backend`, names a backend that can be used."""
    backend, platform = str(model.config["backend"]), str(model.config["platform"])
    where = ("backend",) if model.fields.find(("backend",)) else ("platform",)
    yield from _check_agents(model)
    if model.is_ensemble:
        if backend:
            yield model.error(
                "backend",
                where,
                "an ensemble without backend",
                f"{backend!r}",
                "take the backend out",
                _drop(model, "backend"),
            )
        return
    if not backend:
        yield _no_backend(model, where, platform)
        return
    if backend in _PLATFORMS.values() and _PLATFORMS.get(platform) != backend:
        yield model.error(
            "backend-platform-pair",
            ("platform",),
            f"a platform of the backend {backend}",
            repr(platform),
            "take the platform out",
            _drop(model, "platform"),
        )
        return
    yield from _check_available(model, machine, backend, where)


def _fill(config: Config, name: str, first: Path | None) -> None:
    content = {child.name for child in first.iterdir()} if first else set[str]()
    unsaid = not config["platform"] and not config["default_model_filename"]
    if not config["platform"] and config["backend"] in ("", "tensorflow"):
        file = config["default_model_filename"]
        if file in _TENSORFLOW:
            config["platform"] = _TENSORFLOW[file]
        elif not file and first:
            for candidate, platform in _TENSORFLOW.items():
                if candidate in content and is_folder(first / candidate) == (candidate == "model.savedmodel"):
                    config["platform"] = platform
    if config["platform"] in _TENSORFLOW.values():
        config["backend"] = config["backend"] or "tensorflow"
        return
    for backend, platform, filled, file in _KNOWN:
        if not config["backend"] and (
            (platform and config["platform"] == platform)
            or config["default_model_filename"] == file
            or (unsaid and file in content)
        ):
            config["backend"] = backend
        if config["backend"] == backend:
            config["platform"] = config["platform"] or filled
            config["default_model_filename"] = config["default_model_filename"] or file
            return
    if not config["backend"] and unsaid and "." in name:
        config["backend"] = name.partition(".")[2]
        config["default_model_filename"] = f"model.{config['backend']}"


def _first_folder(folder: Path) -> Path | None:
    # Triton looks into the first folder by name, whether it is a version or not
    return min((child for child in folder.iterdir() if is_folder(child)), key=lambda child: child.name, default=None)


def _no_backend(model: Model, where: tuple[str, ...], platform: str) -> Finding:
    if platform:
        return model.error(
            "unknown-platform",
            where,
            f"ensemble, {', '.join(sorted(_PLATFORMS))}, or a backend instead",
            repr(platform),
            "write the backend instead of the platform",
        )
    files = ", ".join(file for *_, file in _KNOWN)
    return model.error(
        "no-backend",
        (),
        f"a backend in config.pbtxt, or one of {files} in a version folder to guess it from",
        "neither",
        'add backend: "…" to config.pbtxt, or the model file to the version folder',
    )


def _check_available(model: Model, machine: Machine, backend: str, where: tuple[str, ...]) -> Iterator[Finding]:
    runtime = str(model.config["runtime"])
    if runtime not in ("", "model.py"):
        if not _library(model.folder, runtime):
            yield model.error(
                "unknown-runtime",
                ("runtime",),
                "no runtime, or a library of the backend",
                repr(runtime),
                "take the runtime out",
                _drop(model, "runtime"),
            )
        return
    if backend not in machine.backends and not _library(model.folder, f"libtriton_{backend}.so"):
        yield model.error(
            "unknown-backend",
            where,
            f"one of the backends {', '.join(sorted(machine.backends))}",
            repr(backend),
            "correct the name, or serve the model where this backend is installed",
        )
    elif backend == "python" and runtime == "model.py":
        yield model.error(
            "unknown-runtime",
            ("runtime",),
            "no runtime",
            repr(runtime),
            "take the runtime out",
            _drop(model, "runtime"),
        )


def _check_agents(model: Model) -> Iterator[Finding]:
    if "model_repository_agents" in model.config and not model.config["model_repository_agents"]["agents"]:
        yield model.error(
            "repository-agent",
            ("model_repository_agents",),
            "an agent in model_repository_agents",
            "none, which ends the whole server",
            "take model_repository_agents out",
            removal(model.fields, ("model_repository_agents",)),
        )
    for index, agent in enumerate(entries(section(model.config, "model_repository_agents"), "agents")):
        name = str(agent["name"])
        if not is_file(_AGENTS / name / f"libtritonrepoagent_{name}.so"):
            yield model.error(
                "repository-agent",
                ("model_repository_agents", "agents", index),
                f"the agent {name} in {_AGENTS}",
                "none",
                "take model_repository_agents out, or install the agent",
            )


def _library(folder: Path, name: str) -> bool:
    return any(exists(where / name) for where in (folder, *(child for child in folder.iterdir() if is_folder(child))))


def _drop(model: Model, name: str) -> list[Edit]:
    return removal(model.fields, (name,))
