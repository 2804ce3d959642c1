"""Training loops: they learn, and a run that was stopped ends as if it had not been."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from sightline_export.models.cnn import CNN, CNNConfig
from sightline_export.training.augment import UNTOUCHED, photograph
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.classifier import ClassifierSettings, train_classifier
from sightline_export.training.progress import Epoch

RANDOM = np.random.default_rng(0)
BARS = np.zeros((128, 16, 16, 3), dtype=np.uint8)  # left half bright, or right half bright
LABELS = RANDOM.integers(0, 2, 128)
BARS[LABELS == 0, :, :8] = 255
BARS[LABELS == 1, :, 8:] = 255


def the_first_gpu(_: object) -> str:
    """Where a tensor lies, as PyTorch writes it into a file."""
    return "cuda:0"


def small_classifier() -> nn.Module:
    torch.manual_seed(0)
    return CNN(CNNConfig(image_size=16, widths=(4, 4), hidden=16, classes=2))


def classifier_run(network: nn.Module, path: Path, epochs: int = 4) -> Iterator[Epoch]:
    settings = ClassifierSettings(epochs=epochs, learning_rate=1e-2, batch_size=32)
    return train_classifier(network, BARS, LABELS, settings, Checkpoint(path, "run", interval_s=0))


def test_a_classifier_learns_what_can_be_learned(tmp_path: Path) -> None:
    epochs = list(classifier_run(small_classifier(), tmp_path / "c.pt", epochs=12))
    assert [epoch.number for epoch in epochs] == list(range(1, 13))
    assert epochs[-1].figures["loss"] < 0.6 * epochs[0].figures["loss"]
    assert epochs[-1].figures["accuracy"] > 0.8


def test_a_stopped_run_ends_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    unbroken = small_classifier()
    list(classifier_run(unbroken, tmp_path / "a.pt"))
    list(islice(classifier_run(small_classifier(), tmp_path / "b.pt"), 2))  # killed after two of four epochs
    resumed = small_classifier()
    epochs = list(classifier_run(resumed, tmp_path / "b.pt"))
    assert [epoch.number for epoch in epochs] == [3, 4]
    for name, weight in unbroken.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_a_state_is_saved_only_when_it_is_due(tmp_path: Path) -> None:
    eager, patient = (Checkpoint(tmp_path / name, "run", seconds) for name, seconds in (("a", 0), ("b", 3600)))
    for checkpoint in (eager, patient):
        checkpoint.save_if_due(lambda: {"epoch": 1})
    assert eager.load() == {"epoch": 1}
    assert patient.load() is None


def test_a_checkpoint_of_another_run_is_not_resumed(tmp_path: Path) -> None:
    Checkpoint(tmp_path / "c.pt", "learning rate 1").save({"epoch": 3})
    assert Checkpoint(tmp_path / "c.pt", "learning rate 2").load() is None
    assert Checkpoint(tmp_path / "c.pt", "learning rate 1").load() == {"epoch": 3}


def test_a_run_that_was_stopped_took_the_time_before_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=100.0, monotonic=lambda: clock.now)
    monkeypatch.setattr("sightline_export.training.checkpoint.time", clock)
    first = Checkpoint(tmp_path / "c.pt", "run")
    clock.now += 60
    first.save({"epoch": 1})
    clock.now += 1000  # the machine was off
    resumed, other = (Checkpoint(tmp_path / "c.pt", key) for key in ("run", "another"))
    assert (resumed.load(), other.load()) == ({"epoch": 1}, None)
    clock.now += 5
    assert (resumed.seconds, other.seconds) == (65, 5)
    resumed.save({"epoch": 2})
    again = Checkpoint(tmp_path / "c.pt", "run")
    again.load()
    assert again.seconds == 65


def test_a_state_that_a_gpu_saved_is_resumed_without_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = Checkpoint(tmp_path / "c.pt", "run")
    with monkeypatch.context() as on_a_gpu:
        on_a_gpu.setattr("torch.serialization.location_tag", the_first_gpu)
        checkpoint.save({"weights": torch.ones(2)})
    assert checkpoint.trouble() is None
    state = checkpoint.load()
    assert state is not None
    assert torch.equal(state["weights"], torch.ones(2))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"cos\nsystem\n(S'false'\ntR."])
def test_a_damaged_or_hostile_checkpoint_is_passed_over_with_a_word(content: bytes, tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "c.pt", "run")
    assert checkpoint.trouble() is None  # there is none
    (tmp_path / "c.pt").write_bytes(content)
    assert checkpoint.load() is None
    trouble = checkpoint.trouble()
    assert trouble is not None
    assert trouble.startswith(f"expected the saved state of a training in {tmp_path}/c.pt, got a file that can't be")
    assert "\n" not in trouble
    checkpoint.save({"epoch": 1})
    assert (checkpoint.load(), checkpoint.trouble()) == ({"epoch": 1}, None)


def test_augmentation_keeps_shape_range_and_seed_and_changes_most_pictures() -> None:
    pictures = torch.from_numpy(BARS).permute(0, 3, 1, 2).float() / 255
    first, again = (photograph(pictures, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first, again)
    assert first.shape == pictures.shape
    assert first.min() >= 0
    assert first.max() <= 1
    changed = (first != pictures).flatten(1).any(dim=1).float().mean().item()
    assert changed == pytest.approx(1 - UNTOUCHED, abs=0.15)
    all_of_them = photograph(pictures, torch.Generator().manual_seed(5), untouched=0.0)
    assert (all_of_them != pictures).flatten(1).any(dim=1).all()
