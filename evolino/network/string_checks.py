"""Networks on counted strings, without writing the strings down.

All strings go through the phases together. Strings that have been the same so far are one,
and so are strings whose cells hold the same bits: from there on they can only differ by
what still comes. a^n b^m B^m A^n for all n, m <= 1,000 are a million strings of two
thousand symbols; a network that counts exactly has forgotten m before the first A.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.network.kernel_expansion import KernelExpansion, Output
from evolino.network.kernels.counting.records import Results, Strings
from evolino.network.kernels.counting.strings import count, turn_of, workspace_size
from evolino.network.kernels.dispatch import Networks, pack
from evolino.network.kernels.readouts import (
    Expansion,
    WeightedSums,
    expansion_of,
    sums_of_one,
)
from evolino.network.lstm import LSTM
from evolino.network.relative_weights import RelativeWeights
from evolino.simd.memory import aligned, shared, width_of
from evolino.task.counted import Checked, Phase
from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cell outputs and states (M, C) that strings have come to."""

    outputs: Array
    states: Array


def check_strings(
    architecture: LSTM,
    genome: Array,
    output: Output,
    phases: Sequence[Phase],
    strings: IntArray,
) -> Checked:
    """Return how a network does on strings, given by their parameters (N, parameters).

    genome: (C, G). output: weights (S, K), or an expansion. Raises ValueError for a network
    with output feedback, which is given what the strings do not hold.
    """
    if architecture.feedback or architecture.output != "identity":
        raise ValueError(
            "counted strings need a network with feedback=False and output='identity'"
        )
    strings = np.asarray(strings, dtype=np.int64)
    network = pack(architecture, genome[None])
    margins = np.full(len(strings), np.inf)
    wrong = []
    rest = np.zeros((1, architecture.cells))
    cells, place = Cells(rest, rest), np.zeros(len(strings), dtype=np.int64)
    every = _rows_of(phases, strings)
    for number, phase in enumerate(phases):
        rows = every[:, number]
        pairs, which = _distinct(place, rows)
        cells, smallest, errors = _feed(network, output, phase, cells, pairs)
        margins = np.minimum(margins, smallest[which])
        wrong.append(errors[which])
        merged = _same(cells)
        cells = Cells(cells.outputs[merged.kept], cells.states[merged.kept])
        place = merged.place[which]
    return Checked(margins, np.concatenate(wrong, axis=1))


def _rows_of(phases: Sequence[Phase], strings: IntArray) -> IntArray:
    """Return (N, F): the rows of each phase; whole numbers, which floats hold exactly."""
    factors = np.array([phase.factors for phase in phases], dtype=np.float64)
    constants = np.array([phase.constant for phase in phases])
    return np.asarray((strings @ factors.T).astype(np.int64) + constants)


def _distinct(place: IntArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Return the distinct pairs (2, A), sorted, of place and rows, each (N,) and >= 0, and
    which of them each is."""
    width = int(rows.max(initial=0)) + 1
    if (int(place.max(initial=0)) + 1) * width < 2**63:  # one number stands for two
        keys, which = np.unique(place * width + rows, return_inverse=True)
        return np.stack([keys // width, keys % width]), which.reshape(-1)
    pairs, which = np.unique(np.stack([place, rows]), axis=1, return_inverse=True)
    return pairs, which.reshape(-1)


def _feed(
    network: Networks, output: Output, phase: Phase, cells: Cells, pairs: IntArray
) -> tuple[Cells, Array, IntArray]:
    """Go through a phase. pairs: (2, A), from which cells and for how many rows, sorted.

    Returns for each of the A the cells after it, the smallest margin and the wrong rows,
    (A, P) for a cycle of P targets.
    """
    expanded = isinstance(output, KernelExpansion)
    dtype = np.dtype(np.float64) if expanded else network.dtype
    cycle = len(phase.cycle)
    (start, rows), number = np.ascontiguousarray(pairs), pairs.shape[1]
    firsts = np.searchsorted(start, np.arange(len(cells.outputs) + 1))
    longest = rows[firsts[1:] - 1]
    strings = Strings(
        shared(phase.inputs, dtype),
        shared(phase.cycle, dtype),
        cells.outputs.astype(dtype),
        cells.states.astype(dtype),
        np.argsort(longest, kind="stable"),
        firsts,
        rows,
        cycle,
        turn_of(cycle),
        width_of(dtype),
    )
    shape = number, network.architecture.cells
    results = Results(
        np.zeros(shape, dtype),
        np.zeros(shape, dtype),
        np.zeros(number, dtype),
        np.zeros((number, cycle)),
    )
    readout = _readout(output, dtype)
    vectors = workspace_size(shape[1], readout.columns, readout.outputs, cycle)
    workspace = aligned(vectors * strings.lanes, dtype)
    count(network.layer_of(0, dtype), readout, strings, results, workspace)
    ends = Cells(results.outputs, results.states)
    return ends, results.margins, results.wrong.astype(np.int64)


def _readout(output: Output, dtype: Any) -> WeightedSums | Expansion:
    """Return a readout as the kernels read it."""
    if isinstance(output, KernelExpansion):
        return expansion_of(output)
    if isinstance(output, RelativeWeights):
        raise ValueError("strings are checked by outputs that are no probabilities")
    return sums_of_one(output, dtype)


@dataclass(frozen=True, slots=True, eq=False)
class _Merged:
    """kept: (B,), rows that stand for all. place: (A,), which of them each row is like."""

    kept: IntArray
    place: IntArray


def _same(cells: Cells) -> _Merged:
    """Find the rows of cells that hold the same bits."""
    held = np.ascontiguousarray(np.concatenate([cells.outputs, cells.states], axis=1))
    whole = held.view(np.dtype((np.void, held.shape[1] * held.itemsize))).reshape(-1)
    _, kept, place = np.unique(whole, return_index=True, return_inverse=True)
    return _Merged(kept, place.reshape(-1))
