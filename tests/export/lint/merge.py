"""Many mutated repositories in one, so that one tritonserver judges them together.

Every model of a case gets a name of its own. A model that its mutation left alone is the healthy one, so it is put
there once for all cases that share it.
"""

import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from export.lint.case import Case
from export.lint.repositories import HEALTHY

Contents = Mapping[str, bytes]


@dataclass(frozen=True)
class Merged:
    """names: (case, model) -> the name under which Triton sees it."""

    names: Mapping[tuple[str, str], str]

    def original_words(self, text: str) -> str:
        """What Triton said, with the models' own names."""
        for (_, model), name in sorted(self.names.items(), key=lambda item: -len(item[1])):
            text = text.replace(name, model)
        return text


def merge(cases: Iterable[Case], repository: Path) -> Merged:
    names: dict[tuple[str, str], str] = {}
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            built = Path(folder, "built")
            built.mkdir()
            case.build(built)
            chosen = _names(case, built)
            for folder_name, name in chosen.items():
                if (built / folder_name).is_dir() and not (repository / name).exists():
                    _copy(built / folder_name, repository / name, chosen)
            names |= {(case.id, model): name for model, name in chosen.items()}
    return Merged(names)


def _names(case: Case, built: Path) -> dict[str, str]:
    healthy = HEALTHY[case.base].models if case.base else ()
    models = sorted({*healthy, *(path.name for path in built.iterdir() if path.is_dir())})
    with tempfile.TemporaryDirectory() as folder:
        if case.base:
            HEALTHY[case.base].build(Path(folder))
        same = {model for model in healthy if contents(Path(folder, model)) == contents(built / model)}
    shared = same if len(same) == len(models) else {model for model in same if not _names_others(built / model)}
    own, common = f"{case.id}__".replace("-", "_"), f"{case.base}__"
    return {model: (common if model in shared else own) + model for model in models}


def contents(folder: Path) -> Contents:
    """Every file below a folder; folders end in a slash."""
    return {
        str(path.relative_to(folder)) + ("/" if path.is_dir() else ""): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


def _names_others(model: Path) -> bool:
    """Ensembles do, and models that ask a network."""
    config = model / "config.pbtxt"
    return config.is_file() and any(word in config.read_bytes() for word in (b"ensemble", b'"network"'))


def _copy(source: Path, target: Path, names: Mapping[str, str]) -> None:
    shutil.copytree(source, target, symlinks=True)
    for config in filter(Path.is_file, target.rglob("*.pbtxt")):
        config.write_bytes(renamed(config.read_bytes(), names))


def renamed(config: bytes, names: Mapping[str, str]) -> bytes:
    """Replace quoted names of models; no tensor of our repositories is named like a model.

    >>> renamed(b'name: "cnn" step { model_name: "cnn_network" }', {"cnn": "a_cnn"})
    b'name: "a_cnn" step { model_name: "cnn_network" }'
    """
    known = {name.encode(): new.encode() for name, new in names.items()}
    return re.sub(
        rb"(?P<quote>[\"'])(?P<name>[^\"']*)(?P=quote)",
        lambda match: match["quote"] + known.get(match["name"], match["name"]) + match["quote"],
        config,
    )
