"""Solve a readout part by part: groups of cells, or blocks of alternatives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolino.network.base import ReadoutPart
from evolino.readout.base import Readout, Solutions
from evolino.readout.relative_parts import relative_readout, solve_relative
from evolino.vocabulary import Array


def solve_in_parts(
    readout: Readout, parts: Sequence[ReadoutPart], states: Array, targets: Array
) -> Solutions:
    """Return output weights (L, P, S, K); 0 for features that a part does not have.

    parts: of `Driver.readout_parts`; without parts it is `Readout.solve`, as are the other
    arguments. A relative readout gives relative weights. Raises ValueError for parts with a
    readout that is not linear.
    """
    relative = relative_readout(readout)
    if relative is not None:
        return solve_relative(relative, parts, states, targets)
    if not parts:
        return readout.solve(states, targets)
    shape = (states.shape[0], states.shape[2], targets.shape[1])
    weights = np.zeros((len(readout.penalties), *shape))
    for part in parts:
        own, expected = states, targets[:, part.outputs]
        if part.where_set:
            rows = np.flatnonzero(expected.any(axis=1))
            own, expected = states[:, rows], targets[rows, part.outputs]
        if part.columns is not None:
            own = own[:, :, part.columns]
        if not expected.size:
            continue
        solved = readout.solve(own, expected)
        if isinstance(solved, list):
            raise ValueError(f"{part.what} need a readout that is linear")
        if part.columns is None:
            weights[..., part.outputs] = solved
        else:
            weights[:, :, part.columns[:, None], part.outputs] = solved
    return weights


def blocks_of(parts: Sequence[ReadoutPart], targets: Array) -> list[Array]:
    """Return the targets (T, K) of each block of alternatives, the rows where one of them
    is set; elsewhere all targets as they are."""
    blocks = [targets[:, part.outputs] for part in parts if part.where_set]
    return [own[own.any(axis=1)] for own in blocks if own.any()] or [targets]
