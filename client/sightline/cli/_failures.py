"""What becomes of errors in a run over many pictures: which are reported, and which end it."""

from __future__ import annotations

import click

from sightline._picture_errors import is_of_one_picture
from sightline.cli._errors import exit_code_of, show
from sightline.cli._output import printable
from sightline.errors import RequestTimeout, SightlineError

_TIMEOUTS_IN_A_ROW = 3


class Failures:
    """Prints a line for each failed picture, and remembers the first failure."""

    def __init__(self) -> None:
        self.exit_code = 0
        self._timeouts = 0

    def of_picture(self, error: SightlineError, name: str | None) -> None:
        """Report one picture; `name` None where the message names it already.

        Raises:
            SightlineError: The same, since it would meet the next picture too.
        """
        self._timeouts = self._timeouts + 1 if isinstance(error, RequestTimeout) else 0
        if ends_run(error, self._timeouts):
            raise error
        show(error, subject=None if name is None else printable(name))
        self._remember(exit_code_of(error))

    def of_run(self, error: SightlineError | click.ClickException) -> None:
        """Report what ended the run."""
        if isinstance(error, click.ClickException):
            error.show()
            self._remember(error.exit_code)
        else:
            show(error)
            self._remember(exit_code_of(error))

    def answered(self) -> None:
        """A picture was answered: the server is not stuck."""
        self._timeouts = 0

    def _remember(self, exit_code: int) -> None:
        self.exit_code = self.exit_code or exit_code


def ends_run(error: SightlineError, timeouts: int) -> bool:
    """Return whether an error would meet every next picture; `timeouts` counts those in a row, this one included."""
    if isinstance(error, RequestTimeout):
        return timeouts >= _TIMEOUTS_IN_A_ROW
    return not is_of_one_picture(error)
