"""The ways in which a mutation changes a repository's folder; an edit that finds nothing to change fails."""

import shutil
from collections.abc import Callable
from pathlib import Path

import onnx
from export.lint.graphs import save

Change = Callable[[Path], None]


def edit(model: str, old: str, new: str, count: int = 1) -> Change:
    """Replace `old` in a model's configuration, which must be there; count -1: wherever it is."""

    def change(repository: Path) -> None:
        path = repository / model / "config.pbtxt"
        text = path.read_bytes().decode()
        assert old in text, f"{path} holds no {old!r}"
        path.write_bytes(text.replace(old, new, count).encode())

    return change


def append(model: str, text: str) -> Change:
    def change(repository: Path) -> None:
        path = repository / model / "config.pbtxt"
        path.write_text((path.read_text() if path.exists() else "") + text)

    return change


def write(path: str, content: str | bytes) -> Change:
    def change(repository: Path) -> None:
        target = repository / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    return change


def config(model: str, text: str) -> Change:
    return write(f"{model}/config.pbtxt", text)


def graph(path: str, make: Callable[[], onnx.ModelProto]) -> Change:
    """Another graph, made when it is needed."""
    return lambda repository: save(make(), repository / path)


def regraph(path: str, alter: Callable[[onnx.ModelProto], None]) -> Change:
    """The graph that is there, altered."""

    def change(repository: Path) -> None:
        model = onnx.load(repository / path, load_external_data=False)
        alter(model)
        save(model, repository / path)

    return change


def remove(path: str) -> Change:
    def change(repository: Path) -> None:
        target = repository / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()

    return change


def rename(old: str, new: str) -> Change:
    def change(repository: Path) -> None:
        (repository / new).parent.mkdir(parents=True, exist_ok=True)
        (repository / old).rename(repository / new)

    return change


def link(path: str, target: str) -> Change:
    """A symbolic link; `target` is relative to its folder, and need not be there."""
    return lambda repository: (repository / path).symlink_to(target)


def folder(path: str) -> Change:
    return lambda repository: (repository / path).mkdir(parents=True)


def rewrite(path: str, alter: Callable[[bytes], bytes]) -> Change:
    """The bytes of a file, altered."""

    def change(repository: Path) -> None:
        target = repository / path
        target.write_bytes(alter(target.read_bytes()))

    return change


def all_of(*changes: Change) -> Change:
    def change(repository: Path) -> None:
        for one in changes:
            one(repository)

    return change
