"""A step of all memory cells, for every string at once.

Strings differ by numbers that are not known, only bounded: theta, in a polytope given by
its vertices. A cell's state is slopes . theta + centre + rest: a counting cell differs
between strings by what it counted, and apart from that hardly at all. Outputs are
intervals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evolino.certify.intervals import (
    TINY,
    UNIT,
    Interval,
    add_exactly,
    choose,
    down,
    point,
    up,
)
from evolino.certify.squashing import (
    UPDATE,
    UPDATE_OPEN,
    Arithmetic,
    Near,
    hyperbolic,
    logistic,
    product,
)
from evolino.models.model import Model
from evolino.network.features import laid_out
from evolino.network.lstm import GATES
from evolino.network.weights import unpack
from evolino.vocabulary import Array, BoolArray

KEPT = 1e-6  # a forget gate that is open but for this much keeps the state


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What is known of all cells after some row, for every theta of a polytope.

    outputs: (C,). State of a cell: slopes (C, P) . theta (P,) + centres (C,) + a number of
    rest (C,) + a number of slack (C,). Slack is what may have come by the way to this row;
    a cell that forgets turns it into rest.
    """

    outputs: Interval
    slopes: Array
    centres: Array
    rest: Interval
    slack: Interval

    def states(self, vertices: Array) -> Interval:
        """Return (C,): bounds of the states over vertices (V, P)."""
        at = self.slopes @ vertices.T
        off = (2 + len(vertices.T)) * UNIT * (np.abs(self.slopes) @ np.abs(vertices).max(0))
        moved = Interval(at.min(axis=1), at.max(axis=1)).widened(off)
        return (moved + self.rest + self.slack).plus(self.centres)


def at_rest(cells: int, parameters: int) -> Cells:
    """Return C cells before the first row."""
    nothing = np.zeros(cells)
    return Cells(
        point(nothing),
        np.zeros((cells, parameters)),
        nothing,
        point(nothing),
        point(nothing),
    )


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
        architecture = model.architecture
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

    def driven_by(self, u: Array) -> Driven:
        """Return the network with an input vector u (U,) that stays the same."""
        size = np.abs(self.bias) + np.abs(self.inputs) @ np.abs(u)
        terms = 1 + len(u) + self.above.shape[1]
        return Driven(self, u, self.bias + self.inputs @ u, size, terms)


@dataclass(frozen=True, slots=True, eq=False)
class Driven:
    """A network under a constant input vector u: what that adds to net inputs (4 C,).

    size: sum of the absolute values of the terms; with it the rounding of the sum of
    `terms` terms is bounded, ours and the kernels', in whatever order they are summed.
    """

    network: Dense
    u: Array
    constant: Array
    size: Array
    terms: int

    def net_inputs(self, outputs: Interval) -> Interval:
        """Return (4, C): the net inputs without peepholes, for cell outputs (C,)."""
        weights = self.network
        low = self.constant + weights.above @ outputs.lo + weights.below @ outputs.hi
        high = self.constant + weights.above @ outputs.hi + weights.below @ outputs.lo
        size = self.size + (weights.above - weights.below) @ outputs.size
        off = 2.0 * (self.terms + 3) * UNIT * size + TINY
        whole = Interval(low, high).widened(off)
        shape = (len(GATES), -1)
        return Interval(whole.lo.reshape(shape), whole.hi.reshape(shape))


def step(
    driven: Driven, cells: Cells, vertices: Array, arithmetic: Arithmetic
) -> tuple[Cells, BoolArray]:
    """Return the cells after one more row, and which of them (C,) kept their states."""
    network = driven.network
    architecture = network.model.architecture
    net = driven.net_inputs(cells.outputs)
    before = cells.states(vertices)
    peep_in, peep_forget, peep_out = network.peepholes
    gate_in, _ = logistic(_peeping(net, 0, peep_in, before), arithmetic)
    forget, lost = logistic(_peeping(net, 1, peep_forget, before), arithmetic)
    if not architecture.forget_gate:
        nothing = np.zeros(len(peep_in))
        forget, lost = Near(nothing + 1.0, point(nothing)), point(nothing)
    entering = _row(net, 2)
    if architecture.cell_input == "tanh":
        squashed = hyperbolic(entering, arithmetic)
    else:
        squashed = _centred(entering)
    added = product(gate_in, squashed)
    if arithmetic.rounds:
        added = replace(added, rest=added.rest.widened(8 * UNIT * added.bounds.size))
    kept = lost.hi < KEPT
    after = _new_states(cells, before, forget, lost, added, kept, vertices, arithmetic)
    states = after.states(vertices)
    gate_out, _ = logistic(_peeping(net, 3, peep_out, states), arithmetic)
    gers = architecture.cell_output == "o*tanh(s)"
    if gers:
        outputs = product(gate_out, hyperbolic(states, arithmetic)).bounds
    else:
        outputs = hyperbolic(gate_out.bounds * states, arithmetic).bounds
    if arithmetic.rounds:
        outputs = outputs.widened(8 * UNIT * outputs.size)
    return replace(after, outputs=outputs.cut(-1.0, 1.0)), kept


def _new_states(
    cells: Cells,
    before: Interval,
    forget: Near,
    lost: Interval,
    added: Near,
    kept: BoolArray,
    vertices: Array,
    arithmetic: Arithmetic,
) -> Cells:
    """Return cells with the new states, the outputs still the old ones.

    A cell that keeps loses lost * state, which is tiny; of another the share `factor` of
    everything stays, and the forget gate's distance from it counts as rest.
    """
    factor = np.where(kept, 1.0, forget.bounds.middle)
    apart = choose(
        kept,
        Interval(-lost.hi, -lost.lo),
        forget.rest.plus(forget.number).plus(-factor),
    )
    largest = np.abs(vertices).max(axis=0)
    slopes = factor[:, None] * cells.slopes
    scaled = factor * cells.centres
    centres, lacking = add_exactly(scaled, added.number)
    rounded = np.where(
        (factor == 1.0) | (factor == 0.0),
        0.0,
        2 * UNIT * (np.abs(scaled) + np.abs(slopes) @ largest) + TINY,
    )
    rest = cells.rest.times(factor) + added.rest + apart * before
    rest = rest.plus(lacking).widened(rounded)
    moved = cells.slack.times(factor)
    nothing = point(np.zeros(len(factor)))
    rest = rest + choose(kept, nothing, moved)
    after = Cells(cells.outputs, slopes, centres, rest, choose(kept, moved, nothing))
    if not arithmetic.rounds:
        return after
    unit = np.where(lost.hi == 0.0, UPDATE_OPEN, UPDATE)
    size = after.states(vertices).size * (1 + 1e-12)
    return replace(after, rest=rest.widened(unit * size))


def outputs_of_readout(driven: Driven, cells: Cells, vertices: Array) -> Interval:
    """Return (K,): bounds of the readout's outputs on what the cells show."""
    architecture = driven.network.model.architecture
    weights = driven.network.model.output_weights.T  # (K, S)
    sources = {
        "outputs": cells.outputs,
        # What is common to all strings first: the combination may not grow at all.
        "states": (cells.rest + cells.slack).plus(cells.centres),
        "inputs": point(driven.u),
        "constant": point(np.ones(1)),
    }
    shown = laid_out(architecture, sources, lambda values: values * values)
    still = {
        name: np.zeros((len(each.lo), len(vertices.T))) for name, each in sources.items()
    }
    moving = still | {"states": cells.slopes}
    slopes = np.concatenate(laid_out(architecture, moving, np.zeros_like))
    low = np.concatenate([each.lo for each in shown])
    high = np.concatenate([each.hi for each in shown])
    above, below = np.maximum(weights, 0.0), np.minimum(weights, 0.0)
    growing = (weights @ slopes) @ vertices.T  # (K, V)
    largest = np.abs(slopes) @ np.abs(vertices).max(axis=0)
    size = np.abs(weights) @ (np.maximum(np.abs(low), np.abs(high)) + largest)
    off = 4.0 * (len(low) + vertices.shape[1] + 4) * UNIT * size + TINY
    return Interval(
        down(above @ low + below @ high + growing.min(axis=1) - off),
        up(above @ high + below @ low + growing.max(axis=1) + off),
    )


def _peeping(net: Interval, gate: int, weights: Array, states: Interval) -> Interval:
    """Return a gate's net input (C,) with what it sees of its own cell's state."""
    own = _row(net, gate)
    if not weights.any():
        return own
    seen = states.times(weights)
    return (own + seen).widened(2 * UNIT * (own.size + seen.size))


def _row(net: Interval, gate: int) -> Interval:
    return Interval(net.lo[gate], net.hi[gate])


def _centred(values: Interval) -> Near:
    middle = values.middle
    return Near(middle, values.plus(-middle))
