"""timm's models: their metadata, their pixels, their weights from local files."""

import io
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from export.sources.programs import save_safetensors
from PIL import Image
from torch import nn

from sightline_backend.pixels import decode
from sightline_export.errors import SourceUnusable
from sightline_export.sources import Choices, default_name, load
from sightline_export.sources.torchvision_operators import declare_operators
from sightline_export.tasks.image_classification import ImageClassification
from sightline_export.tasks.image_feature_extraction import ImageFeatureExtraction

declare_operators()
import timm  # noqa: E402
import timm.data  # noqa: E402

from sightline_export.sources.timm import metadata  # noqa: E402


def picture(width: int, height: int) -> bytes:
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (23, 31, 3), np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def configuration(name: str) -> dict[str, Any]:
    config = cast(Any, timm.get_pretrained_cfg(name)).to_dict()
    return {"architecture": name, **config}


def test_every_models_pixels_are_timms_own_bit_for_bit() -> None:
    from timm.data.transforms_factory import create_transform

    files = [picture(620, 455), picture(333, 640)]
    seen: set[str] = set()
    refused: dict[str, str] = {}
    names = timm.list_models(pretrained=True)
    for name in names:
        config = configuration(name)
        try:
            known = metadata(config, Choices())
        except SourceUnusable as error:
            refused[name] = str(error)
            continue
        assert known.pixels is not None
        key = repr((known.pixels, known.normalisation))
        if key in seen or known.pixels.width > 300:
            continue
        seen.add(key)
        data = cast(Any, timm.data).resolve_data_config({}, pretrained_cfg=config)
        for file in files:
            transform = cast(Any, create_transform(**data, is_training=False, normalize=False))
            expected = transform(Image.open(io.BytesIO(file))).permute(1, 2, 0).numpy()
            assert np.array_equal(decode(file, known.pixels), expected), (name, known.pixels)
        assert known.normalisation.mean == tuple(config["mean"])
        assert known.normalisation.std == tuple(config["std"])
    assert len(seen) > 60
    assert len(refused) < 0.02 * len(names)
    assert all("add --fit" in message for message in refused.values())


@pytest.mark.parametrize(
    "name", ["test_vit", "test_efficientnet.r160_in1k", "test_convnext", "test_resnet", "resnet10t"]
)
def test_a_classifier_comes_with_its_labels(name: str) -> None:
    got = load(f"timm:{name}")
    assert got.spec.name == name.partition(".")[0] == default_name(got.origin)
    assert got.spec.task == ImageClassification(logits=True)
    assert got.spec.labels[:2] == ("tench, Tinca tinca", "goldfish, Carassius auratus")
    assert len(got.spec.labels) == 1000
    assert got.weights == "random: its answers mean nothing"
    side = got.spec.pixels.width
    assert tuple(cast(nn.Module, got.network)(torch.zeros(2, 3, side, side)).shape) == (2, 1000)


@pytest.mark.parametrize(
    ("name", "choices", "dimensions"),
    [
        ("test_vit", Choices(without_top=True), 64),
        ("test_vit", Choices(task="image-feature-extraction"), 64),
        ("vit_tiny_patch16_224.augreg_in21k", Choices(without_top=True, size=(64, 64)), 192),
        ("vit_small_patch14_dinov2", Choices(size=(56, 56)), 384),  # it has no classifier by itself
    ],
)
def test_without_its_top_a_model_gives_timms_pooled_features(name: str, choices: Choices, dimensions: int) -> None:
    got = load(f"timm:{name}", choices)
    assert got.spec.task == ImageFeatureExtraction(dimensions=dimensions)
    assert got.spec.labels == ()


def test_a_model_without_a_classifier_is_no_classifier() -> None:
    with pytest.raises(SourceUnusable, match="expected a network with a classifier, got timm:vit_small_patch14_dinov2"):
        load("timm:vit_small_patch14_dinov2", Choices(task="image-classification"))


def test_another_size_keeps_timms_share_of_the_picture() -> None:
    got = load("timm:test_vit", Choices(size=(96, 96)))
    assert (got.spec.pixels.width, got.spec.pixels.shorter_side) == (96, 101)  # floor(96 / 0.95)


@pytest.mark.parametrize(
    ("name", "choices", "message"),
    [
        ("dm_nfnet_f0", {}, "got timm's crop_mode 'squash' with crop_pct 0.9 at 192x192 for dm_nfnet_f0"),
        ("deepseek_vit_412m", {}, "for the nearest one add --fit letterbox"),
        ("test_vit", {"size": (96, 64)}, "add --fit crop"),
        ("volo_d4_448", {}, "with crop_pct 1.15 at 448x448 for volo_d4_448; for the nearest one add --fit crop"),
    ],
)
def test_preprocessing_that_can_not_be_expressed_is_refused(name: str, choices: Any, message: str) -> None:
    if name not in timm.list_models():
        pytest.skip(f"this version of timm has no {name}")
    with pytest.raises(SourceUnusable) as refused:
        metadata(configuration(name), Choices(**choices))
    assert message in str(refused.value)
    chosen = metadata(configuration(name), Choices(**choices, fit="letterbox"))
    assert chosen.pixels is not None


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the Hugging Face hub looks before it downloads, and no network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path


def test_pretrained_weights_come_through_timms_own_loading_code(hub: Path) -> None:
    torch.manual_seed(3)
    state = timm.create_model("test_vit").state_dict()
    snapshot = hub / "models--timm--test_vit.r160_in1k" / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text("0123")
    save_safetensors(state, snapshot / "model.safetensors")
    got = load("timm:test_vit", Choices(pretrained=True))
    loaded = cast(nn.Module, got.network).state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in state.items())
    assert got.weights == "r160_in1k (pretrained)"
    assert "r160_in1k" in got.spec.data
    assert got.spec.licence == "code: Apache-2.0 (timm); weights: apache-2.0"


def test_weights_that_can_not_be_fetched_are_said(hub: Path) -> None:
    with pytest.raises(SourceUnusable) as refused:
        load("timm:test_vit", Choices(pretrained=True))
    assert "expected the pretrained weights of timm:test_vit, they could not be fetched (" in str(refused.value)
    assert str(refused.value).endswith("; use --weights FILE")


def test_a_file_of_weights_is_loaded_before_the_top_is_taken_off(tmp_path: Path) -> None:
    torch.manual_seed(3)
    state = timm.create_model("test_vit", num_classes=4).state_dict()
    save_safetensors(state, tmp_path / "vit.safetensors")
    got = load("timm:test_vit", Choices(weights=tmp_path / "vit.safetensors", labels=("a", "b", "c", "d")))
    assert got.spec.labels == ("a", "b", "c", "d")
    full = timm.create_model("test_vit").state_dict()
    save_safetensors(full, tmp_path / "full.safetensors")
    bare = load("timm:test_vit", Choices(weights=tmp_path / "full.safetensors", without_top=True))
    loaded = cast(nn.Module, bare.network).state_dict()
    assert loaded.keys() < full.keys()
    assert all(torch.equal(value, full[key]) for key, value in loaded.items())
