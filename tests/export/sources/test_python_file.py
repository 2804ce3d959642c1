"""Networks that the user's own program builds, and what the choices say of them."""

import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from export.sources.programs import SMALL, write
from torch import nn

from sightline_export.errors import SourceUnusable, WeightsMismatch
from sightline_export.normalisation import Normalisation
from sightline_export.sources import Choices, default_name, load
from sightline_export.tasks.image_classification import ImageClassification
from sightline_export.tasks.image_feature_extraction import ImageFeatureExtraction

SIZE = (32, 24)


@pytest.mark.parametrize("factory", ["small", "Net", "instance"])
def test_a_function_a_class_or_a_network_gives_a_model(factory: str, tmp_path: Path) -> None:
    got = load(f"{write(tmp_path)}:{factory}", Choices(size=SIZE))
    assert got.spec.name == factory.lower() == default_name(got.origin)
    assert got.spec.task == ImageClassification(logits=True)
    assert got.spec.pixels.name == "rgb_32x24_squash"
    assert got.spec.normalisation == Normalisation(scale=1 / 255, mean=(0.0,), std=(1.0,))
    assert got.spec.labels == ("class 0", "class 1", "class 2", "class 3", "class 4")
    assert tuple(cast(nn.Module, got.network)(torch.zeros(2, 3, 24, 32)).shape) == (2, 5)


def test_a_network_that_gives_probabilities_gets_no_second_softmax(tmp_path: Path) -> None:
    got = load(f"{write(tmp_path)}:probabilities", Choices(size=SIZE))
    assert got.spec.task == ImageClassification(logits=False)


def test_a_network_for_one_channel_gets_grey_pictures(tmp_path: Path) -> None:
    got = load(f"{write(tmp_path)}:grey", Choices(size=SIZE, mean=(0.5,)))
    assert got.spec.pixels.name == "gray_32x24_squash"


def test_a_vector_is_asked_for_by_its_task(tmp_path: Path) -> None:
    got = load(f"{write(tmp_path)}:small", Choices(size=SIZE, task="image-feature-extraction"))
    assert got.spec.task == ImageFeatureExtraction(dimensions=5)
    assert got.spec.labels == ()


def test_the_choices_say_everything_else(tmp_path: Path) -> None:
    choices = Choices(
        name="pets",
        labels=("a", "b", "c", "d", "e"),
        size=SIZE,
        fit="letterbox",
        resample="bicubic",
        mean=(103.9, 116.8, 123.7),
        std=(1.0,),
        scale=1.0,
        channel_order="bgr",
        max_batch_size=8,
    )
    spec = load(f"{write(tmp_path)}:small", choices).spec
    assert (spec.name, spec.labels, spec.max_batch_size) == ("pets", choices.labels, 8)
    assert spec.pixels.name == "rgb_32x24_letterbox_bicubic"
    assert spec.normalisation == Normalisation(1.0, (103.9, 116.8, 123.7), (1.0,), "bgr")
    assert spec.pictures(1)[0].content


def test_weights_are_loaded_into_the_network(tmp_path: Path) -> None:
    path = write(tmp_path)
    first = cast(nn.Module, load(f"{path}:small", Choices(size=SIZE)).network)
    state = {f"module.{key}": value + 1 for key, value in first.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "w.pth")
    got = load(f"{path}:small", Choices(size=SIZE, weights=tmp_path / "w.pth"))
    loaded = cast(nn.Module, got.network).state_dict()
    assert all(torch.equal(loaded[key.removeprefix("module.")], value) for key, value in state.items())
    assert got.weights.startswith("w.pth, sha256 ")
    with pytest.raises(
        WeightsMismatch, match=r"2 misshapen \(head.bias expected 2 got 5, head.weight expected 2x8 got 5x8"
    ):
        load(f"{path}:two_classes", Choices(size=SIZE, weights=tmp_path / "w.pth"))


@pytest.fixture
def search_path() -> Generator[list[str]]:
    """What Python searches for modules; put back afterwards."""
    before = sys.path.copy()
    yield before
    sys.path[:] = before


def test_the_modules_beside_the_file_can_be_imported_also_while_the_network_runs(
    tmp_path: Path, search_path: list[str]
) -> None:
    write(tmp_path, SMALL, "layers_of_this_test.py")
    write(tmp_path, "FACTOR = 2\n", "later_of_this_test.py")
    text = (
        "from layers_of_this_test import Net\n"
        "class Late(Net):\n"
        "    def forward(self, x):\n"
        "        import later_of_this_test\n"
        "        return later_of_this_test.FACTOR * super().forward(x)\n"
    )
    got = load(f"{write(tmp_path, text, 'main.py')}:Late", Choices(size=SIZE))
    assert len(got.spec.labels) == 5
    assert sys.path == [*search_path, str(tmp_path)]  # at the end: nothing installed is hidden by it


@pytest.mark.usefixtures("search_path")
def test_a_file_of_a_package_may_import_its_neighbours_with_a_dot(tmp_path: Path) -> None:
    folder = tmp_path / "package_of_this_test" / "nets"
    folder.mkdir(parents=True)
    write(folder, "", "__init__.py")
    write(folder.parent, "", "__init__.py")
    write(folder, SMALL, "layers.py")
    path = write(folder, "from .layers import Net\nfrom ..nets import layers\n", "main.py")
    assert len(load(f"{path}:Net", Choices(size=SIZE)).spec.labels) == 5


@pytest.mark.parametrize("package", [None, "json"])
def test_a_file_of_no_package_that_can_be_used_may_not(package: str | None, tmp_path: Path) -> None:
    folder = tmp_path / (package or "plain")
    folder.mkdir()
    if package:
        write(folder, "", "__init__.py")
    path = write(folder, "from .layers import Net\n", "main.py")
    with pytest.raises(SourceUnusable, match=r"line 1: attempted relative import.*import its neighbours without a dot"):
        load(f"{path}:Net", Choices(size=SIZE))


@pytest.mark.parametrize(("mode", "name"), [(None, "gray_32x24_squash"), ("gray", "gray_32x24_squash")])
def test_a_network_without_convolutions_gets_the_pictures_that_it_takes(
    mode: str | None, name: str, tmp_path: Path
) -> None:
    assert load(f"{write(tmp_path)}:Flat", Choices(size=SIZE, mode=mode)).spec.pixels.name == name


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("smal", "expected the name 'smal' in {path}, there is none; did you mean small?"),
        ("zzz", "expected the name 'zzz' in {path}, there is none; check its spelling"),
        (
            "number",
            "expected {path}:number to be a function that returns a network, got int; name a function or a class",
        ),
        ("text", "expected a torch.nn.Module from {path}:text, got str; let the function return the network"),
        ("fails", "to build a network, got KeyError in line 57: 'no such layer'; make it work without arguments"),
        ("leaves", "to build a network, got SystemExit in line 60: 3; make it work"),
        ("needs", "got TypeError: needs() missing 1 required positional argument: 'width'; make it work without"),
        (
            "Tuple",
            "expected one tensor (B, k) from {path}:Tuple, got a tuple of 2; let forward return the scores alone",
        ),
        ("one_output", "expected an output for each of two classes or more from {path}:one_output, got 1; let it give"),
        ("Sigmoid", "expected logits, or probabilities that sum to 1, from {path}:Sigmoid, got numbers from 0 to 1"),
        ("Blind", "expected different answers from {path}:Blind to different pictures, got the same to 8 of them"),
        ("Map", "got torch.float32 of 2x8x11x15; only classifiers and embedders can be imported"),
        ("Integers", "got torch.int64 of 2x1; only classifiers and embedders"),
    ],
)
def test_a_factory_that_gives_no_network_is_refused(factory: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path)
    with pytest.raises(SourceUnusable) as refused:
        load(f"{path}:{factory}", Choices(size=SIZE))
    assert message.format(path=path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def make(:\n", "got SyntaxError in line 1: "),
        ("import torch\nraise ValueError('not today')\n", "got ValueError in line 2: not today; check that `python "),
        ("import no_such_module_anywhere\n", "got ModuleNotFoundError in line 1: No module named 'no_such_module_"),
    ],
)
def test_a_file_that_can_not_be_imported_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SourceUnusable) as refused:
        load(f"{path}:make", Choices(size=SIZE))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            {"size": None},
            "expected the width and height that the network takes, got none; add --size, e.g. --size 224x224",
        ),
        ({"size": (5000, 24)}, "width: expected a whole number from 1 to 4096, got 5000"),
        ({"size": (1, 1)}, "to take float32 pictures of 2x3x1x1, got RuntimeError: "),
        ({"fit": "pad"}, "fit: expected one of squash, crop, letterbox, got 'pad'"),
        ({"resample": "area"}, "resample: expected one of bilinear, bicubic"),
        ({"mean": (0.1, 0.2)}, "expected 1 or 3 values of --mean, got 2; give one for each channel"),
        ({"mode": "cmyk"}, "expected a mode of rgb or gray, got 'cmyk'; choose one of them"),
        ({"mode": "gray"}, "to take float32 pictures of 2x1x24x32, got RuntimeError: "),
        ({"std": (float("inf"),)}, "expected finite numbers for scale, mean and std, got 0.00392157, [0.0] and [inf]"),
        ({"mean": (float("nan"),)}, "expected finite numbers for scale, mean and std"),
        ({"scale": float("inf")}, "expected finite numbers for scale, mean and std"),
        ({"std": (0.0,)}, "expected a scale and standard deviations above 0"),
        ({"mean": (123.7, 116.8, 103.9)}, "where white is 1, got 123.7; divide it by 255, or add --scale 1"),
        ({"labels": ("a", "b")}, "expected 5 labels, one for each output of the network, got 2; give as many"),
        ({"labels": ("a", "b", "", "d", "e")}, "expected labels of one line of text, got ''; rename it"),
        ({"labels": ("a", "b", "c\nd", "d", "e")}, r"expected labels of one line of text, got 'c\nd'"),
        ({"name": "Pets!"}, "expected a name of lower-case letters, digits and _"),
        ({"max_batch_size": 0}, "expected max_batch_size >= 1, got 0"),
        ({"pretrained": True}, "expected torchvision:NAME or timm:NAME with --pretrained"),
        ({"without_top": True}, "expected torchvision:NAME or timm:NAME with --without-top"),
        ({"weights": Path("nowhere.pth")}, "expected a file of weights at nowhere.pth, there is none; check the path"),
    ],
)
def test_choices_that_do_not_fit_are_refused(choices: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable) as refused:
        load(f"{write(tmp_path)}:small", replace(Choices(size=SIZE), **choices))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_weights_that_give_no_numbers_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    state = cast(nn.Module, load(f"{path}:small", Choices(size=SIZE)).network).state_dict()
    state["head.bias"][1] = torch.nan
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(
        SourceUnusable, match=r"expected finite numbers from .* for real pictures, got nan; check the weigh"
    ):
        load(f"{path}:small", Choices(size=SIZE, weights=tmp_path / "w.pth"))


def test_a_grey_network_takes_one_mean_and_no_channel_order(tmp_path: Path) -> None:
    text = f"{write(tmp_path)}:grey"
    with pytest.raises(SourceUnusable, match="expected 1 value of --mean, got 3"):
        load(text, Choices(size=SIZE, mean=(0.1, 0.2, 0.3)))
    with pytest.raises(SourceUnusable, match="expected 3 channels for the channel order bgr, got 1"):
        load(text, Choices(size=SIZE, channel_order="bgr"))


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(SourceUnusable, match=r"expected a Python file at nowhere\.py, there is none; check the path"):
        load("nowhere.py:make", Choices(size=SIZE))
