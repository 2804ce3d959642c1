"""From a source to a served, verified entry, through the command: the way that most users go."""

import json
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from torch import nn

from sightline_export.cli.export import export
from sightline_export.repository.model_config import from_text
from sightline_export.repository.publish import published_versions

FACTORY = """
from torch import nn

def network(classes=3):
    features = nn.Sequential(nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
    return nn.Sequential(*features, nn.Linear(24, classes))

class Counts(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3 * 16 * 16, 3)

    def forward(self, x):
        return self.linear(x.reshape(int(x.shape[0]), -1)) * x.shape[0]

class Alone(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3 * 16 * 16, 3)

    def forward(self, x):
        return self.linear(x.reshape(x.shape[0], -1)) if x.mean() > 0 else self.linear(x.reshape(x.shape[0], -1)) * 2
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(export, [str(argument) for argument in arguments])


@pytest.fixture
def factory(tmp_path: Path) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(FACTORY)
    return file


def test_resnet18_of_torchvision_is_exported_verified_and_served(repository: Path) -> None:
    arguments = ("torchvision:resnet18", "--size", "64", "--max-batch-size", "4", "--repository", repository)
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    assert re.search(r"served: Triton 2\.\d+\.\d+, portable gives the same answers at batch 1, 2, 3, 4", result.stderr)
    labels = (repository / "resnet18" / "labels.txt").read_text().splitlines()
    assert (len(labels), labels[0]) == (1000, "tench")
    card = (repository / "resnet18" / "README.md").read_text()
    assert "random: its answers mean nothing" in card
    assert "No figure: this export had no labelled pictures" in card
    assert "| Normalisation | (level * 0.00392157 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225] |" in card


def test_a_network_of_ones_own_with_its_weights_and_labelled_pictures(factory: Path, repository: Path) -> None:
    torch.manual_seed(5)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 3)
    )
    torch.save(network.state_dict(), factory.with_suffix(".pth"))
    held_out = factory.parent / "held_out"
    rng = np.random.default_rng(0)
    for label in ("ant", "bee"):
        (held_out / label).mkdir(parents=True)
        for number in range(3):
            Image.fromarray(rng.integers(0, 256, (20, 30, 3), np.uint8)).save(held_out / label / f"{number}.png")
    arguments = ("--weights", factory.with_suffix(".pth"), "--size", "32x24", "--labels", "ant,bee,cat")
    result = run(f"{factory}:network", *arguments, "--held-out", held_out, "--no-serve", "--repository", repository)
    assert result.exit_code == 0, result.stderr
    config = from_text((repository / "network_network" / "config.pbtxt").read_text())
    assert config["input"][0]["dims"] == ["24", "32", "3"]
    card = (repository / "network" / "README.md").read_text()
    assert "| pictures in held_out | 6 |" in card
    assert re.search(r"^\| ant \| 3 \|", card, re.MULTILINE)
    assert "The served answer was not compared: the export was told not to start a tritonserver" in card


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # of the tracer, about itself
def test_an_onnx_file_with_float_input_frozen_batch_and_data_beside_it(repository: Path, tmp_path: Path) -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    torch.onnx.export(
        network.eval(),
        (torch.zeros(1, 3, 20, 20),),
        tmp_path / "frozen.onnx",
        dynamo=True,
        verbose=False,
        input_names=["x"],
        output_names=["y"],
    )
    result = run(tmp_path / "frozen.onnx", "--labels", "no,yes", "--max-batch-size", "4", "--repository", repository)
    assert result.exit_code == 0, result.stderr
    assert "frozen at 1" in result.stderr
    assert "served: Triton" in result.stderr
    assert "frozen at 1" in (repository / "frozen" / "README.md").read_text()


def test_without_its_top_a_classifier_is_an_embedder(repository: Path) -> None:
    arguments = ("--without-top", "--size", "64", "--max-batch-size", "2", "--no-serve", "--repository", repository)
    result = run("torchvision:squeezenet1_0", *arguments)
    assert result.exit_code == 0, result.stderr
    config = from_text((repository / "squeezenet1_0" / "config.pbtxt").read_text())
    assert config["parameters"]["task"]["string_value"] == "image-feature-extraction"
    assert config["output"] == [{"name": "EMBEDDING", "data_type": "TYPE_FP32", "dims": ["512"]}]
    golden = json.loads((repository / "squeezenet1_0" / "1" / "golden" / "golden.json").read_text())
    vector = np.array(golden["cases"][0]["outputs"]["EMBEDDING"]["values"])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("factory_name", "message"),
    [
        ("Counts", r"SCORES of ONNX Runtime differs from PyTorch|batch"),
        ("Alone", r"x\.mean\(\)|data|Python"),
    ],
)
def test_a_network_that_cannot_be_served_is_explained_and_leaves_nothing(
    factory_name: str, message: str, factory: Path, repository: Path, tmp_path: Path
) -> None:
    arguments = ("--size", "16", "--labels", "a,b,c", "--no-serve", "--repository", repository)
    result = run(f"{factory}:{factory_name}", *arguments, "--reproducers", tmp_path / "reproducers")
    assert result.exit_code == 14
    assert re.search(message, result.stderr)
    assert len([line for line in result.stderr.splitlines() if line.startswith("Error")]) == 1
    assert list(repository.iterdir()) == []


def test_the_second_export_is_the_next_version_and_if_missing_passes_over(factory: Path, repository: Path) -> None:
    arguments = (
        f"{factory}:network",
        "--size",
        "16",
        "--max-batch-size",
        "2",
        "--no-serve",
        "--repository",
        repository,
    )
    for _ in range(2):
        assert run(*arguments).exit_code == 0
    assert published_versions(repository, "network") == (1, 2)
    result = run(*arguments, "--if-missing")
    assert (result.exit_code, result.stderr) == (0, "network: version 2 is there already\n")


def test_tensorrt_adds_configurations_and_a_script(factory: Path, repository: Path) -> None:
    arguments = ("--size", "16", "--max-batch-size", "2", "--no-serve", "--tensorrt", "--repository", repository)
    result = run(f"{factory}:network", *arguments)
    assert result.exit_code == 0, result.stderr
    assert len([line for line in result.stderr.splitlines() if "TensorRT: no model.plan" in line]) == 1
    network = repository / "network_network"
    assert {file.name for file in (network / "configs").iterdir()} == {
        "gpu.pbtxt",
        "tensorrt.pbtxt",
        "onnxruntime_tensorrt.pbtxt",
    }
    assert "PIXELS:2x16x16x3" in (network / "build-tensorrt.sh").read_text()


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({"dog": 1}, "expected classes of the model (a, b, c, …) in"),
        ({}, "got no pictures"),
    ],
)
def test_held_out_pictures_of_other_classes_are_refused(
    layout: dict[str, int], message: str, factory: Path, repository: Path, tmp_path: Path
) -> None:
    held_out = tmp_path / "held_out"
    held_out.mkdir()
    file = BytesIO()
    Image.new("RGB", (4, 4)).save(file, "PNG")
    for name in layout:
        (held_out / name).mkdir()
        (held_out / name / "1.png").write_bytes(file.getvalue())
    arguments = ("--size", "16", "--labels", "a,b,c", "--no-serve", "--repository", repository)
    result = run(f"{factory}:network", *arguments, "--held-out", held_out)
    assert result.exit_code == 17
    assert message in result.stderr
