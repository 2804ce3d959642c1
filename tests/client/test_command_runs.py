"""Runs over folders: answers on the disk, and `--resume`."""

import functools
import http.server
import json
import threading
from pathlib import Path
from typing import ClassVar

import PIL.Image
import pytest
from click.testing import CliRunner
from client.command_runs import (
    COUNT,
    check_complete,
    entries,
    run,
)
from serving import Service

from sightline.cli import main


def test_answers_mirror_the_folders_and_json_is_the_journal_without_the_source(toys: Service, folder: Path) -> None:
    result = run(toys, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found = entries(folder / "out/answers.jsonl")
    assert [each["image"] for each in found] == [
        str(Path("photos", parent.name, path.name))
        for parent in sorted((folder / "photos").iterdir())
        for path in sorted(parent.iterdir())
    ]
    assert found[0]["files"] == ["a/000.bmp.labels.png"]
    picture = folder / "photos/a/000.bmp"
    size, modified_ns = picture.stat().st_size, picture.stat().st_mtime_ns
    assert found[0]["source"] == {"path": str(picture), "size": size, "modified_ns": modified_ns}
    assert [{name: value for name, value in each.items() if name != "source"} for each in found] == [
        json.loads(line) for line in result.stdout.splitlines()
    ]
    check_complete(folder)


def test_answers_are_not_pictures_of_the_next_run(toys: Service, folder: Path) -> None:
    inside = ["classify", "photos", "--model", "toy", "-o", "photos/out", "--url", toys.http_url]
    assert CliRunner().invoke(main, inside).exit_code == 0
    result = CliRunner().invoke(main, [*inside, "--resume"])
    assert (result.exit_code, result.stderr) == (0, f"{COUNT} of {COUNT} pictures are done already.\n")


def test_without_resume_answers_are_not_mixed_and_nothing_is_touched(toys: Service, folder: Path) -> None:
    assert run(toys).exit_code == 0
    before = (folder / "out/answers.jsonl").read_bytes()
    for more, message in (
        (
            [],
            "Error: out holds the answers of an earlier run (sightline classify --model toy --top-k 5); go on with it ",
        ),
        (["--resume", "--top-k", "2"], "Error: expected the question that out was made with (sightline classify "),
        (["--resume", "--model", "toy_unlabelled"], "Error: expected the question that out was made with (sightline "),
    ):
        result = run(toys, *more)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.splitlines()[-1].startswith(message)
    assert (folder / "out/answers.jsonl").read_bytes() == before


def test_a_failed_picture_is_not_done_and_is_tried_again(toys: Service, folder: Path) -> None:
    (folder / "photos/bad.jpg").write_bytes(b"INVALID_ARG")
    result = run(toys)
    assert result.exit_code == 8
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: photos/bad.jpg: ")
    check_after = entries(folder / "out/answers.jsonl")
    assert len(check_after) == COUNT
    PIL.Image.new("RGB", (8, 8)).save(folder / "photos/bad.jpg")
    result = run(toys, "--resume")
    assert (result.exit_code, result.stderr) == (0, f"{COUNT} of {COUNT + 1} pictures are done already.\n")
    assert [line.split() for line in result.stdout.splitlines()][1][0] == "photos/bad.jpg"


def test_a_resumed_run_may_start_in_another_folder_and_take_more_pictures(
    toys: Service, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--model", "toy", "--url", toys.http_url, "--json"]
    assert CliRunner().invoke(main, ["classify", "photos/a", "-o", "out", *options]).exit_code == 0
    first = entries(folder / "out/answers.jsonl")
    monkeypatch.chdir(folder / "photos")
    result = CliRunner().invoke(main, ["classify", "a", "b", "-o", "../out", "--resume", *options])
    assert (result.exit_code, result.stderr) == (0, f"{COUNT // 2} of {COUNT} pictures are done already.\n")
    found = entries(folder / "out/answers.jsonl")
    assert found[: len(first)] == first
    assert len({name for each in found for name in each["files"]}) == COUNT


def test_a_folder_that_cannot_be_written_ends_the_run_with_3(toys: Service, folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out/a").write_text("in the way")
    result = run(toys)
    assert result.exit_code == 3
    first = result.stderr.splitlines()[0]
    assert first.startswith("Error: cannot write out/a")
    assert first.endswith("; choose another folder with -o")


def test_a_server_that_goes_away_ends_the_run_and_the_rest_is_done_later(toys: Service, folder: Path) -> None:
    options = ["--model", "toy", "-o", "out", "--retries", "0", "--json"]
    assert CliRunner().invoke(main, ["classify", "photos/a", *options, "--url", toys.http_url]).exit_code == 0
    result = CliRunner().invoke(main, ["classify", "photos", *options, "--resume", "--url", "http://127.0.0.1:1"])
    assert (result.exit_code, result.stdout) == (4, "")
    done, gone = result.stderr.splitlines()
    assert done == f"{COUNT // 2} of {COUNT} pictures are done already."
    assert gone.startswith("Error: no inference server answers at http://127.0.0.1:1: ")
    result = CliRunner().invoke(main, ["classify", "photos", *options, "--resume", "--url", toys.http_url])
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, COUNT // 2)
    assert len(entries(folder / "out/answers.jsonl")) == COUNT


def test_pictures_from_the_web_are_answered_saved_and_resumed_like_files(toys: Service, folder: Path) -> None:
    class Files(http.server.SimpleHTTPRequestHandler):
        asked: ClassVar[list[str]] = []

        def log_message(self, format: str, *args: object) -> None:
            self.asked.append(self.path)

    handler = functools.partial(Files, directory=str(folder / "photos"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        threading.Thread(target=web.serve_forever).start()
        address = f"127.0.0.1:{web.server_address[1]}/a/000.png?size=1"
        words = [f"http://user:S3CRET@{address}", f"http://{address}"]
        options = ["--model", "toy", "-o", "out", "--url", toys.http_url]
        result = CliRunner().invoke(main, ["classify", *words, *options, "--json"])
        assert (result.exit_code, result.stderr) == (0, "")
        again = CliRunner().invoke(main, ["classify", words[1], *options, "--resume"])
        web.shutdown()
    assert again.stderr == "1 of 1 pictures are done already.\n"
    assert Files.asked == ["/a/000.png?size=1"]
    (line,) = result.stdout.splitlines()
    found = json.loads(line)
    assert found["image"] == f"http://{address}"
    assert (folder / "out" / found["files"][0]).parent == folder / "out/_web"
    assert not any(b"S3CRET" in path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file())


def test_generated_pictures_that_are_there_are_left_out(toys: Service, folder: Path) -> None:
    asked = ["generate", "--seed", "1", "--model", "toy_pictures", "-o", "made", "--url", toys.grpc_url]
    assert CliRunner().invoke(main, [*asked, "--count", "3"]).exit_code == 0
    kept = (folder / "made/toy_pictures-2.png").stat().st_ino
    result = CliRunner().invoke(main, [*asked, "--count", "5", "--resume", "--json"])
    assert (result.exit_code, result.stderr) == (0, "3 of 5 pictures are done already.\n")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"seed": seed, "model": "toy_pictures", "file": f"made/toy_pictures-{seed}.png"} for seed in (4, 5)
    ]
    assert (folder / "made/toy_pictures-2.png").stat().st_ino == kept
