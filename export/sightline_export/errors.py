"""Everything that sightline_export raises on purpose.

ExportError
├── UnknownRecipe (LookupError)       no recipe of that name
├── VersionExists (FileExistsError)   a published version is never overwritten
├── VerificationFailed                two runtimes disagree: nothing was published
├── FloorMissed                       the trained model is not good enough: nothing was published
├── GraphRefused                      the traced graph breaks the contract (batch axis, IR version, opset)
└── RepositoryUnusable (OSError)      the model repository can't be read or written

Each class carries the exit code of the command line.
"""

from typing import ClassVar


class ExportError(Exception):
    """Base of all errors of this distribution; its message says what was expected, what came and what to do."""

    exit_code: ClassVar[int] = 1


class UnknownRecipe(ExportError, LookupError):
    """No recipe has that name."""

    exit_code = 16


class VersionExists(ExportError, FileExistsError):
    """The version to be written is already in the repository."""

    exit_code = 15


class VerificationFailed(ExportError):
    """PyTorch and ONNX Runtime (or the served model) gave different answers."""

    exit_code = 14


class FloorMissed(ExportError):
    """A measured figure is below the floor that the recipe promises."""

    exit_code = 14


class GraphRefused(ExportError):
    """The traced graph can't be served: frozen batch axis, or an IR version or opset that Triton's runtime refuses."""

    exit_code = 14


class RepositoryUnusable(ExportError, OSError):
    """The model repository can't be read or written."""

    exit_code = 12
