"""Sine and cosine of lanes against the C library's."""

import numba
import numpy as np

from evolino.simd.memory import aligned, load, memory, store
from evolino.simd.trigonometry import sin_and_cos, small_cos, small_sin


@numba.njit
def evaluate(x, sine, cosine, small, vectors):
    source, s, c = memory(x), memory(sine), memory(cosine)
    for k in range(vectors):
        value = load(source, k)
        if small:
            store(s, k, small_sin(value))
            store(c, k, small_cos(value))
        else:
            both = sin_and_cos(value)
            store(s, k, both[0])
            store(c, k, both[1])


def evaluated(x, small):
    values, sine, cosine = (aligned(len(x)) for _ in range(3))
    values[:] = x
    evaluate(values, sine, cosine, small, len(x) // 8)
    return sine, cosine


def test_small_arguments_have_sine_and_cosine_to_rounding():
    x = np.linspace(-np.pi / 4, np.pi / 4, 8000)
    sine, cosine = evaluated(x, small=True)
    np.testing.assert_allclose(sine, np.sin(x), rtol=4e-16, atol=1e-300)
    np.testing.assert_allclose(cosine, np.cos(x), rtol=4e-16)


def test_large_arguments_are_reduced(rng):
    x = np.concatenate([rng.uniform(-1e5, 1e5, 8000), np.arange(-40, 40) * np.pi / 4])
    sine, cosine = evaluated(x, small=False)
    np.testing.assert_allclose(sine, np.sin(x), rtol=0, atol=2e-11)
    np.testing.assert_allclose(cosine, np.cos(x), rtol=0, atol=2e-11)
    near = np.abs(x) < 50
    np.testing.assert_allclose(sine[near], np.sin(x[near]), rtol=0, atol=1e-14)
