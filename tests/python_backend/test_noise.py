"""Noise that is the same everywhere."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sightline_backend.errors import BackendError, ClassIdError, ParameterError
from sightline_backend.noise import (
    class_of,
    classes_from_parameters,
    classes_of,
    normal_noise,
    size_from_parameters,
)

RUNTIME_PYTHON = Path(sys.prefix) / "share" / "sightline" / "runtime" / "bin" / "python"

GOLDEN: dict[int, list[str]] = {
    0: ["-0x1.6986120000000p-3", "0x1.699db20000000p+0", "0x1.269c1c0000000p-2", "0x1.eb45e00000000p-6"],
    7: ["0x1.1e60b60000000p+0", "-0x1.afa65a0000000p-1", "0x1.12b04c0000000p-2", "0x1.b5432a0000000p+0"],
    -1: ["0x1.b3b5360000000p-1", "-0x1.3f372a0000000p+0", "0x1.89b74e0000000p-4", "-0x1.331cbc0000000p-4"],
    -(2**63): ["-0x1.804a1e0000000p+0", "-0x1.0a528c0000000p+0", "-0x1.cb709a0000000p+0", "0x1.d347320000000p-1"],
    2**63 - 1: ["-0x1.3863480000000p-1", "0x1.dde3fa0000000p-4", "-0x1.4373a00000000p-1", "0x1.c1cedc0000000p+0"],
}

GOLDEN_CLASSES: dict[int, list[int]] = {
    0: [0, 0, 2, 142],
    7: [0, 0, 6, 96],
    -1: [0, 0, 4, 824],
    -(2**63): [0, 0, 4, 524],
    2**63 - 1: [0, 1, 1, 491],
}
"""Of 1, 2, 10 and 1,000 classes."""


def hexadecimal(seed: int, size: int) -> list[str]:
    return [float(value).hex() for value in normal_noise(seed, size)]


@pytest.mark.parametrize("seed", GOLDEN)
def test_a_seed_gives_the_noise_that_it_always_gave(seed: int) -> None:
    assert hexadecimal(seed, len(GOLDEN[seed])) == GOLDEN[seed]


def test_the_servers_numpy_gives_the_same_noise() -> None:
    if not RUNTIME_PYTHON.exists():
        pytest.skip("there is no runtime environment of the server in this environment")
    script = (
        "import json, numpy; from sightline_backend.noise import class_of, normal_noise; seeds = (0, -5, 2**63 - 1); "
        "print(json.dumps([numpy.__version__, [normal_noise(s, 1001).tobytes().hex() for s in seeds], "
        "[class_of(s, 10) for s in seeds]]))"
    )
    done = subprocess.run([RUNTIME_PYTHON, "-c", script], capture_output=True, text=True, check=True)
    version, noise, classes = json.loads(done.stdout)
    assert noise == [normal_noise(seed, 1001).tobytes().hex() for seed in (0, -5, 2**63 - 1)], version
    assert classes == [class_of(seed, 10) for seed in (0, -5, 2**63 - 1)], version


def test_noise_is_standard_normal() -> None:
    noise = normal_noise(11, 200_000).astype(np.float64)
    assert stats.kstest(noise, "norm").pvalue > 0.01
    assert abs(np.corrcoef(noise[0::2], noise[1::2])[0, 1]) < 0.01
    assert abs(stats.kurtosis(noise)) < 0.05


def test_noise_is_box_muller_of_the_raw_bits() -> None:
    bits = np.random.PCG64(np.random.SeedSequence(5)).random_raw(2000) >> np.uint64(11)
    u = bits.astype(np.float64).reshape(-1, 2) / 2.0**53
    radius, angle = np.sqrt(-2 * np.log1p(-u[:, 0])), 2 * np.pi * u[:, 1]
    expected = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)
    assert np.allclose(normal_noise(5, 2000), expected, rtol=1e-6, atol=1e-7)


def test_less_noise_is_the_beginning_of_more() -> None:
    assert np.array_equal(normal_noise(3, 101)[:37], normal_noise(3, 37))


def test_seeds_differ() -> None:
    seeds = [0, 1, -1, 2**63 - 1, -(2**63)]
    assert len({normal_noise(seed, 8).tobytes() for seed in seeds}) == len(seeds)


@pytest.mark.parametrize("seed", [2**63, -(2**63) - 1])
def test_a_seed_that_is_no_int64_is_refused(seed: int) -> None:
    with pytest.raises(ParameterError, match="64-bit"):
        normal_noise(seed, 4)


@pytest.mark.parametrize("size", [0, -1, 2**24 + 1])
def test_an_impossible_size_is_refused(size: int) -> None:
    with pytest.raises(ParameterError, match="size: expected 1 to 16777216 values"):
        normal_noise(0, size)


@pytest.mark.parametrize("text", [None, "", "0", "-1", "1e3", "16777217", "9" * 40, "\u0663"])
def test_an_unusable_size_parameter_is_refused(text: str | None) -> None:
    with pytest.raises(ParameterError, match="size: expected a whole number from 1 to 16777216"):
        size_from_parameters({} if text is None else {"size": text})


def test_the_size_parameter_is_read() -> None:
    assert size_from_parameters({"size": " 100 "}) == 100


@pytest.mark.parametrize("seed", GOLDEN_CLASSES)
def test_a_seed_gives_the_class_that_it_always_gave(seed: int) -> None:
    assert [class_of(seed, classes) for classes in (1, 2, 10, 1000)] == GOLDEN_CLASSES[seed]


def test_drawn_classes_are_equally_likely_and_independent_of_the_noise() -> None:
    seeds = range(5000)
    classes = np.array([class_of(seed, 10) for seed in seeds])
    assert stats.chisquare(np.bincount(classes, minlength=10)).pvalue > 0.01
    first = np.array([normal_noise(seed, 1)[0] for seed in seeds])
    assert stats.kruskal(*(first[classes == k] for k in range(10))).pvalue > 0.01


def test_a_named_class_is_given_whatever_the_seed() -> None:
    assert {class_of(seed, 10, asked=4) for seed in range(20)} == {4}


def test_classes_of_a_request_are_named_or_drawn_one_by_one() -> None:
    seeds = np.array([[7], [7], [-1]])
    asked = np.array([[3], [-1], [0]], np.int32)
    mixed, drawn = classes_of(seeds, 10, asked), classes_of(seeds, 10)
    assert (mixed.dtype, mixed.shape, drawn.shape) == (np.int32, (3, 1), (3, 1))
    assert mixed.ravel().tolist() == [3, class_of(7, 10), 0]
    assert drawn.ravel().tolist() == [class_of(7, 10), class_of(7, 10), class_of(-1, 10)]
    assert classes_of(seeds[:0], 10).shape == (0, 1)


@pytest.mark.parametrize("asked", [-2, 10, 2**31 - 1, -(2**31)])
def test_a_class_that_is_not_there_is_refused_and_the_range_is_named(asked: int) -> None:
    expected = f"CLASS_ID: expected a class from 0 to 9, or -1 to have it drawn from the seed, got {asked}; send one"
    with pytest.raises(ClassIdError, match=expected):
        class_of(0, 10, asked)
    with pytest.raises(BackendError, match=expected):
        classes_of(np.array([[1], [2]]), 10, np.array([[0], [asked]], np.int32))


@pytest.mark.parametrize("text", ["", "0", "-1", "ten", "1048577"])
def test_an_unusable_classes_parameter_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="classes: expected a whole number from 1 to 1048576"):
        classes_from_parameters({"classes": text})


def test_the_classes_parameter_is_read_or_left_out() -> None:
    assert classes_from_parameters({"classes": "10"}) == 10
    assert classes_from_parameters({"size": "100"}) is None
