"""One request, seen by the client, by Triton and by the Python processes, as stages that exclude one another.

All times are nanoseconds of CLOCK_MONOTONIC, which every process of a machine shares.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

CLIENT = "client"
NETWORK = "network"
UNATTRIBUTED = "unattributed"


@dataclass(frozen=True)
class Stage:
    """A part of a request's time.

    name: such as `decode`, `queue` or `network`.
    step: the model that it belongs to, or `client`.
    """

    name: str
    step: str
    start_ns: int
    end_ns: int

    def __post_init__(self) -> None:
        if self.end_ns < self.start_ns:
            raise ValueError(f"expected a stage that ends after its start, got {self}")

    @property
    def duration_ns(self) -> int:
        return self.end_ns - self.start_ns


@dataclass(frozen=True)
class ClientTimes:
    """When the client began to build the request, to send it, had the whole answer, and had its arrays."""

    encode_start_ns: int
    send_start_ns: int
    receive_end_ns: int
    decode_end_ns: int

    @property
    def wall_ns(self) -> int:
        return self.decode_end_ns - self.encode_start_ns


@dataclass(frozen=True)
class ModelTrace:
    """What Triton noted of one request to one model; an ensemble's steps have the ensemble's `id` as `parent_id`."""

    id: int
    parent_id: int | None
    request_id: str
    model: str
    times_ns: Mapping[str, int]

    def has(self, *names: str) -> bool:
        return all(name in self.times_ns for name in names)


@dataclass(frozen=True)
class Span:
    """What a Python process of a model noted of its own work."""

    stage: str
    model: str
    start_ns: int
    end_ns: int


def stages_of(times: ClientTimes, traces: Sequence[ModelTrace], spans: Sequence[Span]) -> tuple[Stage, ...]:
    """Divide the time of one request among its stages.

    Where two sources speak of the same moment, what the client does itself counts first, then the network, then spans,
    then what Triton says of the steps; of two spans, or of two steps, the one that began later.

    Args:
        times: of the client.
        traces: those of this request; where one is missing its time stays unattributed.
        spans: of all processes; those that begin outside of this request are left out.

    Returns:
        Stages in order, each beginning where the last one ends, from `times.encode_start_ns` to `times.decode_end_ns`.

    >>> stages_of(ClientTimes(0, 2, 8, 9), [], [])
    (Stage(name='client encode', step='client', start_ns=0, end_ns=2),
     Stage(name='unattributed', step='', start_ns=2, end_ns=8),
     Stage(name='client decode', step='client', start_ns=8, end_ns=9))
    """
    own = sorted(
        (span for span in spans if times.send_start_ns <= span.start_ns < times.receive_end_ns),
        key=lambda span: (span.start_ns, -span.end_ns),
    )
    speaking = {span.model for span in own}
    steps = (trace for trace in traces if trace.has("QUEUE_START", "COMPUTE_START", "COMPUTE_END"))
    layers = [Stage(UNATTRIBUTED, "", times.encode_start_ns, times.decode_end_ns)]
    for step in sorted(steps, key=lambda step: step.times_ns["QUEUE_START"]):
        layers += _step(step, step.model in speaking)
    layers += [Stage(span.stage, span.model, span.start_ns, span.end_ns) for span in own]
    for trace in traces:
        if trace.parent_id is None:
            layers += _network(times, trace)
    layers += [
        Stage("client encode", CLIENT, times.encode_start_ns, times.send_start_ns),
        Stage("client decode", CLIENT, times.receive_end_ns, times.decode_end_ns),
    ]
    return visible(layers, times.encode_start_ns, times.decode_end_ns)


def visible(layers: Sequence[Stage], start_ns: int, end_ns: int) -> tuple[Stage, ...]:
    """What is seen, from `start_ns` to `end_ns`, of stages that are laid over one another, the last one on top.

    >>> visible([Stage("under", "", -2, 9), Stage("over", "", 3, 5)], 0, 9)
    (Stage(name='under', step='', start_ns=0, end_ns=3),
     Stage(name='over', step='', start_ns=3, end_ns=5),
     Stage(name='under', step='', start_ns=5, end_ns=9))
    """
    edges = {edge for stage in layers for edge in (stage.start_ns, stage.end_ns) if start_ns < edge < end_ns}
    seen: list[Stage] = []
    for begin, end in pairwise(sorted({start_ns, *edges, end_ns})):
        top = next((stage for stage in reversed(layers) if stage.start_ns <= begin and end <= stage.end_ns), None)
        if top is None:
            continue
        if seen and (seen[-1].name, seen[-1].step, seen[-1].end_ns) == (top.name, top.step, begin):
            begin = seen.pop().start_ns
        seen.append(Stage(top.name, top.step, begin, end))
    return tuple(seen)


def _network(times: ClientTimes, asked: ModelTrace) -> Iterable[Stage]:
    """Sockets, the parsing of HTTP and the writing of the answer: what lies between the client and the model."""
    if asked.has("REQUEST_START"):
        yield Stage(NETWORK, "request", times.send_start_ns, asked.times_ns["REQUEST_START"])
    answered = next((name for name in ("INFER_RESPONSE_COMPLETE", "REQUEST_END") if asked.has(name)), None)
    if answered:
        answered_ns = min(asked.times_ns[answered], times.receive_end_ns)
        yield Stage(NETWORK, "response", answered_ns, times.receive_end_ns)


def _step(step: ModelTrace, speaks: bool) -> Iterable[Stage]:
    """What Triton knows of a step: how long it waited, and how long the backend had it.

    speaks: whether its process notes spans itself: what lies between them is spent on the way into it and out of it.
        Else Triton's own division is taken, which calls inference all that is not the copying of inputs and outputs.
    """
    ns = step.times_ns
    yield Stage("queue", step.model, ns["QUEUE_START"], ns["COMPUTE_START"])
    yield Stage("copies", step.model, ns["COMPUTE_START"], ns["COMPUTE_END"])
    if not speaks and step.has("COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START"):
        yield Stage("inference", step.model, ns["COMPUTE_INPUT_END"], ns["COMPUTE_OUTPUT_START"])
