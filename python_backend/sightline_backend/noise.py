"""Normal noise that is the same on every machine.

NumPy promises that the raw bits of a bit generator never change, but not what `Generator.standard_normal` makes of
them; and logarithm and cosine differ in the last bit between processors. So the raw bits of PCG64 go through the
Box-Muller transform with both functions written out in additions, multiplications, divisions and square roots, which
IEEE 754 defines to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import factorial, pi, sqrt

import numpy as np
import numpy.typing as npt

from sightline_backend.errors import ParameterError

MAX_SIZE = 1 << 24

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
    if not -(1 << 63) <= seed < 1 << 63:
        raise ParameterError(f"seed: expected a 64-bit signed whole number, got {seed}")
    if not 1 <= size <= MAX_SIZE:
        raise ParameterError(f"size: expected 1 to {MAX_SIZE} values, got {size}")
    pairs = (size + 1) // 2
    bits = np.random.PCG64(np.random.SeedSequence(seed % (1 << 64))).random_raw(2 * pairs) >> np.uint64(11)
    uniform = bits.astype(np.float64).reshape(pairs, 2) * 2.0**-53
    radius = np.sqrt(-2.0 * _log(1.0 - uniform[:, 0]))
    cosine, sine = _cosine_sine_of_turns(uniform[:, 1])
    return np.stack([radius * cosine, radius * sine], axis=1).reshape(-1)[:size].astype(np.float32)


def size_from_parameters(parameters: Mapping[str, str]) -> int:
    """Read `size` from the parameters of a latent_noise model.

    Raises:
        ParameterError: it is missing or not a whole number from 1 to 2**24.
    """
    text = parameters.get("size", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_SIZE):
        raise ParameterError(
            f"size: expected a whole number from 1 to {MAX_SIZE}, got {parameters.get('size')!r}; "
            "set the parameter size in config.pbtxt"
        )
    return int(text)


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
