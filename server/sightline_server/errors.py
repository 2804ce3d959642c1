"""Everything that this distribution raises, with the exit code that the command then ends with.

```
SightlineServerError                 1   anything else
├── FileError                        3   bench, trace, tune: a picture cannot be read, or a file cannot be written
├── NoAnswerError                    4   probe, bench: nobody answers
├── UnknownModelError                6   a model was named that the repository, or the server, does not hold
├── ModelNotBuiltError               7   a model was asked for that has no version yet
├── NotAnsweringError                7   probe, bench: a model does not answer, or not as it did at export time
├── RequestRefusedError              8   trace: the server refused the request; bench: it refused shared memory
├── MachineError                    10   the machine or the runtime environment lacks something
├── PortInUseError                  11   somebody else listens on the port
├── NotARepositoryError             12   the folder is not a model repository, or one of its files cannot be read
├── TritonError                     13   tritonserver did not become ready, or ended for good
│   ├── ModelLoadError              13   a model could not be loaded
│   └── SelfTestError               13   a golden answer was not reproduced
├── OverBudgetError                 20   trace: a stage takes longer than its budget
└── MeasurementError                21   bench: no figures for some load; tune: none, or too little time
```
"""

import click


class SightlineServerError(click.ClickException):
    """Base of all errors of this distribution; the message is one complete explanation for a person."""

    exit_code = 1

    def __str__(self) -> str:
        return self.message


class FileError(SightlineServerError):
    """A picture cannot be read, or a file cannot be written."""

    exit_code = 3


class NoAnswerError(SightlineServerError):
    """Nobody answers at the address that was asked."""

    exit_code = 4


class NotAnsweringError(SightlineServerError):
    """A model that was asked does not answer, or not as it did at export time."""

    exit_code = 7


class UnknownModelError(SightlineServerError):
    """A model was asked for that the repository, or the server, does not hold."""

    exit_code = 6


class ModelNotBuiltError(SightlineServerError):
    """A model was asked for that has a configuration but no version yet."""

    exit_code = 7


class RequestRefusedError(SightlineServerError):
    """The server refused the request, for example because the file is no picture, or shared memory."""

    exit_code = 8


class MachineError(SightlineServerError):
    """The machine or the runtime environment lacks something."""

    exit_code = 10


class PortInUseError(SightlineServerError):
    """Somebody else listens on a port that was asked for."""

    exit_code = 11


class NotARepositoryError(SightlineServerError):
    """The folder is not a model repository, or one of its files cannot be read."""

    exit_code = 12


class TritonError(SightlineServerError):
    """The tritonserver process did not become ready, or ended for good."""

    exit_code = 13


class ModelLoadError(TritonError):
    """A model could not be loaded."""


class SelfTestError(TritonError):
    """A served model did not reproduce its golden answers."""


class OverBudgetError(SightlineServerError):
    """A stage takes longer than its budget."""

    exit_code = 20


class MeasurementError(SightlineServerError):
    """perf_analyzer gave no figures for some load."""

    exit_code = 21
