"""Passes over sequences through layers and both directions, and their gradient.

A layer's backward cells are driven over the reversed sequences (Graves & Schmidhuber 2005);
what they put out is turned round again, so that a row of features is of one frame. A layer
above is driven over what the one below put out, and passes a gradient on to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evolino.network.backward.features import features_backward, features_of
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


class Way(NamedTuple):
    """The pass of one direction of a layer; where its genes stand; the row that it has in
    the place of each row, None where these are the same."""

    passed: SequencesPass
    place: tuple[slice, IntArray]
    turned: IntArray | None


@dataclass(frozen=True, slots=True, eq=False)
class Driven:
    """A pass of every layer and direction over sequences.

    head: one layer whose cells are all that the readout sees. vectors: (T, U). outputs,
    states: (T, C), of all cells in the order of the genome's rows. features: (T, S).
    layers: the directions of each layer.
    """

    genome: Array
    head: LSTM
    vectors: Array
    outputs: Array
    states: Array
    features: Array
    layers: tuple[tuple[Way, ...], ...]

    @classmethod
    def of(
        cls, architecture: LSTM | StackedLSTM, genome: Array, frames: Sequence[Array]
    ) -> Driven:
        """Drive a network (C, G) over input vectors (T_n, U) of N sequences, from rest."""
        lengths = [len(own) for own in frames]
        mirrored = _turned(lengths)
        every = np.concatenate(frames)
        layers: list[tuple[Way, ...]] = []
        outputs: list[Array] = []
        states: list[Array] = []
        below: Sequence[Array] = frames
        head, count = _head(architecture)
        for number in range(count):
            ways = []
            width = len(outputs)
            for place, layer, backward in _directions(architecture, number):
                turn = slice(None, None, -1 if backward else 1)
                vectors = [np.ascontiguousarray(own[turn]) for own in below]
                matrices = matrices_of(layer, np.ascontiguousarray(genome[place]))
                passed = drive_sequences(matrices, steps_of(vectors))
                turned = mirrored if backward else None
                for values, each in zip((outputs, states), passed.cells(), strict=True):
                    values.append(each if turned is None else each[turned])
                ways.append(Way(passed, place, turned))
            layers.append(tuple(ways))
            joined = np.concatenate(outputs[width:], axis=1)
            below = np.split(joined, np.cumsum(lengths)[:-1])
        h, s = np.concatenate(outputs, axis=1), np.concatenate(states, axis=1)
        read = slice(-head.cells, None)
        features = features_of(head, h[:, read], s[:, read], every)
        return cls(genome, head, every, h, s, features, tuple(layers))

    @property
    def read(self) -> slice:
        """The cells that the readout sees, the last of all."""
        return slice(-self.head.cells, None)

    def backward(self, to_features: Array) -> Array:
        """Return what features (T, S) pass on to the genome (C, G); uses the passes up."""
        to_outputs, to_states = np.zeros((2, *self.outputs.shape))
        own = features_backward(self.head, to_features, self.outputs[:, self.read])
        to_outputs[:, self.read], to_states[:, self.read] = own
        return self.cells_backward(to_outputs, to_states)

    def cells_backward(self, to_outputs: Array, to_states: Array) -> Array:
        """Return what outputs and states (T, C) pass on to the genome (C, G); uses the
        passes up, and to_outputs."""
        found = np.zeros_like(self.genome)
        last = to_outputs.shape[1]
        for number in reversed(range(len(self.layers))):
            ways = self.layers[number]
            cells = ways[0].passed.matrices.architecture.cells
            first = last - cells * len(ways)
            from_above: Array | None = None
            for k, way in enumerate(ways):
                columns = slice(first + k * cells, first + (k + 1) * cells)
                back, to_s = (
                    np.ascontiguousarray(
                        each[:, columns]
                        if way.turned is None
                        else each[way.turned][:, columns]
                    )
                    for each in (to_outputs, to_states)
                )
                gradient = Gradient(way.passed.matrices)
                below = np.empty_like(way.passed.steps.vectors) if number else None
                drive_sequences_backward(way.passed, back, to_s, gradient, below)
                found[way.place] = gradient.genome()
                if below is not None:
                    below = below if way.turned is None else below[way.turned]
                    from_above = below if from_above is None else from_above + below
            if from_above is not None:
                to_outputs[:, first - from_above.shape[1] : first] += from_above
            last = first
        return found


def _head(architecture: LSTM | StackedLSTM) -> tuple[LSTM, int]:
    """Return one layer whose cells are all that the readout sees, and how many layers
    there are."""
    if isinstance(architecture, LSTM):
        return architecture, 1
    return architecture.head(), architecture.layers


def _directions(
    architecture: LSTM | StackedLSTM, layer: int
) -> list[tuple[tuple[slice, IntArray], LSTM, bool]]:
    """Return of each direction of a layer the rows and genes that it has, its cells as an
    LSTM, and whether it reads sequences from their end."""
    if isinstance(architecture, LSTM):
        genes = np.arange(architecture.genome_shape[1])
        return [((slice(0, architecture.cells), genes), architecture, False)]
    genes = architecture.columns(layer)
    return [
        ((architecture.rows(layer, k), genes), architecture.layer(layer), bool(k))
        for k in range(architecture.directions)
    ]


def _turned(lengths: Sequence[int]) -> IntArray:
    """Return for each row of sequences, one after another, that of its mirror image."""
    ends = np.cumsum(lengths)
    pairs = zip(ends.tolist(), lengths, strict=True)
    return np.concatenate([np.arange(end - 1, end - n - 1, -1) for end, n in pairs])
