"""Tensors through system shared memory: written where the server on the same machine reads them, never sent."""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sightline._deadline import Deadline
from sightline._flow import Flow, Pause, send, work
from sightline._requests import Infer, Region, RegisterRegion, Reply, Request, UnregisterRegion
from sightline._tensors import datatype_of, element_size, from_wire, to_wire
from sightline.errors import InferenceFailed, InvalidRequest, SightlineError
from sightline.results import ModelInfo

_ALIGNMENT = 64
_CLEAN_UP_TIMEOUT_S = 5.0
# The server is told to forget the memory even when the time for the call is over.
_GRACE_S = 0.5
_UNREGISTER_PAUSES_S = (0.001, 0.004, 0.016, 0.064, 0.256, 0.256)


class SharedArea:
    """A segment of system shared memory that is gone at the end of its `with` block; also after a crash.

    Python's resource tracker, a process of its own, removes what a killed process left.
    """

    def __init__(self, byte_size: int) -> None:
        from multiprocessing.shared_memory import SharedMemory

        self.name = f"sightline_{os.getpid()}_{secrets.token_hex(6)}"
        self.byte_size = byte_size
        self._memory = SharedMemory(self.name, create=True, size=byte_size)
        try:
            _reserve(self.name, byte_size)
        except BaseException:
            self.__exit__(None, None, None)
            raise

    @property
    def key(self) -> str:
        return f"/{self.name}"

    def write(self, region: Region, data: bytes | memoryview) -> None:
        self._view(region)[:] = data

    def read(self, region: Region) -> NDArray[Any]:
        """Return a copy of the tensor in a region, so that it outlives the segment."""
        return from_wire(bytes(self._view(region)), region.datatype, region.shape)

    def _view(self, region: Region) -> memoryview:
        return cast(memoryview, self._memory.buf)[region.offset : region.offset + region.byte_size]

    def __enter__(self) -> SharedArea:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._memory.close()
        self._memory.unlink()


def _reserve(name: str, byte_size: int) -> None:
    """Take the pages now: to write to memory that is not there any more would end the process."""
    path = Path("/dev/shm", name)  # noqa: S108  # where Linux keeps it
    if path.exists() and hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, byte_size)


def infer_through_shared_memory(
    info: ModelInfo,
    tensors: Mapping[str, NDArray[Any]],
    outputs: Sequence[str] | None,
    repeat: Callable[[Request[Any], Deadline], Flow[Any]],
    deadline: Deadline,
) -> Flow[dict[str, NDArray[Any]]]:
    """Run a model on raw tensors that lie in shared memory, and its outputs of known size too.

    `repeat` sends a request, with the client's retries.
    """
    wanted = tuple(tensor.name for tensor in info.outputs) if outputs is None else tuple(outputs)
    parts = {name: _wire_view(array) for name, array in tensors.items()}
    sizes = [len(part) for part in parts.values()]
    expected = expected_outputs(info, wanted, next(iter(tensors.values())).shape)
    offsets = packed_offsets([*sizes, *(size for _, _, size in expected.values())])
    with _shared_area(info, max(offsets[-1], 1)) as area:
        inputs = {
            name: Region(area.name, offset, len(parts[name]), datatype_of(array), array.shape)
            for (name, array), offset in zip(tensors.items(), offsets, strict=False)
        }
        places = {
            name: Region(area.name, offset, size, datatype, shape)
            for (name, (datatype, shape, size)), offset in zip(expected.items(), offsets[len(parts) :], strict=False)
        }
        yield from work(lambda: _write(area, inputs, parts), to_its_end=True)
        try:
            yield from _register(info, area, deadline)
            reply: Reply = yield from repeat(Infer(info.name, inputs, wanted, places), deadline)
            read = yield from work(lambda: _read(info, area, places, reply), to_its_end=True)
        finally:
            yield from _unregister(area, deadline)
    return {name: {**reply.tensors, **read}[name] for name in wanted if name in reply.tensors or name in read}


def expected_outputs(
    info: ModelInfo, names: Sequence[str], input_shape: Sequence[int]
) -> dict[str, tuple[str, tuple[int, ...], int]]:
    """Return datatype, shape and byte size of those outputs whose size is known before the model runs."""
    found: dict[str, tuple[str, tuple[int, ...], int]] = {}
    for tensor in info.outputs:
        shape = (input_shape[0], *tensor.shape[1:]) if info.max_batch_size > 0 else tensor.shape
        size = element_size(tensor.datatype)
        if tensor.name in names and size is not None and -1 not in shape:
            found[tensor.name] = tensor.datatype, shape, size * math.prod(shape)
    return found


def packed_offsets(sizes: Sequence[int]) -> list[int]:
    """Return where each of several blocks starts, aligned, one behind the other; the last number is the end of all."""
    offsets = [0]
    for size in sizes:
        offsets.append(-(-(offsets[-1] + size) // _ALIGNMENT) * _ALIGNMENT)
    return offsets


def _register(info: ModelInfo, area: SharedArea, deadline: Deadline) -> Flow[None]:
    try:
        yield from send(RegisterRegion(area.name, area.key, area.byte_size), deadline)
    except (InvalidRequest, InferenceFailed) as exc:
        raise InvalidRequest(
            f"expected a server on this machine that takes shared memory, got a refusal ({exc}); start it with "
            "`sightline serve --allow-shared-memory` (a container also needs --ipc=host), or leave out "
            "shared_memory=True",
            model=info.name,
            status=exc.status,
        ) from exc


def _unregister(area: SharedArea, of_the_call: Deadline) -> Flow[None]:
    """Make the server forget the memory; one that cannot is left with it, because the answer matters more."""
    deadline = Deadline(of_the_call.left_s(_CLEAN_UP_TIMEOUT_S) + _GRACE_S)
    for pause_s in _UNREGISTER_PAUSES_S:
        try:
            return (yield from send(UnregisterRegion(area.name), deadline))
        except InferenceFailed:
            # Over gRPC the answer may be here before the server let go of the memory: "it is currently in use".
            yield Pause(pause_s)
        except SightlineError:
            return None
    return None


def _write(area: SharedArea, regions: Mapping[str, Region], parts: Mapping[str, bytes | memoryview]) -> None:
    for name, region in regions.items():
        area.write(region, parts[name])


def _read(info: ModelInfo, area: SharedArea, regions: Mapping[str, Region], reply: Reply) -> dict[str, NDArray[Any]]:
    for name, region in regions.items():
        if reply.shapes.get(name, region.shape) != region.shape:
            raise InferenceFailed(
                f"expected {name} of {info.name!r} to have shape {list(region.shape)}, as its metadata says, got "
                f"{list(reply.shapes[name])}; leave out shared_memory=True, or correct the configuration of the model",
                model=info.name,
            )
    return {name: area.read(region) for name, region in regions.items() if name in reply.shapes}


def _shared_area(info: ModelInfo, byte_size: int) -> SharedArea:
    try:
        return SharedArea(byte_size)
    except OSError as exc:
        raise InvalidRequest(
            f"expected {byte_size:,} bytes of shared memory, got {exc.strerror or exc}; give the machine more "
            "(a container: --shm-size), or leave out shared_memory=True",
            model=info.name,
        ) from exc


def _wire_view(array: NDArray[Any]) -> bytes | memoryview:
    if array.dtype.kind == "O" or array.size == 0:
        return to_wire(array)
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
