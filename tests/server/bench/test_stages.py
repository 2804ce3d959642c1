"""From Triton's counters to what a request spent where."""

import pytest

from sightline_server.bench.stages import Counters, growth, stages

MS = 1_000_000
ENSEMBLE = Counters(requests=40, rows=40, executions=40, total_ns=400 * MS)
NETWORK = Counters(
    requests=40,
    rows=40,
    executions=5,
    total_ns=320 * MS,
    queue_ns=120 * MS,
    input_ns=20 * MS,
    infer_ns=160 * MS,
    output_ns=8 * MS,
)


def test_a_stage_is_a_mean_per_request() -> None:
    model, network = stages([{"cnn": ENSEMBLE, "cnn_network": NETWORK}], "cnn")
    assert (model.model, model.total_ms) == ("cnn", 10)
    assert (network.queue_ms, network.input_ms, network.infer_ms, network.output_ms) == (3, 0.5, 4, 0.2)
    assert network.total_ms == 8


def test_the_batch_is_what_dynamic_batching_reached() -> None:
    _, network = stages([{"cnn": ENSEMBLE, "cnn_network": NETWORK}], "cnn")
    assert network.batch == 8


def test_a_model_that_is_asked_several_times_says_so() -> None:
    asking = Counters(requests=10, rows=10, executions=10)
    _, network = stages([{"explain": asking, "cnn_network": NETWORK}], "explain")
    assert network.calls == 4


def test_rounds_weigh_as_much_as_they_have_requests() -> None:
    quick = Counters(requests=30, total_ns=30 * MS)
    slow = Counters(requests=10, total_ns=50 * MS)
    (model,) = stages([{"cnn": quick}, {"cnn": slow}], "cnn")
    assert model.total_ms == 2


def test_what_ran_nothing_is_left_out() -> None:
    assert [each.model for each in stages([{"cnn": ENSEMBLE, "idle": Counters()}], "cnn")] == ["cnn"]
    assert stages([{"cnn": Counters(failed=3)}], "cnn") == ()
    assert stages([], "cnn") == ()


def test_growth_is_the_difference_of_two_looks() -> None:
    before = {"cnn": Counters(requests=5, failed=1, total_ns=7)}
    after = {"cnn": Counters(requests=9, failed=3, total_ns=20), "other": Counters(requests=1)}
    assert growth(before, after, ["cnn"]) == {"cnn": Counters(requests=4, failed=2, total_ns=13)}


def test_counters_that_fall_are_a_model_that_was_loaded_again() -> None:
    with pytest.raises(ValueError, match="the model was loaded again"):
        growth({"cnn": Counters(requests=5)}, {"cnn": Counters(requests=2)}, ["cnn"])
    with pytest.raises(ValueError, match="the model was loaded again"):
        growth({"cnn": Counters(requests=5)}, {}, ["cnn"])
