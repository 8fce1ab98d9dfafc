"""The equations of an LSTM in plain NumPy: one network, one sequence.

Slow and simple on purpose: the twin that tests hold the kernels to.
"""

from __future__ import annotations

import numpy as np

from evolino.network.base import Trace
from evolino.network.features import features_of
from evolino.network.lstm import LSTM
from evolino.network.weights import Weights, unpack
from evolino.vocabulary import Array, IntArray


def run(architecture: LSTM, genome: Array, inputs: Array) -> Trace:
    """Drive a network from rest over input vectors u (T, U).

    genome: (C, G). Gates (T, C, 4) are in the order of GATES: input gate, forget gate,
    squashed cell input, output gate. Raises ValueError for another shape.
    """
    weights, sources = unpack(architecture, genome[None]), architecture.recurrent_sources()
    h = s = np.zeros(architecture.cells)
    outputs, states, gates = [], [], []
    for u in inputs:
        h, s, gate = step(architecture, weights, sources, u, h, s)
        outputs.append(h)
        states.append(s)
        gates.append(gate)
    steps, cells = len(inputs), architecture.cells
    return Trace(
        np.array(outputs).reshape(steps, cells),
        np.array(states).reshape(steps, cells),
        np.array(gates).reshape(steps, cells, 4),
    )


def step(
    architecture: LSTM, weights: Weights, sources: IntArray, u: Array, h: Array, s: Array
) -> tuple[Array, Array, Array]:
    """Return h(t), s(t) (C,) and the gates (C, 4) from u(t), h(t-1), s(t-1).

    weights: of one network. sources: (C, R). Equations of `evolino.network.lstm`.
    """
    net = weights.bias[0] + np.einsum("cug,u->cg", weights.inputs[0], u)
    driving = s if architecture.full_peepholes else h
    net = net + np.einsum("crg,cr->cg", weights.recurrent[0], driving[sources])
    return advance(architecture, net, weights.peepholes[0], s)


def advance(
    architecture: LSTM, net: Array, peepholes: Array, s: Array
) -> tuple[Array, Array, Array]:
    """Return h(t), s(t) (C,) and the gates (C, 4) from s(t-1).

    net: net inputs (C, 4) without peepholes. peepholes: (C, 3).
    """
    h, s, *gates = cells_after(architecture, net, peepholes, s)
    return h, s, np.stack(gates, axis=1)


def cells_after(
    architecture: LSTM, net: Array, peepholes: Array, s: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Return h(t), s(t) and each gate, (C,) all, as `advance` does."""
    peep_in, peep_forget, peep_out = peepholes.T
    gate_in = sigma(net[:, 0] + peep_in * s)
    forget = (
        sigma(net[:, 1] + peep_forget * s) if architecture.forget_gate else np.ones(len(s))
    )
    z = np.tanh(net[:, 2]) if architecture.cell_input == "tanh" else net[:, 2]
    s = forget * s + gate_in * z
    gate_out = sigma(net[:, 3] + peep_out * s)
    if architecture.cell_output == "o*s":
        h = gate_out * s
    elif architecture.cell_output == "o*tanh(s)":
        h = gate_out * np.tanh(s)
    else:
        h = np.tanh(gate_out * s)
    return h, s, gate_in, forget, z, gate_out


def free_run(
    architecture: LSTM,
    genome: Array,
    output_weights: Array,
    h: Array,
    s: Array,
    previous: Array,
    inputs: Array,
    noise: Array | None = None,
) -> Array:
    """Return (L, K): outputs fed back from cells h, s (C,) on, `previous` (K,) fed
    back first.

    output_weights: (S, K). inputs: external ones (L, I). noise: (M, 2, C), row t modulo M
    is added to h(t) and s(t).
    """
    weights, sources = unpack(architecture, genome[None]), architecture.recurrent_sources()
    y, outputs = previous, []
    for t, external in enumerate(inputs):
        fed_back = architecture.fed_back(y) if architecture.feedback else y[:0]
        u = np.concatenate([external, fed_back])
        h, s, _ = step(architecture, weights, sources, u, h, s)
        if noise is not None:
            h, s = np.stack([h, s]) + noise[t % len(noise)]
        y = (features_of(architecture, h[None], s[None], u[None]) @ output_weights)[0]
        y = architecture.outputs_of(y)
        outputs.append(y)
    return np.array(outputs).reshape(len(inputs), architecture.outputs)


def sigma(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), the logistic function."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))
