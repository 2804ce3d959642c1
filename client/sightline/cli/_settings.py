"""`run.json`: what was asked in a run, so that a journal never mixes the answers to two questions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import click

from sightline import __version__
from sightline.cli._durable import synchronise, write_whole
from sightline.cli._errors import FileFailed
from sightline.cli._output_names import JOURNAL, SETTINGS

_FORMAT = 1


@dataclass(frozen=True)
class Settings:
    """What decides about the answers of a run, and about the names of their files.

    Attributes:
        command: Name of the command.
        model: Name of the model.
        options: Options that change the answer, by their name on the command line.
        base: Absolute folder whose structure the answers keep.
    """

    command: str
    model: str
    options: Mapping[str, object]
    base: str

    def asks_the_same_as(self, other: Settings) -> bool:
        return (self.command, self.model, self.options) == (other.command, other.model, other.options)

    def __str__(self) -> str:
        options = "".join(f" {name} {value}" for name, value in self.options.items() if value is not None)
        return f"sightline {self.command} --model {self.model}{options}"


def settle(directory: Path, settings: Settings, *, resume: bool) -> Settings:
    """Return the settings of the run in a folder, which may be an earlier one to go on with.

    Args:
        directory: The folder of answers.
        settings: What is asked now.
        resume: Whether an earlier run may be there; its base is kept.

    Raises:
        click.UsageError: The folder holds the answers of another question, or of this one without `resume`.
        FileFailed: `run.json` cannot be read or written.
    """
    journal, path = directory / JOURNAL, directory / SETTINGS
    if not journal.is_file() or journal.stat().st_size == 0:
        _write(path, settings)
        return settings
    earlier = _read(path)
    if not earlier.asks_the_same_as(settings):
        raise click.UsageError(
            f"expected the question that {directory} was made with ({earlier}), got another one ({settings}); "
            "ask the same, or choose another folder with -o"
        )
    if not resume:
        raise click.UsageError(
            f"{directory} holds the answers of an earlier run ({earlier}); go on with it by adding --resume, "
            "or choose another folder with -o"
        )
    return earlier


def _read(path: Path) -> Settings:
    try:
        value: object = json.loads(path.read_bytes())
    except (OSError, ValueError) as exc:
        raise FileFailed(
            f"expected {path} beside {JOURNAL}, got none that can be read ({exc}); choose another folder with -o"
        ) from exc
    fields = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    names = [fields.get(name) for name in ("command", "model", "base")]
    options: object = fields.get("options")
    if fields.get("format") != _FORMAT or None in names or not isinstance(options, dict):
        raise FileFailed(
            f"expected {path} in the format {_FORMAT}, got something else; "
            "use the version of sightline that wrote it, or choose another folder with -o"
        )
    command, model, base = map(str, names)
    return Settings(command, model, cast("dict[str, object]", options), base)


def _write(path: Path, settings: Settings) -> None:
    value = {
        "format": _FORMAT,
        "sightline": __version__,
        "command": settings.command,
        "model": settings.model,
        "options": dict(settings.options),
        "base": settings.base,
    }
    data = f"{json.dumps(value, indent=2)}\n".encode()
    write_whole(path, data, part=path.with_name(f".{path.name}.part"))
    synchronise(path.parent)
