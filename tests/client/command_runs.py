"""Runs of `sightline classify` over a folder of pictures, for the tests of what they leave behind."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from click.testing import CliRunner, Result
from serving import Service

from sightline.cli import main

COMMAND = [sys.executable, "-c", "from sightline.cli import main; main()"]
AS_OWNER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""Before a command: for it, too, a folder is closed that its owner has closed. Root enters every folder otherwise."""
COUNT = 300
WAIT_S = 60


def write_pictures(folder: Path) -> Path:
    """Writes some hundred pictures to `photos/a` and `photos/b`; each shares its stem with one of another suffix."""
    noise = np.random.default_rng(0)
    for number in range(COUNT):
        path = folder / "photos" / "ab"[number % 2] / f"{number // 4:03}.{('png', 'bmp')[number // 2 % 2]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(noise.integers(0, 255, (8, 8 + number % 5, 3), np.uint8)).save(path)
    return folder


def arguments(service: Service, *more: str) -> list[str]:
    return ["classify", "photos", "--model", "toy", "-o", "out", "--url", service.http_url, "--timeout", "20", *more]


def run(service: Service, *more: str) -> Result:
    return CliRunner().invoke(main, arguments(service, *more))


def start(service: Service, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments(service, *more)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.001)


def whole_lines(journal: Path) -> bytes:
    data = journal.read_bytes() if journal.exists() else b""
    return data[: data.rfind(b"\n") + 1]


def has_lines(journal: Path, count: int) -> Callable[[], bool]:
    return lambda: len(whole_lines(journal).splitlines()) >= count


def pictures_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in (folder / "photos").rglob("*.*"))


def entries(journal: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.read_text().splitlines()]


def check_complete(folder: Path) -> None:
    """Proves that the journal holds each picture once, and that all files are there and open."""
    found = entries(folder / "out/answers.jsonl")
    assert sorted(each["image"] for each in found) == pictures_below(folder)
    files: list[str] = [name for each in found for name in each["files"]]
    assert len(set(files)) == len(files) == COUNT
    for name in files:
        PIL.Image.open(io.BytesIO((folder / "out" / name).read_bytes())).load()
    there = {str(path.relative_to(folder / "out")) for path in (folder / "out").rglob("*") if path.is_file()}
    assert there == {*files, "answers.jsonl", "run.json"}
