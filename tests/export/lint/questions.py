"""Requests to a model: does it answer one row, all the rows that it promises, and does it refuse one more."""

from typing import Any

import numpy as np
from export.lint.answer import Answer
from export.lint.exported import png
from export.lint.triton import Triton
from tritonclient import grpc, utils

ANY = 4
"""What a size that varies is asked with."""
MOST_BYTES = 8 << 20
PICTURES = ("IMAGE", "OTHER")
SIZES = ("SIZE_WH", "WIDTH", "HEIGHT")
TIMEOUT_S = 30.0


def ask(triton: Triton, model: str) -> Answer:
    """What the server has to say about one model.

    Raises:
        AssertionError: The model took more rows than it promises.
    """
    reason = triton.reasons.get(model, "not in the repository index")
    if reason or model not in triton.reasons:
        return Answer(False, 0, first_line(reason))
    try:
        config = triton.get(f"v2/models/{model}/config")
    except OSError as error:
        return Answer(False, 0, f"no configuration: {error}")
    promised = int(config["max_batch_size"])
    if not promised:
        return Answer(True, 0, first_line(_problem(triton, config, 0)))
    refusal = _problem(triton, config, 1)
    if refusal:
        return Answer(True, 0, first_line(refusal))
    if _row_bytes(config) * promised > MOST_BYTES:
        return Answer(True, promised)
    if refusal := _problem(triton, config, 1, optional=False):
        return Answer(True, promised, first_line(refusal))
    assert _problem(triton, config, promised + 1), f"{model} took {promised + 1} rows but promises {promised}"
    refusal = _problem(triton, config, promised)
    return Answer(True, 1 if refusal else promised, first_line(refusal))


def first_line(text: str) -> str:
    return text.replace("\\n", "\n").strip().partition("\n")[0]


def _shape(entry: dict[str, Any]) -> list[int]:
    return [ANY if int(dim) < 0 else int(dim) for dim in entry["dims"]]


def _row_bytes(config: dict[str, Any]) -> int:
    return sum(8 * int(np.prod(_shape(entry))) for entry in config["input"])


def _problem(triton: Triton, config: dict[str, Any], rows: int, *, optional: bool = True) -> str:
    """Why a request of so many rows was refused; empty where it was answered.

    rows: 0 without a batch axis. optional: whether inputs that may be left out are sent.
    """
    inputs = [_tensor(entry, rows) for entry in config["input"] if optional or not entry.get("optional")]
    promised = {str(entry["name"]) for entry in config["output"]}
    sequence = "sequence_batching" in config
    with grpc.InferenceServerClient(triton.grpc) as client:
        try:
            result = client.infer(
                str(config["name"]),
                inputs,
                sequence_id=rows + 1 if sequence else 0,
                sequence_start=sequence,
                sequence_end=sequence,
                client_timeout=TIMEOUT_S,
            )
        except utils.InferenceServerException as error:
            return str(error.message())
    missing = sorted(name for name in promised if result is None or result.get_output(name) is None)
    return "" if promised and not missing else f"the answer lacks {missing or 'any output'}"


def _tensor(entry: dict[str, Any], rows: int) -> grpc.InferInput:
    datatype = str(entry["data_type"]).removeprefix("TYPE_").replace("STRING", "BYTES")
    shape = ([rows] if rows else []) + _shape(entry)
    if datatype == "BYTES":
        values = np.full(shape, png() if entry["name"] in PICTURES else b"text", np.object_)
    elif entry.get("optional") or entry["name"] in SIZES:
        values = np.ones(shape, utils.triton_to_np_dtype(datatype))  # no picture is 0 pixels wide
    else:
        values = np.zeros(shape, utils.triton_to_np_dtype(datatype))
    tensor = grpc.InferInput(str(entry["name"]), shape, datatype)
    tensor.set_data_from_numpy(values)
    return tensor
