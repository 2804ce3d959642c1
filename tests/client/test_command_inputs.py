"""Which pictures the words of a command line name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from client.command_runs import AS_OWNER

from sightline.cli._inputs import find_inputs, shown

TREE = (
    "photos/b.JPG",
    "photos/a.png",
    "photos/notes.txt",
    "photos/.hidden.png",
    "photos/deep/c.webp",
    "photos/.trash/d.png",
    "photos/deep/er/e.gif",
    "other/a.jpg",
    "plain",
    "empty/notes.txt",
    "we[ir]d.png",
)


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


PHOTOS = ["photos/a.png", "photos/b.JPG", "photos/deep/c.webp", "photos/deep/er/e.gif"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["plain"], ["plain"]),
        (["missing.jpg"], ["missing.jpg"]),
        (["-"], ["-"]),
        (["http://host/*.png?a=1", "HTTPS://host/"], ["http://host/*.png?a=1", "HTTPS://host/"]),
        (["photos"], PHOTOS),
        (["photos/"], PHOTOS),
        (["photos", "other"], [*PHOTOS, "other/a.jpg"]),
        (
            ["photos/*"],
            ["photos/a.png", "photos/b.JPG", "photos/deep/c.webp", "photos/deep/er/e.gif", "photos/notes.txt"],
        ),
        (["photos/**/*.gif"], ["photos/deep/er/e.gif"]),
        (["**/a.*"], ["other/a.jpg", "photos/a.png"]),
        (["we[ir]d.png"], ["we[ir]d.png"]),
        (["photos/.hidden.png"], ["photos/.hidden.png"]),
        (["photos/.trash"], ["photos/.trash/d.png"]),
        (["photos/b.JPG", "photos", "./photos/a.png", "other/../photos"], ["photos/b.JPG", *PHOTOS[:1], *PHOTOS[2:]]),
        (["-", "plain", "-", "./plain"], ["-", "plain"]),
    ],
)
def test_words_become_pictures_in_order_and_each_once(words: list[str], expected: list[str]) -> None:
    found = find_inputs(words)
    assert list(found.pictures) == expected
    assert found.problems == ()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("empty", "empty: expected pictures in this folder, found no file that ends in .bmp, "),
        ("photos/*.tiff", "photos/*.tiff: expected files that match this pattern, found none; check its spelling"),
    ],
)
def test_a_word_that_names_no_picture_is_a_problem_and_the_others_are_found(word: str, message: str) -> None:
    found = find_inputs([word, "plain"])
    assert found.pictures == ("plain",)
    (problem,) = found.problems
    assert str(problem).startswith(message)


@pytest.mark.parametrize(
    ("words", "base"),
    [
        (["photos"], "photos"),
        (["photos/deep", "photos/a.png"], "photos"),
        (["photos/*/c.webp"], "photos"),
        (["photos", "other"], "."),
        (["photos/a.png"], "photos"),
        (["-", "http://host/a.png"], "."),
        (["photos", "-"], "photos"),
    ],
)
def test_the_base_is_the_folder_that_all_words_share(words: list[str], base: str, tree: Path) -> None:
    assert find_inputs(words).base == str(tree / base)


@pytest.mark.parametrize("words", [["."], ["**/*.png"], ["*"]])
def test_answers_inside_of_a_named_folder_are_no_pictures(words: list[str], tree: Path) -> None:
    (tree / "answers/photos").mkdir(parents=True)
    (tree / "answers/photos/a.png.boxes.png").touch()
    assert any("answers" in name for name in find_inputs(words).pictures)
    assert not any("answers" in name for name in find_inputs(words, leave_out=Path("answers")).pictures)


def test_links_to_folders_are_not_followed_so_that_no_loop_is(tree: Path) -> None:
    (tree / "photos/deep/loop").symlink_to(tree / "photos")
    (tree / "photos/link.png").symlink_to(tree / "other/a.jpg")
    assert list(find_inputs(["photos"]).pictures) == [*PHOTOS[:2], "photos/link.png", *PHOTOS[2:]]


@pytest.mark.parametrize("words", [["photos"], ["photos", "photos/deep"], ["photos/**"], ["photos/*", "photos"]])
def test_a_folder_that_cannot_be_listed_is_one_problem_and_what_lies_beside_it_is_found(
    words: list[str], tree: Path
) -> None:
    program = (
        "import json, sys; from sightline.cli._inputs import find_inputs; found = find_inputs(sys.argv[1:]); "
        "print(json.dumps([found.pictures, [str(each) for each in found.problems], found.base, found.unlisted]))"
    )
    (tree / "photos/deep").chmod(0)
    try:
        printed = subprocess.check_output([*AS_OWNER, sys.executable, "-c", program, *words], text=True)
    finally:
        (tree / "photos/deep").chmod(0o700)
    pictures, problems, base, unlisted = json.loads(printed)
    assert [name for name in pictures if name != "photos/notes.txt"] == PHOTOS[:2]
    assert problems == ["photos/deep: cannot list this folder: Permission denied; check its permissions"]
    assert (base, unlisted) == (str(tree / "photos"), [str(tree / "photos/deep")])


def test_a_name_that_the_system_cannot_look_up_is_a_picture_that_reading_explains(tree: Path) -> None:
    name = "x" * 300 + ".png"
    assert find_inputs([name]).pictures == (name,)


def test_an_address_is_shown_without_its_password() -> None:
    assert shown("http://user:secret@host:8/a.png?b=@c") == "http://host:8/a.png?b=@c"
    assert shown("user:secret@host") == "user:secret@host"
