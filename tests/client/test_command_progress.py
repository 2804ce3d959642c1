"""How far a run is: a bar on a terminal, lines now and then elsewhere, and tables in parts."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from client.command_runs import COMMAND, COUNT, WAIT_S, arguments, run
from serving import Service

from sightline.cli import _progress, _reports


def test_a_long_run_without_a_terminal_says_now_and_then_how_far_it_is(
    toys: Service, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_progress, "LINE_EVERY_S", 0.0)
    lines = run(toys).stderr.splitlines()
    assert len(lines) == COUNT - 1
    assert lines[9].startswith(f"10 of {COUNT} pictures, ")
    assert lines[9].endswith(" left")


def test_a_long_table_is_printed_in_parts_under_one_head_each(
    toys: Service, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_reports, "ROWS_PER_TABLE", 100)
    lines = run(toys).stdout.splitlines()
    heads = sum(line.startswith("IMAGE ") for line in lines)
    assert 1 < heads <= COUNT // 100
    assert len(lines) == COUNT + heads


def test_a_terminal_shows_a_bar_with_the_count_and_the_rate(toys: Service, folder: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with (folder / "said").open("w") as said:
        command = [*COMMAND, *arguments(toys, "--json")]
        process = subprocess.Popen(command, stdout=said, stderr=theirs, env=environment)
    os.close(theirs)
    drawn = b""
    with os.fdopen(ours, "rb", buffering=0) as terminal, suppress(OSError):  # the end, as Linux reports it
        while piece := terminal.read(4096):
            drawn += piece
    process.wait(WAIT_S)
    assert process.returncode == 0
    assert len((folder / "said").read_text().splitlines()) == COUNT
    assert b"classify with toy" in drawn
    assert f"/{COUNT}".encode() in drawn
    assert b"/s" in drawn


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3599, "59 min 59 s"), (9000, "2 h 30 min")],
)
def test_times_are_written_for_people(seconds: float, text: str) -> None:
    assert _progress.duration(seconds) == text
