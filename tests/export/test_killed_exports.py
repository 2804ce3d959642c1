"""kill -9 at any moment of an export leaves a repository that Triton loads."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from sightline_export.lint import lint, this_machine
from sightline_export.repository.publish import published_versions
from sightline_export.repository.published import read_published
from sightline_export.repository.staging import BUILDING
from sightline_export.verification.again import verify_again
from sightline_export.verification.service import started

MOMENTS = 20
SEED = 20261121

# Forked for each export, so that the kill falls into the export and not into the import of PyTorch.
KILLER = """
import os, signal, sys, time
from pathlib import Path
import torch, onnxscript, torch.onnx, onnxruntime, sklearn.datasets, sklearn.model_selection
sys.path.insert(0, sys.argv[1])
from export.quick import make_quick_recipe
from sightline_export.exporter import export_import
from sightline_export.release import Setting
from sightline_export.sources import Imported
recipe = make_quick_recipe()

def export(repository):
    torch.manual_seed(1)
    imported = Imported(recipe.spec, recipe.build(), "a test", "random")
    list(export_import(imported, Setting(Path(repository), 2, serve=False)))

for line in sys.stdin:
    delay_s, repository = line.split()
    started_at = time.monotonic()
    child = os.fork()
    if not child:
        export(repository)
        os._exit(0)
    if float(delay_s):
        time.sleep(float(delay_s))
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print(time.monotonic() - started_at, flush=True)
"""


class Killer:
    """Exports version 2 of `quick` again and again, each time killed after a while."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", KILLER, str(Path(__file__).parents[1])]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def export(self, repository: Path, delay_s: float) -> float:
        """How long it took, in seconds. delay_s: 0 lets it finish."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(delay_s, repository, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


def test_twenty_kills_leave_repositories_that_load(exported: Path, tmp_path: Path) -> None:
    killer = Killer()
    repositories = [Path(shutil.copytree(exported, tmp_path / f"killed_{moment}")) for moment in range(MOMENTS)]
    whole = Path(shutil.copytree(exported, tmp_path / "whole"))
    killer.export(whole, 0)  # warms up
    shutil.rmtree(whole)
    duration_s = killer.export(Path(shutil.copytree(exported, whole)), 0)
    assert published_versions(whole, "quick") == (1, 2)

    rng = np.random.default_rng(SEED)
    for repository, share in zip(repositories, rng.uniform(0.02, 1.05, MOMENTS), strict=True):
        killer.export(repository, duration_s * float(share))
    killer.close()

    half_done = 0
    machine = this_machine()
    for repository in repositories:
        half_done += (repository / BUILDING).exists()
        assert all(verdict.loads for verdict in lint(repository, machine).verdicts), repository
        published = read_published(repository, "quick")
        cases, _ = published.cases()
        rows = verify_again(published, cases[:4], published.in_process(), "ONNX Runtime")
        assert all(row.holds for row in rows), (repository, rows)
    assert half_done >= MOMENTS // 4, "expected kills in the middle of the work"

    # Triton itself: the three that differ most.
    states: dict[frozenset[str], Path] = {}
    for repository in repositories:
        files = (file.relative_to(repository) for file in repository.rglob("*") if BUILDING not in file.parts)
        states.setdefault(frozenset(map(str, files)), repository)
    for repository in list(states.values())[:3]:
        with started(repository, ["quick"]) as service:
            assert service.connection.config("quick")["name"] == "quick"
