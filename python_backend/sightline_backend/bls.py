"""Asking another model of the same server. Can only be imported inside Triton.

Triton calls it business logic scripting (BLS).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingModuleSource]

from sightline_backend.errors import ModelError


def ask(model: str, inputs: Mapping[str, pb_utils.Array], outputs: Sequence[str]) -> dict[str, pb_utils.Array]:
    """Ask `model`, in its newest version, and wait for its answer; may be called from any thread.

    Args:
        model: its name in the repository.
        inputs: by name, batch axis first where the model has one; no more rows than its `max_batch_size`.
        outputs: the names of those that are wanted.

    Returns:
        The outputs by name, in the memory of the processor, wherever the model runs.

    Raises:
        ModelError: the server has no such model, or the model failed.
    """
    try:
        request = pb_utils.InferenceRequest(
            model_name=model,
            requested_output_names=list(outputs),
            inputs=[pb_utils.Tensor(name, array) for name, array in inputs.items()],
            preferred_memory=pb_utils.PreferredMemory(pb_utils.TRITONSERVER_MEMORY_CPU),
        )
        response = request.exec()
    except pb_utils.TritonModelException as error:
        raise ModelError(_failed(model, str(error))) from error
    if error := response.error():
        raise ModelError(_failed(model, error.message()))
    return {tensor.name(): tensor.as_numpy() for tensor in response.output_tensors()}


def _failed(model: str, reason: str) -> str:
    reason = " ".join(reason.split())[:300]
    return (
        f"expected an answer from the model '{model}', got: {reason}; tell whoever runs the server to load and test it"
    )
