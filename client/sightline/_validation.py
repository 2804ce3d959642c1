"""A request held against what the model says of itself, before anything is sent; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from sightline._tensors import datatype_of, dtype_name
from sightline.errors import InferenceFailed, InvalidRequest
from sightline.results import ModelInfo, TensorInfo


def check_task(info: ModelInfo, task: str) -> None:
    """Raise `InvalidRequest` when a model is for another task; a model without one may be for any."""
    if info.task not in (task, None):
        raise InvalidRequest(
            f"expected a model for {task}, got {info.name!r}, which is for {info.task}; "
            "`sightline models` lists the task of each",
            model=info.name,
        )


def check_request(
    info: ModelInfo, task: str | None, tensors: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None
) -> None:
    """Raise `InvalidRequest` for another task, tensors that the model does not take, or outputs that it does not give.

    `task` None is any.
    """
    if task is not None:
        check_task(info, task)
    _check_names(info, "input", tensors, info.inputs)
    if outputs is not None:
        _check_names(info, "output", outputs, info.outputs)
    for tensor in info.inputs:
        array = tensors.get(tensor.name)
        if array is not None:
            _check_tensor(info, tensor, array)
        elif not tensor.is_optional:
            raise InvalidRequest(
                f"expected the inputs {_listed(info, info.inputs)} of {info.name!r}, got {', '.join(tensors)}; "
                f"add {tensor.name}",
                model=info.name,
            )
    _check_batch(info, tensors)


def check_answered(info: ModelInfo, outputs: Sequence[str], tensors: Collection[str]) -> None:
    """Raise `InferenceFailed` when an answer lacks an output."""
    missing = [name for name in outputs if name not in tensors]
    if missing:
        raise InferenceFailed(
            f"expected {info.name!r} to answer with {', '.join(missing)}, got {', '.join(tensors)}; "
            "check the configuration of the model",
            model=info.name,
        )


def shown(info: ModelInfo, tensor: TensorInfo) -> str:
    """Return a tensor as a person reads it: `PIXELS UINT8 [batch up to 32, 64, 64, 3]`, `any` for a free axis."""
    sizes = ["any" if size == -1 else str(size) for size in tensor.shape]
    if info.max_batch_size > 0:
        sizes[0] = f"batch up to {info.max_batch_size}"
    return f"{tensor.name} {tensor.datatype} [{', '.join(sizes)}]"


def _listed(info: ModelInfo, tensors: Sequence[TensorInfo]) -> str:
    return ", ".join(shown(info, tensor) for tensor in tensors)


def _check_names(info: ModelInfo, kind: str, names: Collection[str], tensors: Sequence[TensorInfo]) -> None:
    known = [tensor.name for tensor in tensors]
    for name in names:
        if name not in known:
            raise InvalidRequest(
                f"expected an {kind} of {info.name!r}: {', '.join(known)}, got {name!r}; correct the name",
                model=info.name,
            )


def _check_tensor(info: ModelInfo, tensor: TensorInfo, array: NDArray[Any]) -> None:
    datatype = datatype_of(array)
    if datatype == tensor.datatype and _fits(tensor.shape, array.shape):
        return
    advice = [_dtype_advice(tensor, datatype), _shape_advice(info, tensor, array)]
    raise InvalidRequest(
        f"expected {shown(info, tensor)} for {info.name!r}, got {datatype} {list(array.shape)}; "
        + ", and ".join(each for each in advice if each is not None),
        model=info.name,
    )


def _dtype_advice(tensor: TensorInfo, datatype: str) -> str | None:
    if datatype == tensor.datatype:
        return None
    if tensor.datatype == "BYTES":
        return "pass the bytes of each element, np.array([[data]], dtype=object)"
    try:
        return f"convert it with array.astype({dtype_name(tensor.datatype)!r})"
    except ValueError:
        return f"convert it to {tensor.datatype}"


def _shape_advice(info: ModelInfo, tensor: TensorInfo, array: NDArray[Any]) -> str | None:
    has_batch = info.max_batch_size > 0
    one = tensor.shape[1:] if has_batch else tensor.shape
    if _fits(tensor.shape, array.shape):
        return None
    if has_batch and _fits(one, array.shape):
        return "add the batch axis with array[np.newaxis]"
    if len(array.shape) == len(one) + 1 and not has_batch and _fits(one, array.shape[1:]):
        return "send one at a time, array[0]: this model takes no batch"
    if len(one) == 3 and _fits(one, _last_first(array.shape[-3:])):
        return "move the channels with np.moveaxis(array, -1, -3)"
    if len(one) == 3 and _fits(one, _first_last(array.shape[-3:])):
        return "move the channels with np.moveaxis(array, -3, -1)"
    return "reshape or resize it" if tensor.datatype != "BYTES" else "reshape it"


def _fits(sizes: Sequence[int], shape: Sequence[int]) -> bool:
    return len(sizes) == len(shape) and all(size in (-1, got) for size, got in zip(sizes, shape, strict=True))


def _last_first(shape: Sequence[int]) -> tuple[int, ...]:
    return (*shape[-1:], *shape[:-1])


def _first_last(shape: Sequence[int]) -> tuple[int, ...]:
    return (*shape[1:], *shape[:1])


def _check_batch(info: ModelInfo, tensors: Mapping[str, NDArray[Any]]) -> None:
    if info.max_batch_size == 0:
        return
    sizes = [array.shape[0] for array in tensors.values()]
    batch = sizes[0]
    if sizes.count(batch) < len(sizes):
        got = ", ".join(f"{name} {size}" for name, size in zip(tensors, sizes, strict=True))
        raise InvalidRequest(
            f"expected one batch size for all inputs of {info.name!r}, got {got}; make the first axes equal",
            model=info.name,
        )
    if not 1 <= batch <= info.max_batch_size:
        raise InvalidRequest(
            f"expected a batch of 1 to {info.max_batch_size} for {info.name!r}, got {batch}; "
            "split it into several calls",
            model=info.name,
        )
