"""The decoupled extended Kalman filter: weights in groups, each with its own covariance.

With w_i the weights of group i, K_i their covariance, C_i = dy/dw_i the derivatives of the
outputs, d the targets, R and Q the variances of measurement and process noise, a row gives

    A    = (R I + sum_i C_i K_i C_i^T)^-1                                             (1)
    G_i  = K_i C_i^T A                                                                (2)
    w_i <- w_i + G_i (d - y)                                                          (3)
    K_i <- K_i - G_i C_i K_i + Q I                                                    (4)

One group of all weights is the extended Kalman filter itself. (4) is taken off as the
product of a matrix with its own transpose, so that covariances stay symmetric.

Source: Puskorius & Feldkamp 1994, IEEE TNN 5(2); Perez-Ortiz, Gers, Eck & Schmidhuber 2003,
Neural Networks 16(2) (recalled).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from evolino.vocabulary import Array, IntArray

njit: Any = numba.njit


class Groups(NamedTuple):
    """Weights in groups, padded to the size n of the largest.

    sizes: (N,), weights of each group. weights: (N, n). covariances: (N, n, n). movable:
    (N, n), 1 where there is a weight that may move, else 0: only those get process noise.
    """

    sizes: Any
    weights: Any
    covariances: Any
    movable: Any


class Workspace(NamedTuple):
    """What `correct` works in. products: (N, K, n). inverse: (K, K). error: (K,)."""

    products: Any
    inverse: Any
    error: Any


def groups_of(parts: list[Array], movable: list[Array], covariance: float) -> Groups:
    """Return groups at their beginning. parts: the weights (n_i,) of each. movable: (n_i,)
    whether each may move; covariance: of those, on the diagonal."""
    sizes: IntArray = np.array([len(each) for each in parts], dtype=np.int64)
    widest = int(sizes.max())
    weights, moves = np.zeros((2, len(parts), widest))
    covariances = np.zeros((len(parts), widest, widest))
    for k, size in enumerate(sizes):
        weights[k, :size] = parts[k]
        moves[k, :size] = movable[k]
        covariances[k] = np.diag(covariance * moves[k])
    return Groups(sizes, weights, covariances, moves)


def workspace_for(groups: Groups, outputs: int) -> Workspace:
    """Return what `correct` works in."""
    number, widest = groups.weights.shape
    return Workspace(
        np.zeros((number, outputs, widest)), np.zeros((outputs, outputs)), np.zeros(outputs)
    )


def corrected(
    groups: Groups, derivatives: Array, error: Array, measurement: float, process: float
) -> Groups:
    """Return groups after a row, in plain NumPy: the twin of `correct` in tests.

    derivatives: (N, K, n). error: (K,), d - y. measurement, process: variances.
    """
    weights, covariances = groups.weights.copy(), groups.covariances.copy()
    total = measurement * np.eye(len(error))
    for c, k in zip(derivatives, covariances, strict=True):
        total += c @ k @ c.T
    inverse = np.linalg.inv(total)  # (1)
    for i, c in enumerate(derivatives):
        gain = covariances[i] @ c.T @ inverse  # (2)
        weights[i] += gain @ error  # (3)
        noise = process * np.diag(groups.movable[i])
        covariances[i] += noise - gain @ c @ covariances[i]  # (4)
    return groups._replace(weights=weights, covariances=covariances)


@njit
def correct(
    groups: Any, derivatives: Any, error: Any, measurement: float, process: float, work: Any
) -> bool:
    """Change weights and covariances by a row; return whether all of it stayed finite.

    derivatives: (N, K, n). error: (K,), d - y. Where the row would give a covariance that
    is not positive the groups are half changed and of no more use.
    """
    outputs = len(error)
    _multiply(groups, derivatives, work)
    for k in range(outputs):
        for j in range(k + 1):
            work.inverse[k, j] = measurement if k == j else 0.0
    for i in range(len(groups.sizes)):
        for k in range(outputs):
            for j in range(k + 1):
                total = 0.0
                for x in range(groups.sizes[i]):
                    total += derivatives[i, k, x] * work.products[i, j, x]
                work.inverse[k, j] += total
    if not _factorised(work.inverse):
        return False
    for k in range(outputs):
        work.error[k] = error[k]
    _forwards(work.inverse, work.error)
    finite = True
    for i in range(len(groups.sizes)):
        finite = _move(groups, i, process, work) and finite
    return finite


@njit
def _multiply(groups: Any, derivatives: Any, work: Any) -> None:
    """Write the products C_i K_i."""
    for i in range(len(groups.sizes)):
        size = groups.sizes[i]
        for k in range(derivatives.shape[1]):
            for x in range(size):
                work.products[i, k, x] = 0.0
            for z in range(size):
                slope = derivatives[i, k, z]
                if slope != 0.0:
                    for x in range(size):
                        work.products[i, k, x] += slope * groups.covariances[i, z, x]


@njit
def _factorised(matrix: Any) -> bool:
    """Replace the lower half by its Cholesky factor; return whether there is one."""
    size = len(matrix)
    for k in range(size):
        for j in range(k + 1):
            total = matrix[k, j]
            for x in range(j):
                total -= matrix[k, x] * matrix[j, x]
            if k == j:
                if not (total > 0.0 and total < np.inf):
                    return False
                matrix[k, k] = np.sqrt(total)
            else:
                matrix[k, j] = total / matrix[j, j]
    return True


@njit
def _forwards(factor: Any, column: Any) -> None:
    """Divide a column (K,) by the Cholesky factor."""
    for k in range(len(column)):
        total = column[k]
        for j in range(k):
            total -= factor[k, j] * column[j]
        column[k] = total / factor[k, k]


@njit
def _move(groups: Any, i: int, process: float, work: Any) -> bool:
    """Change the weights and the covariance of group i; return whether both are finite."""
    size, outputs = groups.sizes[i], len(work.error)
    for x in range(size):
        _forwards(work.inverse, work.products[i, :, x])
    for x in range(size):
        total = 0.0
        for k in range(outputs):
            total += work.products[i, k, x] * work.error[k]
        groups.weights[i, x] += total
    for k in range(outputs):
        for x in range(size):
            pull = work.products[i, k, x]
            if pull != 0.0:
                for z in range(size):
                    groups.covariances[i, x, z] -= pull * work.products[i, k, z]
    for x in range(size):
        groups.covariances[i, x, x] += process * groups.movable[i, x]
        variance = groups.covariances[i, x, x]
        if not (variance >= 0.0 and variance < np.inf):
            return False
        if not np.isfinite(groups.weights[i, x]):
            return False
    return True
