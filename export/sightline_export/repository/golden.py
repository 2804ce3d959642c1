"""Golden answers: real pictures, or seeds, with the answers that a version gave when it was exported.

A version carries a few in `golden/golden.json`: the server runs them as its self-test and readiness probe. Pictures of
more sizes and modes, with PyTorch's answers, lie in `verification/verification.json`; `sightline verify` asks them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline_export.errors import RepositoryUnusable
from sightline_export.signature import NUMPY_TYPES, Datatype, TensorSpec
from sightline_export.verification.parity import Arrays, allowed_difference


@dataclass(frozen=True)
class FileTensor:
    """One BYTES element: the untouched bytes of a file.

    tolerance: of the pixels, in levels, where it is an answer. flips: share of them that may differ by more.
    """

    file_name: str
    content: bytes
    tolerance: float | None = None
    flips: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return {"datatype": "BYTES", "shape": [1], "file": self.file_name} | _leeway(self.tolerance, self.flips)

    def to_array(self) -> NDArray[Any]:
        return np.array([self.content], dtype=np.object_)


@dataclass(frozen=True, eq=False)
class ValueTensor:
    """Numbers. values: without the batch axis.

    tolerance: largest absolute difference, where it is an answer. flips: share of the numbers that may differ by more.
    """

    datatype: Datatype
    values: NDArray[np.generic]
    tolerance: float | None = None
    flips: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "datatype": self.datatype,
            "shape": list(self.values.shape),
            "values": self.values.ravel().tolist(),
        } | _leeway(self.tolerance, self.flips)

    def to_array(self) -> NDArray[Any]:
        return self.values


GoldenTensor = FileTensor | ValueTensor


def _leeway(tolerance: float | None, flips: float) -> dict[str, float]:
    return ({} if tolerance is None else {"tolerance": tolerance}) | ({"flips": flips} if flips else {})


@dataclass(frozen=True)
class Request:
    """A real request to the ensemble."""

    name: str
    inputs: Mapping[str, GoldenTensor]


@dataclass(frozen=True)
class GoldenCase:
    """A request with its answers. ValueError without inputs or without outputs: it would show nothing."""

    name: str
    inputs: Mapping[str, GoldenTensor]
    outputs: Mapping[str, GoldenTensor]

    def __post_init__(self) -> None:
        for what, tensors in (("inputs", self.inputs), ("outputs", self.outputs)):
            if not tensors:
                raise ValueError(f"expected {what} of the case {self.name!r}, got none")


def stack(requests: Sequence[Request] | Sequence[GoldenCase]) -> dict[str, NDArray[Any]]:
    """The inputs of all requests as one batch."""
    names = requests[0].inputs
    return {name: np.stack([request.inputs[name].to_array() for request in requests]) for name in names}


def answered(requests: Sequence[Request], answers: Arrays, outputs: Sequence[TensorSpec]) -> tuple[GoldenCase, ...]:
    """The requests with their answers. answers: batch axis first, row i to request i."""
    return tuple(
        GoldenCase(
            request.name, request.inputs, {spec.name: _answer(request, spec, answers[spec.name][i]) for spec in outputs}
        )
        for i, request in enumerate(requests)
    )


def _answer(request: Request, spec: TensorSpec, value: NDArray[Any]) -> GoldenTensor:
    if spec.datatype == "BYTES":
        name = f"{request.name}.{spec.name.lower()}.png"
        return FileTensor(name, bytes(value.item()), spec.tolerance, spec.flips)
    return ValueTensor(spec.datatype, value, allowed_difference(value, spec), spec.flips)


def write_cases(folder: Path, model: str, version: int, task: str, cases: Sequence[GoldenCase]) -> None:
    """Write `<name of the folder>.json` and the files that it names into the new folder `folder`."""
    if not cases:
        raise ValueError(f"{model}: expected at least one golden case, got none")
    folder.mkdir(parents=True)
    for case in cases:
        for tensor in (*case.inputs.values(), *case.outputs.values()):
            if isinstance(tensor, FileTensor):
                (folder / tensor.file_name).write_bytes(tensor.content)
    document = {
        "model": model,
        "version": version,
        "task": task,
        "cases": [
            {
                "name": case.name,
                "inputs": {name: tensor.to_json() for name, tensor in case.inputs.items()},
                "outputs": {name: tensor.to_json() for name, tensor in case.outputs.items()},
            }
            for case in cases
        ],
    }
    (folder / f"{folder.name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_cases(folder: Path) -> tuple[GoldenCase, ...]:
    """Read what :func:`write_cases` wrote: at least one case, and all of them with the same tensors.

    Raises RepositoryUnusable where it can't be read.
    """
    path = folder / f"{folder.name}.json"
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        cases = tuple(
            GoldenCase(
                str(case["name"]),
                {str(name): _tensor(folder, tensor) for name, tensor in case["inputs"].items()},
                {str(name): _tensor(folder, tensor) for name, tensor in case["outputs"].items()},
            )
            for case in document["cases"]
        )
        _require_alike(cases)
        return cases
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise RepositoryUnusable(
            f"expected the cases of an exported version in {path}, got {type(error).__name__}: {error}; export the "
            "model again as a new version"
        ) from error


def _require_alike(cases: Sequence[GoldenCase]) -> None:
    if not cases:
        raise ValueError("no case")
    first = cases[0]
    for case in cases:
        for wanted, got in ((first.inputs, case.inputs), (first.outputs, case.outputs)):
            if {name: _kind(tensor) for name, tensor in wanted.items()} != {n: _kind(t) for n, t in got.items()}:
                raise ValueError(f"the case {case.name!r} has other tensors than {first.name!r}")


def _kind(tensor: GoldenTensor) -> tuple[Any, ...]:
    array = tensor.to_array()
    return type(tensor), array.dtype, array.shape


def _tensor(folder: Path, tensor: Mapping[str, Any]) -> GoldenTensor:
    tolerance = float(tensor["tolerance"]) if "tolerance" in tensor else None
    flips = float(tensor.get("flips", 0.0))
    if not (0 <= flips < 1 and (tolerance is None or 0 <= tolerance < math.inf)):
        raise ValueError(f"the tolerance {tolerance} is no number from 0, or the share of flips {flips} not below 1")
    if "file" in tensor:
        name = str(tensor["file"])
        if Path(name).name != name:
            raise ValueError(f"{name!r} is no name of a file beside it")
        return FileTensor(name, (folder / name).read_bytes(), tolerance, flips)
    datatype: Datatype = tensor["datatype"]
    values = np.array(tensor["values"], dtype=NUMPY_TYPES[datatype]).reshape([int(size) for size in tensor["shape"]])
    return ValueTensor(datatype, values, tolerance, flips)
