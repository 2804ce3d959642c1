"""Repositories as `sightline export` publishes them, around tiny graphs instead of trained ones."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
from export.lint.graphs import painter, pixel_scores, save
from PIL import Image

from sightline_export.repository.model_config import (
    ModelConfig,
    Step,
    backend_config,
    ensemble_config,
    network_config,
    to_text,
)
from sightline_export.signature import Signature, TensorSpec

IMAGE = TensorSpec("IMAGE", "BYTES", (1,))
SCORES = TensorSpec("SCORES", "FP32", (3,), labelled=True)
LABELS = ("zero", "one", "two")


def png(side: int = 8) -> bytes:
    """A small picture file."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), (200, 30, 60)).save(file, "PNG")
    return file.getvalue()


def classifier(repository: Path) -> None:
    pixels = TensorSpec("PIXELS", "UINT8", (8, 8, 3), nhwc=True)
    decode = backend_config(
        "pixels_rgb_8x8_squash",
        "image_decode",
        Signature((IMAGE,), (TensorSpec("PIXELS", "UINT8", (8, 8, 3)),)),
        8,
        {"width": "8", "height": "8", "mode": "rgb", "fit": "squash", "resample": "bilinear"},
    )
    network = network_config("digits_network", Signature((pixels,), (SCORES,)), 8)
    steps = [
        Step("pixels_rgb_8x8_squash", {"IMAGE": "IMAGE"}, {"PIXELS": "pixels"}),
        Step("digits_network", {"PIXELS": "pixels"}, {"SCORES": "SCORES"}),
    ]
    ensemble = ensemble_config("digits", "image-classification", Signature((IMAGE,), (SCORES,)), steps, 8, LABELS)
    labels = "\n".join(LABELS) + "\n"
    put(repository, decode)
    put(repository, network, pixel_scores(), {"labels.txt": labels})
    golden = {"IMAGE": {"datatype": "BYTES", "shape": [1], "file": "red.png"}}
    scores = {"datatype": "FP32", "shape": [3], "values": [0.3, 0.3, 0.4], "tolerance": 0.0001}
    put(repository, ensemble, texts={"labels.txt": labels, "README.md": "# digits\n"})
    _put_golden(repository / "digits", "image-classification", golden, {"SCORES": scores}, "red.png")


def generator(repository: Path) -> None:
    seed, result = TensorSpec("SEED", "INT64", (1,)), TensorSpec("RESULT", "BYTES", (1,))
    drawn, noise = TensorSpec("PIXELS", "UINT8", (4, 4, 3)), TensorSpec("NOISE", "FP32", (4,))
    any_picture = TensorSpec("PIXELS", "UINT8", (-1, -1, 3))
    steps = [
        Step("noise_normal_4", {"SEED": "SEED"}, {"NOISE": "noise"}),
        Step("painter_network", {"NOISE": "noise"}, {"PIXELS": "pixels"}),
        Step("png_rgb", {"PIXELS": "pixels"}, {"RESULT": "RESULT"}),
    ]
    task = "unconditional-image-generation"
    put(repository, backend_config("noise_normal_4", "latent_noise", Signature((seed,), (noise,)), 8, {"size": "4"}))
    put(repository, network_config("painter_network", Signature((noise,), (drawn,)), 8), painter())
    put(repository, backend_config("png_rgb", "image_encode", Signature((any_picture,), (result,)), 8))
    put(repository, ensemble_config("painter", task, Signature((seed,), (result,)), steps, 8))
    golden = {"SEED": {"datatype": "INT64", "shape": [1], "values": [1]}}
    picture = {"datatype": "BYTES", "shape": [1], "file": "seed-1.png", "tolerance": 1.0}
    _put_golden(repository / "painter", task, golden, {"RESULT": picture}, "seed-1.png")


def put(
    repository: Path,
    config: ModelConfig,
    network: onnx.ModelProto | None = None,
    texts: Mapping[str, str] | None = None,
) -> None:
    folder = repository / str(config["name"])
    (folder / "1").mkdir(parents=True)
    for name, text in {"config.pbtxt": to_text(config), **(texts or {})}.items():
        (folder / name).write_text(text)
    if network is not None:
        save(network, folder / "1" / "model.onnx")


def _put_golden(model: Path, task: str, inputs: dict[str, Any], outputs: dict[str, Any], picture: str) -> None:
    folder = model / "1" / "golden"
    folder.mkdir()
    (folder / picture).write_bytes(png())
    case = {"name": picture.partition(".")[0], "inputs": inputs, "outputs": outputs}
    document = {"model": model.name, "version": 1, "task": task, "cases": [case]}
    (folder / "golden.json").write_text(json.dumps(document, indent=1) + "\n")
