"""Commands that take two pictures, and those that send further inputs: exact output and exit codes."""

import io
import json
import os
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner, Result
from client.canned import canned_server, described_embedder, embedding
from serving import Service

from sightline.cli import main

COLOURS = {"red": (250, 10, 10), "pink": (250, 60, 90), "blue": (0, 9, 200), "black": (0, 0, 0)}


@pytest.fixture(params=["http", "grpc"])
def url(request: pytest.FixtureRequest, tasks: Service) -> str:
    return tasks.http_url if request.param == "http" else tasks.grpc_url


@pytest.fixture
def folder(workplace: Path) -> Path:
    for name, colour in COLOURS.items():
        PIL.Image.new("RGB", (16, 8), colour).save(f"{name}.png")
    Path("notes.txt").write_text("no picture")
    return workplace


def run(url: str, *arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [*arguments, "--url", url, "--timeout", "20"], input=stdin)


def pixels(path: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(PIL.Image.open(io.BytesIO(Path(path).read_bytes())))


@pytest.mark.usefixtures("folder")
def test_two_pictures_are_compared_by_the_cosine_of_their_vectors(url: str) -> None:
    result = run(url, "compare", "red.png", "pink.png", "--model", "tiny_embedder")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "IMAGE    OTHER     SIMILARITY\nred.png  pink.png  0.9383\n"
    red, pink = np.array(COLOURS["red"]), np.array(COLOURS["pink"])
    cosine = float(red @ pink / np.linalg.norm(red) / np.linalg.norm(pink))
    found = json.loads(run(url, "compare", "red.png", "pink.png", "--model", "tiny_embedder", "--json").stdout)
    assert found == {
        "image": "red.png",
        "other": "pink.png",
        "model": "tiny_embedder",
        "similarity": pytest.approx(cosine, abs=1e-5),
    }


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("threshold", "verdict", "is_same"), [("0.9", "same", True), ("0.95", "different", False)])
def test_a_threshold_judges_and_both_verdicts_are_answers(
    url: str, threshold: str, verdict: str, is_same: bool
) -> None:
    asked = ("compare", "red.png", "pink.png", "--model", "tiny_embedder", "--threshold", threshold)
    result = run(url, *asked)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1].split() == ["red.png", "pink.png", "0.9383", verdict]
    found = json.loads(run(url, *asked, "--json").stdout)
    assert (found["threshold"], found["same"]) == (float(threshold), is_same)


@pytest.mark.usefixtures("folder")
def test_one_picture_may_come_from_stdin_and_is_the_same_as_itself(url: str) -> None:
    data = Path("blue.png").read_bytes()
    result = run(url, "compare", "-", "blue.png", "--model", "tiny_embedder", "--json", stdin=data)
    assert json.loads(result.stdout)["similarity"] == pytest.approx(1, abs=1e-6)
    twice = run(url, "compare", "-", "-", "--model", "tiny_embedder", stdin=data)
    assert (twice.exit_code, twice.stdout) == (2, "")
    assert "expected - at most once, got it twice" in twice.stderr


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["red.png", "missing.png"], 3, "Error: missing.png: no such file"),
        (["notes.txt", "red.png"], 8, "Error: notes.txt: model 'tiny_embedder'"),
        (["red.png", "black.png"], 9, "Error: black.png: expected 'tiny_embedder' to answer with EMBEDDING of length"),
        (["red.png", "pink.png", "--model", "tiny_inverter"], 8, "expected a model for image-feature-extraction"),
        (["red.png", "pink.png", "--model", "nope"], 6, "Error: "),
    ],
)
def test_what_cannot_be_compared_is_one_line_that_names_the_picture(
    url: str, arguments: list[str], exit_code: int, said: str
) -> None:
    model = [] if "--model" in arguments else ["--model", "tiny_embedder"]
    result = run(url, "compare", *arguments, *model)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    (line,) = result.stderr.splitlines()
    assert said in line


@pytest.mark.usefixtures("folder")
def test_vectors_of_two_versions_or_of_two_sizes_are_not_compared() -> None:
    with canned_server() as server:
        server.described = lambda: described_embedder(version=1 if len(server.seen) < 2 else 2)
        server.answer = embedding(1, 0)
        changed = run(server.url, "compare", "red.png", "pink.png", "--model", "toy")
        server.described = lambda: described_embedder(version=1)
        server.script = [embedding(1, 0), embedding(1, 0, 0)]
        grown = run(server.url, "compare", "red.png", "pink.png", "--model", "toy")
    assert (changed.exit_code, changed.stdout) == (7, "")
    assert changed.stderr == "Error: expected version 1 of 'toy' to the end, got version 2; start again\n"
    assert (grown.exit_code, grown.stdout) == (9, "")
    assert "with 2 numbers for every picture, got 3" in grown.stderr


@pytest.mark.usefixtures("folder")
def test_the_middle_between_two_pictures_is_saved_under_both_names(url: str) -> None:
    result = run(url, "interpolate", "red.png", "blue.png", "--model", "tiny_interpolate")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "red-blue-0.500.png\n", "")
    assert pixels("red-blue-0.500.png").tolist() == [[[125, 10, 105]] * 8] * 8


@pytest.mark.usefixtures("folder")
def test_steps_go_from_the_one_picture_to_the_other(url: str) -> None:
    asked = ("interpolate", "black.png", "red.png", "--model", "tiny_interpolate", "--steps", "5", "-o", "out")
    result = run(url, *asked, "--json")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["fraction"] for each in found] == [0, 0.25, 0.5, 0.75, 1]
    assert [each["file"] for each in found] == [
        f"out/black-red-{share}.png" for share in ("0.000", "0.250", "0.500", "0.750", "1.000")
    ]
    assert [int(pixels(each["file"])[0, 0, 0]) for each in found] == [0, 62, 125, 188, 250]
    assert sorted(path.name for path in Path("out").iterdir()) == [Path(each["file"]).name for each in found]


@pytest.mark.usefixtures("folder")
def test_names_that_are_long_or_no_text_become_a_path_that_can_be_written_and_printed(url: str) -> None:
    names = ["é" * 125, "字" * 80, "\udcff"]
    for name in names:
        os.link("red.png", f"{name}.png")
    for one, other in ((names[0], names[1]), (names[2], "blue")):
        asked = ("interpolate", f"{one}.png", f"{other}.png", "--model", "tiny_interpolate", "-o", "out")
        result = run(url, *asked)
        assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "out/\\udcff-blue-0.500.png\n"
    made = sorted(path.name for path in Path("out").iterdir())
    assert made[0].startswith("é" * 40)
    assert "-字字" in made[0]
    assert made[1:] == ["\udcff-blue-0.500.png"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["--fraction", "0.5", "--steps", "3"], 2, "expected --fraction or --steps, got both"),
        (["--fraction", "1.5"], 2, "1.5 is not in the range 0<=x<=1"),
        (["--steps", "1"], 2, "1 is not in the range 2<=x<=1000"),
        (["--model", "tiny_inverter"], 8, "expected a model that takes two pictures and a fraction (OTHER, FRACTION)"),
        (["-o", "notes.txt"], 2, "notes.txt"),
    ],
)
def test_what_cannot_be_interpolated_is_said(url: str, arguments: list[str], exit_code: int, said: str) -> None:
    model = [] if "--model" in arguments else ["--model", "tiny_interpolate"]
    result = run(url, "interpolate", "red.png", "blue.png", *model, *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert said in result.stderr


@pytest.mark.usefixtures("folder")
def test_further_inputs_are_set_by_name(url: str) -> None:
    result = run(url, "enhance", "red.png", "--model", "resize", "--set", "width=4", "--set", "HEIGHT=9", "-o", "out")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "IMAGE    SIZE  SAVED\nred.png  4x9   out/red.png.enhanced.png\n"
    crop = run(url, "enhance", "red.png", "--model", "crop", "--set", "xyxy=1,2,4,8", "-o", "part", "--json")
    assert (json.loads(crop.stdout)["width"], json.loads(crop.stdout)["height"]) == (3, 6)


@pytest.mark.usefixtures("folder")
def test_a_run_is_resumed_with_the_same_inputs_only(url: str) -> None:
    asked = ("enhance", "red.png", "--model", "resize", "-o", "out", "--set")
    assert run(url, *asked, "width=4").exit_code == 0
    assert run(url, *asked, "width=4", "--resume").stderr == "1 of 1 pictures are done already.\n"
    other = run(url, *asked, "width=5", "--resume")
    assert other.exit_code == 2
    assert "sightline enhance --model resize --set width 4" in other.stderr


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("settings", "exit_code", "said"),
    [
        (["width"], 2, "expected --set NAME=VALUE, got 'width'; write it like width=320"),
        (["=3"], 2, "expected --set NAME=VALUE, got '=3'"),
        (["model=3"], 2, "expected --set NAME=VALUE, got 'model=3'"),
        (["width=3", "WIDTH=4"], 2, "expected each input once, got width again"),
        (["self=3"], 8, "an input of 'resize' beside the picture: width, height, got 'self'"),
        (["colour=3"], 8, "an input of 'resize' beside the picture: width, height, got 'colour'"),
        (["width=wide"], 8, "expected width of 'resize' as a whole number (INT32), got 'wide'"),
        (["width=0"], 8, "WIDTH: expected a number from 1 to 65535, got 0"),
    ],
)
def test_a_wrong_input_is_said(url: str, settings: list[str], exit_code: int, said: str) -> None:
    options = [word for each in settings for word in ("--set", each)]
    result = run(url, "enhance", "red.png", "--model", "resize", "-o", "out", *options)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert said in " ".join(result.stderr.split())


@pytest.mark.usefixtures("folder")
def test_a_class_is_asked_for_by_label_or_number_and_is_in_the_name(url: str) -> None:
    for word, channel in (("blue", 2), ("1", 1)):
        asked = ("generate", "--seed", "5", "--count", "2", "--class", word, "--model", "tiny_generator", "--json")
        result = run(url, *asked)
        assert (result.exit_code, result.stderr) == (0, "")
        found = [json.loads(line) for line in result.stdout.splitlines()]
        names = [f"tiny_generator-{word}-{seed}.png" for seed in (5, 6)]
        assert found == [
            {"seed": seed, "model": "tiny_generator", "class": word, "file": name}
            for seed, name in zip((5, 6), names, strict=True)
        ]
        assert all((pixels(name)[..., channel] == 255).all() for name in names)


@pytest.mark.usefixtures("folder")
def test_a_class_that_there_is_not_ends_the_command(url: str) -> None:
    result = run(url, "generate", "--seed", "5", "--class", "pink", "--model", "tiny_generator")
    assert (result.exit_code, result.stdout) == (8, "")
    assert "a number from 0 to 2 or one of red, green, blue, got 'pink'" in result.stderr
    assert list(Path().glob("*tiny*")) == []
    digits = run(url, "generate", "--seed", "5", "--class", "9" * 5000, "--model", "tiny_generator", "--resume")
    assert (digits.exit_code, digits.stdout) == (8, "")
    assert "a number from 0 to 2 or one of red, green, blue, got '999" in digits.stderr
    assert len(digits.stderr) < 300


def test_the_list_of_models_shows_which_inputs_may_be_left_out(url: str) -> None:
    rows = {line.split()[0]: line for line in run(url, "models").stdout.splitlines()}
    assert "IMAGE BYTES [-1, 1], WIDTH INT32 [-1, 1] optional, HEIGHT INT32 [-1, 1] optional" in rows["resize"]
    assert "SEED INT64 [-1, 1], CLASS_ID INT32 [-1, 1] optional" in rows["tiny_generator"]
