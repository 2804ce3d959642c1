"""What perf_analyzer 2.51 says with -v."""

import pytest

from sightline_server.bench.analyzer_log import Window, read_log, reason, spread_percent

CLOSED = """*** Measurement Settings ***
  Batch size: 1
  Using "time_windows" mode for stabilization

Request concurrency: 8
  Pass [1] throughput: 700.5 infer/sec. Avg latency: 11400 usec (std 3000 usec). 
  Pass [2] cb::Error: No valid requests recorded within time interval. Please use a larger time window.
  Pass [3] throughput: 812.25 infer/sec. Avg latency: 9800 usec (std 2000 usec). 
  Pass [4] throughput: 790 infer/sec. Avg latency: 10100 usec (std 2100 usec). 
  Pass [5] throughput: 801 infer/sec. Avg latency: 10000 usec (std 1900 usec). 
  Client: 
    Request count: 2400
    Throughput: 801.1 infer/sec
"""  # noqa: W291  # as it comes
OPEN = """Request Rate: 4000 inference requests per seconds
  Pass [1] throughput: 700.5 infer/sec. p95 latency: 11400 usec
  Client: 
    Request count: 2400
    Avg send request rate: 812.00 infer/sec
    [WARNING] Perf Analyzer was not able to keep up with the desired request rate. 79.70% of the requests were delayed. 
[WARNING] Perf Analyzer is not able to keep up with the desired load. The results may not be accurate.
"""  # noqa: W291  # as it comes


def test_the_last_three_windows_are_those_of_the_figures() -> None:
    log = read_log(CLOSED)
    assert log.windows == (Window(812.25, 9.8), Window(790, 10.1), Window(801, 10.0))
    assert (log.late_percent, log.is_behind) == (0, False)


def test_windows_differ_by_throughput_or_latency_whichever_is_more() -> None:
    assert read_log(CLOSED).spread_percent == pytest.approx((10.1 / 9.8 - 1) * 100)


def test_windows_may_be_judged_by_a_percentile() -> None:
    assert read_log(OPEN).windows == (Window(700.5, 11.4),)


def test_warnings_are_kept() -> None:
    log = read_log(OPEN)
    assert (log.late_percent, log.is_behind) == (79.7, True)


def test_nothing_said_is_nothing_known() -> None:
    assert read_log("").windows == ()
    assert read_log("").spread_percent == 0


def test_a_window_without_answers_is_infinitely_worse() -> None:
    assert spread_percent([0.0, 800.0]) == float("inf")


RAISED = """Failed to maintain requested inference load. Worker thread(s) failed to generate concurrent requests.
Thread [1] had error: Failed to process the request(s) for model 'fussy_0_0', message: ValueError: six is too many

At:
  /repository/fussy/1/model.py(15): answer

Thread [3] had error: another one
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RAISED, "Failed to process the request(s) for model 'fussy_0_0', message: ValueError: six is too many"),
        ("error: failed to get model metadata: not found\n\n\n", "error: failed to get model metadata: not found"),
        ("", "it did not say why"),
    ],
    ids=["raised", "one line", "silent"],
)
def test_the_reason_is_one_line(text: str, said: str) -> None:
    assert reason(text) == said
