"""Golden answers: real pictures, or seeds, with the answers that a version gave when it was exported.

A version carries them in `golden/golden.json`. The server runs them as its self-test and readiness
probe, and whoever publishes the next version compares with them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline_export.signature import Datatype


@dataclass(frozen=True)
class FileTensor:
    """One BYTES element: the untouched bytes of a file. tolerance: of the pixels, in levels, where it is an answer."""

    file_name: str
    content: bytes
    tolerance: float | None = None

    def to_json(self) -> dict[str, Any]:
        tolerance = {} if self.tolerance is None else {"tolerance": self.tolerance}
        return {"datatype": "BYTES", "shape": [1], "file": self.file_name} | tolerance


@dataclass(frozen=True, eq=False)
class ValueTensor:
    """Numbers. values: without the batch axis. tolerance: largest absolute difference, where it is an answer."""

    datatype: Datatype
    values: NDArray[np.generic]
    tolerance: float | None = None

    def to_json(self) -> dict[str, Any]:
        tolerance = {} if self.tolerance is None else {"tolerance": self.tolerance}
        return {
            "datatype": self.datatype,
            "shape": list(self.values.shape),
            "values": self.values.ravel().tolist(),
        } | tolerance


GoldenTensor = FileTensor | ValueTensor


@dataclass(frozen=True)
class GoldenCase:
    name: str
    inputs: Mapping[str, GoldenTensor]
    outputs: Mapping[str, GoldenTensor]


def write_golden(folder: Path, model: str, version: int, task: str, cases: tuple[GoldenCase, ...]) -> None:
    """Write `golden.json` and the files that it names into the new folder `folder`."""
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
    (folder / "golden.json").write_text(json.dumps(document, indent=1) + "\n")
