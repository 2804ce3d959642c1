"""torchvision's classifiers: their metadata, their pixels, their weights from local files."""

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from sightline_backend.pixels import decode
from sightline_export.errors import SourceUnusable, WeightsMismatch
from sightline_export.sources import Choices, default_name, load
from sightline_export.sources.answers import real_pictures
from sightline_export.sources.torchvision import metadata
from sightline_export.sources.torchvision_operators import declare_operators
from sightline_export.sources.torchvision_top import without_top
from sightline_export.tasks.image_classification import ImageClassification
from sightline_export.tasks.image_feature_extraction import ImageFeatureExtraction

declare_operators()
import torchvision  # noqa: E402
from torchvision import models  # noqa: E402

CLASSIFIERS = models.list_models(module=torchvision.models)
EMBEDDINGS = {
    "alexnet": 256,
    "convnext_tiny": 768,
    "densenet121": 1024,
    "efficientnet_b0": 1280,
    "googlenet": 1024,
    "inception_v3": 2048,
    "maxvit_t": 512,
    "mnasnet0_5": 1280,
    "mobilenet_v3_large": 960,
    "resnet50": 2048,
    "shufflenet_v2_x0_5": 1024,
    "squeezenet1_0": 512,
    "vgg16": 512,
    "vit_b_16": 768,
}


def picture() -> bytes:
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (23, 31, 3), np.uint8)).resize((620, 455), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def all_weights() -> list[Any]:
    return [weights for name in CLASSIFIERS for weights in cast(Any, models.get_model_weights(name))]


def test_every_classifier_has_the_preprocessing_of_its_weights() -> None:
    assert len(CLASSIFIERS) >= 80
    data = picture()
    image = Image.open(io.BytesIO(data))
    answers: dict[str, bool] = {}
    for weights in all_weights():
        known = metadata("net", weights)
        assert known.pixels is not None
        key = repr((known.pixels, known.normalisation))
        if key not in answers:
            levels = torch.from_numpy(decode(data, known.pixels))[None].permute(0, 3, 1, 2).float()
            expected = weights.transforms()(image)[None]
            answers[key] = bool(
                torch.allclose(known.normalisation(levels), expected, rtol=0, atol=3e-7 / min(known.normalisation.std))
            )
        assert answers[key], (weights, known)
        assert len(known.labels) == (1000 if weights.name != "IMAGENET1K_FEATURES" else 0)
    assert len(answers) > 20


def test_a_classifier_comes_with_its_labels_and_says_that_it_is_random() -> None:
    got = load("torchvision:resnet18")
    assert got.origin == "torchvision:resnet18"
    assert got.weights == "random: its answers mean nothing"
    assert got.spec.name == "resnet18" == default_name(got.origin)
    assert got.spec.pixels.name == "rgb_224x224_crop256"
    assert got.spec.labels[:2] == ("tench", "goldfish")
    assert len(got.spec.labels) == 1000
    assert got.spec.task == ImageClassification(logits=True)
    assert got.spec.max_batch_size == 32
    assert "BSD-3-Clause" in got.spec.licence
    assert "random" in got.spec.data
    assert isinstance(got.network, nn.Module)
    assert not got.network.training


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "shufflenet_v2_x0_5"])
def test_classifiers_give_logits_alone(name: str) -> None:
    got = load(f"torchvision:{name}", Choices(size=(96, 96)))
    assert isinstance(got.network, nn.Module)
    assert tuple(got.network(torch.zeros(3, 3, 96, 96)).shape) == (3, 1000)


@pytest.mark.parametrize(("name", "dimensions"), EMBEDDINGS.items())
def test_without_its_top_a_classifier_gives_its_pooled_features(name: str, dimensions: int) -> None:
    options: dict[str, Any] = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        network = without_top(models.get_model(name, **options).eval())
        side = 299 if name == "inception_v3" else 224
        assert tuple(network(torch.zeros(2, 3, side, side)).shape) == (2, dimensions)


@pytest.mark.parametrize("choices", [Choices(without_top=True), Choices(task="image-feature-extraction")])
def test_an_embedder_has_no_labels(choices: Choices) -> None:
    got = load("torchvision:mobilenet_v3_small", replace(choices, size=(64, 64)))
    assert got.spec.task == ImageFeatureExtraction(dimensions=576)
    assert got.spec.labels == ()


def test_random_weights_are_the_same_each_time_and_leave_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    a, b = (
        cast(nn.Module, load("torchvision:squeezenet1_1", Choices(size=(64, 64))).network).state_dict()
        for _ in range(2)
    )
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("name", ["squeezenet1_1", "mnasnet0_5", "resnet18"])
def test_random_logits_spread_like_trained_ones_and_tell_pictures_apart(name: str) -> None:
    got = load(f"torchvision:{name}", Choices(size=(64, 64)))
    levels = torch.from_numpy(real_pictures(got.spec.pixels)).permute(0, 3, 1, 2).float()
    network = cast(nn.Module, got.network)
    with torch.inference_mode():
        logits, of_swapped_channels = (network(got.spec.normalisation(x)) for x in (levels, levels.flip(1)))
    assert tuple(logits.shape) == (2, 1000)
    assert logits.std(dim=1).mean().item() == pytest.approx(3.0, rel=0.02)
    assert (logits.softmax(1) - of_swapped_channels.softmax(1)).abs().max() > 1e-3


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which torchvision looks before it downloads."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def publish(folder: Path, weights: Any, state: dict[str, torch.Tensor]) -> None:
    torch.save(state, folder / weights.url.rpartition("/")[2])


@pytest.mark.parametrize("name", ["squeezenet1_1", "googlenet"])
def test_pretrained_weights_give_what_torchvisions_own_model_gives(name: str, checkpoints: Path) -> None:
    weights = cast(Any, models.get_model_weights(name)).DEFAULT
    options: dict[str, Any] = {"init_weights": False} if name == "googlenet" else {}
    torch.manual_seed(3)
    publish(checkpoints, weights, models.get_model(name, **options).state_dict())
    got = load(f"torchvision:{name}", Choices(pretrained=True, size=(96, 96)))
    x = torch.rand(2, 3, 96, 96)
    own = models.get_model(name, weights=weights).eval()
    with torch.inference_mode():
        assert torch.equal(cast(nn.Module, got.network)(x), own(x))
    assert got.weights == "IMAGENET1K_V1 (pretrained)"
    assert got.spec.data.startswith("ImageNet-1K (IMAGENET1K_V1). These weights")
    assert got.spec.licence == (
        "code: BSD-3-Clause (torchvision); weights: not stated; they may be bound by the terms of ImageNet"
    )


def test_named_weights_are_taken_with_their_own_preprocessing(checkpoints: Path) -> None:
    weights = models.MobileNet_V3_Large_Weights.IMAGENET1K_V1
    publish(checkpoints, weights, models.mobilenet_v3_large().state_dict())
    got = load("torchvision:mobilenet_v3_large@IMAGENET1K_V1", Choices(pretrained=True))
    assert got.spec.pixels.shorter_side == 256  # 232 with the default weights
    assert got.weights == "IMAGENET1K_V1 (pretrained)"


def test_the_old_keys_of_densenets_file_are_understood(checkpoints: Path) -> None:
    torch.manual_seed(3)
    state = models.densenet121().state_dict()
    old = {
        key.replace("norm1.", "norm.1.")
        .replace("conv1.", "conv.1.")
        .replace("norm2.", "norm.2.")
        .replace("conv2.", "conv.2.")
        if "denselayer" in key
        else key: value
        for key, value in state.items()
        if not key.endswith("num_batches_tracked")
    }
    publish(checkpoints, models.DenseNet121_Weights.DEFAULT, old)
    got = cast(nn.Module, load("torchvision:densenet121", Choices(pretrained=True, size=(64, 64))).network).state_dict()
    assert all(torch.equal(got[key], value) for key, value in state.items())


def test_weights_without_a_classifier_make_an_embedder_alone(checkpoints: Path) -> None:
    with pytest.raises(SourceUnusable) as refused:
        load("torchvision:vgg16@IMAGENET1K_FEATURES", Choices(pretrained=True))
    assert "expected weights with a classifier, got IMAGENET1K_FEATURES of vgg16; add --without-top" in str(
        refused.value
    )


class Trap:
    """What a file of weights from a stranger may hold."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_nothing_in_a_file_of_weights_is_executed(checkpoints: Path, tmp_path: Path) -> None:
    name = models.SqueezeNet1_1_Weights.DEFAULT.url.rpartition("/")[2]
    torch.save({"w": Trap(tmp_path / "sprung")}, checkpoints / name)
    with pytest.raises(SourceUnusable, match="could not be fetched"):
        load("torchvision:squeezenet1_1", Choices(pretrained=True))
    with pytest.raises(SourceUnusable, match="expected a file of tensors"):
        load("torchvision:squeezenet1_1", Choices(weights=checkpoints / name))
    assert not (tmp_path / "sprung").exists()


def test_weights_that_can_not_be_fetched_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "file"))  # nothing can be stored, so nothing is downloaded either
    with pytest.raises(SourceUnusable) as refused:
        load("torchvision:resnet18", Choices(pretrained=True))
    assert "expected the weights IMAGENET1K_V1 of resnet18 from https://download.pytorch.org" in str(refused.value)
    assert str(refused.value).endswith("; use --weights FILE")


def test_a_file_for_other_classes_needs_their_labels(tmp_path: Path) -> None:
    path = tmp_path / "fine_tuned.pth"
    torch.save({"state_dict": models.mobilenet_v3_small(num_classes=3).state_dict()}, path)
    got = load("torchvision:mobilenet_v3_small", Choices(weights=path, labels=("cat", "dog", "owl"), size=(64, 64)))
    assert got.spec.labels == ("cat", "dog", "owl")
    assert got.spec.licence == "code: BSD-3-Clause (torchvision); weights: not stated"
    assert got.weights.startswith("fine_tuned.pth, sha256 ")
    with pytest.raises(WeightsMismatch) as refused:
        load("torchvision:mobilenet_v3_small", Choices(weights=path))
    assert (
        "2 misshapen (classifier.3.bias expected 1000 got 3, classifier.3.weight expected 1000x1024 got 3x1024)"
        in str(refused.value)
    )
    assert "add --labels for other classes" in str(refused.value)


def test_labels_of_pretrained_weights_must_be_as_many(checkpoints: Path) -> None:
    publish(checkpoints, models.SqueezeNet1_1_Weights.DEFAULT, models.squeezenet1_1().state_dict())
    with pytest.raises(SourceUnusable, match="expected 1000 labels, one for each output of the network, got 2"):
        load("torchvision:squeezenet1_1", Choices(pretrained=True, labels=("a", "b")))


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("vit_b_16", (224, 192), "expected a square size for vit_b_16, got 224x192; change --size"),
        ("vit_b_16", (100, 100), "change --size"),
        ("maxvit_t", (96, 96), "change --size"),
        ("alexnet", (16, 16), "check --size"),
        ("resnet18", (0, 16), "width: expected a whole number from 1 to 4096, got 0"),
    ],
)
def test_a_size_that_the_network_can_not_take_is_refused(name: str, size: tuple[int, int], message: str) -> None:
    with pytest.raises(SourceUnusable) as refused:
        load(f"torchvision:{name}", Choices(size=size))
    assert message in str(refused.value)


def test_a_torchvision_for_another_pytorch_can_be_imported_and_says_what_is_missing() -> None:
    program = (
        "from sightline_export.sources.torchvision_operators import declare_operators\n"
        "missing = declare_operators()\n"
        "assert declare_operators() is missing\n"
        "import torch, torchvision\n"
        "print(missing, len(torchvision.models.list_models()) > 80)\n"
        "if missing:\n"
        "    torch.ops.torchvision.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    missing, listed = done.stdout.split()
    assert listed == "True"
    if missing == "True":
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("NotImplementedError: expected torchvision's compiled operators, got a torchvision that")
        assert "pip install --force-reinstall torch torchvision" in last
    else:
        assert done.returncode == 0
