"""`sightline train`: fine-tuning on a few pictures of one's own, from the command to a verified entry."""

import re
import struct
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from export.test_labelled import png, write
from torch import Tensor, nn

from sightline_backend.pixels import PixelSpec
from sightline_export.cli.train import train
from sightline_export.datasets.digits import Digits, load_digits
from sightline_export.datasets.labelled_pictures import Half
from sightline_export.errors import ExportError, SourceUnusable, UnknownSource
from sightline_export.models.lenet import LeNet, LeNetConfig
from sightline_export.normalisation import PLUS_MINUS_ONE
from sightline_export.recipe import find_recipe
from sightline_export.record import read_record
from sightline_export.repository.model_config import from_text
from sightline_export.sources import Choices
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.classifier import ClassifierSettings, train_classifier
from sightline_export.transfer.fine_tuning import HEAD_FIRST, OLD_LAYERS, FineTuning, TunedEpoch, fine_tune
from sightline_export.transfer.head import head_of, with_new_head
from sightline_export.transfer.pictures import TrainingPictures
from sightline_export.transfer.start import load_start

OTHERS = 700  # training scans that the start weights come from; the few pictures are of the rest
FEW = 4  # of each digit
SMALL = PixelSpec(16, 16)
BARS = np.zeros((24, 16, 16, 3), dtype=np.uint8)
SIDES = np.arange(24) % 2
BARS[SIDES == 0, :, :8] = 255
BARS[SIDES == 1, :, 8:] = 255


class Small(nn.Module):
    """A convolution with batch normalisation, dropout, and a head of two classes."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten())
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(64, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.dropout(self.features(x)))


def small() -> Small:
    torch.manual_seed(0)
    return Small()


def tuned(
    network: Small, path: Path, settings: FineTuning, pictures: TrainingPictures | None = None
) -> list[TunedEpoch]:
    pictures = pictures or TrainingPictures(Half(BARS, SIDES), SMALL, smallest_crop=0.5, flip=False)
    run = Checkpoint(path, "run", interval_s=0)
    labels = torch.from_numpy(SIDES)
    return list(fine_tune(network, network.head, pictures, labels, PLUS_MINUS_ONE, True, settings, run))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(train, [str(argument) for argument in arguments])


def place(folder: Path) -> tuple[str | Path, ...]:
    return (
        *("--repository", folder / "model_repository", "--checkpoints", folder / "checkpoints"),
        *("--log-dir", folder / "log", "--reproducers", folder / "reproducers", "--no-serve"),
    )


def half_folder(folder: Path, digits: Digits, indices: list[int]) -> None:
    for index in indices:
        write(folder, {f"{digits.labels[index]}/{index}.png": digits.pictures[index]})


@pytest.fixture(scope="module")
def start_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LeNet-5 that has seen the first training scans, none of the few."""
    from safetensors import torch as safetensors_torch

    folder = tmp_path_factory.mktemp("weights")
    digits, _ = load_digits()
    others = Half(digits.pictures[:OTHERS], digits.labels[:OTHERS])
    torch.manual_seed(0)
    network = LeNet(LeNetConfig())
    settings = ClassifierSettings(epochs=12, learning_rate=3e-3, augmentation="none")
    checkpoint = Checkpoint(folder / "none.pt", "run")
    list(train_classifier(network, others.render(PixelSpec(32, 32)), others.labels, settings, checkpoint))
    state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    cast(Any, safetensors_torch).save_file(state, folder / "lenet.safetensors")
    return folder / "lenet.safetensors"


@pytest.fixture(scope="module")
def few_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four scans of each digit to train on, and all held-out ones: one folder per class in each half."""
    folder = tmp_path_factory.mktemp("few")
    digits, held_out = load_digits()
    rest = range(OTHERS, len(digits))
    few = [index for label in range(10) for index in [i for i in rest if digits.labels[i] == label][:FEW]]
    half_folder(folder / "train", digits, few)
    half_folder(folder / "val", held_out, list(range(len(held_out))))
    return folder


def test_fine_tuning_beats_training_from_scratch_on_the_same_few_pictures(
    start_weights: Path, few_digits: Path, tmp_path: Path
) -> None:
    accuracies: dict[str, float] = {}
    for name, weights in (("scratch", ()), ("tuned", ("--weights", start_weights))):
        arguments = ("--from", "lenet", "--data", few_digits, "--name", name, *weights, *place(tmp_path))
        result = run(*arguments, "--learning-rate", "0.01", "--batch-size", "16", "--smallest-crop", "0.7")
        assert result.exit_code == 0, result.stderr
        record = read_record(tmp_path / "model_repository" / name / "1")
        accuracy = record.measurement.figures[0]
        assert accuracy.name == "held-out accuracy"
        accuracies[name] = accuracy.value
        assert len(record.measurement.per_class) == 10
    assert accuracies["tuned"] > 0.9
    assert accuracies["tuned"] > accuracies["scratch"] + 0.05


def test_an_entry_comes_of_it_with_the_labels_of_the_folder_its_card_and_a_log(tmp_path: Path) -> None:
    data = {f"{name}/{n}.png": png(n + 120 * k, 40) for k, name in enumerate(("ant", "bee", "cow")) for n in range(10)}
    folder = write(tmp_path / "farm", data)
    weights = tmp_path / "farm.safetensors"
    common = ("--data", folder, "--epochs", "2", "--max-batch-size", "4", *place(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "lenet_farm.train.pt").write_bytes(b"half a file")
    result = run("--from", "lenet", *common, "--save-weights", weights)
    assert result.exit_code == 0, result.stderr
    assert "lenet_farm: expected the saved state of a training in" in result.stderr
    entry = tmp_path / "model_repository" / "lenet_farm"
    config = from_text((entry / "config.pbtxt").read_text())
    assert config["parameters"]["held_out"] == {"string_value": "part"}
    assert (entry / "labels.txt").read_text().split() == ["ant", "bee", "cow"]
    assert {file.name for file in entry.iterdir()} >= {"1", "README.md", "sheet.png"}
    card = (entry / "README.md").read_text()
    assert "30 pictures of the folder farm" in card
    assert "held-out accuracy" in card
    assert [(name, step) for name, _, step in scalars(tmp_path / "log" / "lenet_farm")] == [
        (f"training/{name}", epoch) for epoch in (1, 2) for name in ("loss", "accuracy", "learning_rate")
    ]
    assert not list((tmp_path / "checkpoints").iterdir())
    # The weights start another training, although they are for three classes; the next version is written.
    again = run("--from", "lenet", *common, "--weights", weights, "--freeze")
    assert again.exit_code == 0, again.stderr
    assert (entry / "2").is_dir()
    assert "starting from recipe lenet, farm.safetensors, sha256" in again.stderr


def scalars(folder: Path) -> list[tuple[str, float, int]]:
    """What a TensorBoard shows: name, value and step of each scalar, read as TensorFlow's records."""
    from tensorboardX.proto import event_pb2

    (file,) = folder.iterdir()
    content, position = file.read_bytes(), 0
    found: list[tuple[str, float, int]] = []
    while position < len(content):
        (length,) = struct.unpack_from("<Q", content, position)
        event = cast(Any, event_pb2).Event.FromString(content[position + 12 : position + 12 + length])
        found += [(value.tag, value.simple_value, event.step) for value in event.summary.value]
        position += 12 + length + 4
    return found


class Interrupted(TrainingPictures):
    """Ctrl-C while the batch of a step is made."""

    steps = 0

    def batch(self, indices: Any) -> Tensor:
        self.steps += 1
        if self.steps == 5:
            raise KeyboardInterrupt
        return super().batch(indices)


def test_a_run_stopped_in_the_middle_of_an_epoch_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    settings = FineTuning(epochs=5, batch_size=8, learning_rate=1e-2)
    unbroken, resumed = small(), small()
    whole = tuned(unbroken, tmp_path / "a.pt", settings)
    pictures = Interrupted(Half(BARS, SIDES), SMALL, smallest_crop=0.5, flip=False)
    with pytest.raises(KeyboardInterrupt):
        tuned(small(), tmp_path / "b.pt", settings, pictures)
    torch.manual_seed(99)  # another process has drawn other random numbers
    rest = tuned(resumed, tmp_path / "b.pt", settings)
    assert rest == whole[1:]
    for name, weight in unbroken.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_ctrl_c_says_how_to_go_on_and_the_same_command_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(
        tmp_path / "ab", {f"{name}/{n}.png": png(n + 99 * k) for k, name in enumerate("ab") for n in range(20)}
    )
    arguments = ("--from", "lenet", "--data", folder, "--epochs", "3", "--batch-size", "8", *place(tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr("sightline_export.transfer.train.TrainingPictures", Interrupted)
        patched.setattr("sightline_export.transfer.train.Checkpoint", partial(Checkpoint, interval_s=0))
        stopped = run(*arguments)
    assert (stopped.exit_code, stopped.stderr.splitlines()[-1]) == (
        130,
        "Stopped. The same command goes on from the last saved state.",
    )
    assert not (tmp_path / "model_repository" / "lenet_ab").exists()
    (saved,) = (tmp_path / "checkpoints").iterdir()
    torch.save(torch.load(saved, weights_only=True) | {"seconds": 7200.0}, saved)  # as if it had been a long one
    resumed = run(*arguments)
    assert resumed.exit_code == 0, resumed.stderr
    assert "epoch 1/3" not in resumed.stderr
    assert "epoch 3/3" in resumed.stderr
    card = (tmp_path / "model_repository" / "lenet_ab" / "README.md").read_text()
    assert re.search(r"trained by this export in 72\d\d s, starting from", card)


@pytest.mark.parametrize("count", [2, 3, 5, 23])
def test_no_batch_is_of_one_picture_which_batch_normalisation_cannot_learn_from(count: int, tmp_path: Path) -> None:
    settings = FineTuning(epochs=2, batch_size=2, fresh=True)
    network = nn.Sequential(nn.Conv2d(3, 4, 16), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    pictures = TrainingPictures(Half(BARS[:count], SIDES[:count]), SMALL, smallest_crop=0.5, flip=False)
    labels, run = torch.from_numpy(SIDES[:count]), Checkpoint(tmp_path / "a.pt", "run")
    epochs = list(fine_tune(network, network[3], pictures, labels, PLUS_MINUS_ONE, True, settings, run))
    assert [epoch.number for epoch in epochs] == [1, 2]


@pytest.mark.parametrize(
    ("settings", "progress", "wanted"),
    [
        (FineTuning(learning_rate=1.0), 0.1, (0.98, 0.0)),
        (FineTuning(learning_rate=1.0), (1 + HEAD_FIRST) / 2, (0.35, OLD_LAYERS * 0.5)),
        (FineTuning(learning_rate=1.0, freeze=True), 0.5, (0.5, 0.0)),
        (FineTuning(learning_rate=1.0, fresh=True), 0.5, (0.5, 0.5)),
        (FineTuning(learning_rate=1.0), 1.0, (0.0, 0.0)),
    ],
    ids=["head first", "then all", "frozen", "from scratch", "ends at zero"],
)
def test_rates_follow_the_plan(settings: FineTuning, progress: float, wanted: tuple[float, float]) -> None:
    assert settings.rates(progress) == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize("freeze", [False, True])
def test_frozen_layers_and_their_statistics_stay_as_they_were(freeze: bool, tmp_path: Path) -> None:
    network, before = small(), small().state_dict()
    tuned(network, tmp_path / "a.pt", FineTuning(epochs=2, batch_size=8, learning_rate=1e-2, freeze=freeze))
    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert "head.weight" in changed
    assert ("features.0.weight" in changed, "features.1.running_mean" in changed) == (not freeze, not freeze)
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_a_network_that_ends_in_a_softmax_learns_too(tmp_path: Path) -> None:
    network = small()
    ending = nn.Sequential(network, nn.Softmax(dim=1))
    pictures = TrainingPictures(Half(BARS, SIDES), SMALL, smallest_crop=0.8, flip=False)
    settings = FineTuning(epochs=16, batch_size=8, learning_rate=3e-2, fresh=True, label_smoothing=0.0)
    run = Checkpoint(tmp_path / "s.pt", "run")
    epochs = list(
        fine_tune(ending, network.head, pictures, torch.from_numpy(SIDES), PLUS_MINUS_ONE, False, settings, run)
    )
    assert epochs[-1].figures["loss"] < 0.25  # probabilities taken for logits could not fall below 0.31


def alike() -> nn.Module:
    """Two layers with as many outputs as there are classes."""
    return nn.Sequential(nn.Flatten(), nn.Linear(768, 10), nn.ReLU(), nn.Linear(10, 10))


def of_torchvision(name: str) -> Callable[[], nn.Module]:
    return lambda: load_start(f"torchvision:{name}", Choices(size=(64, 64))).network


def of_recipe(name: str) -> Callable[[], nn.Module]:
    return find_recipe(name).build


@pytest.mark.parametrize(
    ("build", "side", "head"),
    [
        (of_torchvision("squeezenet1_1"), 64, "classifier.1"),
        (of_torchvision("mobilenet_v3_small"), 64, "classifier.3"),
        (of_recipe("attention"), 64, "head"),
        (of_recipe("lenet"), 32, "head"),
        (alike, 16, "3"),
    ],
    ids=["a convolution", "a sequence", "two outputs", "a recipe", "two layers alike"],
)
def test_the_last_layer_is_found_and_replaced(build: Callable[[], nn.Module], side: int, head: str) -> None:
    network = build().eval()
    spec = replace(find_recipe("lenet").spec, pixels=PixelSpec(side, side))
    assert head_of(network, spec) == head
    with_new_head(network, head, 3)
    output = network(torch.zeros(2, 3, side, side))
    assert (output if isinstance(output, Tensor) else output[0]).shape[:2] == (2, 3)


def test_crops_show_a_part_and_flips_are_asked_for() -> None:
    halves = Half(BARS[:1], SIDES[:1])
    sides: dict[bool, set[bool]] = {}
    for flip in (False, True):
        pictures = TrainingPictures(halves, SMALL, smallest_crop=0.9, flip=flip)
        torch.manual_seed(0)
        seen = [pictures.batch([0])[0].float() for _ in range(20)]
        assert seen[0].shape == (3, 16, 16)
        sides[flip] = {bool(x[..., :4].mean() > x[..., -4:].mean()) for x in seen}
    assert sides == {False: {True}, True: {True, False}}


REFUSED = [
    pytest.param("model.onnx", Choices(), SourceUnusable, r"expected a PyTorch network .*--weights", id="onnx"),
    pytest.param("gan", Choices(), SourceUnusable, r"expected a classifier .* recipe gan", id="a generator"),
    pytest.param("lenett", Choices(), UnknownSource, r"did you mean lenet\?", id="a misspelt recipe"),
    pytest.param("lenet", Choices(size=(64, 64)), SourceUnusable, r"expected --size with a source", id="a size"),
    pytest.param("lenet", Choices(mean=(0.5,)), SourceUnusable, r"expected --mean with a source", id="a mean"),
    pytest.param(
        "timm:test_vit", Choices(task="image-feature-extraction"), SourceUnusable, r"got timm:test_vit", id="a vector"
    ),
]


@pytest.mark.parametrize(("source", "choices", "error", "message"), REFUSED)
def test_what_cannot_be_trained_is_refused(
    source: str, choices: Choices, error: type[ExportError], message: str
) -> None:
    with pytest.raises(error, match=message):
        load_start(source, choices)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--freeze",), 17, "expected weights to keep with --freeze, got lenet with random ones"),
        (("--weights", "gone.safetensors"), 17, "expected a file of weights at gone.safetensors"),
        (("--name", "No Name"), 17, "expected a name of lower-case letters"),
        (("--epochs", "0"), 2, "--epochs"),
    ],
)
def test_the_command_ends_with_the_code_of_the_mistake(
    arguments: tuple[str, ...], code: int, message: str, tmp_path: Path
) -> None:
    folder = write(
        tmp_path / "ab", {f"{name}/{n}.png": png(n + 99 * k) for k, name in enumerate("ab") for n in range(2)}
    )
    result = run("--from", "lenet", "--data", folder, *place(tmp_path), *arguments)
    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr
