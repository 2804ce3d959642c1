"""Which arrangements are tried on a machine."""

import pytest

from sightline_server.arrangement import Arrangement, Variant, candidates

CPU = Variant("cpu", is_ensemble=False, processes=1, takes_threads=True, max_batch_size=32)
ENSEMBLE = Variant("portable", is_ensemble=True, processes=2, takes_threads=False, max_batch_size=32)
NO_GPU = (CPU, ENSEMBLE)


@pytest.mark.parametrize("variants", [NO_GPU, NO_GPU[::-1]])
def test_the_first_is_what_is_served_without_tuning(variants: tuple[Variant, ...]) -> None:
    assert candidates(2, variants)[0] == Arrangement(variants[0].config_name)


@pytest.mark.parametrize(
    ("cores", "shapes"),
    [
        (1, {(2, 1)}),
        (2, {(2, 1), (2, 2)}),
        (3, {(2, 2), (3, 1), (2, 3)}),
        (8, {(2, 4), (4, 2), (8, 1), (2, 8)}),
        (64, {(2, 32), (4, 16), (8, 8), (2, 64)}),
    ],
)
def test_processes_and_threads_give_every_core_work(cores: int, shapes: set[tuple[int, int]]) -> None:
    tried = candidates(cores, NO_GPU)
    assert {(each.processes, each.threads) for each in tried} == {(None, None), *shapes}
    assert len(set(tried)) == len(tried) <= 12


def test_an_ensemble_is_taken_as_it_is() -> None:
    assert candidates(8, [ENSEMBLE]) == (Arrangement("portable"),)


def test_without_batches_neither_their_size_nor_a_delay_is_tried() -> None:
    tried = candidates(2, [Variant("portable", False, 1, False, 0)])
    assert tried == (Arrangement("portable"), Arrangement("portable", processes=2))


def test_where_two_processes_are_exported_one_is_tried() -> None:
    tried = candidates(1, [Variant("portable", False, 2, False, 1)])
    assert tried == (Arrangement("portable"), Arrangement("portable", processes=1))


@pytest.mark.parametrize(
    ("arrangement", "words"),
    [
        (Arrangement("cpu"), "cpu as exported"),
        (Arrangement("cpu", 1, 2, 8), "cpu, 1 process, 2 threads each, batches up to 8"),
        (Arrangement("cpu", max_queue_delay_us=500), "cpu, waiting up to 500 us"),
    ],
)
def test_an_arrangement_in_words(arrangement: Arrangement, words: str) -> None:
    assert str(arrangement) == words
