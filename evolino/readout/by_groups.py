"""The readout of a structured network: each group's outputs are solved on what it sees.

So are blocks of alternatives, each on the rows that ask for it.
"""

from __future__ import annotations

import numpy as np

from evolino.network.lstm import LSTM
from evolino.network.weights import readout_parts
from evolino.readout.base import Readout, Solutions
from evolino.vocabulary import Array


def solve_by_groups(
    readout: Readout, architecture: LSTM, states: Array, targets: Array
) -> Solutions:
    """Return output weights (L, P, S, K); what a group does not see has weight 0.

    Arguments as for `Readout.solve`; without groups it is that. Raises ValueError for
    groups or alternatives with a readout that is not linear.
    """
    if architecture.alternatives:
        return _by_blocks(readout, architecture, states, targets)
    if not architecture.groups:
        return readout.solve(states, targets)
    shape = (states.shape[0], states.shape[2], targets.shape[1])
    weights = np.zeros((len(readout.penalties), *shape))
    for columns, outputs in readout_parts(architecture):
        if len(outputs):
            solved = readout.solve(states[:, :, columns], targets[:, outputs])
            if isinstance(solved, list):
                raise ValueError("groups of cells need a readout that is linear")
            weights[:, :, columns[:, None], outputs] = solved
    return weights


def _by_blocks(
    readout: Readout, architecture: LSTM, states: Array, targets: Array
) -> Array:
    """Return (L, P, S, K): each block on the rows whose target is one of it."""
    shape = (states.shape[0], states.shape[2], targets.shape[1])
    weights = np.zeros((len(readout.penalties), *shape))
    for block in architecture.blocks():
        rows = np.flatnonzero(targets[:, block].any(axis=1))
        if len(rows):
            solved = readout.solve(states[:, rows], targets[rows, block])
            if isinstance(solved, list):
                raise ValueError("alternatives need a readout that is linear")
            weights[..., block] = solved
    return weights
