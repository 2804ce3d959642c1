"""The command against real models: exact output and exit codes."""

import io
import json
from pathlib import Path

import PIL.Image
import pytest
from click.testing import CliRunner, Result
from serving import Service

from sightline.cli import main


@pytest.fixture(params=["http", "grpc"])
def toy_url(request: pytest.FixtureRequest, toys: Service) -> str:
    return toys.http_url if request.param == "http" else toys.grpc_url


@pytest.fixture
def folder(workplace: Path) -> Path:
    for name, data in {"a.jpg": b"xxx", "bad.jpg": b"INVALID_ARG", "raise.jpg": b"raise", "b.jpg": b"xxxxxx"}.items():
        (workplace / name).write_bytes(data)
    return workplace


def run(toy_url: str, *arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [*arguments, "--url", toy_url, "--timeout", "20"], input=stdin)


@pytest.mark.usefixtures("folder")
def test_pictures_are_classified_as_aligned_text(toy_url: str) -> None:
    result = run(toy_url, "classify", "a.jpg", "b.jpg", "--model", "toy")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "IMAGE  LABEL  SCORE   THEN\n"
        "a.jpg  zero   0.4000  two 0.4000, one 0.2000\n"
        "b.jpg  zero   0.5385  two 0.3077, one 0.1538\n"
    )


@pytest.mark.usefixtures("folder")
def test_json_is_one_object_per_line_and_stdin_is_a_picture(toy_url: str) -> None:
    result = run(toy_url, "classify", "-", "a.jpg", "--model", "toy", "--top-k", "1", "--json", stdin=b"xxxxxx")
    assert (result.exit_code, result.stderr) == (0, "")
    first, second = map(json.loads, result.stdout.splitlines())
    assert first == {
        "image": "-",
        "model": "toy",
        "labels": ["zero"],
        "scores": [pytest.approx(7 / 13)],
        "class_ids": [0],
    }
    assert second["image"] == "a.jpg"


@pytest.mark.usefixtures("folder")
def test_a_picture_that_fails_does_not_keep_the_others_from_being_answered(toy_url: str) -> None:
    # one at a time: a model that raises takes the others of its batch with it
    names = ("bad.jpg", "a.jpg", "missing.jpg", "raise.jpg", "b.jpg")
    result = run(toy_url, "classify", *names, "--model", "toy", "--concurrency", "1")
    assert result.exit_code == 8  # the first failure: refused
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["IMAGE", "a.jpg", "b.jpg"]
    assert [line.split(":")[1].strip() for line in result.stderr.splitlines()] == [
        "bad.jpg",
        "missing.jpg",
        "raise.jpg",
    ]
    assert "expected a picture, got an order; send a picture" in result.stderr


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["a.jpg", "--model", "nope"], 6),
        (["a.jpg", "--model", "toy_pictures"], 8),
        (["raise.jpg", "--model", "toy"], 9),
        (["missing.jpg", "--model", "toy"], 3),
    ],
)
def test_each_kind_of_failure_is_one_line_and_its_own_exit_code(
    toy_url: str, arguments: list[str], exit_code: int
) -> None:
    result = run(toy_url, "classify", *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("Error: ")


def test_generated_pictures_are_whole_files_named_after_their_seed(toy_url: str, folder: Path) -> None:
    result = run(toy_url, "generate", "--seed", "5", "--count", "3", "-o", "made/here", "--model", "toy_pictures")
    paths = [f"made/here/toy_pictures-{seed}.png" for seed in (5, 6, 7)]
    assert (result.exit_code, result.stdout.splitlines(), result.stderr) == (0, paths, "")
    assert sorted(path.name for path in (folder / "made/here").iterdir()) == [Path(path).name for path in paths]
    assert PIL.Image.open(io.BytesIO(Path(paths[2]).read_bytes())).getpixel((0, 0)) == (7, 1, 2)


def test_a_folder_that_cannot_be_written_is_exit_code_3(toy_url: str, folder: Path) -> None:
    result = run(toy_url, "generate", "--seed", "5", "-o", "a.jpg/below", "--model", "toy_pictures")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("Error: cannot write a.jpg/below/toy_pictures-5.png: Not a directory")
    assert (folder / "a.jpg").read_bytes() == b"xxx"


def test_models_with_a_task_are_listed_and_steps_only_on_request(toy_url: str) -> None:
    result = run(toy_url, "models")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "MODEL         TASK                            VERSION  LABELS  INPUTS               OUTPUTS\n"
        "toy           image-classification            1        3       IMAGE BYTES [-1, 1]  SCORES FP32 [-1, 3]\n"
        "toy_pictures  unconditional-image-generation  1        -       SEED INT64 [-1, 1]   RESULT BYTES [-1, 1]\n"
    )
    everything = [json.loads(line) for line in run(toy_url, "models", "--all", "--json").stdout.splitlines()]
    assert [model["name"] for model in everything] == ["toy", "toy_network", "toy_pictures", "toy_unlabelled"]
    (scores,) = everything[0]["outputs"]
    assert (scores["name"], scores["datatype"], scores["shape"]) == ("SCORES", "FP32", [-1, 3])
