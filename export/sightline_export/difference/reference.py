"""The training pipeline: the entry in the local repository, which was verified against PyTorch when it was exported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from google.protobuf import text_format

from sightline_backend.errors import ParameterError
from sightline_backend.model_config import entries, section, string_parameters
from sightline_backend.pixels import PixelSpec
from sightline_export.difference.staged_graph import StagedGraph, staged_graph
from sightline_export.errors import RepositoryUnusable
from sightline_export.repository.model_config import ModelConfig, from_text
from sightline_export.repository.publish import published_versions

TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class Reference:
    """What the service should do.

    spec: of the pixels. graph: from pixels to the answer. labels: empty where there are none.
    input_name, output_name: of the network's graph; answer_name: the ensemble's name of that output.
    tolerance: the largest absolute difference of an answer, as its golden answers state it.
    older: other versions of the graph that are in the repository, by number.
    """

    name: str
    version: int
    spec: PixelSpec
    graph: StagedGraph
    labels: tuple[str, ...]
    input_name: str
    output_name: str
    answer_name: str
    tolerance: float
    folder: Path

    def other_versions(self) -> Mapping[int, StagedGraph]:
        """The graphs of the other versions that are in the repository."""
        versions = published_versions(self.folder.parent, self.folder.name)
        return {
            version: staged_graph(path, self.input_name, self.output_name)
            for version in versions
            if version != self.version and (path := self.folder / str(version) / "model.onnx").is_file()
        }


def read_reference(repository: Path, name: str, version: int | None) -> Reference:
    """Read the entry `name`, its newest version unless another one is given.

    Raises RepositoryUnusable where it is not there, or is no ensemble of a decoding step and an ONNX network.
    """
    ensemble = _config(repository, name)
    steps = entries(section(ensemble, "ensemble_scheduling"), "step")
    configs = {str(step["model_name"]): _config(repository, str(step["model_name"])) for step in steps}
    spec_step = next((s for s in steps if _is_decoder(configs[str(s["model_name"])])), None)
    graphs = [
        s
        for s in steps
        if published_versions(repository, str(s["model_name"]))
        and any((repository / str(s["model_name"])).glob("*/model.onnx"))
    ]
    if spec_step is None or len(graphs) != 1:
        raise RepositoryUnusable(
            f"expected {name} in {repository} to be an ensemble of a step that decodes pictures and one ONNX network, "
            f"got the steps {', '.join(configs) or 'none'}; name an entry that `sightline export` wrote, for pictures"
        )
    network = str(graphs[0]["model_name"])
    folder = repository / network
    chosen = version or published_versions(repository, network)[-1]
    path = folder / str(chosen) / "model.onnx"
    if not path.is_file():
        there = ", ".join(map(str, published_versions(repository, network)))
        raise RepositoryUnusable(
            f"expected version {chosen} of {name} in {repository}, got {there}; choose one of these"
        )
    answer_name = str(entries(ensemble, "output")[0]["name"])
    output_name = next((k for k, v in graphs[0]["output_map"].items() if v == answer_name), answer_name)
    input_name = next(iter(cast("dict[str, str]", graphs[0]["input_map"])))
    try:
        spec = PixelSpec.from_parameters(string_parameters(configs[str(spec_step["model_name"])]))
    except ParameterError as error:
        raise RepositoryUnusable(f"{spec_step['model_name']}: {error}") from error
    return Reference(
        name=name,
        version=chosen,
        spec=spec,
        graph=staged_graph(path, input_name, output_name),
        labels=labels_of(ensemble) or _label_file(repository / name),
        input_name=input_name,
        output_name=output_name,
        answer_name=answer_name,
        tolerance=_tolerance(repository / name / str(chosen) / "golden" / "golden.json", answer_name),
        folder=folder,
    )


def labels_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The `labels` parameter of an ensemble's configuration; empty where there is none or it is no JSON list."""
    try:
        labels = json.loads(string_parameters(config).get("labels", "[]"))
    except ValueError:
        return ()
    return tuple(map(str, cast("list[object]", labels))) if isinstance(labels, list) else ()


def _config(repository: Path, name: str) -> ModelConfig:
    path = repository / name / "config.pbtxt"
    try:
        return from_text(path.read_text())
    except FileNotFoundError as error:
        names = sorted(p.parent.name for p in repository.glob("*/config.pbtxt"))
        there = get_close_matches(name, names, 3) or names[:6]
        raise RepositoryUnusable(
            f"expected the entry {name} in {repository}, the nearest are {', '.join(there) or 'none'}; name the "
            "repository that the service was exported to with --repository"
        ) from error
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        reason = " ".join(str(error).split())[:160]
        raise RepositoryUnusable(
            f"expected a configuration at {path}, got: {reason}; export the model again"
        ) from error


def _is_decoder(config: ModelConfig) -> bool:
    return {"width", "height"} <= set(string_parameters(config))


def _label_file(folder: Path) -> tuple[str, ...]:
    path = folder / "labels.txt"
    return tuple(path.read_text().splitlines()) if path.is_file() else ()


def _tolerance(golden: Path, output: str) -> float:
    try:
        cases = json.loads(golden.read_text())["cases"]
        return max(float(case["outputs"][output]["tolerance"]) for case in cases)
    except (OSError, ValueError, LookupError, TypeError):
        return TOLERANCE
