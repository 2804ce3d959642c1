"""Repositories on which lint was wrong in real life, kept as they were: the folders of `corpus/`."""

import json
import shutil
from pathlib import Path
from typing import Any

from export.lint.case import Case
from export.lint.edits import Change

CORPUS = Path(__file__).with_name("corpus")


def reported_cases() -> tuple[Case, ...]:
    return tuple(_case(path.parent) for path in sorted(CORPUS.glob("*/case.json")))


def _case(folder: Path) -> Case:
    described: dict[str, Any] = json.loads((folder / "case.json").read_text())
    targets, alone = tuple(map(str, described["targets"])), bool(described.get("alone"))
    return Case(folder.name, str(described["sentence"]), "", _copied(folder / "repository"), targets, alone=alone)


def _copied(source: Path) -> Change:
    def change(repository: Path) -> None:
        shutil.copytree(source, repository, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".gitkeep"))

    return change
