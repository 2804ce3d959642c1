"""Configurations of models, as Triton's protobuf messages."""

import importlib
from pathlib import Path
from typing import Any

from sightline_server.errors import NotARepositoryError

ENSEMBLE = "ensemble"


# protobuf messages carry no types, so a configuration is Any for whoever reads it
def read_config_file(path: Path, model: str) -> Any:
    """A configuration; an empty one where there is no file.

    model: the name that it must have, if it has one.

    Raises:
        NotARepositoryError: Triton would not read it.
    """
    from google.protobuf import text_format

    protobuf: Any = importlib.import_module("tritonclient.grpc.model_config_pb2")
    config: Any = protobuf.ModelConfig()
    if not path.is_file():
        return config
    try:
        text_format.Parse(path.read_text(encoding="utf-8"), config)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise NotARepositoryError(
            f"{path} is not a model configuration that Triton reads: {error}. Correct the file, or take the folder "
            f"{model} out of the repository."
        ) from error
    if config.name and config.name != model:
        raise NotARepositoryError(
            f"{path} names the model {config.name!r}: expected the name of its folder, {model!r}. "
            "Rename one of the two."
        )
    return config


def config_text(config: Any) -> str:
    """A configuration as the text of a file."""
    from google.protobuf import text_format

    return text_format.MessageToString(config, use_index_order=True)


def steps_of(config: Any) -> tuple[str, ...]:
    """Names of the models that an ensemble runs; none of another model."""
    return tuple(dict.fromkeys(step.model_name for step in config.ensemble_scheduling.step))


def is_ensemble(config: Any) -> bool:
    return config.platform == ENSEMBLE or bool(steps_of(config))


def process_count(config: Any) -> int:
    """How many instances of a model there will be; Triton's default for our backends is 2."""
    return sum(max(1, group.count) for group in config.instance_group) or 2
