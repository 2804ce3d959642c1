"""Options that commands share, each group as one value."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import click

from sightline._client import Client
from sightline._url import DEFAULT_URL, URL_VARIABLE, parse_url
from sightline.errors import InvalidRequest

API_KEY_VARIABLE = "SIGHTLINE_API_KEY"

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Server:
    """Where the server is and how it is spoken to; the fields are those of `Client`."""

    url: str
    timeout: float
    retries: int
    api_key: str | None = field(repr=False)
    ca_file: Path | None
    certificate_file: Path | None
    key_file: Path | None

    def connect(self) -> Client:
        """Return a client, or raise `InvalidRequest` for settings that cannot work."""
        return Client(
            self.url,
            timeout=self.timeout,
            retries=self.retries,
            api_key=self.api_key,
            ca_file=self.ca_file,
            certificate_file=self.certificate_file,
            key_file=self.key_file,
        )


@dataclass(frozen=True)
class Run:
    """What to ask about, and where the answers go."""

    images: tuple[str, ...]
    as_json: bool
    directory: Path | None
    resume: bool
    concurrency: int


def server_options(function: Function) -> Function:
    """Add the options that say where the server is, passed as `server: Server`."""
    return _grouped(function, Server, "server", _SERVER)


def run_options(function: Function) -> Function:
    """Add IMAGE... and the options of every command that takes pictures, passed as `run: Run`."""
    return _grouped(function, Run, "run", _RUN)


def concurrency_option(function: Function) -> Function:
    """Add `--concurrency`, passed as `concurrency: int`."""
    return _CONCURRENCY(function)


def model_option(default: str | None) -> Callable[[Function], Function]:
    """Add `--model`, which must be given where there is no default."""
    if default is None:
        return click.option("--model", required=True, help="Name of the model.")
    return click.option("--model", default=default, show_default=True, help="Name of the model.")


def _grouped(function: Callable[..., Any], kind: type, name: str, options: Mapping[str, Callable[[Any], Any]]) -> Any:
    @functools.wraps(function)
    def with_group(*args: Any, **values: Any) -> Any:
        group = kind(**{each.name: values.pop(each.name) for each in fields(kind)})
        return function(*args, **values, **{name: group})

    command: Any = with_group
    for option in reversed(list(options.values())):  # help lists the outermost first
        command = option(command)
    return command


def _checked_url(ctx: click.Context, option: click.Parameter, value: str) -> str:
    try:
        return str(parse_url(value))
    except InvalidRequest as exc:
        raise click.BadParameter(str(exc), ctx, option) from exc


def _file(flag: str, help_text: str) -> Callable[[Function], Function]:
    return click.option(flag, type=click.Path(path_type=Path), metavar="FILE", help=help_text)


_CONCURRENCY = click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    metavar="N",
    help="How many pictures to ask about at the same time.",
)

_RUN: dict[str, Callable[[Any], Any]] = {
    "images": click.argument("images", nargs=-1, required=True, metavar="IMAGE..."),
    "as_json": click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line."),
    "directory": click.option(
        "-o",
        "--output",
        "directory",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder for the answers: pictures to look at, and answers.jsonl.",
    ),
    "resume": click.option(
        "--resume", is_flag=True, help="Go on with the run in DIR: pictures that it holds are not asked again."
    ),
    "concurrency": _CONCURRENCY,
}

_SERVER: dict[str, Callable[[Any], Any]] = {
    "url": click.option(
        "--url",
        default=DEFAULT_URL,
        envvar=URL_VARIABLE,
        show_default=True,
        show_envvar=True,
        callback=_checked_url,
        help="Address of the server: http, https, grpc or grpcs.",
    ),
    "timeout": click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=60.0,
        show_default=True,
        metavar="S",
        help="Seconds to wait for each answer.",
    ),
    "retries": click.option(
        "--retries",
        type=click.IntRange(min=0),
        default=2,
        show_default=True,
        metavar="N",
        help="How often to ask again where that is safe.",
    ),
    "api_key": click.option(
        "--api-key", envvar=API_KEY_VARIABLE, show_envvar=True, metavar="KEY", help="Key for the server."
    ),
    "ca_file": _file("--ca-file", "Authorities to trust, in PEM form, in place of the system's."),
    "certificate_file": _file("--certificate-file", "Certificate to show to the server, in PEM form."),
    "key_file": _file("--key-file", "Key of this certificate, in PEM form."),
}
