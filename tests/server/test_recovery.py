import pytest

from sightline_server.probe import Outcome, classify
from sightline_server.recovery import (
    HANG_S,
    MAX_QUICK_DEATHS,
    HangWatch,
    RepairPolicy,
    RestartPolicy,
    pause_after_probe_s,
)
from sightline_server.stubs import model_of


@pytest.mark.parametrize(
    ("status", "message", "outcome"),
    [
        ("INTERNAL", "in ensemble 'cnn', Stub process 'pixels_rgb_0_0' is not healthy.", Outcome.DEAD_STUB),
        ("INTERNAL", "Stub process 'cnn_0_0' is not healthy.", Outcome.DEAD_STUB),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", Outcome.TIMEOUT),
        ("UNAVAILABLE", "[request id: <id_unknown>] Exceeds maximum queue size", Outcome.BUSY),
        ("UNAVAILABLE", "in ensemble 'cnn', Request timeout expired", Outcome.BUSY),
        ("NOT_FOUND", "Request for unknown model: 'cnn' is not found", Outcome.NOT_READY),
        ("NOT_FOUND", "Request for unknown model: 'cnn' has no available versions", Outcome.NOT_READY),
        ("UNAVAILABLE", "failed to connect to all addresses; Connection refused", Outcome.UNREACHABLE),
        ("INVALID_ARGUMENT", "unexpected inference input 'X'", Outcome.REFUSED),
        ("INTERNAL", "onnx runtime error 1", Outcome.REFUSED),
    ],
)
def test_a_failed_call_says_what_is_wrong_with_the_model(status: str, message: str, outcome: Outcome) -> None:
    assert classify(status, message).outcome is outcome


def test_the_dead_instance_is_named_by_the_error() -> None:
    probe = classify("INTERNAL", "in ensemble 'cnn', Stub process 'pixels_rgb_64x64_squash_0_0' is not healthy.")
    assert probe.instance == "pixels_rgb_64x64_squash_0_0"


@pytest.mark.parametrize(
    ("instance", "model"),
    [("cnn_0_0", "cnn"), ("cnn_network_0_1", "cnn_network"), ("cnn_1_2_0_0", "cnn_1_2"), ("other_0_0", None)],
)
def test_an_instance_belongs_to_the_longest_model_name_it_begins_with(instance: str, model: str | None) -> None:
    assert model_of(instance, ["cnn", "cnn_network", "cnn_1_2"]) == model


def test_quick_deaths_are_answered_ever_later_and_then_given_up() -> None:
    policy = RestartPolicy()
    delays = [policy.delay_after_death(1.0) for _ in range(MAX_QUICK_DEATHS)]
    assert delays == [0.5, 1.0, 2.0, 4.0, None]


def test_a_death_after_a_long_life_starts_the_count_again() -> None:
    policy = RestartPolicy()
    assert [policy.delay_after_death(life_s) for life_s in (1.0, 1.0, 3600.0, 1.0)] == [0.5, 1.0, 0.5, 1.0]


def test_a_model_is_reloaded_at_once_and_later_the_more_often_it_dies() -> None:
    policy = RepairPolicy()
    assert policy.is_due("a", 0.0)
    policy.record("a", 0.0)
    assert not policy.is_due("a", 0.4)
    assert policy.is_due("a", 0.5)
    policy.record("a", 0.5)
    assert not policy.is_due("a", 1.4)
    assert policy.is_due("a", 1.5)
    assert policy.is_due("b", 0.4)


def test_a_repair_long_ago_does_not_delay_the_next() -> None:
    policy = RepairPolicy()
    for _ in range(8):
        policy.record("a", 0.0)
    assert not policy.is_due("a", 20.0)
    assert policy.is_due("a", 121.0)


def test_a_timeout_alone_is_no_hang() -> None:
    watch = HangWatch()
    assert not watch.timed_out("a", 5, 0.0)
    assert not watch.timed_out("a", 5, HANG_S - 1)
    assert watch.timed_out("a", 5, HANG_S)


def test_a_model_that_answers_others_is_busy_and_does_not_hang() -> None:
    watch = HangWatch()
    assert not watch.timed_out("a", 5, 0.0)
    assert not watch.timed_out("a", 6, HANG_S)
    assert not watch.timed_out("a", 6, 2 * HANG_S - 1)


def test_an_answer_ends_the_count_towards_a_hang() -> None:
    watch = HangWatch()
    watch.timed_out("a", 5, 0.0)
    watch.answered("a")
    assert not watch.timed_out("a", 5, HANG_S)


@pytest.mark.parametrize(
    ("took_s", "answered", "pause_s"),
    [(0.005, True, 2.0), (0.1, True, 10.0), (4.0, True, 30.0), (5.0, False, 2.0)],
    ids=["quick", "slow", "very slow", "no answer"],
)
def test_a_model_that_answers_slowly_is_asked_less_often(took_s: float, answered: bool, pause_s: float) -> None:
    assert pause_after_probe_s(took_s, answered=answered) == pause_s
