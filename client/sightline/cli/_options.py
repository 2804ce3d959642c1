"""Options that every command shares that asks a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from sightline._url import DEFAULT_URL, URL_VARIABLE, parse_url
from sightline.errors import InvalidRequest

Function = TypeVar("Function", bound=Callable[..., Any])


def server_options(function: Function) -> Function:
    """Add `--url` and `--timeout`, passed as `url: str` and `timeout: float`."""
    with_timeout = click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=60.0,
        show_default=True,
        metavar="S",
        help="Seconds to wait for each answer.",
    )
    with_url = click.option(
        "--url",
        default=DEFAULT_URL,
        envvar=URL_VARIABLE,
        show_default=True,
        show_envvar=True,
        callback=_checked_url,
        help="Address of the server: http, https, grpc or grpcs.",
    )
    return with_url(with_timeout(function))


def _checked_url(ctx: click.Context, option: click.Parameter, value: str) -> str:
    try:
        return str(parse_url(value))
    except InvalidRequest as exc:
        raise click.BadParameter(str(exc), ctx, option) from exc
