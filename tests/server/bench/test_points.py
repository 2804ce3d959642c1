import pytest

from sightline_server.bench.points import Load, Loop, Point, order_of_round, points_of

LOADS = [Load(Loop.CLOSED, 1), Load(Loop.CLOSED, 32), Load(Loop.OPEN, 50)]
POINTS = points_of(["cnn", "gan"], ["http", "grpc"], LOADS)


def test_every_model_is_measured_over_every_protocol_at_every_load() -> None:
    assert len(set(POINTS)) == 2 * 2 * 3
    assert [str(point) for point in POINTS[:3]] == [
        "cnn, http, 1 in flight",
        "cnn, http, 32 in flight",
        "cnn, http, 50/s",
    ]


def test_shared_memory_is_a_condition_of_a_point() -> None:
    points = points_of(["cnn"], ["http", "grpc"], LOADS, shared_memory=True)
    assert not set(points) & set(POINTS)
    assert str(points[0]) == "cnn, http with shared memory, 1 in flight"


def test_each_round_visits_all_points_in_an_order_of_its_own() -> None:
    rounds = [order_of_round(POINTS, number) for number in (1, 2, 3)]
    assert all(set(each) == set(POINTS) and len(each) == len(POINTS) for each in rounds)
    assert len(set(rounds)) == 3
    assert order_of_round(POINTS, 2) == rounds[1]


@pytest.mark.parametrize(
    ("loop", "value"),
    [(Loop.CLOSED, 0), (Loop.CLOSED, 1.5), (Loop.CLOSED, -1), (Loop.OPEN, 0), (Loop.OPEN, float("inf"))],
)
def test_a_load_that_cannot_be_is_refused(loop: Loop, value: float) -> None:
    with pytest.raises(ValueError, match="expected a"):
        Load(loop, value)


def test_a_rate_may_be_a_fraction() -> None:
    assert str(Point("cnn", "grpc", Load(Loop.OPEN, 0.5))) == "cnn, grpc, 0.5/s"
