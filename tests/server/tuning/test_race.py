"""Successive halving with figures made by hand, on a clock of its own."""

from dataclasses import dataclass, field

import pytest

from sightline_server.arrangement import Arrangement
from sightline_server.bench.analyzer import NoFigures
from sightline_server.tuning.objective import LoadFigures
from sightline_server.tuning.race import Race
from sightline_server.tuning.schedule import FINAL_ROUNDS, race_s, rung_rounds, rung_sizes

DEFAULT = Arrangement("cpu")
OTHERS = [Arrangement("cpu", count, 1) for count in range(2, 9)]
RUNNERS = [DEFAULT, *OTHERS]
LOAD_S = 1.0
ROUND_S = 3 * LOAD_S


@dataclass
class Course:
    """Arrangements with a known speed. broken: from the given time on an arrangement gives no figures."""

    seconds: float
    speeds: dict[Arrangement, float]
    broken: dict[Arrangement, float] = field(default_factory=dict[Arrangement, float])
    now_s: float = 0.0
    dropped: list[Arrangement] = field(default_factory=list[Arrangement])
    asked: list[tuple[int, Arrangement]] = field(default_factory=list[tuple[int, Arrangement]])

    def measure(self, arrangement: Arrangement, concurrency: int) -> LoadFigures:
        assert arrangement not in self.dropped
        self.now_s += LOAD_S
        self.asked.append((concurrency, arrangement))
        if self.now_s >= self.broken.get(arrangement, float("inf")):
            raise NoFigures("its process died")
        return LoadFigures(self.speeds[arrangement], 10)

    def run(self) -> Race:
        race = Race(DEFAULT, None)
        race.run(RUNNERS, self.measure, lambda: self.seconds - self.now_s, ROUND_S, self.dropped.append)
        return race


def speeds(best: Arrangement) -> dict[Arrangement, float]:
    return {each: 1.0 + number / 100 + 9 * (each == best) for number, each in enumerate(RUNNERS)}


@pytest.mark.parametrize("seconds", [80, 180, 600])
def test_the_best_and_the_default_meet_in_the_last_rung_and_the_time_is_kept(seconds: float) -> None:
    course = Course(seconds, speeds(best=OTHERS[3]))
    race = course.run()
    assert set(race.final) == {DEFAULT, OTHERS[3]}
    assert set(course.dropped) == set(RUNNERS) - {DEFAULT, OTHERS[3]}
    assert len(race.final[DEFAULT]) == len(race.final[OTHERS[3]]) >= FINAL_ROUNDS
    assert seconds - 2 * ROUND_S < course.now_s <= seconds


def test_a_default_that_is_the_best_meets_the_second() -> None:
    race = Course(180, speeds(best=DEFAULT)).run()
    assert set(race.final) == {DEFAULT, OTHERS[-1]}


def test_at_each_load_all_follow_one_another() -> None:
    course = Course(180, speeds(best=DEFAULT))
    course.run()
    first = course.asked[: 3 * len(RUNNERS)]
    assert [load for load, _ in first] == [1] * 8 + [8] * 8 + [32] * 8
    orders = [tuple(each for _, each in first[start : start + 8]) for start in (0, 8, 16)]
    assert set(orders[0]) == set(RUNNERS)
    assert orders[0] == orders[1] == orders[2] != tuple(RUNNERS)


def test_one_without_figures_goes_and_the_others_go_on() -> None:
    course = Course(180, speeds(best=OTHERS[2]), broken={OTHERS[2]: 20})
    race = course.run()
    assert race.failures == {OTHERS[2]: "its process died"}
    assert course.dropped[0] == OTHERS[2]
    assert set(race.final) == {DEFAULT, OTHERS[-1]}


def test_a_default_without_figures_ends_it() -> None:
    with pytest.raises(NoFigures):
        Course(180, speeds(best=DEFAULT), broken={DEFAULT: 20}).run()


def test_what_is_left_of_the_time_is_for_the_last_rung() -> None:
    sizes = rung_sizes(8)
    rounds = rung_rounds(sizes, 600, ROUND_S)
    used_s = sum(size * count for size, count in zip(sizes, rounds, strict=False)) * ROUND_S
    assert 200 < used_s <= 300
    assert rung_rounds(sizes, race_s(8, ROUND_S), ROUND_S) == [1, 1]
