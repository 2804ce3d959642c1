"""The model card's Markdown, whatever names and notes go into it."""

from dataclasses import replace
from datetime import date

import pytest
from export.quick import make_quick_recipe

from sightline_export.card import About, Facts, write_card
from sightline_export.measures.figures import Figure, Measurement
from sightline_export.normalisation import Normalisation

FACTS = Facts(
    version=1,
    exported_on=date(2026, 11, 21),
    origin="model.onnx",
    weights="random",
    parameters=7,
    graph_bytes=1,
    measurement=Measurement(()),
    reference="PyTorch",
    parity=(),
    not_served=None,
    latencies=(),
    variants=(),
    notes=(),
    versions=(),
)


@pytest.mark.parametrize(
    ("name", "cell"),
    [("a|b", r"a\|b"), ("a\\|b", r"a\\\|b"), ("two\nlines", "two lines"), ("\u2028one ", "one"), ("crane (1)", None)],
)
def test_a_name_stays_in_its_cell(name: str, cell: str | None) -> None:
    facts = replace(
        FACTS,
        origin=name,
        notes=(name,),
        measurement=Measurement((Figure(name, 0.5),), {name: {"recall": 0.25}}),
    )
    lines = write_card(About.of_spec(make_quick_recipe().spec), facts).splitlines()
    shown = cell or name
    assert {f"| From | {shown} |", f"| {shown} | 0.5 |  |", f"| {shown} | 0.25 |"} <= set(lines)
    assert f"- {' '.join(name.split())}" in lines


def test_numbers_of_pictures_are_written_out() -> None:
    facts = replace(FACTS, measurement=Measurement((Figure("pictures", 50_000), Figure("accuracy", 0.76543))))
    card = write_card(About.of_spec(make_quick_recipe().spec), facts)
    assert "| pictures | 50000 |" in card
    assert "| accuracy | 0.7654 |" in card


@pytest.mark.parametrize(
    ("beside", "said"),
    [(0, " cores."), (1, " cores, beside up to 1 other export."), (3, "up to 3 other exports.")],
)
def test_times_that_were_measured_beside_other_exports_say_so(beside: int, said: str) -> None:
    card = write_card(About.of_spec(make_quick_recipe().spec), replace(FACTS, beside=beside))
    (line,) = (line for line in card.splitlines() if line.startswith("Median in milliseconds"))
    assert said in line


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_an_order_of_channels_other_than_rgb_is_said(order: str) -> None:
    normalisation = Normalisation(channel_order="bgr" if order == "bgr" else "rgb")
    card = write_card(About.of_spec(replace(make_quick_recipe().spec, normalisation=normalisation)), FACTS)
    (row,) = (line for line in card.splitlines() if line.startswith("| Normalisation |"))
    assert row.endswith(
        ", channels in the order blue, green, red (bgr) |" if order == "bgr" else "(level * 0.00392157 - 0) / 1 |"
    )
