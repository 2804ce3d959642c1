"""Every picture command against a small model for its task: what it prints, and what it saves."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from serving import Service

from sightline.cli import main

MODELS = {
    "detect": "tiny_detector",
    "segment": "tiny_segmenter",
    "embed": "tiny_embedder",
    "enhance": "tiny_inverter",
    "explain": "tiny",
}
SAVED = {
    "detect": [".boxes.png"],
    "segment": [".masks.png", ".classes.png"],
    "embed": [".npy"],
    "enhance": [".enhanced.png"],
    "explain": [".heatmap.png"],
}


@pytest.fixture
def folder(workplace: Path) -> Path:
    """`a/x.png` and `b/x.jpg.png`: 16 x 8 pixels, the left half red, the right half black."""
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, :8, 0] = 255
    for name in ("a/x.png", "b/x.bmp"):
        (workplace / name).parent.mkdir()
        PIL.Image.fromarray(pixels).save(workplace / name)
    return workplace


def run(tasks: Service, command: str, *arguments: str, stdin: bytes | None = None) -> Result:
    asked = [command, *arguments, "--model", MODELS[command], "--url", tasks.grpc_url, "--timeout", "20"]
    return CliRunner().invoke(main, asked, input=stdin)


def opened(path: Path) -> NDArray[np.uint8]:
    return np.asarray(PIL.Image.open(io.BytesIO(path.read_bytes())))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            "detect",
            {"labels": ["red"], "scores": [1.0], "class_ids": [0], "xyxy": [[0, 0, 8, 8]], "width": 16, "height": 8},
        ),
        (
            "segment",
            {"labels": ["background", "high"], "pixels": [64, 64], "class_ids": [0, 3], "width": 16, "height": 8},
        ),
        ("embed", {"embedding": [1.0, 0.0, 0.0]}),
        ("enhance", {"width": 8, "height": 8}),
        ("explain", {"label": "red", "class_id": 0, "method": "share-of-light", "width": 16, "height": 8}),
    ],
)
def test_json_has_the_answer_as_stable_fields(
    tasks: Service, folder: Path, command: str, expected: dict[str, object]
) -> None:
    result = run(tasks, command, "a", "b/x.bmp", "-o", "out", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found: list[dict[str, Any]] = [json.loads(line) for line in result.stdout.splitlines()]
    for each, name in zip(found, ("a/x.png", "b/x.bmp"), strict=True):
        files = [f"{name}{suffix}" for suffix in SAVED[command]]
        extra = {"score": each["score"], "peak": each["peak"]} if command == "explain" else {}
        assert each == {"image": name, "model": MODELS[command], **expected, **extra, "files": files}


@pytest.mark.parametrize(
    ("command", "row"),
    [
        ("detect", "IMAGE    OBJECTS  BEST\na/x.png  1        red 1.0000\n"),
        ("segment", "IMAGE    SIZE  CLASSES\na/x.png  16x8  background 50.0%, high 50.0%\n"),
        ("embed", "IMAGE    DIMENSIONS  VECTOR\na/x.png  3           1.0000 0.0000 0.0000\n"),
    ],
)
def test_without_json_there_is_a_row_for_each_picture(tasks: Service, folder: Path, command: str, row: str) -> None:
    result = run(tasks, command, "a")
    assert (result.exit_code, result.stdout, result.stderr) == (0, row, "")


def test_with_a_folder_the_row_says_where_the_picture_is(tasks: Service, folder: Path) -> None:
    result = run(tasks, "enhance", "a/x.png", "-o", "out")
    assert result.stdout == "IMAGE    SIZE  SAVED\na/x.png  8x8   out/x.png.enhanced.png\n"


def test_what_is_saved_is_the_answer(tasks: Service, folder: Path) -> None:
    for command in MODELS:
        assert run(tasks, command, "a", "b", "-o", command).exit_code == 0
    saved = {(command, suffix): folder / command / f"a/x.png{suffix}" for command in SAVED for suffix in SAVED[command]}
    assert np.load(saved["embed", ".npy"]).tolist() == [1, 0, 0]
    assert np.load(saved["embed", ".npy"]).dtype == np.float32
    class_map = opened(saved["segment", ".classes.png"])
    assert (class_map[:, :8] == 3).all()
    assert (class_map[:, 8:] == 0).all()
    assert opened(saved["enhance", ".enhanced.png"])[0, 0].tolist() == [0, 255, 255]
    for place in (("detect", ".boxes.png"), ("segment", ".masks.png"), ("explain", ".heatmap.png")):
        height, width, channels = opened(saved[place]).shape
        assert (height >= 8, width >= 16, channels) == (True, True, 3)


def test_options_reach_the_server(tasks: Service, folder: Path) -> None:
    green = json.loads(run(tasks, "explain", "a", "--class-id", "1", "--json").stdout)
    assert (green["label"], green["class_id"]) == ("green", 1)
    pixels = np.full((8, 8, 3), 150, np.uint8)
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "PNG")
    found = [
        json.loads(run(tasks, "detect", "-", "--threshold", threshold, "--json", stdin=buffer.getvalue()).stdout)
        for threshold in ("0.5", "0.6")
    ]
    assert [each["labels"] for each in found] == [["red", "green", "blue"], []]
    assert found[0]["image"] == "-"


def test_the_peak_of_a_heat_map_is_where_the_light_is(tasks: Service, folder: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[2, 5] = (255, 0, 0)
    PIL.Image.fromarray(pixels).save("spot.png")
    assert json.loads(run(tasks, "explain", "spot.png", "--json").stdout)["peak"] == [5, 2]


def test_a_wrong_model_ends_a_run_with_one_line(tasks: Service, folder: Path) -> None:
    asked = ["detect", "a", "b", "--model", "tiny_segmenter", "--url", tasks.http_url]
    result = CliRunner().invoke(main, asked)
    assert (result.exit_code, result.stdout) == (8, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: expected a model for object-detection, got 'tiny_segmenter'")


def test_a_name_that_is_no_text_is_printed_and_kept(tasks: Service, folder: Path) -> None:
    name = b"\xff.png"
    try:
        (folder / "a/x.png").rename(folder / name.decode("utf-8", "surrogateescape"))
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    for more in ([], ["--json"]):
        result = run(tasks, "embed", ".", "-o", f"out{len(more)}", *more)
        assert result.exit_code == 0
        assert "\\udcff.png" in result.stdout
    result = run(tasks, "embed", ".", "-o", "out1", "--resume")
    assert (result.stdout, result.stderr) == ("", "2 of 2 pictures are done already.\n")
