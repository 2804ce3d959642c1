"""`sightline explain-difference` as a person runs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from click.testing import CliRunner, Result
from export.difference.faulty_repository import write_reference
from export.difference.graphs import GREY, HEALTHY
from export.difference.photographs import pictures
from PIL import Image
from serving import Service

from sightline_export.cli.explain_difference import explain_difference

Pixels = npt.NDArray[np.uint8]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(pictures()["photo.jpg"])
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(explain_difference, [str(argument) for argument in arguments])


def test_a_healthy_service_ends_with_0(faulty_service: Service, faulty_repository: Path, picture: Path) -> None:
    result = run("squash", picture, "--repository", faulty_repository, "--url", faulty_service.grpc_url)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"no difference: squash answers {picture} as squash version 2 does\ncompared: ")


def test_a_difference_ends_with_19_and_says_where(
    faulty_service: Service, faulty_repository: Path, picture: Path
) -> None:
    where = ("--repository", faulty_repository, "--url", faulty_service.grpc_url, "--served-as", "squash_bgr")
    result = run("squash", picture, *where)
    assert (result.exit_code, result.stderr) == (19, "")
    first, cause, pixel, *_ = result.stdout.splitlines()
    assert first == "first difference: colour order"
    assert cause == "  the step faulty_pixels has the channels in the order BGR, training had RGB"
    assert pixel.startswith("  first at pixel x 0, y 0, red: expected ")


def test_json_holds_the_same(faulty_service: Service, faulty_repository: Path, picture: Path) -> None:
    where = ("--repository", faulty_repository, "--url", faulty_service.grpc_url)
    result = run("squash", picture, *where, "--served-as", "squash_graph_not_scaled", "--json")
    assert result.exit_code == 19
    answer = json.loads(result.stdout)
    assert (answer["first"], answer["findings"][0]["key"]) == ("scale", "not_scaled")
    assert answer["findings"][0]["evidence"]["kind"] == "answer"
    healthy = json.loads(run("squash", picture, *where, "--json").stdout)
    assert (healthy["first"], healthy["findings"]) == (None, [])


def test_the_drawing_shows_both_and_their_difference(
    faulty_service: Service, faulty_repository: Path, picture: Path, tmp_path: Path
) -> None:
    where = ("--repository", faulty_repository, "--url", faulty_service.grpc_url, "--served-as", "squash_mirrored")
    drawing = tmp_path / "difference.png"
    assert run("squash", picture, *where, "-o", drawing).exit_code == 19
    levels: Pixels = np.array(cast("Image.Image", Image.open(drawing)))
    inside = slice(100, 300)
    expected, served = levels[inside, 20:396], levels[inside, 420:796]
    assert np.abs(expected.astype(int) - served[:, ::-1]).mean() < 5
    assert np.abs(expected.astype(int) - served).mean() > 20


def test_another_version_can_be_the_reference(faulty_service: Service, faulty_repository: Path, picture: Path) -> None:
    where = ("--repository", faulty_repository, "--url", faulty_service.grpc_url)
    result = run("squash", picture, *where, "--version", "1")
    assert result.exit_code == 19
    assert "answers with version 2 of the network, not version 1" in result.stdout


def test_no_server_ends_with_4(faulty_repository: Path, picture: Path) -> None:
    result = run("squash", picture, "--repository", faulty_repository, "--url", "grpc://127.0.0.1:9")
    assert result.exit_code == 4
    assert "start one with `sightline serve`" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("squash", "photo.jpg", "--served-as", "nobody"), 6, "expected the model nobody"),
        (("squash", "photo.jpg", "--served-as", "small_network"), 4, "bytes of a picture"),
        (("squish", "photo.jpg"), 12, "did you mean squash, "),
        (("squash", "photo.jpg", "--version", "7"), 12, "expected version 7 of squash"),
        (("small_network", "photo.jpg"), 12, "expected small_network"),
        (("squash", "missing.jpg"), 3, "No such file"),
        (("squash", "."), 3, "Is a directory"),
        (("squash", "text.jpg"), 8, "expected a JPEG, PNG, WebP, BMP or GIF file, got a text file"),
        (("squash", "half.jpg"), 8, "sent whole"),
        (("squash", "photo.jpg", "--url", "http://localhost:8000"), 2, "expected grpc://HOST"),
        (("squash", "photo.jpg", "-o", "no/such/folder.png"), 3, "expected to write"),
    ],
)
def test_what_goes_wrong_is_one_clear_line(
    faulty_service: Service,
    faulty_repository: Path,
    picture: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(picture.parent)
    Path("text.jpg").write_text("no picture")
    Path("half.jpg").write_bytes(picture.read_bytes()[:2000])
    result = run("--repository", faulty_repository, "--url", faulty_service.grpc_url, *arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: ")


BROKEN: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("small_network/1/model.onnx", lambda content: content[:3000], "expected a graph that gives a vector SCORES"),
    ("small_network/1/model.onnx", lambda content: GREY.model().SerializeToString(), "expected a graph that gives"),
    ("squash/labels.txt", lambda content: b"temp\xe9\n", "expected labels in UTF-8"),
    ("squash/config.pbtxt", lambda content: re.sub(b"output {.*", b"", content), "got the outputs none"),
    ("squash/config.pbtxt", lambda content: content[:200], "expected a configuration"),
    ("squash/config.pbtxt", lambda content: content.replace(b"SCORES", b"\xff"), "expected a configuration"),
    ("pixels_squash/config.pbtxt", lambda content: content.replace(b'"32"', b'"x"'), "expected a whole number"),
]


@pytest.mark.parametrize(("path", "broken", "said"), BROKEN)
def test_a_broken_entry_is_one_clear_line(
    picture: Path, tmp_path: Path, path: str, broken: Callable[[bytes], bytes], said: str
) -> None:
    write_reference(tmp_path, HEALTHY)
    config = tmp_path / "squash/config.pbtxt"
    config.write_text(config.read_text().replace('key: "labels"', 'key: "names"'))  # so that labels.txt counts
    (tmp_path / path).write_bytes(broken((tmp_path / path).read_bytes()))
    result = run("squash", picture, "--repository", tmp_path)
    assert (result.exit_code, result.stdout) == (12, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert said in line


def test_models_of_boxes_are_not_compared(picture: Path, tmp_path: Path) -> None:
    config = write_reference(tmp_path, HEALTHY) / "squash/config.pbtxt"
    config.write_text('output { name: "BOXES" data_type: TYPE_FP32 dims: [4] }\n' + config.read_text())
    result = run("squash", picture, "--repository", tmp_path)
    assert (result.exit_code, len(result.stderr.splitlines())) == (12, 1)
    assert "got the outputs BOXES, SCORES of small_network and other steps; scores and embeddings" in result.stderr


def test_models_that_give_a_map_are_not_compared(picture: Path, tmp_path: Path) -> None:
    graph = replace(HEALTHY, answer="X").model()
    graph.graph.node.append(onnx.helper.make_node("Identity", ["maps"], ["SCORES"]))
    graph.graph.output.append(onnx.ValueInfoProto(name="SCORES"))
    path = write_reference(tmp_path, HEALTHY) / "small_network/1/model.onnx"
    path.write_bytes(graph.SerializeToString())
    result = run("squash", picture, "--repository", tmp_path)
    assert (result.exit_code, len(result.stderr.splitlines())) == (12, 1)
    assert "got float32 [8, 8, 12]; scores and embeddings can be compared" in result.stderr
