"""Everything that sightline_export raises on purpose.

ExportError
├── UnknownSource (LookupError)       neither a recipe of that name nor any other source of models
├── UnknownModel (LookupError)        the repository, or the server, holds no model of that name
├── SourceUnusable                    the source is there, but no network comes of it
│   └── WeightsMismatch               the weights are another network's
├── VersionExists (FileExistsError)   a published version is never overwritten
├── NameTaken (FileExistsError)       the name belongs to another model
├── VerificationFailed                two runtimes disagree: nothing was published
├── FloorMissed                       the trained model is not good enough: nothing was published
├── GraphRefused                      the graph can't be served as it is (batch axis, operators, IR version, opset)
├── RepositoryUnusable (OSError)      the model repository can't be read or written
└── ServiceUnusable                   the tritonserver that was named does not answer
    └── NoServer                      this machine has no tritonserver to verify with

Each class carries the exit code of the command line.
"""

from typing import ClassVar


class ExportError(Exception):
    """Base of all errors of this distribution; its message says what was expected, what came and what to do."""

    exit_code: ClassVar[int] = 1


class UnknownSource(ExportError, LookupError):
    """No recipe has that name, and it is no other source either."""

    exit_code = 16


class UnknownModel(ExportError, LookupError):
    """The repository, or the server, holds no model of that name."""

    exit_code = 6


class SourceUnusable(ExportError):
    """The library, file or factory that was named does not give a network that can be exported."""

    exit_code = 17


class WeightsMismatch(SourceUnusable):
    """The keys or shapes of the weights are not those of the network."""


class VersionExists(ExportError, FileExistsError):
    """The version to be written is already in the repository."""

    exit_code = 15


class NameTaken(ExportError, FileExistsError):
    """The name belongs to a model that this export did not write, or that takes or gives other tensors."""

    exit_code = 15


class VerificationFailed(ExportError):
    """PyTorch, ONNX Runtime and the served model did not give the same answers."""

    exit_code = 14


class FloorMissed(ExportError):
    """A measured figure is below the floor that the recipe promises."""

    exit_code = 14


class GraphRefused(ExportError):
    """The graph can't be served: frozen batch axis, unknown operators, an IR version or opset that Triton refuses."""

    exit_code = 14


class RepositoryUnusable(ExportError, OSError):
    """The model repository can't be read or written."""

    exit_code = 12


class ServiceUnusable(ExportError):
    """The tritonserver that was named does not answer."""

    exit_code = 4


class NoServer(ServiceUnusable):
    """This machine has no tritonserver to verify with."""
