"""`sightline index` and `sightline search`: what is found, what an index remembers, and what a stop leaves behind."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from click.testing import CliRunner, Result
from client.command_runs import wait_for
from serving import Service

from sightline.cli import main
from sightline.matching import Index

COLOURS = {
    "photos/red.png": (250, 10, 10),
    "photos/pink.bmp": (250, 60, 90),
    "photos/2024/blue.png": (0, 9, 200),
    "photos/2024/green.webp": (5, 240, 3),
}
MANY = 200
SAVING_OFTEN = "from sightline.cli import _growing_index, main; _growing_index.SAVE_EVERY_S = 0; main()"


@pytest.fixture
def folder(workplace: Path) -> Path:
    for name, colour in COLOURS.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.new("RGB", (24, 16), colour).save(name, lossless=True)
    return workplace


def run(tasks: Service, *arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [*arguments, "--url", tasks.http_url, "--timeout", "20"], input=stdin)


def index(tasks: Service, *arguments: str) -> Result:
    return run(tasks, "index", *arguments, "--model", "tiny_embedder")


def query(colour: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    PIL.Image.new("RGB", (9, 9), colour).save(file, "PNG")
    return file.getvalue()


def test_a_folder_is_indexed_and_pictures_that_are_alike_are_found_best_first(tasks: Service, folder: Path) -> None:
    made = index(tasks, "photos")
    assert (made.exit_code, made.stderr) == (0, "")
    assert made.stdout == "index.npz: 4 pictures, tiny_embedder version 1, 3 dimensions\n"
    found = run(tasks, "search", "-", "--top", "2", stdin=query((200, 0, 0)))
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout == "RANK  SCORE   IMAGE\n1     0.9984  photos/red.png\n2     0.9178  photos/pink.bmp\n"


def test_json_has_everything_and_names_are_absolute(tasks: Service, folder: Path) -> None:
    made = index(tasks, "photos", "-o", "shop.npz", "--json")
    assert json.loads(made.stdout) == {
        "index": "shop.npz",
        "model": "tiny_embedder",
        "version": 1,
        "pictures": 4,
        "dimensions": 3,
    }
    (folder / "elsewhere").mkdir()
    os.chdir(folder / "elsewhere")
    found = json.loads(run(tasks, "search", "../photos/red.png", "--index", "../shop.npz", "--json").stdout)
    assert {key: value for key, value in found.items() if key != "matches"} == {
        "image": "../photos/red.png",
        "index": "../shop.npz",
        "model": "tiny_embedder",
        "version": 1,
    }
    assert len(found["matches"]) == 4
    assert found["matches"][0] == {"image": str(folder / "photos/red.png"), "score": pytest.approx(1, abs=1e-6)}


def test_a_sheet_shows_what_was_found_and_a_grey_tile_for_what_has_gone(tasks: Service, folder: Path) -> None:
    index(tasks, "photos")
    (folder / "photos/pink.bmp").unlink()
    result = run(tasks, "search", "photos/red.png", "-o", "found.png", "--top", "2")
    assert (result.exit_code, result.stderr) == (0, "found.png\n")
    sheet = np.asarray(PIL.Image.open("found.png"))
    colours = [sheet[88, 8 + 80 + 168 * place].tolist() for place in range(3)]
    assert colours[:2] == [[250, 10, 10]] * 2
    assert len(set(colours[2])) == 1  # grey


def test_only_new_and_changed_pictures_are_asked_again_and_those_gone_leave(tasks: Service, folder: Path) -> None:
    index(tasks, "photos")
    again = index(tasks, "photos")
    assert again.stderr == "4 of 4 pictures are done already.\n"
    PIL.Image.new("RGB", (9, 9), (9, 9, 9)).save("photos/grey.png")
    PIL.Image.new("RGB", (99, 99), (255, 0, 255)).save("photos/red.png")
    (folder / "photos/2024/blue.png").unlink()
    third = index(tasks, "photos")
    assert third.exit_code == 0
    assert third.stderr == ("2 of 4 pictures are done already.\n1 picture is no longer there, and leaves the index.\n")
    names = [Path(name).name for name in Index.load("index.npz").names]
    assert sorted(names) == ["green.webp", "grey.png", "pink.bmp", "red.png"]
    found = json.loads(run(tasks, "search", "-", "--top", "1", "--json", stdin=query((255, 0, 255))).stdout)
    assert found["matches"][0]["image"].endswith("red.png")


def test_pictures_that_cannot_be_read_are_reported_and_the_others_are_indexed(tasks: Service, folder: Path) -> None:
    (folder / "photos/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "photos/empty.jpg").write_bytes(b"")
    result = index(tasks, "photos", "missing.png", "none/*.png")
    assert result.exit_code == 3
    assert result.stdout == "index.npz: 4 pictures, tiny_embedder version 1, 3 dimensions\n"
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        "none/*.png",
        "photos/broken.png",
        "photos/empty.jpg",
        "missing.png",
    ]


def test_without_a_single_picture_no_index_is_written(tasks: Service, folder: Path) -> None:
    result = index(tasks, "missing.png")
    assert (result.exit_code, result.stdout) == (3, "")
    assert not (folder / "index.npz").exists()


def test_an_index_of_another_model_or_version_is_neither_searched_nor_changed(tasks: Service, folder: Path) -> None:
    index(tasks, "photos")
    made = Index.load("index.npz")
    for model, version in (("tiny_embedder", 2), ("other", 1)):
        Index(model, version, made.names, made.vectors, made.stamps).save("index.npz")
        before = Path("index.npz").read_bytes()
        again = index(tasks, "photos")
        assert (again.exit_code, again.stdout) == (8, "")
        assert f"got one of '{model}' version {version}; delete it, or choose another file with -o" in again.stderr
        assert Path("index.npz").read_bytes() == before
    Index("tiny_embedder", 2, made.names, made.vectors).save("index.npz")
    found = run(tasks, "search", "photos/red.png")
    assert (found.exit_code, found.stdout) == (8, "")
    assert "expected an index of 'tiny_embedder' version 1, got one of 'tiny_embedder' version 2" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("search", "photos/red.png"), 3, "no such index: 'index.npz'; make it with `sightline index FOLDER"),
        (("search", "photos/red.png", "--index", "photos/red.png"), 3, "to be an index that `sightline index` wrote"),
        (("index", "photos", "--model", "tiny_embedder", "-o", "photos/red.png"), 3, "to be an index that"),
        (("index", "photos", "--model", "tiny_inverter"), 8, "expected a model for image-feature-extraction"),
        (("index", "photos", "--model", "nope"), 6, "nope"),
        (("index", "-", "--model", "tiny_embedder"), 2, "expected files, folders or addresses, got -"),
        (("index", "photos", "--model", "tiny_embedder", "-o", "none/index.npz"), 3, "cannot write 'none/index.npz'"),
    ],
)
def test_what_cannot_work_is_said(
    tasks: Service, folder: Path, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    before = (folder / "photos/red.png").read_bytes()
    result = run(tasks, *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert said in " ".join(result.stderr.split())
    assert (folder / "photos/red.png").read_bytes() == before


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("found.jpg", "expected a file that ends in .png, got found.jpg"),
        ("index.npz", "expected a file that ends in .png, got index.npz"),
        ("photos/2024/../red.png", "than a picture of the index, got photos/2024/../red.png; change -o"),
        ("new.png", "than the picture, got new.png; change -o"),
        ("shop.png", "than the index, got shop.png; change -o"),
    ],
)
def test_a_drawing_takes_the_place_of_nothing_but_a_drawing(
    tasks: Service, folder: Path, sheet: str, said: str
) -> None:
    assert index(tasks, "photos", "-o", "shop.png").exit_code == 0
    for name in ("new.png", "found.jpg", "index.npz"):
        Path(name).write_bytes(query((1, 2, 3)))
    before = Path(sheet).read_bytes()
    result = run(tasks, "search", "new.png", "--index", "shop.png", "-o", sheet)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert Path(sheet).read_bytes() == before
    for _ in range(2):
        assert run(tasks, "search", "new.png", "--index", "shop.png", "-o", "red.png").exit_code == 0


def test_a_bad_picture_to_search_for_is_named(tasks: Service, folder: Path) -> None:
    index(tasks, "photos")
    result = run(tasks, "search", "missing.png")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("Error: missing.png: no such file")


@pytest.mark.parametrize(("end", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_run_that_is_stopped_goes_on_where_its_last_save_was(
    tasks: Service, workplace: Path, end: signal.Signals, code: int
) -> None:
    Path("photos").mkdir()
    noise = np.random.default_rng(0)
    for number in range(MANY):
        PIL.Image.fromarray(noise.integers(1, 255, (8, 8, 3), np.uint8)).save(f"photos/{number:03}.png")
    asked = ["index", "photos", "--model", "tiny_embedder", "--url", tasks.http_url, "--concurrency", "1"]
    process = subprocess.Popen([sys.executable, "-c", SAVING_OFTEN, *asked], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: Path("index.npz").exists() and len(Index.load("index.npz")) > 3, process)
    process.send_signal(end)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code
    saved = len(Index.load("index.npz"))
    assert 3 < saved < MANY
    if end == signal.SIGINT:
        assert said == f"Interrupted. {saved} of {MANY} pictures are in index.npz; run the same again to go on.\n"
    result = CliRunner().invoke(main, asked)
    assert (result.exit_code, result.stderr) == (0, f"{saved} of {MANY} pictures are done already.\n")
    assert Index.load("index.npz").names == tuple(str(workplace / f"photos/{number:03}.png") for number in range(MANY))
    assert [path.name for path in workplace.iterdir() if path.name.endswith(".part") and end == signal.SIGINT] == []
