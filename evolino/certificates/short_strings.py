"""Short strings in exact arithmetic: followed row by row, many side by side.

That the float64 kernels accept a string says nothing of the network in real numbers: gates
that the kernels cut off at +-100 are exp(-800) there. So a claim for exact arithmetic needs
these strings too, in interval arithmetic. See docs/certificate.md, lemma 10.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolino.certificates.cells import (
    Cells,
    Unbounded,
    at_rest,
    outputs_of_readout,
    step,
)
from evolino.certificates.dense import Dense, lstm_of
from evolino.certificates.intervals import Interval
from evolino.certificates.running import strings_between
from evolino.certificates.squashing import REAL, Arithmetic
from evolino.certificates.stretch import sides_of
from evolino.task.counted import Phase
from evolino.vocabulary import BoolArray


def proven_to(network: Dense, phases: Sequence[Phase], last: int) -> int:
    """Return the largest N <= last such that every string of numbers up to N is proven to
    be accepted in exact arithmetic."""
    strings = strings_between(1, last, len(phases[0].factors))
    if not len(strings):
        return 0
    accepted = followed(network, phases, strings.tolist(), REAL)
    if accepted.all():
        return last
    return int(strings[int(np.argmin(accepted))].max()) - 1


def followed(
    network: Dense,
    phases: Sequence[Phase],
    strings: Sequence[Sequence[int]],
    arithmetic: Arithmetic,
) -> BoolArray:
    """Return (N,): which strings are proven to be accepted."""
    parameters = len(phases[0].factors)
    vertices = np.zeros((1, parameters))
    accepted = np.ones(len(strings), dtype=bool)
    cells = at_rest(lstm_of(network.model).cells * len(strings), parameters)
    with np.errstate(over="ignore", invalid="ignore"):  # bounds may become endless
        for phase in phases:
            rows = np.array([phase.rows(string) for string in strings])
            for row in range(int(rows.max())):
                here = accepted & (rows > row)
                if not here.any():
                    break
                driven = network.driven_by(phase.inputs, copies=int(here.sum()))
                some = _of_strings(cells, here)
                try:
                    some, _ = step(driven, some, vertices, arithmetic)
                    outputs = outputs_of_readout(driven, some, vertices)
                except Unbounded:
                    accepted[here] = False
                    break
                wanted = phase.targets_at(row)
                sides = sides_of(outputs, wanted).reshape(len(wanted), -1)
                cells = _with(cells, some, here)
                accepted[here] = sides.min(axis=0) > 0
    return accepted


def _of_strings(cells: Cells, which: BoolArray) -> Cells:
    """Return the cells (C N,) of some of N strings."""
    chosen = np.tile(which, len(cells.centres) // len(which))
    return Cells(
        _taken(cells.outputs, chosen),
        cells.slopes[chosen],
        cells.centres[chosen],
        _taken(cells.rest, chosen),
        _taken(cells.slack, chosen),
    )


def _with(cells: Cells, some: Cells, which: BoolArray) -> Cells:
    """Return the cells (C N,) with those of some strings replaced."""
    chosen = np.tile(which, len(cells.centres) // len(which))
    centres = cells.centres.copy()
    centres[chosen] = some.centres
    return Cells(
        _put(cells.outputs, some.outputs, chosen),
        cells.slopes,
        centres,
        _put(cells.rest, some.rest, chosen),
        _put(cells.slack, some.slack, chosen),
    )


def _taken(values: Interval, chosen: BoolArray) -> Interval:
    return Interval(values.lo[chosen], values.hi[chosen])


def _put(values: Interval, new: Interval, chosen: BoolArray) -> Interval:
    low, high = values.lo.copy(), values.hi.copy()
    low[chosen], high[chosen] = new.lo, new.hi
    return Interval(low, high)
