"""What a generation changes in the `cmaes` library's separable CMA-ES, to the same bits.

The library looks at the points of a population one after another; here they are passed
once. Numbers in comments are its equations', of Hansen 2016 (arXiv 1604.00772).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from evolino.simd.compiled import cached
from evolino.vocabulary import Array

LARGEST = 1e32  # the library takes no coordinate beyond it, nor a larger step size
njit = partial(cached, error_model="numpy")


def points_of(normals: Array, strategy: Any) -> Array:
    """Make points of a `cmaes.SepCMA` of standard normal numbers (P, D), in place."""
    deviations, mean = strategy._eigen_decomposition(), strategy.mean
    _place(normals, deviations, float(strategy._sigma), mean)
    return normals


def tell(strategy: Any, points: Array, losses: Array) -> None:
    """Do what `cmaes.SepCMA.tell` does with the losses (P,) of points (P, D).

    Equal losses keep their order. Numbers are the library's equations, of Hansen 2016.
    """
    its = strategy
    if not np.abs(points).max() < LARGEST:
        its.tell(list(zip(points, losses, strict=True)))  # which says what is wrong
    order = np.argsort(losses, kind="stable")
    its._g += 1
    at = 2 * (its._g % its._funhist_term)
    its._funhist_values[at : at + 2] = losses[order[0]], losses[order[-1]]
    deviations = its._eigen_decomposition()
    its._D = None

    size, step = len(its._mean), float(its._sigma)
    y_w, rank_mu = np.empty(size), np.empty(size)
    _recombine(points, order[: its._mu], its._mean, step, its._weights, y_w, rank_mu)
    its._mean += its._cm * its._sigma * y_w

    path = math.sqrt(its._c_sigma * (2 - its._c_sigma) * its._mu_eff)
    its._p_sigma = (1 - its._c_sigma) * its._p_sigma + path * (y_w / deviations)
    length = np.linalg.norm(its._p_sigma)
    longer = np.exp((its._c_sigma / its._d_sigma) * (length / its._chi_n - 1))
    its._sigma = min(its._sigma * longer, LARGEST)

    left = length / math.sqrt(1 - (1 - its._c_sigma) ** (2 * (its._g + 1)))
    right = (1.4 + 2 / (size + 1)) * its._chi_n
    h_sigma = 1.0 if left < right else 0.0
    path = h_sigma * math.sqrt(its._cc * (2 - its._cc) * its._mu_eff)
    its._pc = (1 - its._cc) * its._pc + path * y_w  # 45

    delta = (1 - h_sigma) * its._cc * (2 - its._cc)
    kept = 1 + its._c1 * delta - its._c1 - its._cmu * np.sum(its._weights)
    rank_one = its._pc**2
    its._C = kept * its._C + its._c1 * rank_one + its._cmu * rank_mu  # 47


@njit
def _place(normals: Array, deviations: Array, step: float, mean: Array) -> None:
    for k in range(normals.shape[0]):
        row = normals[k]
        for j in range(len(mean)):
            row[j] = mean[j] + step * (deviations[j] * row[j])


@njit
def _recombine(
    points: Array,
    best: Array,
    mean: Array,
    step: float,
    weights: Array,
    y_w: Array,
    rank_mu: Array,
) -> None:
    """Write the weighted sums over the best points of y = (x - mean) / step and of y^2."""
    for k in range(len(best)):
        row, weight = points[best[k]], weights[k]
        for j in range(len(mean)):
            y = (row[j] - mean[j]) / step
            first, second = y * weight, weight * (y * y)
            y_w[j] = first if k == 0 else y_w[j] + first
            rank_mu[j] = second if k == 0 else rank_mu[j] + second
