"""Which models can be measured with shared memory, and what is said of the others."""

import pytest

from sightline_server.bench.service import Input, Served
from sightline_server.bench.shared_regions import refusal_message, without_optional_inputs
from sightline_server.bench.targets import Target, Targets
from sightline_server.errors import MeasurementError

PICTURE = Input("IMAGE", is_text=True, is_optional=False)
CLASS_ID = Input("CLASS_ID", is_text=False, is_optional=True)
SERVED = {"cnn": Served(1, (PICTURE,), ()), "gan": Served(1, (PICTURE, CLASS_ID), ())}


def targets(*names: str) -> Targets:
    found = tuple(Target(name, 1, (), (), None, sends_pictures=False) for name in names)
    return Targets(found, ("a note",))


def test_models_without_optional_inputs_stay() -> None:
    assert without_optional_inputs(targets("cnn"), SERVED, ["cnn"]) == targets("cnn")


def test_a_model_with_an_optional_input_is_left_out_with_a_note() -> None:
    found = without_optional_inputs(targets("cnn", "gan"), SERVED, [])
    assert [each.model for each in found.targets] == ["cnn"]
    assert found.notes[0] == "a note"
    assert found.notes[1].startswith("gan is left out: its input CLASS_ID is optional")


@pytest.mark.parametrize(("names", "wanted"), [(("cnn", "gan"), ["cnn", "gan"]), (("gan",), [])])
def test_one_that_was_named_or_is_the_only_one_is_refused(names: tuple[str, ...], wanted: list[str]) -> None:
    with pytest.raises(MeasurementError, match=r"expected models without optional inputs, got gan with CLASS_ID: "):
        without_optional_inputs(targets(*names), SERVED, wanted)


def test_a_refusal_is_one_line_with_what_to_do() -> None:
    message = refusal_message("http://far:8000", "Unable to open\nshared memory region\n")
    assert message.startswith(
        "--shared-memory: expected the server at http://far:8000 to take shared memory of this machine, got: Unable to "
        "open shared memory region. Start it on this machine with `sightline serve --allow-shared-memory`"
    )
    assert "\n" not in message
