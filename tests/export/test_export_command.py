"""`sightline export`, and the promise behind it: verified before published."""

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from serving import built_repository
from torch import Tensor, nn

from sightline_export.card import About, Facts, write_card
from sightline_export.cli.export import export
from sightline_export.errors import FloorMissed, UnknownSource, VerificationFailed, VersionExists
from sightline_export.exporter import export_recipe
from sightline_export.latency import Latency
from sightline_export.measures.figures import Figure, Measurement
from sightline_export.model_spec import ModelSpec
from sightline_export.recipe import Evaluation, Recipe, find, listings, recipes, register, with_requirements
from sightline_export.release import Done, Setting
from sightline_export.repository.publish import published_versions
from sightline_export.runtimes import onnx_runtime
from sightline_export.tasks.image_classification import ImageClassification
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch
from sightline_export.verification.parity import Parity


def build(recipe: Recipe, repository: Path, *, serve: bool = False, beside: int = 0) -> list[str]:
    setting = Setting(repository, 1, repository.parent / "reproducers", serve=serve, beside=beside)
    events = export_recipe(recipe, setting, repository.parent / "checkpoints")
    return [event.text for event in events if isinstance(event, Done)]


def test_an_export_publishes_network_decoder_and_ensemble(quick_recipe: Recipe, repository: Path) -> None:
    said = build(quick_recipe, repository, serve=True)
    assert [text.split()[0].rstrip(":") for text in said] == [
        "trained",
        "wrote",
        "verified",
        "measured",
        "served",  # as the ensemble
        "served",  # from one process
        "published",
        "served",  # its explanation
        "published",
    ]
    folders = {"quick", "quick_network", "quick_explain", "pixels_rgb_64x64_squash"}
    assert {folder.name for folder in repository.iterdir()} == folders
    assert (repository / "quick" / "labels.txt").read_text().split() == list("0123456789")
    card = (repository / "quick" / "README.md").read_text()
    assert "rows that sum to one | 1 | 1" in card
    assert "| ONNX Runtime | `SCORES` | 32 |" in card
    for arrangement in ("portable", "cpu"):
        assert re.search(rf"\| Triton [\d.]+, {arrangement} \| `SCORES` \| 32 \|", card)
    assert not (repository.parent / "checkpoints" / "quick.pt").exists()


def test_a_run_that_was_stopped_says_how_long_it_took_in_all(quick_recipe: Recipe, repository: Path) -> None:
    def one_epoch(network: nn.Module, checkpoint: Checkpoint) -> Iterator[Epoch]:
        assert checkpoint.load() == {"epoch": 1}
        yield Epoch(2, 2)

    checkpoints = repository.parent / "checkpoints"
    checkpoints.mkdir()
    torch.save({"key": quick_recipe.key, "seconds": 7200.0, "epoch": 1}, checkpoints / "quick.pt")
    said = build(replace(quick_recipe, train=one_epoch), repository)
    assert re.search(r"trained [\d,]+ parameters in 72\d\d s", said[0])
    assert re.search(r"trained by this export in 72\d\d s", (repository / "quick" / "README.md").read_text())


def test_exports_that_run_side_by_side_know_of_each_other(
    quick_recipe: Recipe, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: list[Setting] = []

    def nothing_done(names: Sequence[str], _: object, work: partial[object], jobs: int) -> Iterator[tuple[str, None]]:
        settings.extend(work.args[0].setting for _ in names)
        return iter(())

    monkeypatch.setattr("sightline_export.side_by_side.side_by_side", nothing_done)
    command = ["cnn", "lenet", "--repository", str(repository)]
    assert CliRunner().invoke(export, [*command, "--jobs", "4"]).exit_code == 0
    assert [setting.beside for setting in settings] == [1, 1]
    build(quick_recipe, repository, beside=1)
    for model in ("quick", "quick_explain"):
        assert ", beside up to 1 other export." in (repository / model / "README.md").read_text()


def test_a_saved_state_that_cannot_be_read_is_told(quick_recipe: Recipe, repository: Path) -> None:
    checkpoints = repository.parent / "checkpoints"
    checkpoints.mkdir()
    (checkpoints / "quick.pt").write_bytes(b"half a file")
    said = build(quick_recipe, repository)
    assert said[0].startswith(
        f"expected the saved state of a training in {checkpoints}/quick.pt, got a file that can't"
    )
    assert said[1].startswith("trained ")


def test_golden_answers_are_the_graphs_own(quick_recipe: Recipe, repository: Path) -> None:
    import json

    import numpy as np

    from sightline_backend.pixels import decode

    build(quick_recipe, repository)
    folder = repository / "quick" / "1" / "golden"
    graph = onnx_runtime(repository / "quick_network" / "1" / "model.onnx")
    cases = json.loads((folder / "golden.json").read_text())["cases"]
    assert {Path(case["inputs"]["IMAGE"]["file"]).suffix for case in cases} == {".png", ".jpg"}
    for case in cases:
        pixels = decode((folder / case["inputs"]["IMAGE"]["file"]).read_bytes(), quick_recipe.spec.pixels)
        np.testing.assert_allclose(graph({"PIXELS": pixels[None]})["SCORES"][0], case["outputs"]["SCORES"]["values"])


class Unsteady(nn.Module):
    """Answers differently once exported, like code that asks whether it is being exported."""

    def __init__(self, graph: nn.Module) -> None:
        super().__init__()
        self.inner = graph

    def forward(self, pixels: Tensor) -> Tensor:
        (scores,) = self.inner(pixels)
        return scores * 0.9 if torch.compiler.is_exporting() else scores


@dataclass(frozen=True)
class UnsteadyClassification(ImageClassification):
    def graph(self, spec: ModelSpec, network: nn.Module) -> nn.Module:
        return Unsteady(super().graph(spec, network))


def test_a_graph_that_disagrees_with_pytorch_is_not_published(quick_recipe: Recipe, repository: Path) -> None:
    with pytest.raises(VerificationFailed, match=r"quick: output SCORES .* differs from PyTorch by 0\.\d+ at batch"):
        build(replace(quick_recipe, spec=replace(quick_recipe.spec, task=UnsteadyClassification())), repository)
    assert list(repository.iterdir()) == []


def test_a_model_below_its_floor_is_not_published(quick_recipe: Recipe, repository: Path) -> None:
    def evaluate(_: Evaluation) -> Measurement:
        return Measurement((Figure("accuracy", 0.5, floor=0.97),))

    poor = replace(quick_recipe, evaluate=evaluate)
    with pytest.raises(FloorMissed, match=r"expected accuracy >= 0\.97, got 0\.5"):
        build(poor, repository)
    assert list(repository.iterdir()) == []


def test_an_existing_version_is_refused_before_anything_is_trained(quick_recipe: Recipe, repository: Path) -> None:
    (repository / "quick_network" / "1").mkdir(parents=True)
    with pytest.raises(VersionExists):
        next(export_recipe(quick_recipe, Setting(repository, 1), repository.parent))


def test_heat_maps_that_a_killed_export_did_not_come_to_are_added(repository: Path) -> None:
    for name in ("cnn", "cnn_network", "pixels_rgb_64x64_squash"):
        shutil.copytree(built_repository() / name, repository / name)
    command = ["cnn", "--if-missing", "--no-serve", "--repository", str(repository)]
    result = CliRunner().invoke(export, command)
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    assert "is there already" in result.stderr
    assert published_versions(repository, "cnn_explain") == (1,)
    assert published_versions(repository, "cnn") == published_versions(built_repository(), "cnn")
    assert "published" not in CliRunner().invoke(export, command).stderr


def test_list_shows_every_recipe_with_task_and_versions(repository: Path) -> None:
    (repository / "cnn" / "3").mkdir(parents=True)
    result = CliRunner().invoke(export, ["--list", "--repository", str(repository)])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [
        listed.name for exportable in recipes().values() for listed in listings(exportable)
    ]
    assert next(line for line in lines if line.startswith("cnn\t")).split("\t")[1:4] == [
        "image-classification",
        "rgb_64x64_squash",
        "3",
    ]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (
            ["cmm"],
            16,
            "Error: expected a recipe, which sightline export --list names, or a source such as torchvision:resnet50",
        ),
        (["cnm"], 16, "got 'cnm'; did you mean cnn?"),
        (["cnn", "--mean", "0.5"], 2, "expected one source that is not a recipe with --mean, got cnn"),
        (["timm:x", "torchvision:y", "--size", "9"], 2, "expected one source"),
        (["cnn", "--size", "0x3"], 2, "expected a size like 224 or 320x240"),
        (["cnn", "--std", "a"], 2, "expected 1 or 3 numbers separated by commas, got 'a'"),
        ([], 2, "sightline export --list"),
        (["cnn", "--version", "0"], 2, "0 is not in the range"),
        (["cnn", "--version", "1"], 15, "a published version is never overwritten"),
        (["cnn", "--repositry", "x"], 2, "--repository"),
    ],
)
def test_mistakes_get_one_line_and_an_exit_code(
    arguments: list[str], exit_code: int, message: str, repository: Path
) -> None:
    (repository / "cnn" / "1").mkdir(parents=True)
    result = CliRunner().invoke(export, [*arguments, "--repository", str(repository)])
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_if_missing_passes_over_what_is_there(repository: Path) -> None:
    for name in ("cnn", "cnn_network", "cnn_explain"):
        (repository / name / "4").mkdir(parents=True)
    result = CliRunner().invoke(export, ["cnn", "--if-missing", "--repository", str(repository)])
    assert (result.exit_code, result.stderr) == (0, "cnn: version 4 is there already\n")


def test_half_a_model_is_named(repository: Path) -> None:
    (repository / "cnn" / "4").mkdir(parents=True)
    result = CliRunner().invoke(export, ["cnn", "--if-missing", "--repository", str(repository)])
    assert (result.exit_code, result.stdout) == (12, "")
    assert "expected a version of cnn_network beside cnn, got none; delete" in result.stderr


def test_requirements_come_first_and_only_when_missing() -> None:
    assert with_requirements(("gan",), lambda name: False) == ("cnn", "gan")
    assert with_requirements(("gan",), lambda name: True) == ("gan",)
    assert with_requirements(("gan", "cnn"), lambda name: True) == ("cnn", "gan")


def test_a_second_recipe_of_the_same_name_is_a_mistake(cnn: Recipe) -> None:
    with pytest.raises(ValueError, match="one recipe named cnn"):
        register(cnn)
    with pytest.raises(UnknownSource):
        find("cnn2")


def test_the_card_shows_what_was_measured(cnn: Recipe) -> None:
    facts = Facts(
        version=3,
        exported_on=date(2026, 11, 21),
        origin="recipe cnn",
        weights="trained by this export in 42 s",
        parameters=8_413_578,
        graph_bytes=33_700_000,
        measurement=Measurement((Figure("held-out accuracy", 0.98765, 0.97),), {"7": {"recall": 0.5}}),
        reference="PyTorch",
        parity=(Parity("SCORES", 3, 1.5e-7, 1e-4), Parity("SCORES", 2, 0.25, 1e-4, "Triton 2.51.0")),
        not_served=None,
        latencies=(Latency("the graph alone", 1.25),),
        variants=("gpu",),
        notes=("made the batch axis dynamic",),
        versions=(("torch", "2.13.0"),),
    )
    card = write_card(About.of_spec(cnn.spec), facts)
    for line in (
        "| Version | 3 |",
        "| Parameters | 8,413,578 |",
        "| Weights | trained by this export in 42 s |",
        "| Normalisation | (level * 0.00392157 - 0.5) / 0.5 |",
        "| held-out accuracy | 0.9877 | 0.97 |",
        "| 7 | 0.5 |",
        "| ONNX Runtime | `SCORES` | 3 | 1.5e-07 | 0.0001 |",
        "| Triton 2.51.0 | `SCORES` | 2 | 0.25 | 0.0001 |",
        "| the graph alone | 1.25 |",
        "| variant `gpu` | not measured: no GPU took part in this export |",
        "- made the batch axis dynamic",
        "| in | `IMAGE` | BYTES | [1] |",
    ):
        assert line in card.splitlines()
