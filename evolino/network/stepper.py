"""One network, a step at a time: whoever drives it decides what it hears next.

For improvising, where what is fed back is drawn by chance from the outputs. One matrix
holds all weights; on one network alone that is as fast as the kernels.
"""

from __future__ import annotations

import numpy as np

from evolino.network.architecture import LSTM
from evolino.network.reference import sees, sigma
from evolino.vocabulary import Array


class Stepper:
    """A network at rest. genome: (C, G). Raises ValueError for another shape."""

    def __init__(self, architecture: LSTM, genome: Array) -> None:
        self._architecture = architecture
        weights, cells = architecture.unpack(genome[None]), architecture.cells
        width = architecture.input_width
        sources = architecture.recurrent_sources()
        # Rows: the input gates of all cells, forget gates, cell inputs, output gates.
        matrix = np.zeros((4, cells, 1 + width + cells))
        matrix[..., 0] = weights.bias[0].T
        matrix[..., 1 : 1 + width] = weights.inputs[0].transpose(2, 0, 1)
        rows = np.arange(cells)[:, None]
        matrix[:, rows, 1 + width + sources] = weights.recurrent[0].transpose(2, 0, 1)
        self._matrix = matrix.reshape(4 * cells, -1)
        self._peepholes = weights.peepholes[0].T
        self.outputs, self.states = np.zeros(cells), np.zeros(cells)
        self._u = np.zeros(width)

    def step(self, u: Array) -> None:
        """Take an input vector u (U,): external inputs, then what is fed back."""
        driven = self._matrix @ np.concatenate([[1.0], u, self.outputs])
        gate_in, forget, z, gate_out = driven.reshape(4, -1)
        peep_in, peep_forget, peep_out = self._peepholes
        architecture, s = self._architecture, self.states
        kept = sigma(forget + peep_forget * s) * s if architecture.forget_gate else s
        z = np.tanh(z) if architecture.cell_input == "tanh" else z
        s = kept + sigma(gate_in + peep_in * s) * z
        gate_out = sigma(gate_out + peep_out * s)
        if architecture.cell_output == "o*s":
            self.outputs = gate_out * s
        elif architecture.cell_output == "o*tanh(s)":
            self.outputs = gate_out * np.tanh(s)
        else:
            self.outputs = np.tanh(gate_out * s)
        self.states, self._u = s, u

    def seen(self) -> Array:
        """Return (S,): what the readout sees."""
        rows = (self.outputs[None], self.states[None], self._u[None])
        return np.asarray(sees(self._architecture, *rows)[0])
