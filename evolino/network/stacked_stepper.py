"""Stacked networks in plain NumPy: a step at a time, and every cell over a sequence.

The second is the twin that tests hold the kernels to; it has bidirectional networks too.
"""

from __future__ import annotations

import numpy as np

from evolino.network import reference
from evolino.network.base import Trace
from evolino.network.stacked import StackedLSTM
from evolino.network.stepper import Stepper
from evolino.vocabulary import Array


class StackedStepper:
    """A network (C, G) at rest. Raises ValueError for a bidirectional one."""

    def __init__(self, architecture: StackedLSTM, genome: Array) -> None:
        if architecture.bidirectional:
            architecture.check_free_run()
        self._architecture = architecture
        self._layers = [
            Stepper(architecture.layer(k), part_of(architecture, genome, k, 0))
            for k in range(architecture.layers)
        ]
        self._u = np.zeros(architecture.input_width)

    def step(self, u: Array) -> None:
        """Take an input vector u (U,): external inputs, then what is fed back."""
        self._u = below = u
        for layer in self._layers:
            layer.step(below)
            below = layer.outputs

    def features(self) -> Array:
        """Return (S,): the features after the last step."""
        own, read = (
            self._architecture,
            [self._layers[k] for k in self._architecture.read_layers],
        )
        parts = [layer.outputs for layer in read]
        if own.readout_states:
            parts += [layer.states for layer in read]
        if own.readout_inputs:
            parts.append(self._u)
        if own.readout_squares:
            parts += [np.square(each.outputs) for each in read]
            parts.append(np.square(self._u))
        if own.readout_constant:
            parts.append(np.ones(1))
        return np.concatenate(parts)


def part_of(architecture: StackedLSTM, genome: Array, layer: int, direction: int) -> Array:
    """Return the genome of a layer in a direction, of a genome (C, G) of all.

    Raises ValueError for another shape.
    """
    if genome.shape != architecture.genome_shape:
        raise ValueError(
            f"a genome must have shape {architecture.genome_shape}, got {genome.shape}"
        )
    return genome[architecture.rows(layer, direction)][:, architecture.columns(layer)]


def trace(architecture: StackedLSTM, genome: Array, vectors: Array) -> Trace:
    """Return what every cell and gate of a network (C, G) did over vectors (T, U).

    Backward cells stand at the row that they have just read, so that a row of outputs and
    states is what the readout has.
    """
    below, found = vectors, []
    for k in range(architecture.layers):
        own = []
        for d in range(architecture.directions):
            turn = slice(None, None, -1 if d else 1)
            part = part_of(architecture, genome, k, d)
            done = reference.run(architecture.layer(k), part, below[turn])
            own.append(Trace(done.outputs[turn], done.states[turn], done.gates[turn]))
        below = np.concatenate([each.outputs for each in own], axis=1)
        found += own
    return Trace(
        np.concatenate([each.outputs for each in found], axis=1),
        np.concatenate([each.states for each in found], axis=1),
        np.concatenate([each.gates for each in found], axis=1),
    )
