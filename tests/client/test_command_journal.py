"""The journal of a run: what it says, what was torn off, and what is not true any more."""

import json
import os
from pathlib import Path

import pytest

from sightline.cli._answers import AnswerFolder, open_folder
from sightline.cli._errors import FileFailed
from sightline.cli._journal import Source, read_entries
from sightline.cli._settings import Settings


def line(source: Source, *files: str, **fields: object) -> str:
    return json.dumps({**fields, "files": files, "source": source.as_json()})


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    for name in "abc":
        (tmp_path / f"{name}.png").write_text(name)
    return [str(tmp_path / f"{name}.png") for name in "abc"]


@pytest.fixture
def folder(tmp_path: Path) -> AnswerFolder:
    (tmp_path / "out").mkdir()
    return AnswerFolder(tmp_path / "out", str(tmp_path))


@pytest.fixture
def written(folder: AnswerFolder, pictures: list[str]) -> Path:
    """A journal of all three pictures, with a file for each."""
    assert folder.left_to_do(pictures) == pictures
    for name in "abc":
        folder.write(f"{name}.txt", name.encode())
    folder.record([line(Source.of(each), f"{Path(each).stem}.txt") for each in pictures], ["a.txt"])
    folder.close()
    return folder.directory / "answers.jsonl"


def test_what_is_in_the_journal_is_not_left_to_do(folder: AnswerFolder, pictures: list[str], written: Path) -> None:
    before = written.read_bytes()
    assert folder.left_to_do([*pictures, "http://host/x.png"]) == ["http://host/x.png"]
    assert written.read_bytes() == before


def test_an_address_is_done_when_the_journal_holds_it(folder: AnswerFolder) -> None:
    folder.left_to_do([])
    folder.record([line(Source.of("http://user:secret@host/x.png"))], [])
    assert folder.left_to_do(["http://user:secret@host/x.png", "http://host/y.png"]) == ["http://host/y.png"]
    assert b"secret" not in (folder.directory / "answers.jsonl").read_bytes()


@pytest.mark.parametrize("lost", [1, 2, 30])
def test_a_torn_last_line_is_dropped_and_its_picture_is_asked_again(
    folder: AnswerFolder, pictures: list[str], written: Path, lost: int
) -> None:
    whole = written.read_bytes()
    os.truncate(written, len(whole) - lost)
    assert folder.left_to_do(pictures) == pictures[2:]
    assert written.read_bytes() == b"".join(whole.splitlines(keepends=True)[:2])
    folder.record([line(Source.of(pictures[2]), "c.txt")], [])
    assert written.read_bytes() == whole


def test_a_broken_line_before_the_last_is_an_error_that_names_it(
    folder: AnswerFolder, pictures: list[str], written: Path
) -> None:
    first, _, third = written.read_text().splitlines()
    written.write_text(f"{first}\nnothing\n{third}\n")
    with pytest.raises(FileFailed, match=r"answers\.jsonl, line 2: expected an answer .*; correct or delete this line"):
        folder.left_to_do(pictures)


@pytest.mark.parametrize("change", ["content", "time", "file"])
def test_a_picture_that_changed_or_lost_its_answer_is_asked_again_and_its_line_goes(
    folder: AnswerFolder, pictures: list[str], written: Path, change: str
) -> None:
    before = written.read_text().splitlines()
    if change == "content":
        Path(pictures[1]).write_text("longer")
    elif change == "time":
        os.utime(pictures[1], ns=(1, 1))
    else:
        (folder.directory / "b.txt").unlink()
    assert folder.left_to_do(pictures) == [pictures[1]]
    assert written.read_text().splitlines() == [before[0], before[2]]


def test_answers_about_other_pictures_and_about_deleted_ones_stay(
    folder: AnswerFolder, pictures: list[str], written: Path
) -> None:
    before = written.read_bytes()
    Path(pictures[0]).unlink()
    assert folder.left_to_do([pictures[0], pictures[2]]) == [pictures[0]]
    assert written.read_bytes() == before


def test_what_a_killed_run_was_writing_is_cleaned_up(folder: AnswerFolder, written: Path) -> None:
    (folder.directory / ".parts").mkdir()
    (folder.directory / ".parts/7").write_bytes(b"half a pict")
    folder.left_to_do([])
    assert list((folder.directory / ".parts").iterdir()) == []
    folder.close()
    assert not (folder.directory / ".parts").exists()


def test_a_disk_that_is_full_leaves_a_journal_without_the_failed_lines(folder: AnswerFolder, written: Path) -> None:
    import resource
    import signal

    before = written.read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    earlier = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 50, limit[1]))
    try:
        with pytest.raises(FileFailed, match=r"cannot write .*answers\.jsonl: File too large; choose another folder"):
            folder.record(["x" * 100], [])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, earlier)
    assert written.read_bytes() == before
    assert len(list(read_entries(written))) == 3


def test_two_runs_cannot_write_to_one_folder(tmp_path: Path) -> None:
    settings = Settings("detect", "detector", {}, str(tmp_path))
    with (
        open_folder(tmp_path / "out", settings, resume=False),
        pytest.raises(Exception, match=r"another run is writing to .*; wait for its end, or choose another folder"),
        open_folder(tmp_path / "out", settings, resume=True),
    ):
        pass
    with open_folder(tmp_path / "out", settings, resume=True):
        pass


ASKED = Settings("detect", "detector", {"--threshold": 0.5}, "/photos")


def run_once(directory: Path, settings: Settings, *, resume: bool = False) -> str:
    with open_folder(directory, settings, resume=resume) as folder:
        folder.left_to_do([])
        folder.record([line(Source("http://host/x.png"))], [])
        return folder.base


def test_a_folder_with_answers_needs_resume_and_keeps_the_base_of_its_first_run(tmp_path: Path) -> None:
    assert run_once(tmp_path, ASKED) == "/photos"
    with pytest.raises(
        Exception, match=r"earlier run \(sightline detect --model detector --threshold 0.5\); .* --resume"
    ):
        run_once(tmp_path, ASKED)
    later = Settings(ASKED.command, ASKED.model, ASKED.options, "/photos/deep")
    assert run_once(tmp_path, later, resume=True) == "/photos"


@pytest.mark.parametrize(
    "other",
    [
        Settings("segment", "detector", {"--threshold": 0.5}, "/photos"),
        Settings("detect", "other", {"--threshold": 0.5}, "/photos"),
        Settings("detect", "detector", {"--threshold": 0.4}, "/photos"),
        Settings("detect", "detector", {}, "/photos"),
    ],
)
def test_resume_refuses_the_answers_to_another_question(tmp_path: Path, other: Settings) -> None:
    run_once(tmp_path, ASKED)
    before = (tmp_path / "answers.jsonl").read_bytes()
    with pytest.raises(Exception, match=r"expected the question that .* was made with") as caught:
        run_once(tmp_path, other, resume=True)
    assert str(ASKED) in str(caught.value)
    assert str(other) in str(caught.value)
    assert (tmp_path / "answers.jsonl").read_bytes() == before


@pytest.mark.parametrize("content", [None, "", "[]", '{"format": 2}', '{"format": 1, "command": "detect"}'])
def test_answers_without_their_settings_are_left_alone(tmp_path: Path, content: str | None) -> None:
    run_once(tmp_path, ASKED)
    (tmp_path / "run.json").unlink()
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(FileFailed, match=r"expected .*run\.json .*; .*choose another folder with -o"):
        run_once(tmp_path, ASKED, resume=True)


def test_resume_in_a_folder_that_holds_nothing_starts_a_run(tmp_path: Path) -> None:
    assert run_once(tmp_path / "new", ASKED, resume=True) == "/photos"
