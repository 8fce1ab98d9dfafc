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

    features: (T, S). layers: the directions of each layer. read: layers that are features.
    """

    genome: Array
    features: Array
    layers: tuple[tuple[Way, ...], ...]
    read: tuple[int, ...]

    @classmethod
    def of(
        cls, architecture: LSTM | StackedLSTM, genome: Array, frames: Sequence[Array]
    ) -> Driven:
        """Drive a network (C, G) over frames (T_n, I) of each of N sequences, from rest."""
        lengths = [len(own) for own in frames]
        mirrored = _turned(lengths)
        every = np.concatenate(frames)
        layers, outputs = [], []
        below: Sequence[Array] = frames
        read: tuple[int, ...] = (0,)
        count = 1
        if isinstance(architecture, StackedLSTM):
            count, read = architecture.layers, architecture.read_layers
        for number in range(count):
            ways, parts = [], []
            for place, layer, backward in _directions(architecture, number):
                turn = slice(None, None, -1 if backward else 1)
                vectors = [np.ascontiguousarray(own[turn]) for own in below]
                matrices = matrices_of(layer, np.ascontiguousarray(genome[place]))
                passed = drive_sequences(matrices, steps_of(vectors))
                turned = mirrored if backward else None
                own, _ = passed.cells()
                parts.append(own if turned is None else own[turned])
                ways.append(Way(passed, place, turned))
            layers.append(tuple(ways))
            outputs.append(np.concatenate(parts, axis=1))
            below = np.split(outputs[-1], np.cumsum(lengths)[:-1])
        features = [outputs[k] for k in read]
        if architecture.readout_inputs:
            features.append(every)
        if architecture.readout_constant:
            features.append(np.ones((len(every), 1)))
        return cls(genome, np.concatenate(features, axis=1), tuple(layers), read)

    def backward(self, to_features: Array) -> Array:
        """Return what features (T, S) pass on to the genome; uses the passes up."""
        found = np.zeros_like(self.genome)
        from_above: Array | None = None
        for number in reversed(range(len(self.layers))):
            ways = self.layers[number]
            cells = ways[0].passed.matrices.architecture.cells
            width = cells * len(ways)
            to_outputs = np.zeros((len(to_features), width))
            if number in self.read:
                first = self.read.index(number) * width
                to_outputs += to_features[:, first : first + width]
            if from_above is not None:
                to_outputs += from_above
            from_above = None
            for k, way in enumerate(ways):
                back = to_outputs[:, k * cells : (k + 1) * cells]
                back = np.ascontiguousarray(
                    back if way.turned is None else back[way.turned]
                )
                gradient = Gradient(way.passed.matrices)
                below = np.empty_like(way.passed.steps.vectors) if number else None
                drive_sequences_backward(
                    way.passed, back, np.zeros_like(back), gradient, below
                )
                found[way.place] = gradient.genome()
                if below is not None:
                    below = below if way.turned is None else below[way.turned]
                    from_above = below if from_above is None else from_above + below
        return found


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
