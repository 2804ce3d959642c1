"""Normal noise that is the same on every machine.

NumPy promises that the raw bits of a bit generator never change, but not what `Generator.standard_normal` makes of
them; and logarithm and cosine differ in the last bit between processors. So the raw bits of PCG64 go through the
Box-Muller transform with both functions written out in additions, multiplications, divisions and square roots, which
IEEE 754 defines to the last bit. A class that is left open is drawn from raw bits of a stream of its own, so that it
does not depend on the noise beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import factorial, pi, sqrt

import numpy as np
import numpy.typing as npt

from sightline_backend.errors import ClassIdError, ParameterError
from sightline_backend.spans import span

MAX_SIZE = 1 << 24
MAX_CLASSES = 1 << 20
DRAWN = -1
"""As a class: drawn from the seed."""

_Float64 = npt.NDArray[np.float64]
_LOG_2 = 0.6931471805599453
_LOG_TERMS = [1.0 / (2 * k + 1) for k in range(14)]
_SIN_TERMS = [(-1.0) ** k / factorial(2 * k + 1) for k in range(9)]
_COS_TERMS = [(-1.0) ** k / factorial(2 * k) for k in range(10)]


def normal_noise(seed: int, size: int) -> npt.NDArray[np.float32]:
    """Draw independent values of the standard normal distribution.

    Args:
        seed: any INT64, negative ones included; equal seeds give equal noise, bit for bit.
        size: how many values, 1 to 2**24. Of the same seed, less noise is the beginning of more.

    Returns:
        float32, (size,).

    Raises:
        ParameterError: the seed is not an INT64, or the size is out of range.

    >>> normal_noise(7, 100).shape
    (100,)
    """
    entropy = _entropy(seed)
    if not 1 <= size <= MAX_SIZE:
        raise ParameterError(f"size: expected 1 to {MAX_SIZE} values, got {size}")
    pairs = (size + 1) // 2
    with span("noise"):
        bits = np.random.PCG64(np.random.SeedSequence(entropy)).random_raw(2 * pairs) >> np.uint64(11)
        uniform = bits.astype(np.float64).reshape(pairs, 2) * 2.0**-53
        radius = np.sqrt(-2.0 * _log(1.0 - uniform[:, 0]))
        cosine, sine = _cosine_sine_of_turns(uniform[:, 1])
        return np.stack([radius * cosine, radius * sine], axis=1).reshape(-1)[:size].astype(np.float32)


def class_of(seed: int, classes: int, asked: int = DRAWN) -> int:
    """The class of a picture: the one that was asked for, or one drawn from the seed, each as likely.

    Args:
        seed: any INT64.
        classes: how many there are, 1 to 2**20.
        asked: 0 to classes - 1, or -1 to have it drawn; then equal seeds give equal classes on every machine.

    Raises:
        ClassIdError: there is no such class.
        ParameterError: the seed is not an INT64, or the number of classes is out of range.

    >>> class_of(7, 10, asked=3)
    3
    """
    entropy = _entropy(seed)
    if not 1 <= classes <= MAX_CLASSES:
        raise ParameterError(f"classes: expected 1 to {MAX_CLASSES}, got {classes}")
    if not DRAWN <= asked < classes:
        raise ClassIdError(
            f"CLASS_ID: expected a class from 0 to {classes - 1}, or {DRAWN} to have it drawn from the seed, got "
            f"{asked}; send one of those or leave CLASS_ID out"
        )
    if asked != DRAWN:
        return asked
    return int(np.random.PCG64(np.random.SeedSequence(entropy, spawn_key=(0,))).random_raw()) % classes


def classes_of(
    seeds: npt.NDArray[np.int64], classes: int, asked: npt.NDArray[np.int32] | None = None
) -> npt.NDArray[np.int32]:
    """The class of each picture of a request, as `class_of` gives it.

    Args:
        seeds: (n, 1).
        classes: how many there are.
        asked: (n, 1), or None to have all drawn.

    Returns:
        int32, (n, 1).

    Raises:
        ClassIdError: there is no such class.
    """
    wanted = np.full(seeds.shape, DRAWN, np.int32) if asked is None else asked
    pairs = zip(seeds.ravel().tolist(), wanted.ravel().tolist(), strict=True)
    return np.array([[class_of(seed, classes, one)] for seed, one in pairs], np.int32).reshape(-1, 1)


def size_from_parameters(parameters: Mapping[str, str]) -> int:
    """Read `size` from the parameters of a latent_noise model.

    Raises:
        ParameterError: it is missing or not a whole number from 1 to 2**24.
    """
    return _whole("size", parameters.get("size"), MAX_SIZE)


def classes_from_parameters(parameters: Mapping[str, str]) -> int | None:
    """Read `classes` from the parameters of a latent_noise model; None where it is left out: the model gives no class.

    Raises:
        ParameterError: it is not a whole number from 1 to 2**20.
    """
    return _whole("classes", parameters["classes"], MAX_CLASSES) if "classes" in parameters else None


def _whole(key: str, text: str | None, most: int) -> int:
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and 1 <= int(digits) <= most):
        raise ParameterError(
            f"{key}: expected a whole number from 1 to {most}, got {text!r}; set the parameter {key} in config.pbtxt"
        )
    return int(digits)


def _entropy(seed: int) -> int:
    if not -(1 << 63) <= seed < 1 << 63:
        raise ParameterError(f"seed: expected a 64-bit signed whole number, got {seed}")
    return seed % (1 << 64)


def _log(x: _Float64) -> _Float64:
    """Natural logarithm of x > 0 by the series of atanh."""
    mantissa, exponent = np.frexp(x)
    small = mantissa < sqrt(0.5)
    mantissa = np.where(small, 2.0 * mantissa, mantissa)
    exponent = exponent - small
    s = (mantissa - 1.0) / (mantissa + 1.0)
    return 2.0 * s * _polynomial(_LOG_TERMS, s * s) + exponent * _LOG_2


def _cosine_sine_of_turns(turns: _Float64) -> tuple[_Float64, _Float64]:
    """Cosine and sine of 2 pi x for x in [0, 1): the nearest quarter turn exactly, the rest by Taylor's series."""
    quarter = np.floor(4.0 * turns + 0.5)
    angle = (turns - 0.25 * quarter) * (2.0 * pi)
    square = angle * angle
    cosine, sine = _polynomial(_COS_TERMS, square), angle * _polynomial(_SIN_TERMS, square)
    odd = quarter % 2 == 1
    cosine, sine = np.where(odd, -sine, cosine), np.where(odd, cosine, sine)
    turn_back = (quarter == 2) | (quarter == 3)
    return np.where(turn_back, -cosine, cosine), np.where(turn_back, -sine, sine)


def _polynomial(terms: list[float], x: _Float64) -> _Float64:
    total = np.full_like(x, terms[-1])
    for term in reversed(terms[:-1]):
        total = total * x + term
    return total
