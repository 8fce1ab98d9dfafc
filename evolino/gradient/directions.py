"""Passes over sequences in both directions, and their gradient: bidirectional networks.

A layer's backward cells are driven over the reversed sequences (Graves & Schmidhuber 2005);
what they put out is turned round again, so that a row of features is of one frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.network.backward.matrices import Gradient, matrices_of
from evolino.network.backward.sequences import (
    SequencesPass,
    drive_sequences,
    drive_sequences_backward,
    steps_of,
)
from evolino.network.lstm import LSTM
from evolino.network.stacked import StackedLSTM
from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Driven:
    """A pass of every direction over sequences.

    features: (T, S). ways: the pass of each direction, where its genes stand, and the row
    that it has in the place of each row, None where these are the same.
    """

    genome: Array
    features: Array
    ways: tuple[tuple[SequencesPass, tuple[slice, IntArray], IntArray | None], ...]

    @classmethod
    def of(
        cls, architecture: LSTM | StackedLSTM, genome: Array, frames: Sequence[Array]
    ) -> Driven:
        """Drive a network (C, G) of one layer over frames (T_n, I) of each of N sequences,
        from rest."""
        ways, parts = [], []
        for place, layer, backward in _directions(architecture):
            read = [own[::-1] if backward else own for own in frames]
            matrices = matrices_of(layer, np.ascontiguousarray(genome[place]))
            passed = drive_sequences(
                matrices, steps_of([np.ascontiguousarray(r) for r in read])
            )
            turned = _turned([len(own) for own in frames]) if backward else None
            outputs, _ = passed.cells()
            parts.append(outputs if turned is None else outputs[turned])
            ways.append((passed, place, turned))
        every = np.concatenate(frames)
        if architecture.readout_inputs:
            parts.append(every)
        if architecture.readout_constant:
            parts.append(np.ones((len(every), 1)))
        return cls(genome, np.concatenate(parts, axis=1), tuple(ways))

    def backward(self, to_features: Array) -> Array:
        """Return what features (T, S) pass on to the genome; uses the passes up."""
        found, first = np.zeros_like(self.genome), 0
        for passed, place, turned in self.ways:
            cells = passed.matrices.architecture.cells
            back = to_features[:, first : first + cells]
            back = np.ascontiguousarray(back if turned is None else back[turned])
            gradient = Gradient(passed.matrices)
            drive_sequences_backward(passed, back, np.zeros_like(back), gradient)
            found[place] = gradient.genome()
            first += cells
        return found


def _directions(
    architecture: LSTM | StackedLSTM,
) -> list[tuple[tuple[slice, IntArray], LSTM, bool]]:
    """Return of each direction the rows and genes that it has, its cells as an LSTM, and
    whether it reads sequences from their end."""
    if isinstance(architecture, LSTM):
        genes = np.arange(architecture.genome_shape[1])
        return [((slice(0, architecture.cells), genes), architecture, False)]
    genes = architecture.columns(0)
    return [
        ((architecture.rows(0, k), genes), architecture.layer(0), bool(k))
        for k in range(architecture.directions)
    ]


def _turned(lengths: Sequence[int]) -> IntArray:
    """Return for each row of sequences, one after another, that of its mirror image."""
    ends = np.cumsum(lengths)
    pairs = zip(ends.tolist(), lengths, strict=True)
    return np.concatenate([np.arange(end - 1, end - n - 1, -1) for end, n in pairs])
