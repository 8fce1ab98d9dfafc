"""Bouncing digits: glyphs that move over a picture and are thrown back by its border.

The digits are scikit-learn's, 8 x 8 (Alpaydin & Kaynak 1998), enlarged on large pictures.
The set is like Moving MNIST (Srivastava, Mansimov & Salakhutdinov 2015), which needs a
download.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from evolino.vocabulary import Array, IntArray

SIDE = 8  # of a digit of scikit-learn
BRIGHTEST = 16.0
FASTEST = 2  # pixels a frame, of 16


def digits() -> Array:
    """Return (1797, 8, 8), intensities 0 .. 1."""
    from sklearn.datasets import load_digits

    return np.asarray(load_digits().images / BRIGHTEST)


def scale_on(size: int) -> int:
    """Return how many pixels of a picture a pixel of a digit covers, each way."""
    return max(1, size // 32)


def sequence(rng: Generator, glyphs: Array, size: int, frames: int, moving: int) -> Array:
    """Return (frames, size, size): some of the glyphs (n, 8, 8), each with a place and a
    velocity of its own; the brighter one is seen where they overlap."""
    scale = scale_on(size)
    side = SIDE * scale
    pictures = np.zeros((frames, size, size))
    for _ in range(moving):
        glyph = np.kron(glyphs[rng.integers(len(glyphs))], np.ones((scale, scale)))
        ways = [_way(rng, size - side, frames, FASTEST * scale) for _ in range(2)]
        for t, (y, x) in enumerate(zip(*ways, strict=True)):
            seen = pictures[t, y : y + side, x : x + side]
            np.maximum(seen, glyph, out=seen)
    return pictures


def _way(rng: Generator, last: int, frames: int, fastest: int) -> IntArray:
    """Return (frames,): where a glyph is along an axis, from 0 to `last`, in pixels."""
    speed = int(rng.integers(1, fastest + 1)) * (1 if rng.integers(2) else -1)
    place = int(rng.integers(last + 1)) + speed * np.arange(frames)
    if not last:
        return np.zeros(frames, dtype=np.int64)
    folded = place % (2 * last)
    return np.asarray(np.minimum(folded, 2 * last - folded), dtype=np.int64)
