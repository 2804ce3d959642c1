"""What a person sees while an export runs."""

from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from sightline_export.release import Doing, Done
from sightline_export.report import PLAIN_LINES_PER_TRAINING, is_shown, report
from sightline_export.training.progress import Epoch

TOTAL = 30


def events() -> Iterator[Epoch | Doing | Done]:
    for number in range(1, TOTAL + 1):
        yield Epoch(number, TOTAL, {"loss": 1 / number})
    yield Done("trained 7 parameters in 1 s")
    yield Doing("asking a tritonserver")


def test_a_log_gets_a_few_plain_lines() -> None:
    file = StringIO()
    report("m", events(), Console(file=file, force_terminal=False))
    lines = file.getvalue().splitlines()
    assert lines[0] == "m: epoch 1/30 loss=1.000"
    assert lines[-2:] == ["m: epoch 30/30 loss=0.033", "m: trained 7 parameters in 1 s"]
    assert len(lines) <= PLAIN_LINES_PER_TRAINING + 3


def test_a_terminal_gets_a_bar_and_the_steps() -> None:
    file = StringIO()
    report("m", events(), Console(file=file, force_terminal=True, color_system=None, highlight=False, width=100))
    assert "m: training" in file.getvalue()
    assert "30/30" in file.getvalue()
    assert "m: trained 7 parameters in 1 s" in file.getvalue()
    assert "m: asking a tritonserver" in file.getvalue()


@pytest.mark.parametrize("is_terminal", [False, True])
@pytest.mark.parametrize("name", ["read nets.py:a", "[v2] out", "[bold]x", "x[/bold]", ":smile:"])
def test_names_are_shown_as_they_are(name: str, is_terminal: bool) -> None:
    def told() -> Iterator[Epoch | Doing | Done]:
        yield Epoch(1, 1, {name: 1.0})
        yield Doing(name)
        yield Done(name)

    file = StringIO()
    report("m", told(), Console(file=file, force_terminal=is_terminal, color_system=None, width=200))
    assert file.getvalue().count(f"m: {name}") >= (2 if is_terminal else 1)  # in the bar, and the line
    assert f"{name} 1.000" in file.getvalue() or f"{name}=1.000" in file.getvalue()


def test_what_an_export_raises_is_not_swallowed() -> None:
    def failing() -> Iterator[Epoch | Done]:
        yield Epoch(1, 2)
        raise KeyboardInterrupt

    for is_terminal in (False, True):
        with pytest.raises(KeyboardInterrupt):
            report("m", failing(), Console(file=StringIO(), force_terminal=is_terminal))


@pytest.mark.parametrize("total", [1, 2, 5, 6, 7, 1000])
def test_first_and_last_epoch_are_always_shown(total: int) -> None:
    shown = [number for number in range(1, total + 1) if is_shown(Epoch(number, total))]
    assert shown[0] == 1
    assert shown[-1] == total
    assert len(shown) <= PLAIN_LINES_PER_TRAINING + 3
