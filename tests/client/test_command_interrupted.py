"""What is left of a run after kill -9 and Ctrl-C, and that `--resume` does the rest."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

from client.command_runs import (
    COMMAND,
    COUNT,
    WAIT_S,
    check_complete,
    entries,
    has_lines,
    run,
    start,
    wait_for,
    whole_lines,
)
from serving import Service


def test_killed_again_and_again_a_run_does_nothing_twice_and_loses_nothing(toys: Service, folder: Path) -> None:
    journal = folder / "out/answers.jsonl"
    claimed = b""
    inodes: dict[str, int] = {}
    # Before the first line, after it, and in the middle; a resumed run too.
    for lines in (0, 1, 100, 200):
        process = start(toys, "--resume", "--json", "--concurrency", "2")
        wait_for(lambda: any((folder / "out").rglob("*.png")), process)
        wait_for(has_lines(journal, lines), process)
        process.kill()
        said, _ = process.communicate(timeout=WAIT_S)
        assert process.returncode == -signal.SIGKILL
        kept = whole_lines(journal)
        assert kept.startswith(claimed)
        # whatever stdout said is in the journal
        known = {each["image"] for each in map(json.loads, kept.splitlines())}
        assert {json.loads(line)["image"] for line in said.splitlines() if line.endswith("}")} <= known
        for each in map(json.loads, kept.splitlines()):
            for name in each["files"]:
                inode = (folder / "out" / name).stat().st_ino
                assert inodes.setdefault(name, inode) == inode
        claimed = kept
        assert len(claimed.splitlines()) < COUNT
    result = run(toys, "--resume", "--json")
    assert result.exit_code == 0
    assert result.stderr == f"{len(claimed.splitlines())} of {COUNT} pictures are done already.\n"
    assert len(result.stdout.splitlines()) == COUNT - len(claimed.splitlines())
    # Nothing that was claimed was touched: neither the lines nor the files.
    assert journal.read_bytes().startswith(claimed)
    assert {name: (folder / "out" / name).stat().st_ino for name in inodes} == inodes
    check_complete(folder)


def test_a_line_that_a_kill_tore_off_is_asked_again(toys: Service, folder: Path) -> None:
    assert run(toys).exit_code == 0
    journal = folder / "out/answers.jsonl"
    whole = journal.read_bytes()
    os.truncate(journal, len(whole) - 10)
    result = run(toys, "--resume", "--json")
    assert (result.exit_code, result.stderr) == (0, f"{COUNT - 1} of {COUNT} pictures are done already.\n")
    assert journal.read_bytes() == whole
    check_complete(folder)


def test_ctrl_c_ends_with_130_an_intact_journal_and_a_hint(toys: Service, folder: Path) -> None:
    journal = folder / "out/answers.jsonl"
    process = start(toys, "--json", "--concurrency", "2")
    wait_for(has_lines(journal, 1), process)
    process.send_signal(signal.SIGINT)
    said, hint = process.communicate(timeout=WAIT_S)
    claimed = journal.read_bytes()
    done = len(claimed.splitlines())
    assert process.returncode == 130
    assert hint == f"Interrupted. {done} of {COUNT} pictures were answered and are in out; add --resume to go on.\n"
    assert claimed.endswith(b"\n")
    assert [json.loads(line)["image"] for line in said.splitlines()] == [each["image"] for each in entries(journal)]
    assert run(toys, "--resume").exit_code == 0
    assert journal.read_bytes().startswith(claimed)
    check_complete(folder)


def test_ctrl_c_does_not_wait_for_an_answer_that_does_not_come(tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"picture")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [*COMMAND, "classify", str(picture), "--url", url, "--timeout", "1000"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(10)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=WAIT_S)
    assert said == ("", "Interrupted. 0 of 1 pictures were answered; with -o DIR a run can be resumed.\n")
    assert process.returncode == 130
