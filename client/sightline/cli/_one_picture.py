"""Pictures that a command takes one or two of, in place of a run over many."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

from sightline.cli._errors import exit_code_of, show
from sightline.cli._inputs import STDIN, is_url, shown
from sightline.cli._output import printable
from sightline.cli._output_names import name_in_address, shortened
from sightline.errors import SightlineError
from sightline.images import encode_image

_LONGEST_STEM_BYTES = 100  # of the 255 that file systems allow for a name


def read_picture(name: str, timeout_s: float) -> bytes:
    """Return the bytes of a file, of what an address holds, or of stdin."""
    with about(name):
        return encode_image(sys.stdin.buffer.read() if name == STDIN else name, timeout=timeout_s)


@contextmanager
def about(name: str) -> Generator[None]:
    """End the command with a line that names a picture, for errors that are about it."""
    try:
        yield
    except SightlineError as exc:
        show(exc, subject=printable(shown(name)))
        raise click.exceptions.Exit(exit_code_of(exc)) from exc


def check_stdin_once(*names: str) -> None:
    """Raise `UsageError` where stdin is to be two pictures."""
    if names.count(STDIN) > 1:
        raise click.UsageError("expected - at most once, got it twice; stdin holds one picture")


def last_part(name: str) -> str:
    """Return the last part of a path or an address."""
    return name_in_address(name) if is_url(name) else Path(name).name


def stem_of(name: str) -> str:
    """Return what files that are made of a picture are called after; two of these fit into one name."""
    stem = "stdin" if name == STDIN else Path(last_part(name)).stem or "picture"
    return shortened(stem, most_bytes=_LONGEST_STEM_BYTES)


def nearby(name: str) -> str:
    """Return a path below the current folder as one that is relative to it, and any other name as it is."""
    here = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118 (a Path would lose the last slash)
    return name.removeprefix(here) if not is_url(name) else name
