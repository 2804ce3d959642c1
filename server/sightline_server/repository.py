"""Reading a model repository: which models it holds, and what each of them needs."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline_server.arrangement import AUTO, variant_of_untuned
from sightline_server.errors import NotARepositoryError
from sightline_server.model_config import is_ensemble, process_count, read_config_file, steps_of
from sightline_server.tuned import is_tuned, tuned_file

# what Triton itself recognises in a version folder without a config.pbtxt
MODEL_FILES = ("model.onnx", "model.plan", "model.pt", "model.xml", "model.py", "model.savedmodel", "model.graphdef")
VERSION_FOLDER = re.compile(r"[1-9][0-9]*")
# these ask the model that their parameter `network` names while they answer; Triton knows nothing of that
ASKING_BACKENDS = ("explain", "image_tiles")


@dataclass(frozen=True)
class Model:
    """One folder of the repository, as its `config.pbtxt` describes it."""

    name: str
    path: Path
    backend: str
    """`onnxruntime`, `python`, …; empty for an ensemble, and when Triton has to find it out."""
    is_ensemble: bool
    steps: tuple[str, ...]
    """Names of the models that an ensemble runs."""
    versions: tuple[int, ...]
    task: str | None
    """Hugging Face task id, when the configuration has one."""
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    instance_count: int
    asks: tuple[str, ...] = ()
    """Names of the models that it asks itself; Triton does not load them with it."""
    absorbs: tuple[str, ...] = ()
    """Names of the steps in `config.pbtxt` whose work the variant that is served does itself."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the models without which it answers nothing."""
        return (*self.steps, *self.asks)

    def golden_file(self, version: int) -> Path:
        return self.path / str(version) / "golden" / "golden.json"


def read_repository(repository: Path, config_name: str | None = None) -> dict[str, Model]:
    """Reads every model of a repository.

    Args:
        repository: The folder that holds one folder per model.
        config_name: Prefer `configs/<config_name>.pbtxt` to `config.pbtxt`, as tritonserver's --model-config-name;
            for `auto` see `served_file`.

    Raises:
        NotARepositoryError: It is not a repository, or a configuration cannot be read.
    """
    if not repository.is_dir():
        what = "it is a file" if repository.exists() else "there is no such folder"
        raise NotARepositoryError(
            f"{repository} is not a model repository: expected a folder with one folder per model, but {what}. "
            "Name one with --model-repository."
        )
    models: dict[str, Model] = {}
    entries = sorted(entry for entry in repository.iterdir() if not entry.name.startswith("."))
    for entry in entries:
        if entry.is_dir() and is_model(entry):
            models[entry.name] = read_model(entry, config_name)
    if not models:
        found = ", ".join(entry.name for entry in entries[:8]) + (", …" if len(entries) > 8 else "")
        raise NotARepositoryError(
            f"{repository} is not a model repository: expected at least one <model>/config.pbtxt or "
            f"<model>/1/model.onnx, found {found or 'nothing'}. Name one with --model-repository."
        )
    return models


def is_model(folder: Path) -> bool:
    return (folder / "config.pbtxt").is_file() or any(
        (folder / str(version) / name).exists() for version in versions_in(folder) for name in MODEL_FILES
    )


def versions_in(folder: Path) -> tuple[int, ...]:
    names = (entry.name for entry in folder.iterdir() if entry.is_dir())
    return tuple(sorted(int(name) for name in names if VERSION_FOLDER.fullmatch(name)))


def read_model(folder: Path, config_name: str | None = None) -> Model:
    config = read_config(folder, config_name)
    steps = steps_of(config)
    task = config.parameters["task"].string_value if "task" in config.parameters else None
    return Model(
        name=folder.name,
        path=folder,
        backend=str(config.backend),
        is_ensemble=is_ensemble(config),
        steps=steps,
        versions=versions_in(folder),
        task=task,
        inputs=tuple(tensor.name for tensor in config.input),
        outputs=tuple(tensor.name for tensor in config.output),
        instance_count=process_count(config),
        asks=asked_models(config),
        absorbs=tuple(step for step in steps_of(read_config(folder, None)) if step not in steps) if config_name else (),
    )


def asked_models(config: Any) -> tuple[str, ...]:
    if config.backend not in ASKING_BACKENDS or "network" not in config.parameters:
        return ()
    network = str(config.parameters["network"].string_value).strip()
    return (network,) if network else ()


def read_config(folder: Path, config_name: str | None) -> Any:
    """The configuration that is served as `config_name`; see `served_file`."""
    return read_config_file(served_file(folder, config_name), folder.name)


def served_file(folder: Path, config_name: str | None) -> Path:
    """`configs/<config_name>.pbtxt` if the model has one, else `config.pbtxt`.

    `auto` is the choice of `sightline tune` as long as it arranges what is there now, else what fits the machine.
    """
    if config_name == AUTO and is_tuned(folder):
        return tuned_file(folder)
    name = variant_of_untuned(config_name)
    variant = folder / "configs" / f"{name}.pbtxt"
    return variant if name and variant.is_file() else folder / "config.pbtxt"
