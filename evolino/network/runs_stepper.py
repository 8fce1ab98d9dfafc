"""Many free runs of one LSTM network at once, a step at a time: for ensembles.

What is fed back is decided outside, so that several networks can be fed the mean of what
their readouts sum up. Weights are a sparse matrix: a run's values do not depend, to the
bit, on the runs beside it.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from evolino.network.features import features_of
from evolino.network.lstm import LSTM
from evolino.network.reference import cells_after
from evolino.network.weights import unpack
from evolino.vocabulary import Array


class RunsStepper:
    """N runs of a network (C, G), each from outputs and states of its cells (N, C)."""

    def __init__(
        self, architecture: LSTM, genome: Array, outputs: Array, states: Array
    ) -> None:
        self._architecture = architecture
        weights, cells = unpack(architecture, genome[None]), architecture.cells
        self._bias = weights.bias[0].reshape(-1, 1)
        self._inputs = weights.inputs[0].transpose(0, 2, 1).reshape(4 * cells, -1)
        # Rows: the four gates of the first cell, of the second, and so forth.
        sources = np.repeat(architecture.recurrent_sources(), 4, axis=0)
        values = weights.recurrent[0].transpose(0, 2, 1).reshape(4 * cells, -1)
        firsts = np.arange(4 * cells + 1) * sources.shape[1]
        self._recurrent = csr_array(
            (values.ravel(), sources.ravel(), firsts), shape=(4 * cells, cells)
        )
        count = len(outputs)
        self._peepholes = np.tile(weights.peepholes[0], (count, 1))
        self.outputs, self.states = outputs.copy(), states.copy()
        self._u = np.zeros((count, architecture.input_width))

    def step(self, u: Array) -> None:
        """Take an input vector for each run, (N, U)."""
        full = self._architecture.full_peepholes
        driving = self.states if full else self.outputs
        net = self._recurrent @ np.ascontiguousarray(driving.T) + self._bias
        for weights, given in zip(self._inputs.T, u.T, strict=True):
            net += weights[:, None] * given
        by_cell = np.ascontiguousarray(net.T).reshape(-1, 4)
        found = cells_after(
            self._architecture, by_cell, self._peepholes, self.states.reshape(-1)
        )
        self.outputs, self.states = (each.reshape(self.states.shape) for each in found[:2])
        self._u = u

    def features(self) -> Array:
        """Return (N, S): the features after the last step."""
        return features_of(self._architecture, self.outputs, self.states, self._u)
