"""Networks on counted strings, without writing the strings down.

All strings go through the phases together. Strings that have been the same so far are one,
and so are strings whose cells hold the same bits: from there on they can only differ by what
still comes. a^n b^m B^m A^n for all n, m <= 1,000 are a million strings of two thousand
symbols; a network that counts exactly has forgotten m before the first A.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.network.architecture import LSTM
from evolino.network.kernels import counting
from evolino.network.kernels.dispatch import Networks, pack
from evolino.network.kernels.memory import Shared, aligned
from evolino.phases import Checked, Phase
from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cell outputs and states (M, C) that strings have come to."""

    outputs: Array
    states: Array


def check_strings(
    architecture: LSTM,
    genome: Array,
    output_weights: Array,
    phases: Sequence[Phase],
    strings: IntArray,
) -> Checked:
    """Return how a network does on strings, given by their parameters (N, parameters).

    genome: (C, G). output_weights: (S, K). Raises ValueError for a network with output
    feedback, which hears what the strings do not hold.
    """
    if architecture.feedback or architecture.output != "identity":
        raise ValueError(
            "counted strings need a network with feedback=False and output='identity'"
        )
    strings = np.asarray(strings, dtype=np.int64)
    network = pack(architecture, genome[None])
    readout = Shared(np.ascontiguousarray(output_weights, network.dtype).reshape(-1))
    margins = np.full(len(strings), np.inf)
    wrong = np.zeros((len(strings), len(phases)), dtype=np.int64)
    rest = np.zeros((1, architecture.cells))
    cells, place = Cells(rest, rest), np.zeros(len(strings), dtype=np.int64)
    for number, phase in enumerate(phases):
        rows = phase.constant + strings @ np.asarray(phase.factors, dtype=np.int64)
        asked, which = np.unique(np.stack([place, rows]), axis=1, return_inverse=True)
        which = which.reshape(-1)
        cells, smallest, errors = _feed(network, readout, phase, cells, asked)
        margins = np.minimum(margins, smallest[which])
        wrong[:, number] = errors[which]
        merged = _same(cells)
        cells = Cells(cells.outputs[merged.kept], cells.states[merged.kept])
        place = merged.place[which]
    return Checked(margins, wrong)


def _feed(
    network: Networks, readout: Shared, phase: Phase, cells: Cells, asked: IntArray
) -> tuple[Cells, Array, IntArray]:
    """Go through a phase. asked: (2, A), from which cells and for how many rows, sorted.

    Returns for each of the A the cells after it, the smallest margin and the wrong rows.
    """
    architecture, dtype = network.architecture, network.dtype
    (start, rows), count = np.ascontiguousarray(asked), asked.shape[1]
    firsts = np.searchsorted(start, np.arange(len(cells.outputs) + 1))
    longest = rows[firsts[1:] - 1]
    ends = [np.zeros((count, architecture.cells), dtype) for _ in range(2)]
    smallest, wrong = np.zeros(count, dtype), np.zeros(count)
    vectors = counting.room_for(
        architecture.cells, architecture.input_width, architecture.readout_width
    )
    counting.count(
        Shared(network.weights[0]),
        Shared(network.peepholes[0]),
        network.layout.sources,
        Shared(np.ascontiguousarray(phase.inputs, dtype)),
        architecture.input_width,
        readout,
        architecture.readout_width,
        architecture.outputs,
        Shared(np.ascontiguousarray(phase.targets, dtype)),
        network.width,
        cells.outputs.astype(dtype),
        cells.states.astype(dtype),
        np.argsort(longest, kind="stable"),
        firsts,
        rows,
        *ends,
        smallest,
        wrong,
        aligned(vectors * network.width, dtype),
        network.layout.flags,
    )
    return Cells(*ends), smallest, wrong.astype(np.int64)


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
