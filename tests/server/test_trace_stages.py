"""One request divided into stages, from notes written by hand; times in nanoseconds."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest

from sightline_server.tracing.stages import ClientTimes, ModelTrace, Span, Stage, stages_of, visible

TIMES = ClientTimes(encode_start_ns=0, send_start_ns=10, receive_end_ns=900, decode_end_ns=950)
ASKED = ModelTrace(1, None, "r", "cnn", {"REQUEST_START": 100, "INFER_RESPONSE_COMPLETE": 800, "REQUEST_END": 830})
PIXELS = ModelTrace(
    2,
    1,
    "r",
    "pixels",
    {
        "QUEUE_START": 110,
        "COMPUTE_START": 150,
        "COMPUTE_INPUT_END": 160,
        "COMPUTE_OUTPUT_START": 390,
        "COMPUTE_END": 420,
    },
)
NETWORK = ModelTrace(
    3,
    1,
    "r",
    "cnn_network",
    {
        "QUEUE_START": 400,
        "COMPUTE_START": 450,
        "COMPUTE_INPUT_END": 470,
        "COMPUTE_OUTPUT_START": 780,
        "COMPUTE_END": 820,
    },
)
DECODE, RESIZE = Span("decode", "pixels", 200, 300), Span("resize", "pixels", 300, 340)
INFERENCE = Span("inference", "cnn_network", 500, 700)


def rows(stages: Sequence[Stage]) -> list[tuple[str, str, int]]:
    """The stages without gaps: name, step and end."""
    assert all(before.end_ns == after.start_ns for before, after in pairwise(stages))
    return [(stage.name, stage.step, stage.end_ns) for stage in stages]


def lengths(stages: Sequence[Stage]) -> Mapping[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for stage in stages:
        found[stage.name, stage.step] = found.get((stage.name, stage.step), 0) + stage.duration_ns
    return found


def test_an_ensemble_is_divided_without_a_gap() -> None:
    stages = stages_of(TIMES, [NETWORK, ASKED, PIXELS], [INFERENCE, RESIZE, DECODE])
    assert rows(stages) == [
        ("client encode", "client", 10),
        ("network", "request", 100),
        ("unattributed", "", 110),
        ("queue", "pixels", 150),
        ("copies", "pixels", 200),
        ("decode", "pixels", 300),
        ("resize", "pixels", 340),
        ("copies", "pixels", 400),
        ("queue", "cnn_network", 450),
        ("copies", "cnn_network", 500),
        ("inference", "cnn_network", 700),
        ("copies", "cnn_network", 800),
        ("network", "response", 900),
        ("client decode", "client", 950),
    ]
    assert stages[0].start_ns == 0


def test_a_model_that_is_asked_alone_is_its_own_step() -> None:
    alone = ModelTrace(1, None, "r", "pixels", {**ASKED.times_ns, **PIXELS.times_ns, "COMPUTE_END": 805})
    assert rows(stages_of(TIMES, [alone], [DECODE]))[2:] == [
        ("unattributed", "", 110),
        ("queue", "pixels", 150),
        ("copies", "pixels", 200),
        ("decode", "pixels", 300),
        ("copies", "pixels", 800),
        ("network", "response", 900),
        ("client decode", "client", 950),
    ]


def test_a_backend_that_notes_nothing_is_divided_as_triton_does() -> None:
    found = lengths(stages_of(TIMES, [ASKED, PIXELS, NETWORK], [DECODE, RESIZE]))
    assert found["inference", "cnn_network"] == 780 - 470
    assert found["copies", "cnn_network"] == (470 - 450) + (800 - 780)
    assert ("inference", "pixels") not in found


def test_of_spans_inside_one_another_the_inner_one_counts() -> None:
    outer, inner = Span("decode", "pixels", 200, 300), Span("resize", "pixels", 220, 250)
    same_start = Span("resize", "pixels", 200, 210)
    found = lengths(stages_of(TIMES, [ASKED, PIXELS], [inner, same_start, outer]))
    assert (found["decode", "pixels"], found["resize", "pixels"]) == (60, 40)


def test_of_spans_of_two_processes_the_one_that_began_later_counts() -> None:
    """As while a network answers some tiles and the rows before them are compressed."""
    tiles = ModelTrace(1, None, "r", "tiles", {**ASKED.times_ns, **PIXELS.times_ns, "COMPUTE_END": 800})
    spans = [
        Span("inference", "network", 200, 400),
        Span("postprocess", "tiles", 350, 500),
        Span("inference", "network", 420, 600),
    ]
    assert rows(stages_of(TIMES, [tiles], spans))[3:] == [
        ("queue", "tiles", 150),
        ("copies", "tiles", 200),
        ("inference", "network", 350),
        ("postprocess", "tiles", 420),
        ("inference", "network", 600),
        ("copies", "tiles", 800),
        ("network", "response", 900),
        ("client decode", "client", 950),
    ]


def test_spans_of_other_requests_are_left_out() -> None:
    others = [
        Span("decode", "pixels", -50, 5),
        Span("decode", "pixels", 900, 990),
        Span("decode", "pixels", 2000, 2001),
    ]
    assert ("decode", "pixels") not in lengths(stages_of(TIMES, [ASKED, PIXELS], others))


def test_work_that_goes_on_after_the_answer_is_cut_off() -> None:
    late = ModelTrace(2, 1, "r", "pixels", {**PIXELS.times_ns, "COMPUTE_END": 3000})
    stages = stages_of(TIMES, [ASKED, late], [Span("postprocess", "pixels", 700, 2000)])
    assert rows(stages)[-3:] == [
        ("postprocess", "pixels", 800),
        ("network", "response", 900),
        ("client decode", "client", 950),
    ]


def test_the_time_of_a_step_without_a_trace_is_nobodys() -> None:
    found = lengths(stages_of(TIMES, [ASKED, NETWORK], [INFERENCE]))
    assert found["unattributed", ""] == 400 - 100


def test_without_any_trace_only_the_client_is_known() -> None:
    assert rows(stages_of(TIMES, [], [])) == [
        ("client encode", "client", 10),
        ("unattributed", "", 900),
        ("client decode", "client", 950),
    ]


def test_a_step_that_did_not_end_is_nobodys_either() -> None:
    begun = ModelTrace(2, 1, "r", "pixels", {"QUEUE_START": 110, "COMPUTE_START": 150})
    assert lengths(stages_of(TIMES, [ASKED, begun], []))["unattributed", ""] == 700


def test_what_lies_above_hides_what_lies_below_and_nothing_is_counted_twice() -> None:
    layers = [Stage("a", "", 0, 10), Stage("b", "", 2, 8), Stage("a", "", 5, 6), Stage("c", "", 12, 14)]
    assert visible(layers, 0, 14) == (
        Stage("a", "", 0, 2),
        Stage("b", "", 2, 5),
        Stage("a", "", 5, 6),
        Stage("b", "", 6, 8),
        Stage("a", "", 8, 10),
        Stage("c", "", 12, 14),
    )


def test_stages_that_follow_one_another_under_one_name_are_one() -> None:
    layers = [Stage("a", "", 0, 3), Stage("a", "", 3, 5), Stage("a", "", 2, 4)]
    assert visible(layers, 0, 5) == (Stage("a", "", 0, 5),)


def test_a_stage_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="ends after its start"):
        Stage("a", "", 5, 4)
