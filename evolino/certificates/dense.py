"""The weights of a network as full matrices, and its net inputs in intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.certificates.intervals import TINY, UNIT, Interval
from evolino.models.model import Model
from evolino.network.lstm import GATES, LSTM
from evolino.network.weights import unpack
from evolino.vocabulary import Array


def lstm_of(model: Model) -> LSTM:
    """Return a model's architecture. Raises ValueError for one that is no LSTM."""
    if not isinstance(model.architecture, LSTM):
        raise ValueError(
            f"certificates are for networks of kind {LSTM.name}, this one is "
            f"{model.architecture.name}"
        )
    if model.architecture.full_peepholes:
        raise ValueError("certificates are for networks without full_peepholes")
    return model.architecture


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """A network's weights for all gates and cells at once, gates first: rows g C + c.

    bias: (4 C,). inputs: (4 C, U). above, below: (4 C, C), the weights from cell outputs,
    those above 0 and those below. peepholes: (3, C).
    """

    model: Model
    bias: Array
    inputs: Array
    above: Array
    below: Array
    peepholes: Array

    @classmethod
    def of(cls, model: Model) -> Dense:
        """Lay a model's weights out."""
        architecture = lstm_of(model)
        parts = unpack(architecture, model.genome[None])
        count = architecture.cells
        recurrent = np.zeros((count, count, 4))
        rows = np.arange(count)[:, None]
        recurrent[rows, architecture.recurrent_sources()] = parts.recurrent[0]
        flat = recurrent.transpose(2, 0, 1).reshape(4 * count, count)
        return cls(
            model,
            parts.bias[0].T.reshape(-1),
            parts.inputs[0].transpose(2, 0, 1).reshape(4 * count, -1),
            np.maximum(flat, 0.0),
            np.minimum(flat, 0.0),
            parts.peepholes[0].T,
        )

    def driven_by(self, u: Array, copies: int = 1) -> Driven:
        """Return the network with an input vector u (U,) that stays the same.

        copies: N strings may be followed side by side, as C N cells, cell by cell.
        """
        size = np.abs(self.bias) + np.abs(self.inputs) @ np.abs(u)
        terms = 1 + len(u) + self.above.shape[1]
        constant = self.bias + self.inputs @ u
        peepholes = np.repeat(self.peepholes, copies, axis=1)
        return Driven(self, u, constant, size, terms, copies, peepholes)


@dataclass(frozen=True, slots=True, eq=False)
class Driven:
    """A network under a constant input vector u: what that adds to net inputs (4 C,).

    size: sum of the absolute values of the terms; with it the rounding of the sum of
    `terms` terms is bounded, ours and the kernels', in whatever order they are summed.
    copies: N. peepholes: (3, C N).
    """

    network: Dense
    u: Array
    constant: Array
    size: Array
    terms: int
    copies: int
    peepholes: Array

    def net_inputs(self, outputs: Interval) -> Interval:
        """Return (4, C N): the net inputs without peepholes, for cell outputs (C N,)."""
        weights, by_string = self.network, (-1, self.copies)
        lo, hi = outputs.lo.reshape(by_string), outputs.hi.reshape(by_string)
        constant = self.constant[:, None]
        low = constant + weights.above @ lo + weights.below @ hi
        high = constant + weights.above @ hi + weights.below @ lo
        largest = np.maximum(np.abs(lo), np.abs(hi))
        size = self.size[:, None] + (weights.above - weights.below) @ largest
        off = 2.0 * (self.terms + 3) * UNIT * size + TINY
        whole = Interval(low, high).widened(off)
        shape = (len(GATES), -1)
        return Interval(whole.lo.reshape(shape), whole.hi.reshape(shape))
