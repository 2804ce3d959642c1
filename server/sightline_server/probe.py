"""One real inference, to know whether a model answers."""

import re
from dataclasses import dataclass
from enum import Enum

import numpy as np

from sightline_server.control import CallFailed, Control, Tensor
from sightline_server.golden import Case, differences

DEAD_STUB = re.compile(r"[Ss]tub process '(?P<instance>[^']+)' is not healthy")
BUSY = ("Exceeds maximum queue size", "Request timeout expired")
NOT_READY = ("is not found", "has no available versions", "not ready", "is not ready")
UNREACHABLE = ("failed to connect", "Connection refused", "Socket closed", "Connection reset", "connections to all")


class Outcome(Enum):
    """What became of a probe."""

    OK = "ok"
    WRONG = "wrong answer"
    DEAD_STUB = "Python process dead"
    BUSY = "busy"
    TIMEOUT = "timeout"
    NOT_READY = "not ready"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"


@dataclass(frozen=True)
class Probe:
    """The outcome of one probe, and what was said."""

    outcome: Outcome
    detail: str = ""
    instance: str | None = None
    """Name of the model instance whose Python process is dead."""


def probe(control: Control, model: str, version: int, case: Case, timeout_s: float) -> Probe:
    """Sends the inputs of a golden case and compares the answer."""
    inputs = [Tensor(tensor.name, tensor.datatype, tensor.values[np.newaxis]) for tensor in case.inputs]
    try:
        answer = control.infer(model, version, inputs, [output.name for output in case.outputs], timeout_s)
    except CallFailed as error:
        return classify(error.status, error.message)
    found = differences(case, answer)
    return Probe(Outcome.WRONG, "; ".join(found)) if found else Probe(Outcome.OK)


def classify(status: str, message: str) -> Probe:
    """What a failed call says about the model; `status` is gRPC's name of it."""
    dead = DEAD_STUB.search(message)
    if dead:
        return Probe(Outcome.DEAD_STUB, message, dead["instance"])
    if status == "DEADLINE_EXCEEDED":
        return Probe(Outcome.TIMEOUT, message)
    if any(text in message for text in BUSY):
        return Probe(Outcome.BUSY, message)
    if any(text in message for text in NOT_READY):
        return Probe(Outcome.NOT_READY, message)
    if status == "UNAVAILABLE" and any(text in message for text in UNREACHABLE):
        return Probe(Outcome.UNREACHABLE, message)
    return Probe(Outcome.REFUSED, message)
