"""One LSTM network, a step at a time: whoever drives it decides what is fed back.

For improvising, where what is fed back is drawn by chance from the outputs. One matrix
holds all weights; on one network alone that is as fast as the kernels.
"""

from __future__ import annotations

import numpy as np

from evolino.network.features import features_of
from evolino.network.lstm import LSTM
from evolino.network.reference import cells_after
from evolino.network.weights import unpack
from evolino.vocabulary import Array


class Stepper:
    """A network at rest. genome: (C, G). Raises ValueError for another shape."""

    def __init__(self, architecture: LSTM, genome: Array) -> None:
        self._architecture = architecture
        weights, cells = unpack(architecture, genome[None]), architecture.cells
        width = architecture.input_width
        sources = architecture.recurrent_sources()
        # Rows: the input gates of all cells, forget gates, cell inputs, output gates.
        matrix = np.zeros((4, cells, 1 + width + cells))
        matrix[..., 0] = weights.bias[0].T
        matrix[..., 1 : 1 + width] = weights.inputs[0].transpose(2, 0, 1)
        rows = np.arange(cells)[:, None]
        matrix[:, rows, 1 + width + sources] = weights.recurrent[0].transpose(2, 0, 1)
        self._matrix = matrix.reshape(4 * cells, -1)
        self._peepholes = weights.peepholes[0]
        self.outputs, self.states = np.zeros(cells), np.zeros(cells)
        self._u = np.zeros(width)
        self._bias, self._source = np.ones(1), np.ones(1 + width + cells)

    def step(self, u: Array) -> None:
        """Take an input vector u (U,): external inputs, then what is fed back."""
        full = self._architecture.full_peepholes
        driving = self.states if full else self.outputs
        np.concatenate((self._bias, u, driving), out=self._source)
        net = (self._matrix @ self._source).reshape(4, -1).T
        self.outputs, self.states, *_ = cells_after(
            self._architecture, net, self._peepholes, self.states
        )
        self._u = u

    def features(self) -> Array:
        """Return (S,): the features after the last step."""
        rows = (self.outputs[None], self.states[None], self._u[None])
        return np.asarray(features_of(self._architecture, *rows)[0])
