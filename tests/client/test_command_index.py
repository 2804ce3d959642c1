"""`sightline index` again: which pictures stay in an index, which leave it, and what is said of them."""

import shutil
import subprocess
from pathlib import Path

import PIL.Image
import pytest
from click.testing import CliRunner, Result
from client.command_runs import AS_OWNER, COMMAND
from serving import Service

from sightline.cli import main
from sightline.matching import Index

PICTURES = ("photos/a.png", "photos/closed/b.png", "photos/closed/c.png", "more/d.png")
CANNOT_LIST = "Error: photos/closed: cannot list this folder: Permission denied; check its permissions"
STAY = "2 pictures cannot be looked at, and stay as they were."


@pytest.fixture
def folder(workplace: Path, tasks: Service) -> Path:
    """The current folder, with an index of all its pictures."""
    for place, name in enumerate(PICTURES):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.new("RGB", (16, 8), (200, 50 * place, 9)).save(name)
    assert index(tasks, "photos", "more").exit_code == 0
    return workplace


def arguments(tasks: Service, *words: str) -> list[str]:
    return ["index", *words, "--model", "tiny_embedder", "--url", tasks.http_url, "--timeout", "20"]


def index(tasks: Service, *words: str) -> Result:
    return CliRunner().invoke(main, arguments(tasks, *words))


def held() -> dict[str, tuple[int, int]]:
    """The stamp of each picture of the index by its name."""
    index = Index.load("index.npz")
    return {
        str(Path(name).relative_to(Path.cwd())): stamp for name, stamp in zip(index.names, index.stamps, strict=True)
    }


@pytest.mark.parametrize("mode", [0o000, 0o100], ids=["nor entered", "but entered"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["photos", "more"], [CANNOT_LIST, "2 of 2 pictures are done already.", STAY]),
        (["photos/closed", "more"], [CANNOT_LIST, "1 of 1 pictures are done already.", STAY]),
        (["photos/closed", "photos/closed/"], [CANNOT_LIST, STAY]),
    ],
)
@pytest.mark.usefixtures("folder")
def test_pictures_in_a_folder_that_cannot_be_listed_stay_as_they_were(
    tasks: Service, words: list[str], said: list[str], mode: int
) -> None:
    before = held()
    Path("photos/closed").chmod(mode)
    try:
        result = subprocess.run(
            [*AS_OWNER, *COMMAND, *arguments(tasks, *words)], capture_output=True, text=True, check=False
        )
    finally:
        Path("photos/closed").chmod(0o700)
    assert (result.returncode, [line for line in result.stderr.splitlines() if "not named now" not in line]) == (
        3,
        said,
    )
    after = held()
    assert after.items() <= before.items()
    assert {"photos/closed/b.png", "photos/closed/c.png"} <= set(after)


@pytest.mark.usefixtures("folder")
def test_a_named_picture_in_a_closed_folder_is_a_failure_and_stays_as_it_was(tasks: Service) -> None:
    before = held()
    Path("photos/closed").chmod(0)
    try:
        command = [*AS_OWNER, *COMMAND, *arguments(tasks, "photos/closed/b.png", "photos/**/*.png", "more")]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        Path("photos/closed").chmod(0o700)
    assert result.returncode == 3
    assert result.stderr.splitlines()[1].startswith("Error: photos/closed/b.png: cannot read")
    assert result.stderr.splitlines()[2:] == [STAY]
    assert held() == before


@pytest.mark.usefixtures("folder")
def test_what_has_gone_leaves_and_what_is_not_named_now_is_said_apart(tasks: Service) -> None:
    Path("photos/a.png").unlink()
    shutil.rmtree("photos/closed")
    PIL.Image.new("RGB", (8, 8), "red").save("new.png")
    result = index(tasks, "new.png")
    assert (result.exit_code, list(held())) == (0, ["new.png"])
    assert result.stderr.splitlines() == [
        "3 pictures are no longer there, and leave the index.",
        "1 picture is not named now, and is left out.",
    ]
    assert index(tasks, "new.png").stderr == "1 of 1 pictures are done already.\n"


@pytest.mark.usefixtures("folder")
def test_where_nothing_is_written_nothing_is_said_to_leave(tasks: Service) -> None:
    before = held()
    Path("empty").mkdir()
    Path("more/d.png").unlink()
    for word in ("empty", "typo.png"):
        result = index(tasks, word)
        assert (result.exit_code, result.stdout, held()) == (3, "", before)
        error, last = result.stderr.splitlines()
        assert error.startswith(f"Error: {word}: ")
        assert last == "index.npz stays as it was, since there is nothing to put into it."


@pytest.mark.usefixtures("folder")
def test_a_file_that_cannot_be_written_is_said_before_any_picture_is_asked_about() -> None:
    nobody = ["--url", "http://127.0.0.1:1", "--retries", "0"]
    result = CliRunner().invoke(main, ["index", "photos", "-o", "none/index.npz", *nobody])
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("Error: cannot write 'none/index.npz': No such file or directory")
