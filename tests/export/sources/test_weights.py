"""Files of weights, good and bad."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from export.sources.programs import save_safetensors
from torch import Tensor, nn

from sightline_export.errors import SourceUnusable, WeightsMismatch
from sightline_export.sources.weights import described, put, read_weights


class Net(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, width, 3)
        self.norm = nn.BatchNorm2d(width)
        self.last = nn.Linear(width, 2)


def state() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return Net().state_dict()


def prefixed(prefix: str) -> dict[str, Tensor]:
    return {prefix + key: value for key, value in state().items()}


def saved(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(state(), id="bare"),
        pytest.param({"state_dict": state(), "epoch": 3}, id="state_dict"),
        pytest.param({"model": state(), "optimizer": {"lr": 0.1}}, id="model"),
        pytest.param({"model_state_dict": state()}, id="model_state_dict"),
        pytest.param({"model": {"state_dict": state()}}, id="nested twice"),
        pytest.param(prefixed("module."), id="DataParallel"),
        pytest.param(prefixed("_orig_mod."), id="torch.compile"),
        pytest.param({"state_dict": prefixed("model.")}, id="Lightning"),
        pytest.param(prefixed("module._orig_mod."), id="two wrappers"),
        pytest.param(prefixed("_orig_mod.module.model."), id="three wrappers"),
        pytest.param({key: value for key, value in state().items() if "num_batches" not in key}, id="no counters"),
        pytest.param(
            {key: value.double() if value.is_floating_point() else value for key, value in state().items()}, id="f64"
        ),
    ],
)
def test_a_checkpoint_of_any_usual_form_is_loaded(content: Any, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = Net()
    put(network, read_weights(saved(tmp_path / "w.pth", content)), "net")
    loaded = network.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in state().items())
    assert all(value.dtype == torch.float32 for value in network.parameters())


def test_a_safetensors_file_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_safetensors(prefixed("module."), path)
    network = Net()
    put(network, read_weights(path), "net")
    assert torch.equal(network.last.weight, state()["last.weight"])


def test_a_network_whose_own_keys_begin_like_a_wrappers_keeps_them(tmp_path: Path) -> None:
    network = nn.ModuleDict({"model": Net()})
    put(network, read_weights(saved(tmp_path / "w.pth", prefixed("model."))), "net")
    assert torch.equal(network.state_dict()["model.last.weight"], state()["last.weight"])


class Renaming(nn.Module):
    """As torchvision's and timm's modules do for files of older versions."""

    _version = 2

    def __init__(self) -> None:
        super().__init__()
        self.new = nn.Parameter(torch.zeros(2))

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, *others: Any, **named: Any
    ) -> None:
        if (local_metadata.get("version") or 1) < 2:
            state_dict[f"{prefix}new"] = state_dict.pop(f"{prefix}old")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *others, **named)


def test_modules_still_rename_the_keys_of_older_files() -> None:
    network = Renaming()
    put(network, {"old": torch.ones(2)}, "net")
    assert network.new.tolist() == [1, 1]


def test_a_wrapped_newer_file_keeps_the_versions_of_its_modules(tmp_path: Path) -> None:
    wrapped = nn.ModuleDict({"module": Renaming()})
    nn.init.ones_(wrapped.get_parameter("module.new"))
    network = Renaming()
    put(network, read_weights(saved(tmp_path / "w.pth", wrapped.state_dict())), "net")
    assert network.new.tolist() == [1, 1]


def test_a_mismatch_lists_missing_unexpected_and_misshapen_keys(tmp_path: Path) -> None:
    wrong = Net(width=5).state_dict()
    del wrong["last.bias"]
    wrong |= {f"aux.{index}": torch.zeros(1) for index in range(5)}
    with pytest.raises(WeightsMismatch) as refused:
        put(Net(), read_weights(saved(tmp_path / "w.pth", wrong)), "nets.py:small", "build the right one")
    assert str(refused.value) == (
        "expected the 9 weights of nets.py:small, got a mismatch: 1 missing (last.bias); "
        "5 unexpected (aux.0, aux.1, aux.2, …); "
        "7 misshapen (first.bias expected 4 got 5, first.weight expected 4x3x3x3 got 5x3x3x3, "
        "last.weight expected 2x4 got 2x5, …); build the right one"
    )


def test_keys_may_hold_spaces(tmp_path: Path) -> None:
    network = nn.ModuleDict({"a b": nn.Linear(8, 4)})
    wrong = {"a b.weight": torch.zeros(5, 8), "a b.bias": torch.zeros(4)}
    with pytest.raises(WeightsMismatch, match=r"got a mismatch: 1 misshapen \(a b\.weight expected 4x8 got 5x8\);"):
        put(network, read_weights(saved(tmp_path / "w.pth", wrong)), "net")


def test_a_torchscript_program_is_not_run(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w.pth", "w") as archive:  # as torch.jit.save writes it
        for name in ("net/data.pkl", "net/constants.pkl", "net/code/__torch__.py", "net/version"):
            archive.writestr(name, b"")
    with pytest.raises(SourceUnusable, match="got a TorchScript program; save its weights where you trust it: torch"):
        read_weights(tmp_path / "w.pth")


class Odd:
    pass


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (Odd(), "got one that holds the Python object"),
        (
            {"a": 1, "b": "x"},
            "directly or under state_dict, model, model_state_dict, got int, str; save network.state_dict",
        ),
        ({}, "got nothing; save network.state_dict()"),
        (torch.zeros(3), "expected tensors by name in"),
        ({0: torch.zeros(1)}, "got keys of type int; save network.state_dict()"),
        (b"not a file of torch", "expected a file"),
        (None, "there is none; check the path"),
    ],
)
def test_an_unusable_file_is_said_in_one_line(content: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(SourceUnusable) as refused:
        read_weights(path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.99])
def test_a_truncated_file_is_refused(name: str, share: float, tmp_path: Path) -> None:
    path = tmp_path / name
    if path.suffix == ".pth":
        torch.save(state(), path)
    else:
        save_safetensors(state(), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(SourceUnusable) as refused:
        read_weights(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_is_described_by_its_name_and_hash(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    path.write_bytes(b"abc" * 1_000_000)
    assert described(path) == f"w.pth, sha256 {hashlib.sha256(b'abc' * 1_000_000).hexdigest()[:16]}…"
