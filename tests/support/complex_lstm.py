"""An LSTM in plain NumPy whose weights may be complex: derivatives to rounding.

The imaginary part of f(x + i h d) / h is the derivative of f along d, without the loss of
figures of a difference (Squire & Trapp 1998, SIAM Review 40(1)).
"""

import numpy as np

from evolino.network.weights import unpack

STEP = 1e-30


def sigma(x):
    return 1.0 / (1.0 + np.exp(-x))


class Twin:
    """Passes of one network; weights as the architecture's `unpack` takes them apart."""

    def __init__(self, architecture, genome, direction=None):
        self.architecture = architecture
        parts = unpack(architecture, genome[None])
        self.weights = [
            getattr(parts, name)[0].astype(complex)
            for name in ("bias", "inputs", "recurrent", "peepholes")
        ]
        if direction is not None:
            along = unpack(architecture, direction[None])
            names = ("bias", "inputs", "recurrent", "peepholes")
            for own, name in zip(self.weights, names, strict=True):
                own += 1j * STEP * getattr(along, name)[0]
        self.sources = architecture.recurrent_sources()

    def step(self, u, h, s):
        bias, inputs, recurrent, peepholes = self.weights
        net = bias + np.einsum("cug,u->cg", inputs, u)
        driving = s if self.architecture.full_peepholes else h
        net = net + np.einsum("crg,cr->cg", recurrent, driving[self.sources])
        peep = peepholes if self.architecture.peepholes else 0 * peepholes
        i = sigma(net[:, 0] + peep[:, 0] * s)
        f = sigma(net[:, 1] + peep[:, 1] * s) if self.architecture.forget_gate else 1.0
        z = np.tanh(net[:, 2]) if self.architecture.cell_input == "tanh" else net[:, 2]
        s = f * s + i * z
        o = sigma(net[:, 3] + peep[:, 2] * s)
        kind = self.architecture.cell_output
        if kind == "o*tanh(s)":
            return o * np.tanh(s), s
        return (np.tanh(o * s) if kind == "tanh(o*s)" else o * s), s

    def features(self, h, s, u):
        architecture = self.architecture
        parts = [h]
        if architecture.readout_states:
            parts.append(s)
        if architecture.readout_inputs:
            parts.append(u)
        if architecture.readout_squares:
            parts += [h * h, u * u]
        if architecture.readout_constant:
            parts.append(np.ones(1))
        return np.concatenate(parts)

    def drive(self, vectors):
        """Return outputs and states (T + 1, C) before each step and after the last."""
        cells = self.architecture.cells
        h, s = [np.zeros(cells, complex)], [np.zeros(cells, complex)]
        for u in vectors:
            after = self.step(u, h[-1], s[-1])
            h.append(after[0])
            s.append(after[1])
        return np.array(h), np.array(s)

    def free_run(self, readout, h, s, fed_back, inputs):
        """Return (L, K) from cells (C,), the last output (K,) and inputs (L, I)."""
        outputs = []
        for row in inputs:
            u = row
            if self.architecture.feedback:
                u = np.concatenate([row, self.architecture.feedback_scale * fed_back])
            h, s = self.step(u, h, s)
            fed_back = self.features(h, s, u) @ readout
            outputs.append(fed_back)
        return np.array(outputs)
