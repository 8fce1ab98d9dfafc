"""Gaussian noise of NumPy's legacy generator, compiled, to the same bits.

The `cmaes` library draws from it, a Mersenne twister: for 400,000 genes a generation it
takes a tenth as long as the networks that are evaluated. Loops are kept apart so that the
compiler makes vectors of them.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numba
import numpy as np
from numpy.random import RandomState

from evolino.simd.compiled import cached
from evolino.vocabulary import Array

# Division by 0 as NumPy does it: a check would keep loops from becoming vectors.
njit = partial(cached, error_model="numpy")
inline: Any = numba.njit(inline="always")
WORDS = 624  # of a twister
PAIRS = 1024  # of uniform numbers, drawn at once


def legacy_normals(rng: RandomState, count: int) -> Array:
    """Return (count,): what `rng.randn(count)` gives if rng was seeded just now.

    It leaves rng as it is.
    """
    state: Any = rng.get_state()
    normals = np.empty(count)
    _polar(np.array(state[1], dtype=np.uint32), state[2], normals)
    return normals


@njit
def _uniforms(words: Array, position: int, numbers: Array) -> int:
    """Fill numbers with what a twister gives next; return its position then.

    words: (WORDS,) of its state, turned on. Numbers are uniform on [0, 1), of 53 bits.
    Source: Matsumoto & Nishimura 1998, ACM TOMACS 8(1), and their genrand_res53.
    """
    drawn = np.empty(1 + WORDS, np.uint32)  # behind the last word of the block before
    _temper(words, drawn[1:])
    made, first = 0, 1 + position
    while True:
        count = min((1 + WORDS - first) // 2, len(numbers) - made)
        _join(drawn[first:], numbers[made : made + count])
        made, first = made + count, first + 2 * count
        if made == len(numbers):
            return first - 1
        drawn[0] = drawn[WORDS]
        _turn(words)
        _temper(words, drawn[1:])
        first -= WORDS


@njit
def _turn(words: Array) -> None:
    """Replace the words of a twister by the next ones."""
    for k in range(227):
        words[k] = _mixed(words[k], words[k + 1], words[k + 397])
    for k in range(227, 623):
        words[k] = _mixed(words[k], words[k + 1], words[k - 227])
    words[623] = _mixed(words[623], words[0], words[396])


@inline
def _mixed(upper: Any, lower: Any, far: Any) -> Any:
    y = (upper & 0x80000000) | (lower & 0x7FFFFFFF)
    return far ^ (y >> 1) ^ ((y & 1) * 0x9908B0DF)


@njit
def _temper(words: Array, tempered: Array) -> None:
    for k in range(WORDS):
        y = words[k]
        y = y ^ (y >> np.uint32(11))
        y = y ^ ((y << np.uint32(7)) & np.uint32(0x9D2C5680))
        y = y ^ ((y << np.uint32(15)) & np.uint32(0xEFC60000))
        tempered[k] = y ^ (y >> np.uint32(18))


@njit
def _join(words: Array, numbers: Array) -> None:
    """Make a number of each two words."""
    for k in range(len(numbers)):
        high = np.int32(words[2 * k] >> np.uint32(5))
        low = np.int32(words[2 * k + 1] >> np.uint32(6))
        numbers[k] = (high * 67108864.0 + low) * (1.0 / 9007199254740992.0)


@njit
def _polar(words: Array, position: int, normals: Array) -> None:
    """Fill normals from a twister's state by Marsaglia's polar method."""
    pairs = np.empty(2 * PAIRS)
    x, y, square, factor = np.empty((4, PAIRS))
    made = 0
    while made < len(normals):
        position = _uniforms(words, position, pairs)
        count = _inside(pairs, x, y, square)
        for k in range(count):
            factor[k] = math.log(square[k])
        for k in range(count):
            factor[k] = math.sqrt(-2.0 * factor[k] / square[k])
        whole = min(count, (len(normals) - made) // 2)
        for k in range(whole):
            normals[made + 2 * k] = factor[k] * y[k]
            normals[made + 2 * k + 1] = factor[k] * x[k]
        made += 2 * whole
        if whole < count and made < len(normals):
            normals[made] = factor[whole] * y[whole]
            made += 1


@njit
def _inside(pairs: Array, x: Array, y: Array, square: Array) -> int:
    """Keep the points of the square that lie in the unit circle; return their number."""
    kept = 0
    for k in range(PAIRS):
        a, b = 2.0 * pairs[2 * k] - 1.0, 2.0 * pairs[2 * k + 1] - 1.0
        both = a * a + b * b
        x[kept], y[kept], square[kept] = a, b, both
        kept += (both < 1.0) & (both != 0.0)
    return kept
