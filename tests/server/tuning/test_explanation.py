"""What is said about the figures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sightline_server.tuning.cores import Cores
from sightline_server.tuning.decision import Decision, Measure, decide
from sightline_server.tuning.explanation import explanation
from sightline_server.tuning.objective import Round
from sightline_server.tuning.options import TuneOptions
from sightline_server.tuning.outcome import Outcome
from sightline_server.tuning.report import header, json_text, load_table, table

from .figures import DEFAULT, PORTABLE, TWO, figures

SLOW, FAST = figures(100, 200, 300), figures(120, 240, 360, (9, 18, 70))


def outcome(challenger: Round = FAST, rounds: int = 6, latency_budget_ms: float | None = None) -> Outcome:
    """The default against two processes, and the portable ensemble, which went after a round."""
    slow, fast = [SLOW] * rounds, [challenger] * rounds
    return Outcome(
        TuneOptions("cnn", Path("model_repository"), 3, None, latency_budget_ms, None),
        Cores(2),
        {DEFAULT: slow, TWO: fast, PORTABLE: [figures(50, 100, 150)]},
        {DEFAULT: 200.4, TWO: 290.6, PORTABLE: 150.0},
        {},
        decide(DEFAULT, slow, TWO, fast, latency_budget_ms),
        window_s=0.25,
        took_s=177.2,
        tuned_at="2026-11-30T14:00:00Z",
        machine="Linux",
    )


def test_a_better_one_is_chosen_with_its_gain_and_its_cost() -> None:
    assert explanation(outcome()) == [
        "cnn on 2 cores: 3 arrangements measured in 177 s, each at 1, 8 and 32 requests in flight; all gave the golden "
        "answers.",
        "Looked for: the highest geometric mean of the throughput at 1, 8 and 32 requests in flight.",
        "Chosen: cpu, 2 processes, 1 thread each. By the geometric mean of the throughput it is 1.20 times (1.20 to "
        "1.20 with 97%, 6 rounds) as good as the default, cpu as exported.",
        "Memory: its processes take 291 MiB beyond program files, 90 MiB more than the default.",
    ]


def test_one_that_is_no_better_is_said_to_be_none() -> None:
    words = explanation(outcome(challenger=SLOW))
    assert words[2] == (
        "Chosen: the default, cpu as exported. By the geometric mean of the throughput the best of the others, cpu, 2 "
        "processes, 1 thread each, is 1.00 times (1.00 to 1.00 with 97%, 6 rounds) as good: not better by more than "
        "the noise of the rounds."
    )
    assert words[3] == "Memory: its processes take 200 MiB beyond program files."


def test_too_few_rounds_are_said_to_be_too_few() -> None:
    assert "with 94%, 5 rounds) as good: too few rounds to tell that from noise" in explanation(outcome(rounds=5))[2]


def test_nothing_else_to_measure() -> None:
    alone = replace(outcome(), decision=Decision(DEFAULT, None, Measure.THROUGHPUT, None))
    assert explanation(alone)[2].endswith("cpu as exported. There was nothing else to measure it against.")


@pytest.mark.parametrize(
    ("budget_ms", "what"),
    [
        (75, "The budget is kept up to 32 in flight: 360 answers/s with a p95 of 70.0 ms."),
        (20, "The budget is kept up to 8 in flight: 240 answers/s with a p95 of 18.0 ms."),
        (5, "The budget is NOT kept: nothing that was measured answers 95 % within 5 ms at any load; the lowest p95"),
    ],
)
def test_what_becomes_of_a_latency_budget(budget_ms: float, what: str) -> None:
    words = explanation(outcome(latency_budget_ms=budget_ms))
    assert f"with 95 % of the answers within {budget_ms} ms" in words[1]
    assert words[4].startswith(what)


def test_what_was_left_out_is_named_with_the_reason() -> None:
    words = explanation(replace(outcome(), left_out={PORTABLE: "it did not start"}))
    assert words[-1] == "Left out: portable as exported: it did not start"


def test_the_tables_have_the_best_first() -> None:
    assert table(outcome()) == [
        ("ARRANGEMENT", "SCORE", "MEMORY MIB", "ROUNDS", "NOTE"),
        ("cpu, 2 processes, 1 thread each", "1.000", "291", "6", "chosen"),
        ("cpu as exported", "0.833", "200", "6", "default"),
        ("portable as exported", "0.417", "150", "1", "-"),
    ]
    rows = load_table(outcome())
    assert rows[3] == (str(TWO), "32", "360", "360 - 360", "70.0", "70.0 - 70.0", "6")
    assert rows[-1] == (str(PORTABLE), "32", "150", "-", "80.0", "-", "1")


def test_the_json_has_every_round_and_the_choice() -> None:
    content = json.loads(json_text(outcome()))
    assert content["chosen"]["processes"] == 2
    assert content["comparison"]["gain"]["median"] == pytest.approx(1.2)
    assert [len(each["rounds"]) for each in content["arrangements"]] == [6, 6, 1]
    assert content["arrangements"][0]["rounds"][0]["32"] == {"throughput_per_s": 360, "p95_ms": 70}


def test_the_header_says_when_where_and_how_fast() -> None:
    lines = header(outcome())
    assert lines[0] == "Written by `sightline tune cnn` on 2026-11-30T14:00:00Z, for this machine only:"
    assert lines[1] == "Linux, 2 cores."
    assert "8 in flight: 240 answers/s, p95 18.0 ms." in lines
    assert lines[-1].startswith("Chosen: cpu, 2 processes")
