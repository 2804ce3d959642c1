"""From what went wrong to a line on stderr and an exit code."""

from __future__ import annotations

import click

from sightline.errors import (
    ConnectionFailed,
    ImageError,
    IndexUnusable,
    InferenceFailed,
    InvalidRequest,
    ModelNotFound,
    ModelNotReady,
    RequestTimeout,
    SightlineError,
)

EXIT_CODES: dict[type[SightlineError], int] = {
    ImageError: 3,
    IndexUnusable: 3,
    ConnectionFailed: 4,
    RequestTimeout: 5,
    ModelNotFound: 6,
    ModelNotReady: 7,
    InvalidRequest: 8,
    InferenceFailed: 9,
    SightlineError: 1,
}

INTERRUPTED = 130  # what shells expect after Ctrl-C: 128 and the number of the signal

EXIT_CODE_HELP = """\b
Exit codes:
   0  everything was answered
   1  anything unforeseen
   2  wrong usage: unknown command or option, missing argument
   3  a picture or file cannot be read or written
   4  no server answers
   5  no answer in time
   6  no such model
   7  the model is not ready, or its queue is full
   8  the request was refused
   9  the model failed
  10  this machine lacks something that the server needs
  11  a port is in use
  12  not a model repository
  13  tritonserver ended, or did not become ready
  14  export: verification failed, nothing was published; verify: an answer differs
  15  export: this version exists already, or the name is another model's
  16  export: no such recipe or other source
  17  export: the source cannot be used
  18  lint: the repository has mistakes
  19  explain-difference: the service answers differently
  20  trace: a stage is over its budget
  21  bench: no figures for some load; tune: none, or too little time
 130  ended by Ctrl-C
"""


class FileFailed(click.ClickException):
    """A file cannot be read or written."""

    exit_code = EXIT_CODES[ImageError]


class CommandUnavailable(click.ClickException):
    """A command of another distribution cannot be loaded."""

    exit_code = EXIT_CODES[SightlineError]


def exit_code_of(error: SightlineError) -> int:
    """Return the exit code of the first class in the error's ancestry that has one."""
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def show(error: SightlineError, *, subject: str | None = None) -> None:
    """Print the error as one line on stderr, led by what it is about."""
    click.echo(f"Error: {subject}: {error}" if subject else f"Error: {error}", err=True)
