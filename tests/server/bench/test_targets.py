"""Which models are measured, and what is said of those that are not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sightline_server.bench.service import Input, Served
from sightline_server.bench.targets import find_targets
from sightline_server.errors import NotAnsweringError, NotARepositoryError, UnknownModelError

TEXT = (Input("TEXT", is_text=True, is_optional=False),)
IMAGE = (Input("IMAGE", is_text=True, is_optional=False),)
SERVED = {
    "length": Served(1, TEXT, ("length_step",)),
    "length_step": Served(1, TEXT, ()),
    "cnn": Served(2, IMAGE, ("pixels", "cnn_network", "gone")),
    "cnn_network": Served(1, (), ("deeper",)),
    "deeper": Served(1, (), ()),
    "pixels": Served(1, IMAGE, ()),
}


def test_all_models_that_users_call_are_measured_unless_some_are_named(length_repository: Path) -> None:
    found = find_targets(SERVED, (), length_repository, [b"a picture"])
    assert [each.model for each in found.targets] == ["cnn", "length"]
    assert [each.model for each in find_targets(SERVED, ("length",), length_repository, []).targets] == ["length"]


def test_a_step_is_measured_when_it_is_named(length_repository: Path) -> None:
    (found,) = find_targets(SERVED, ("pixels",), length_repository, [b"a picture"]).targets
    assert (found.model, found.parts) == ("pixels", ())


def test_the_parts_are_those_of_the_parts_too_as_far_as_they_are_loaded(length_repository: Path) -> None:
    (found,) = find_targets(SERVED, ("cnn",), length_repository, [b"a picture"]).targets
    assert found.parts == ("pixels", "cnn_network", "deeper")


def test_the_golden_request_is_sent_and_compared(length_repository: Path) -> None:
    (found,) = find_targets(SERVED, ("length",), length_repository, []).targets
    assert [each["TEXT"].tolist() for each in found.requests] == [[b"five!"]]
    assert found.golden is not None
    assert found.golden.name == "five"


def test_a_model_with_nothing_to_send_is_left_out_and_named(length_repository: Path) -> None:
    found = find_targets(SERVED, (), length_repository, [])
    assert [each.model for each in found.targets] == ["length"]
    assert any(note.startswith("cnn is left out: the repository has no golden requests") for note in found.notes)


def test_naming_it_is_an_error_that_says_where_golden_requests_would_be(length_repository: Path) -> None:
    with pytest.raises(NotARepositoryError, match=r"cnn version 2 cannot be measured: .*cnn/2/golden/golden\.json"):
        find_targets(SERVED, ("cnn",), length_repository, [])


def test_answers_that_are_not_checked_are_named(length_repository: Path) -> None:
    found = find_targets(SERVED, ("cnn",), length_repository, [b"a picture"])
    assert found.notes == (f"cnn: answers are not checked, {length_repository} holds no golden answers of version 2.",)


def test_pictures_that_a_model_does_not_take_are_named(length_repository: Path) -> None:
    found = find_targets(SERVED, ("length",), length_repository, [b"a picture"])
    assert found.notes == ("length takes no picture; its golden requests are sent.",)


def test_a_typo_is_told_the_nearest_name(length_repository: Path) -> None:
    with pytest.raises(UnknownModelError, match=r"no model 'lenght'\. Did you mean 'length'\?") as caught:
        find_targets(SERVED, ("lenght",), length_repository, [])
    assert caught.value.exit_code == 6


def test_an_unlike_name_is_told_what_there_is(length_repository: Path) -> None:
    with pytest.raises(UnknownModelError, match=r"It serves cnn, length\."):
        find_targets(SERVED, ("xyz",), length_repository, [])


def test_a_model_that_is_not_loaded_is_told_apart_from_a_typo(
    length_repository: Path, write_model: Callable[..., Path]
) -> None:
    write_model(length_repository, "later", 'backend: "python"')
    with pytest.raises(NotAnsweringError, match=r"later is in .* but the server has not loaded it") as caught:
        find_targets(SERVED, ("later",), length_repository, [])
    assert caught.value.exit_code == 7
