"""Golden answers: real requests with the answers that a model gave when it was exported.

`<model>/<version>/golden/golden.json` holds them; shapes are without the batch axis, and a tensor with a `file` is one
BYTES element, the untouched bytes of that file beside it.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from sightline_server.control import TENSOR_TYPES
from sightline_server.errors import NotARepositoryError


@dataclass(frozen=True)
class GoldenTensor:
    """One tensor of a case, without the batch axis.

    flips: share of the elements that may differ by more than the tolerance.
    """

    name: str
    datatype: str
    values: NDArray[Any]
    tolerance: float = 0.0
    is_picture: bool = False
    flips: float = 0.0


@dataclass(frozen=True)
class Case:
    """One request and its answer."""

    name: str
    inputs: tuple[GoldenTensor, ...]
    outputs: tuple[GoldenTensor, ...]


@dataclass(frozen=True)
class Golden:
    """The golden answers of one version of a model."""

    model: str
    version: int
    cases: tuple[Case, ...]


def read_golden(path: Path) -> Golden:
    """Reads a golden.json.

    Raises:
        NotARepositoryError: The file, or one that it names, cannot be read or is not of this form.
    """
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        cases = tuple(
            Case(
                name=str(case["name"]),
                inputs=tuple(read_tensor(name, tensor, path.parent) for name, tensor in case["inputs"].items()),
                outputs=tuple(read_tensor(name, tensor, path.parent) for name, tensor in case["outputs"].items()),
            )
            for case in content["cases"]
        )
        golden = Golden(str(content["model"]), int(content["version"]), cases)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise NotARepositoryError(
            f"{path} does not hold golden answers that can be read: {reason}. Export the model again as a new version."
        ) from error
    if not cases or not all(case.inputs and case.outputs for case in cases):
        raise NotARepositoryError(
            f"{path} holds no complete case: expected at least one with inputs and outputs. "
            "Export the model again as a new version."
        )
    return golden


def read_tensor(name: str, tensor: Mapping[str, Any], folder: Path) -> GoldenTensor:
    datatype, shape = str(tensor["datatype"]), [int(length) for length in tensor["shape"]]
    if datatype not in TENSOR_TYPES:
        raise ValueError(f"{name} has the unknown datatype {datatype!r}, expected one of {', '.join(TENSOR_TYPES)}")
    is_file = "file" in tensor
    if is_file:
        file = str(tensor["file"])
        if Path(file).name != file:
            raise ValueError(f"{name} names the file {file!r}, expected the name of a file beside golden.json")
        values = np.array([(folder / file).read_bytes()], dtype=np.object_)
    elif datatype == "BYTES":
        flat: list[str] = list(tensor["values"])
        values = np.array([text.encode() for text in flat], dtype=np.object_)
    else:
        values = np.array(tensor["values"], dtype=TENSOR_TYPES[datatype])
    tolerance, flips = (float(tensor.get(key, 0.0)) for key in ("tolerance", "flips"))
    return GoldenTensor(name, datatype, values.reshape(shape), tolerance, is_file, flips)


def differences(case: Case, answer: Mapping[str, NDArray[Any] | None]) -> list[str]:
    """What is different in an answer, one sentence per output; empty when the case is reproduced.

    Args:
        case: The expected outputs.
        answer: Output name -> tensor with a batch axis of length 1; None when it did not come.
    """
    found = ((output.name, difference(output, answer.get(output.name))) for output in case.outputs)
    return [f"case {case.name!r}: {name} {what}" for name, what in found if what]


def difference(expected: GoldenTensor, got: NDArray[Any] | None) -> str | None:
    if got is None:
        return "is missing in the answer"
    if got.shape[0] != 1 or got.shape[1:] != expected.values.shape:
        return f"has the shape {list(got.shape)}, expected {[1, *expected.values.shape]}"
    if expected.is_picture:
        return picture_difference(bytes(expected.values.item()), bytes(got.item()), expected.tolerance, expected.flips)
    if expected.datatype == "BYTES":
        equal = expected.values.tolist() == got[0].tolist()
        return None if equal else f"is {got[0].tolist()[:3]}, expected {expected.values.tolist()[:3]}"
    return number_difference(expected.values, got[0], expected.tolerance, expected.flips)


def number_difference(expected: NDArray[Any], got: NDArray[Any], tolerance: float, flips: float = 0.0) -> str | None:
    distances = np.abs(expected.astype(np.float64) - got.astype(np.float64)).ravel()
    passed_over = int(flips * distances.size)
    if passed_over and not np.isnan(distances).any():
        distances = np.partition(distances, -passed_over)[:-passed_over]
    distance = float(np.max(distances, initial=0.0))
    # written so that NaN is a difference
    return None if distance <= tolerance else f"differs by up to {distance:.3g}, allowed is {tolerance:g}"


def picture_difference(expected: bytes, got: bytes, tolerance: float, flips: float = 0.0) -> str | None:
    try:
        wanted, came = levels(expected), levels(got)
    except (UnidentifiedImageError, OSError, ValueError) as error:
        return f"is not a picture: {error}"
    if wanted.shape != came.shape:
        return f"is a picture of {described(came)}, expected {described(wanted)}"
    what = number_difference(wanted, came, tolerance, flips)
    return f"{what} pixel levels" if what else None


def levels(picture: bytes) -> NDArray[np.uint8]:
    """(h, w) of a picture with one byte per pixel, else (h, w, 4)."""
    image = Image.open(io.BytesIO(picture))
    return np.asarray(image if image.mode == "L" else image.convert("RGBA"), dtype=np.uint8)


def described(picture: NDArray[np.uint8]) -> str:
    height, width = picture.shape[:2]
    return f"{width}x{height}" + (" with one byte per pixel" if picture.ndim == 2 else "")
