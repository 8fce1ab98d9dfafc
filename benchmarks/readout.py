"""Linear readouts against numpy, LAPACK and scikit-learn on recorded cell outputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.linalg import lapack

from benchmarks.paired import Effort, one_core, ratio, spread, take_turns
from benchmarks.workloads import BLOCK, moderate_genomes, packed
from evolino import LSTM, PseudoInverse, Ridge
from evolino.network.kernels.dispatch import teacher_forced
from evolino.vocabulary import Array

CELLS, ROWS, INPUTS = (10, 20, 40, 100), 1000, 4
PENALTY, PENALTIES = 1e-12, (1e-14, 1e-12, 1e-10, 1e-8, 1e-6)
CONDITION = 1e12
Solver = Callable[[Array, Array], Array]


def measure(effort: Effort) -> dict[str, Any]:
    """Return microseconds a network on one core, and residuals where they are hard won."""
    rows = 50 if effort.quick else ROWS
    cells = CELLS[:1] if effort.quick else CELLS
    with one_core():
        return {
            "rows": rows,
            "condition": CONDITION,
            "penalties": len(PENALTIES),
            "cells": [_solve(each, rows, effort) for each in cells],
            "residuals": [_residuals(each, rows) for each in cells],
        }


OURS: dict[str, Any] = {
    "pseudo-inverse": PseudoInverse(),
    "ridge": Ridge(PENALTY),
    "ridge, five penalties": Ridge(PENALTIES),
}


def numpy_lstsq(states: Array, targets: Array) -> Array:
    """numpy.linalg.lstsq, which is LAPACK's gelsd."""
    return np.asarray(np.linalg.lstsq(states, targets, rcond=None)[0])


def lapack_gels(states: Array, targets: Array) -> Array:
    """LAPACK's dgels by scipy: QR without pivoting, full rank taken for granted."""
    _, solved, status = lapack.dgels(states, targets, lwork=64 * sum(states.shape))
    assert status == 0
    return np.asarray(solved[: states.shape[1]])


def sklearn_ridge(states: Array, targets: Array) -> Array:
    """scikit-learn's Ridge: normal equations and Cholesky."""
    from sklearn.linear_model import Ridge as Sklearn

    fitted = Sklearn(PENALTY, fit_intercept=False).fit(states, targets)
    return np.asarray(fitted.coef_).reshape(-1, 1)


PEERS: dict[str, Solver] = {
    "numpy lstsq": numpy_lstsq,
    "LAPACK dgels": lapack_gels,
    "scikit-learn Ridge": sklearn_ridge,
}


def _solve(cells: int, rows: int, effort: Effort) -> dict[str, Any]:
    """Time all on the cell outputs of BLOCK networks, each peer one after another."""
    network = LSTM(
        cells=cells,
        inputs=INPUTS,
        feedback=False,
        readout_inputs=False,
        readout_constant=False,
    )
    (block,) = packed(network, moderate_genomes(network, BLOCK))
    rng = np.random.default_rng(cells)
    states, _ = teacher_forced(block, rng.normal(size=(rows + 50, INPUTS)), first=50)
    targets = rng.normal(size=(rows, 1))
    calls: dict[str, Callable[[], object]] = {
        name: partial(readout.solve, states, targets) for name, readout in OURS.items()
    }
    each = [np.asfortranarray(one) for one in states]  # LAPACK's own order of columns
    for name, peer in PEERS.items():
        calls[name] = partial(_one_by_one, peer, each, targets)
    found = PseudoInverse().solve(states, targets)[0]
    np.testing.assert_allclose(found, [numpy_lstsq(x, targets) for x in each], rtol=1e-6)
    samples = take_turns(calls, effort)
    ours = samples["pseudo-inverse"]
    return {
        "cells": cells,
        "microseconds": {
            name: spread([s / BLOCK * 1e6 for s in seconds])
            for name, seconds in samples.items()
        },
        "ratios": {name: ratio(samples[name], ours) for name in PEERS},
    }


def _one_by_one(peer: Solver, states: list[Array], targets: Array) -> list[Array]:
    return [peer(each, targets) for each in states]


def _residuals(cells: int, rows: int) -> dict[str, Any]:
    """Return |X W - Y| / |Y| on systems with an exact solution and a large condition."""
    rng = np.random.default_rng(cells)
    left = np.linalg.qr(rng.normal(size=(rows, cells)))[0]
    right = np.linalg.qr(rng.normal(size=(cells, cells)))[0]
    states = left * np.geomspace(1.0, 1.0 / CONDITION, cells) @ right.T
    targets = states @ rng.normal(size=(cells, 1))

    def residual(weights: Array) -> float:
        error = np.linalg.norm(states @ weights - targets)
        return float(error / np.linalg.norm(targets))

    found = {
        "pseudo-inverse": residual(PseudoInverse().solve(states[None], targets)[0, 0]),
        "ridge 1e-30": residual(Ridge(1e-30).solve(states[None], targets)[0, 0]),
    }
    for name, peer in PEERS.items():
        found[name] = residual(peer(np.asfortranarray(states), targets))
    return {"cells": cells, "residuals": found}
