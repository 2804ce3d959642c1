"""The edge between Triton's Python stub and our functions. Can only be imported inside Triton.

`answer_each` is what every `execute` of ours consists of: no exception leaves it, because Triton would give the
traceback to every sender in the dynamic batch.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from functools import partial

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.errors import BackendError, ModelError
from sightline_backend.idle_memory import IDLE_MEMORY
from sightline_backend.workers import Workers

CALLER = Workers(1)


def answer_each(
    requests: Sequence[pb_utils.InferenceRequest],
    answer: Callable[[pb_utils.InferenceRequest], list[pb_utils.Tensor]],
    workers: Workers = CALLER,
) -> list[pb_utils.InferenceResponse]:
    """Answer requests one by one; one that fails gets its own `error_response` and leaves the others alone.

    workers: answer several requests at once; without them the caller does, one after the other.
    """
    responses = workers.map(partial(_answer_one, answer), requests)
    IDLE_MEMORY.used()
    return responses


def input_array(request: pb_utils.InferenceRequest, name: str) -> pb_utils.Array:
    """Return an input of a request, which the model's configuration guarantees to be there."""
    tensor = pb_utils.get_input_tensor_by_name(request, name)
    if tensor is None:
        raise LookupError(name)
    return tensor.as_numpy()


def error_response(error: Exception) -> pb_utils.InferenceResponse:
    """The response to a request that ended in an error.

    A `BackendError` is the sender's fault (INVALID_ARG), a `ModelError` is not (INTERNAL); both carry their message. Of
    anything else (INTERNAL) the details, with their paths, go to the log only.
    """
    if isinstance(error, ModelError):
        return _response(str(error), pb_utils.TritonError.INTERNAL)
    if isinstance(error, BackendError):
        return _response(str(error), pb_utils.TritonError.INVALID_ARG)
    pb_utils.Logger.log_error("".join(traceback.format_exception(error)))
    return _response(
        f"the server could not answer this request ({type(error).__name__}); the fault is not in the request, "
        "tell whoever runs the server to look into its log",
        pb_utils.TritonError.INTERNAL,
    )


def _response(message: str, code: int) -> pb_utils.InferenceResponse:
    return pb_utils.InferenceResponse(error=pb_utils.TritonError(message, code))


def _answer_one(
    answer: Callable[[pb_utils.InferenceRequest], list[pb_utils.Tensor]],
    request: pb_utils.InferenceRequest,
) -> pb_utils.InferenceResponse:
    try:
        return pb_utils.InferenceResponse(output_tensors=answer(request))
    except Exception as error:
        return error_response(error)
