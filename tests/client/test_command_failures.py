"""Which errors are one picture's own, and which end a run."""

import pytest

import sightline
from sightline import SightlineError
from sightline.cli._failures import Failures, ends_run


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (sightline.ImageError("x"), False),
        (sightline.InferenceFailed("x", status="500"), False),
        (sightline.InvalidRequest("x", status="400"), False),
        (sightline.InvalidRequest("x", status="INVALID_ARGUMENT"), False),
        (sightline.InvalidRequest("x"), True),  # refused before it was sent
        (sightline.InvalidRequest("x", status="401"), True),
        (sightline.InvalidRequest("x", status="PERMISSION_DENIED"), True),
        (sightline.ConnectionFailed("x"), True),
        (sightline.ModelNotFound("x", status="404"), True),
        (sightline.ModelNotReady("x", status="503"), True),
        (sightline.SightlineError("x"), True),
    ],
    ids=str,
)
def test_what_every_next_picture_would_meet_ends_a_run(error: SightlineError, expected: bool) -> None:
    assert ends_run(error, 0) is expected


def test_a_slow_picture_is_its_own_fault_and_a_server_that_is_stuck_ends_the_run() -> None:
    failures = Failures()
    slow = sightline.RequestTimeout("x")
    failures.of_picture(slow, "a")
    failures.of_picture(slow, "b")
    failures.answered()
    failures.of_picture(slow, "c")
    failures.of_picture(sightline.ImageError("x"), "d")
    failures.of_picture(slow, "e")
    failures.of_picture(slow, "f")
    with pytest.raises(sightline.RequestTimeout):
        failures.of_picture(slow, "g")


def test_the_exit_code_is_that_of_the_first_failure(capsys: pytest.CaptureFixture[str]) -> None:
    failures = Failures()
    assert failures.exit_code == 0
    failures.of_picture(sightline.InferenceFailed("broke"), "a")
    failures.of_picture(sightline.ImageError("b: unreadable"), None)
    failures.of_run(sightline.ConnectionFailed("gone"))
    assert failures.exit_code == 9
    assert capsys.readouterr().err == "Error: a: broke\nError: b: unreadable\nError: gone\n"
