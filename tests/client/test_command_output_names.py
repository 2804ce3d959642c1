"""Where the answer to a picture lies."""

import itertools
import os
import re
from pathlib import Path

import pytest

from sightline.cli._one_picture import last_part, stem_of
from sightline.cli._output_names import JOURNAL, PARTS, SETTINGS, output_stem


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/photos/x.png", "x.png"),
        ("/photos/a/b/x.png", "a/b/x.png"),
        ("/photos/a/../x.png", "x.png"),
        ("/other/x.png", "_elsewhere/other/x.png"),
        ("/photos-2/x.png", "_elsewhere/photos-2/x.png"),
        ("-", "_stdin"),
        ("/photos/_web/x.png", "__web/x.png"),
        ("/photos/answers.jsonl/x.png", "_answers.jsonl/x.png"),
    ],
)
def test_names_keep_the_structure_below_the_base(name: str, expected: str) -> None:
    assert output_stem(name, base="/photos") == expected


@pytest.mark.parametrize(
    ("address", "pattern"),
    [
        ("http://host/dir/x.png?size=2", r"_web/x\.png-[0-9a-f]{16}"),
        ("http://host/dir/a%20b/", r"_web/a-20b-[0-9a-f]{16}"),
        ("https://host", r"_web/[0-9a-f]{16}"),
    ],
)
def test_addresses_get_a_name_of_their_own(address: str, pattern: str) -> None:
    assert re.fullmatch(pattern, output_stem(address, base="/photos"))


def test_a_password_does_not_change_the_name_of_an_address() -> None:
    assert output_stem("http://a:b@host/x", base="/") == output_stem("http://host/x", base="/")


def test_no_two_pictures_share_a_name() -> None:
    first = ["_web", "__web", "_stdin", "_elsewhere", "elsewhere", "_answers.jsonl", JOURNAL, SETTINGS, PARTS, "a"]
    files = ["x.png", "x.jpg", "x", "x.png.png", "é" * 120 + ".png", "é" * 120 + ".jpg", "é" * 121 + ".png"]
    paths = [f"/photos/{one}/{two}" for one, two in itertools.product(first, files)]
    paths += [f"/{one}/{two}" for one, two in itertools.product(first, files)]
    paths += [f"/photos/{two}" for two in files] + ["/photos/_stdin", "/photos/_web", "-"]
    paths += [
        "http://host/x.png",
        "http://host/x.png?1",
        "http://host/x.jpg",
        "https://host/x.png",
        "http://host/x/png",
    ]
    assert len({output_stem(path, base="/photos") for path in paths}) == len(set(paths))


def test_every_name_stays_inside_and_is_short_enough_for_a_file_system(tmp_path: Path) -> None:
    for name in ("/../../etc/x.png", f"/photos/{'é' * 127}", "http://host/../../x", f"http://host/{'x' * 500}", "-"):
        stem = output_stem(name, base="/photos")
        path = (tmp_path / f"{stem}.enhanced.png").resolve()
        assert path.is_relative_to(tmp_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_relative_paths_are_those_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    assert output_stem("x.png", base=str(tmp_path)) == "in/x.png"
    assert output_stem("../x.png", base=str(tmp_path)) == "x.png"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("photos/cat.jpeg", "cat"),
        ("photos/", "photos"),
        ("-", "stdin"),
        ("https://user:secret@host/a/cat.jpeg", "cat"),
        ("https://host/cat.jpeg?token=SECRET", "cat"),
        ("https://host/cat.jpeg?key=a/SECRET.sig", "cat"),
        ("https://host/cat.jpeg#SECRET", "cat"),
        ("https://host/a%20cat/", "a-20cat"),
        ("https://host?token=SECRET", "picture"),
    ],
)
def test_files_made_of_a_picture_are_called_after_it_and_never_after_a_query(name: str, expected: str) -> None:
    assert stem_of(name) == expected
    assert "SECRET" not in last_part(name)


def test_two_stems_fit_into_one_name_and_stay_apart() -> None:
    stems = [stem_of(f"{'字' * length}.png") for length in (30, 60, 61)]
    assert stems[0] == "字" * 30
    assert len(set(stems)) == 3
    assert all(len(os.fsencode(stem)) <= 100 for stem in stems)
