"""Which requests a model is sent: pictures of a person, or its own golden requests."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sightline_server.bench.service import Input
from sightline_server.golden import Case

PICTURE = "IMAGE"
"""Name of the input that takes a picture, in every model of Sightline."""

Request: TypeAlias = Mapping[str, NDArray[Any]]
"""Input name -> tensor without its batch axis."""


def requests_of(inputs: Sequence[Input], cases: Sequence[Case], pictures: Sequence[bytes]) -> tuple[Request, ...]:
    """The requests that perf_analyzer sends in turn; optional inputs are left out.

    Args:
        inputs: The inputs of the model.
        cases: Its golden requests.
        pictures: Take the place of the golden pictures in a model that takes one; the other inputs that it needs are
            those of the golden requests, in turn.

    Returns:
        None at all where neither says what to send.
    """
    needed = [each.name for each in inputs if not each.is_optional]
    golden = [request for case in cases if (request := request_of(case, needed)) is not None]
    if not pictures or not takes_picture(inputs):
        return tuple(golden)
    others: list[Request] = [{}] if needed == [PICTURE] else golden
    tensors = (np.array([picture], dtype=np.object_) for picture in pictures)
    return tuple({**other, PICTURE: tensor} for other, tensor in zip(cycle(others), tensors, strict=False))


def takes_picture(inputs: Sequence[Input]) -> bool:
    return any(each.name == PICTURE and each.is_text for each in inputs)


def request_of(case: Case, needed: Sequence[str]) -> Request | None:
    given = {tensor.name: tensor.values for tensor in case.inputs}
    return {name: given[name] for name in needed} if given.keys() >= set(needed) else None


def size_bytes(request: Request) -> int:
    """How many bytes the tensors of a request hold, without names and lengths."""
    return sum(
        sum(map(len, tensor.ravel().tolist())) if tensor.dtype == np.object_ else tensor.nbytes
        for tensor in request.values()
    )
