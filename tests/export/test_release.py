"""Promise 1: nothing is published before a real server gives the right answers; and a kill between two renames."""

import os
import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import pytest
import torch
from export.quick import make_quick_recipe
from onnx import numpy_helper

from sightline_export import release
from sightline_export.errors import VerificationFailed
from sightline_export.exporter import export_import
from sightline_export.lint import lint, this_machine
from sightline_export.release import Setting
from sightline_export.repository.publish import build, published_versions
from sightline_export.sources import Imported
from sightline_export.verification.service import Service, connected, started


def export(repository: Path, *, serve: bool, labels: tuple[str, ...] | None = None, max_batch_size: int = 4) -> None:
    recipe = make_quick_recipe()
    spec = replace(recipe.spec, max_batch_size=max_batch_size, labels=labels or recipe.spec.labels)
    torch.manual_seed(3)
    imported = Imported(spec, recipe.build(), "a test", "random")
    list(export_import(imported, Setting(repository, reproducers=repository.parent / "reproducers", serve=serve)))


def spoiled(folder: Path, *arguments: Any) -> None:
    """Builds as ever, then moves a bias of the network, as if the file were damaged on its way into the repository."""
    build(folder, *arguments)
    graph = folder / "quick_network" / "1" / "model.onnx"
    model = onnx.load(graph)
    (bias,) = (tensor for tensor in cast(Any, model.graph.initializer) if list(tensor.dims) == [10])
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + np.eye(10, dtype=np.float32)[3], bias.name))
    graph.unlink()  # a hard link to the graph that was verified
    onnx.save(model, graph)
    shutil.rmtree(folder / "quick" / "1" / "golden")  # the server's own self-test would refuse it first


def test_another_served_answer_is_not_published(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "build", spoiled)
    with pytest.raises(VerificationFailed, match=r"output SCORES of Triton 2\.\d+\.\d+, portable differs from PyTorch"):
        export(repository, serve=True)
    assert list(repository.iterdir()) == []
    assert (repository.parent / "reproducers" / "quick" / "reproduce.py").is_file()


def test_a_server_that_is_lost_while_it_is_asked_is_not_taken_for_none(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def lost(folder: Path, models: Sequence[str], arrangement: str) -> Generator[Service]:
        with started(folder, models, arrangement) as service:
            address = service.connection.url
        with connected(address) as service:  # of the server that has just ended
            yield service

    monkeypatch.setattr(release, "started", lost)
    with pytest.raises(VerificationFailed, match="expected tritonserver to answer every request"):
        export(repository, serve=True)
    assert list(repository.iterdir()) == []


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def kill_at(position: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends the process, so to speak, before the rename of that number."""
    count = 0

    def counting(rename: Callable[..., None]) -> Callable[..., None]:
        def run(*arguments: Any, **options: Any) -> None:
            nonlocal count
            count += 1
            if count == position:
                raise Killed
            rename(*arguments, **options)

        return run

    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, counting(getattr(os, name)))


@pytest.mark.parametrize(("before", "after"), [(None, 4), (4, 8), (8, 4)])
def test_a_kill_before_any_rename_leaves_models_that_load(
    before: int | None, after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    if before:
        export(start, serve=False, max_batch_size=before)
    letters = tuple("abcdefghij")
    machine = this_machine()
    repository, position = start, 0
    for position in range(1, 30):
        repository = Path(shutil.copytree(start, tmp_path / f"killed_{position}"))
        with monkeypatch.context() as patch:
            kill_at(position, patch)
            try:
                export(repository, serve=False, labels=letters, max_batch_size=after)
            except Killed:
                pass
            else:
                break
        if published_versions(repository, "quick") or published_versions(repository, "quick_network"):
            verdicts = lint(repository, machine).verdicts
            assert all(verdict.loads for verdict in verdicts), (position, verdicts)
    assert position >= 4
    assert (repository / "quick" / "labels.txt").read_text().split() == list(letters)
    assert published_versions(repository, "quick")[-1] == (2 if before else 1)
