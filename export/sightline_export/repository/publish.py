"""Atomic publishing: everything is built beside the repository's models, then renamed into place.

A kill at any moment leaves a repository that loads: a new model appears whole or not at all, and so does a new version
of one; texts are replaced by renaming; what users call, the ensemble, comes last. An existing version is never
overwritten.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from sightline_export.errors import VersionExists
from sightline_export.repository.claim import grown, is_own_network, require_own_names
from sightline_export.repository.entry import ModelEntry
from sightline_export.repository.golden import write_cases
from sightline_export.repository.lock import locked
from sightline_export.repository.model_config import HEADER, from_text, to_text

GENERATED = ("labels.txt", "build-tensorrt.sh", "sheet.png")  # beside configurations


def published_versions(repository: Path, name: str) -> tuple[int, ...]:
    """The version numbers of a model in ascending order; empty where it isn't there."""
    folder = repository / name
    if not folder.is_dir():
        return ()
    numbers = (child.name for child in folder.iterdir() if child.is_dir() and child.name.isdecimal())
    return tuple(sorted(int(number) for number in numbers if not number.startswith("0")))


def next_version(repository: Path, names: Sequence[str]) -> int:
    """One more than the highest version of any of `names`, so that an ensemble and its network stay in step."""
    return 1 + max((v for name in names for v in published_versions(repository, name)), default=0)


def require_free(repository: Path, names: Sequence[str], version: int) -> None:
    """Raise VersionExists unless `version` is above every version of `names`.

    A lower number would put texts of an older export beside the newest version, which is the one that is served.
    """
    free = next_version(repository, names)
    if version < free:
        taken = [repository / name / str(version) for name in names if version in published_versions(repository, name)]
        found = f"{taken[0]} exists" if taken else f"version {free - 1} is there"
        raise VersionExists(
            f"expected a new version, but {found}, and a published version is never overwritten or preceded; "
            f"leave --version out to write version {free}"
        )


def remove_orphan(repository: Path, network: str, ensemble: str) -> None:
    """Remove a network version that a killed export published without its ensemble: no answer was promised of it."""
    for version in set(published_versions(repository, network)) - set(published_versions(repository, ensemble)):
        if is_own_network(repository / network, version):
            shutil.rmtree(repository / network / str(version))


def build(folder: Path, entries: Sequence[ModelEntry], version: int, task: str) -> None:
    """Write `entries` into the new folder `folder`, which Triton can then serve (shared steps at version 1).

    folder: on the file system of the repository, so that it can be put there by renaming. Raises OSError.
    """
    for entry in entries:
        _build(folder / entry.name, entry, version, task)


def publish(repository: Path, entries: Sequence[ModelEntry], version: int, built: Path) -> None:
    """Put what :func:`build` made of `entries` in `built` into `repository`, the one that users call last.

    Raises VersionExists, NameTaken where another export was quicker; OSError.
    """
    versioned = [entry for entry in entries if entry.versioned]
    called = versioned[-1]
    with locked(repository):
        require_free(repository, [entry.name for entry in versioned], version)
        require_own_names(repository, entries)
        for step in entries:
            if not step.versioned:
                _reveal_step(built / step.name, repository / step.name, step)
        for network in versioned[:-1]:
            there = _max_batch_size(repository / network.name)
            if there is not None and there > int(network.config.get("max_batch_size", 0)):
                # An ensemble must never promise larger batches than its network takes.
                _replace_texts(built / called.name, repository / called.name)
        for entry in versioned:
            _reveal(built / entry.name, repository / entry.name, version)


def _build(folder: Path, entry: ModelEntry, version: int, task: str) -> None:
    for path, text in entry.files().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    numbered = folder / str(version if entry.versioned else 1)
    numbered.mkdir(parents=True)
    for position, file in enumerate(entry.weights):
        _link(file, numbered / (file.name if position else "model.onnx"))
    for name, cases in (("golden", entry.golden), ("verification", entry.verification)):
        if cases:
            write_cases(numbered / name, entry.name, version, task, cases)


def _link(file: Path, target: Path) -> None:
    try:
        os.link(file, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(file, target)


def _reveal(built: Path, folder: Path, version: int) -> None:
    if not folder.exists():
        built.rename(folder)
        return
    _replace_texts(built, folder)
    (built / str(version)).rename(folder / str(version))


def _replace_texts(built: Path, folder: Path) -> None:
    """Put the generated texts of the new version in place, and take those away that it does not have."""
    new = {file.relative_to(built) for file in built.rglob("*") if file.is_file()}
    texts = {path for path in new if not path.parts[0].isdecimal()}
    for path in sorted(texts):
        (folder / path).parent.mkdir(exist_ok=True)
        shutil.copy2(built / path, built / f"{path.name}.copy")
        (built / f"{path.name}.copy").replace(folder / path)
    for file in [*folder.glob("configs/*.pbtxt"), *(folder / name for name in GENERATED)]:
        if file.is_file() and file.relative_to(folder) not in texts and _is_generated(file):
            file.unlink()


def _is_generated(file: Path) -> bool:
    return file.suffix != ".pbtxt" or file.read_text(encoding="utf-8", errors="replace").startswith(HEADER)


def _reveal_step(built: Path, folder: Path, step: ModelEntry) -> None:
    """A shared step is made once; later it only grows, because other models count on what it takes and gives."""
    if not folder.exists():
        built.rename(folder)
        return
    (folder / "1").mkdir(exist_ok=True)
    config = folder / "config.pbtxt"
    there = from_text(config.read_text(encoding="utf-8")) if config.is_file() else {}
    wanted = from_text(to_text(step.config))
    needed = from_text(to_text(grown(there, wanted) if there else wanted))
    if there != needed:
        (built / "config.pbtxt").write_text(to_text(needed), encoding="utf-8")
        (built / "config.pbtxt").replace(config)


def _max_batch_size(folder: Path) -> int | None:
    """What the configuration in `folder` says; None where there is none."""
    path = folder / "config.pbtxt"
    return int(from_text(path.read_text(encoding="utf-8")).get("max_batch_size", 0)) if path.is_file() else None
