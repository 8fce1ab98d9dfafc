"""Solve a relative readout: blocks of alternatives that share weights by their distance.

What is shared, and how: `evolino.solvers.relative_sums`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolino.network.base import ReadoutPart
from evolino.network.relative_weights import RelativeWeights
from evolino.readout.best_only import BestOnly
from evolino.readout.logistic import Logistic
from evolino.solvers.relative_sums import (
    Relation,
    Relative,
    RelativeRows,
    last_alternatives,
    references,
    relations,
)
from evolino.vocabulary import Array, IntArray


def relative_readout(readout: object) -> Logistic | None:
    """Return a readout whose alternatives share weights; None for others."""
    own = readout.readout if isinstance(readout, BestOnly) else readout
    return own if isinstance(own, Logistic) and own.relative != "none" else None


def check_relative(readout: object, parts: Sequence[ReadoutPart]) -> None:
    """Raise ValueError for a relative readout of a network without alternatives, or whose
    feedback the readout does not see. parts: of `Driver.readout_parts`."""
    relative = relative_readout(readout)
    if relative is None:
        return
    if not parts or not all(part.where_set for part in parts):
        raise ValueError(
            f"readout.relative = {relative.relative!r} needs a network with alternatives"
        )
    if parts[0].fed_back is None:
        raise ValueError(
            f"readout.relative = {relative.relative!r} needs a network of one layer with "
            "feedback and readout_inputs: distances are from what is fed back"
        )


def check_weights(weights: RelativeWeights, parts: Sequence[ReadoutPart]) -> None:
    """Raise ValueError for weights of other alternatives, or of other fed-back features,
    than a network has. parts: of `Driver.readout_parts`."""
    sizes = sizes_of(parts, weights.shape[1])
    fed_back = parts[0].fed_back if parts else None
    if sizes != weights.alternatives or fed_back is None or fed_back.start != weights.first:
        raise ValueError(
            f"relative weights of alternatives {weights.alternatives}, fed back from "
            f"feature {weights.first} on, are not of this network: it has {sizes}"
        )


def sizes_of(parts: Sequence[ReadoutPart], outputs: int) -> tuple[int, ...]:
    """Return how many alternatives each block has, of K outputs."""
    return tuple(len(np.arange(outputs)[part.outputs]) for part in parts)


def rows_relative(
    relation: Relation, last: IntArray, number: int, sizes: Sequence[int], kind: Relative
) -> RelativeRows:
    """Return the relation of block `number` on rows. last: (T, B), of all blocks."""
    return RelativeRows(relation, last[:, references(number, sizes, kind)])


def solve_relative(
    readout: Logistic, parts: Sequence[ReadoutPart], states: Array, targets: Array
) -> list[list[RelativeWeights]]:
    """Return for each of L penalties the weights of P networks; arguments as of
    `solve_in_parts`. Raises ValueError as `check_relative`."""
    check_relative(readout, parts)
    fed_back, kind = parts[0].fed_back, readout.relative
    assert fed_back is not None
    sizes = sizes_of(parts, targets.shape[1])
    # What was fed back is the same for all networks: the task's own targets.
    last = last_alternatives(states[0][:, fed_back], sizes)
    solved = []
    for number, (part, relation) in enumerate(
        zip(parts, relations(sizes, kind), strict=True)
    ):
        expected = targets[:, part.outputs]
        rows = np.flatnonzero(expected.any(axis=1))
        shape = len(readout.penalties), len(states), states.shape[2], relation.width
        if not len(rows):
            solved.append(np.zeros(shape))
            continue
        own = rows_relative(relation, last[rows], number, sizes, kind)
        solved.append(readout.solve_relative(states[:, rows], expected[rows], own))
    whole = np.concatenate(solved, axis=3)
    return [
        [RelativeWeights(own, sizes, fed_back.start, kind) for own in every]
        for every in whole
    ]
