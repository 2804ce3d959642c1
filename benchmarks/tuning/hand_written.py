"""Five configurations that somebody who knows Triton writes by hand for a machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sightline_server.arrangement import CPU, PORTABLE, Arrangement
from sightline_server.model_config import read_config_file, steps_of
from sightline_server.tuned import variant_files
from sightline_server.tuning.arranged import arranged, file_text

NETWORK = "onnxruntime"


@dataclass(frozen=True)
class HandWritten:
    """changes: what is done to the configuration of the model and of its steps, by name."""

    name: str
    changes: Mapping[str, Arrangement]

    def configs(self, repository: Path) -> dict[str, str]:
        """Model -> text of its configuration."""
        return {model: _text(repository / model, change) for model, change in self.changes.items()}


def five(repository: Path, model: str, cores: int) -> tuple[HandWritten, ...]:
    """The five for an ensemble that has a variant `cpu`."""
    ensemble = read_config_file(repository / model / "config.pbtxt", model)
    steps = {
        step: Arrangement(PORTABLE, 1, cores) if _is_network(repository / step) else Arrangement(PORTABLE, 2)
        for step in steps_of(ensemble)
    }
    several = max(2, cores)
    return (
        HandWritten("the ensemble as exported", {model: Arrangement(PORTABLE)}),
        HandWritten("the ensemble, two decoders, all cores for the network", {model: Arrangement(PORTABLE), **steps}),
        HandWritten("one process, all cores", {model: Arrangement(CPU, 1, cores)}),
        HandWritten("a process per core", {model: Arrangement(CPU, several, 1)}),
        HandWritten("a process per core, batches up to 8, 1 ms delay", {model: Arrangement(CPU, several, 1, 8, 1000)}),
    )


def _is_network(folder: Path) -> bool:
    return read_config_file(folder / "config.pbtxt", folder.name).backend == NETWORK


def _text(folder: Path, change: Arrangement) -> str:
    exported = read_config_file(variant_files(folder)[change.config_name], folder.name)
    return file_text(arranged(exported, change), ())
