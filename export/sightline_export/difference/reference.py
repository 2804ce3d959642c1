"""The training pipeline: the entry in the local repository, which was verified against PyTorch when it was exported."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sightline_backend.errors import ParameterError
from sightline_backend.model_config import entries, section, string_parameters
from sightline_backend.pixels import PixelSpec
from sightline_export.difference.entry_files import config_of, label_file, labels_of, pinned_version, tolerance_of
from sightline_export.difference.staged_graph import StagedGraph, staged_graph
from sightline_export.errors import GraphRefused, RepositoryUnusable
from sightline_export.repository.model_config import ModelConfig
from sightline_export.repository.publish import published_versions


@dataclass(frozen=True, eq=False)
class Reference:
    """What the service should do.

    spec: of the pixels. graph: from pixels to the answer. labels: empty where there are none.
    output_name: of the network's graph; answer_name: the ensemble's name of that output.
    tolerance: the largest absolute difference of an answer, as its golden answers state it.
    folder: of the network.
    """

    name: str
    version: int
    spec: PixelSpec
    graph: StagedGraph
    labels: tuple[str, ...]
    output_name: str
    answer_name: str
    tolerance: float
    folder: Path

    def other_versions(self) -> Mapping[int, StagedGraph]:
        """The graphs of the other versions that are in the repository and take the same pixels."""
        found: dict[int, StagedGraph] = {}
        for version in published_versions(self.folder.parent, self.folder.name):
            if version != self.version:
                with suppress(GraphRefused):
                    path = self.folder / str(version) / "model.onnx"
                    found[version] = staged_graph(path, self.output_name, self.spec.shape)
        return found


def read_reference(repository: Path, name: str, version: int | None) -> Reference:
    """Read the entry `name`; the newest version of its network, or the one that it pins, unless another one is given.

    Raises RepositoryUnusable where it is not there, or is no ensemble of a decoding step and an ONNX network that gives
    one vector for each picture.
    """
    ensemble = config_of(repository, name)
    steps = entries(section(ensemble, "ensemble_scheduling"), "step")
    configs = {str(step["model_name"]): config_of(repository, str(step["model_name"])) for step in steps}
    decoder = next((model for model, config in configs.items() if _is_decoder(config)), None)
    network = _network_step(repository, steps)
    if decoder is None or network is None:
        raise RepositoryUnusable(
            f"expected {name} in {repository} to be an ensemble of a step that decodes pictures and one ONNX network, "
            f"got the steps {', '.join(configs) or 'none'}; name an entry that `sightline export` wrote, for pictures"
        )
    answer_name, output_name = _answer(name, ensemble, network)
    model = str(network["model_name"])
    versions = published_versions(repository, model)
    chosen = version or pinned_version(network) or versions[-1]
    path = repository / model / str(chosen) / "model.onnx"
    if not path.is_file():
        raise RepositoryUnusable(
            f"expected version {chosen} of {name} in {repository}, got {', '.join(map(str, versions))}; choose one of "
            "these"
        )
    try:
        spec = PixelSpec.from_parameters(string_parameters(configs[decoder]))
        graph = staged_graph(path, output_name, spec.shape)
    except ParameterError as error:
        raise RepositoryUnusable(f"{decoder}: {error}") from error
    except GraphRefused as error:
        raise RepositoryUnusable(str(error)) from error
    return Reference(
        name=name,
        version=chosen,
        spec=spec,
        graph=graph,
        labels=labels_of(ensemble) or label_file(repository / name),
        output_name=output_name,
        answer_name=answer_name,
        tolerance=tolerance_of(repository / name / str(chosen) / "golden" / "golden.json", answer_name),
        folder=repository / model,
    )


def _is_decoder(config: ModelConfig) -> bool:
    return {"width", "height"} <= set(string_parameters(config))


def _network_step(repository: Path, steps: list[dict[str, Any]]) -> Mapping[str, Any] | None:
    """The only step with graphs in ONNX."""
    found = [s for s in steps if any((repository / str(s["model_name"])).glob("*/model.onnx"))]
    return found[0] if len(found) == 1 and published_versions(repository, str(found[0]["model_name"])) else None


def _answer(name: str, ensemble: ModelConfig, network: Mapping[str, Any]) -> tuple[str, str]:
    """The first output that the network step gives for pixels alone: the ensemble's and the network's name of it."""
    outputs = [str(entry["name"]) for entry in entries(ensemble, "output")]
    given = cast("dict[str, str]", network.get("output_map") or {})
    first = next(((answer, tensor) for tensor, answer in given.items() if answer in outputs[:1]), None)
    if first is None or len(network.get("input_map") or {}) != 1:
        raise RepositoryUnusable(
            f"expected {name} to answer with what its network gives for the pixels, got the outputs "
            f"{', '.join(outputs) or 'none'} of {network.get('model_name')} and other steps; scores and embeddings can "
            "be compared, boxes, masks and pictures can't"
        )
    return first
