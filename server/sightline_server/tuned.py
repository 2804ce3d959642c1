"""`configs/auto.pbtxt`: how `sightline tune` chose to run a model on this machine."""

from pathlib import Path
from typing import Any

from sightline_server.arrangement import AUTO, CPU, PORTABLE
from sightline_server.model_config import read_config_file

# the parameter that says how many threads each process has
THREAD_PARAMETERS = {"image_pipeline": "thread_count", "onnxruntime": "intra_op_thread_count"}


def tuned_file(folder: Path) -> Path:
    return folder / "configs" / f"{AUTO}.pbtxt"


def variant_files(folder: Path) -> dict[str, Path]:
    """The configurations that can be arranged on a machine without a GPU, by the name of the variant."""
    found = {PORTABLE: folder / "config.pbtxt", CPU: folder / "configs" / f"{CPU}.pbtxt"}
    return {name: file for name, file in found.items() if file.is_file()}


def is_tuned(folder: Path) -> bool:
    """Whether there is a choice that still arranges what the model is; after another export there may be none.

    Raises:
        NotARepositoryError: A configuration cannot be read.
    """
    if not tuned_file(folder).is_file():
        return False
    chosen = read_config_file(tuned_file(folder), folder.name)
    exported = [read_config_file(file, folder.name) for file in variant_files(folder).values()]
    return any(is_arrangement(chosen, each) for each in exported)


def is_outdated(folder: Path) -> bool:
    """Whether the choice was made for something that the model no longer is."""
    return tuned_file(folder).is_file() and not is_tuned(folder)


def is_arrangement(chosen: Any, exported: Any) -> bool:
    """Whether two configurations differ in nothing but what tuning changes; it never makes batches larger."""
    same = without_arrangement(chosen) == without_arrangement(exported)
    return same and chosen.max_batch_size <= exported.max_batch_size


def without_arrangement(config: Any) -> Any:
    """What is left of a configuration when everything that tuning changes is taken away."""
    rest = type(config)()
    rest.CopyFrom(config)
    for field in ("instance_group", "dynamic_batching", "max_batch_size"):
        rest.ClearField(field)
    if parameter := THREAD_PARAMETERS.get(config.backend):
        rest.parameters.pop(parameter, None)
    return rest
