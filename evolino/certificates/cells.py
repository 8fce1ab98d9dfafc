"""Interval arithmetic of a step of all memory cells, for all strings at once.

Strings differ by numbers that are not known, only bounded: theta, in a polytope given by
its vertices. A cell's state is slopes . theta + centre + rest: a counting cell differs
between strings by what it counted, and apart from that hardly at all. Outputs are
intervals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evolino.certificates.dense import Driven, lstm_of
from evolino.certificates.intervals import (
    TINY,
    UNIT,
    Interval,
    add_exactly,
    choose,
    down,
    point,
    up,
)
from evolino.certificates.squashing import (
    UPDATE,
    UPDATE_OPEN,
    Arithmetic,
    Near,
    hyperbolic,
    logistic,
    product,
)
from evolino.network.features import columns_of, laid_out
from evolino.vocabulary import Array, BoolArray

KEPT = 1e-6  # a forget gate that is open but for this much keeps the state
LARGEST_BOUND = 1e100  # below it no operation of the kernels overflows (lemma 3)


class Unbounded(Exception):
    """Bounds that prove nothing: NaN, infinite, or where kernels may overflow; and why."""


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


def step(
    driven: Driven, cells: Cells, vertices: Array, arithmetic: Arithmetic
) -> tuple[Cells, BoolArray]:
    """Return the cells after one more row, and which of them (C,) kept their states.

    Raises Unbounded.
    """
    architecture = lstm_of(driven.network.model)
    net = driven.net_inputs(cells.outputs)
    before = cells.states(vertices)
    _see_that_bounds_hold("net input", net)
    _see_that_bounds_hold("state", before)
    peep_in, peep_forget, peep_out = driven.peepholes
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
    _see_that_bounds_hold("state", states)
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


def _see_that_bounds_hold(name: str, bounds: Interval) -> None:
    """Raise Unbounded for a NaN or a bound beyond LARGEST_BOUND."""
    if not (bounds.size < LARGEST_BOUND).all():
        raise Unbounded(f"a {name} has no finite bounds")


def outputs_of_readout(driven: Driven, cells: Cells, vertices: Array) -> Interval:
    """Return (K,), of several strings (K, N): bounds of the readout's outputs.

    Raises Unbounded.
    """
    architecture = lstm_of(driven.network.model)
    weights = driven.network.model.output_weights.T  # (K, S)
    copies = driven.copies
    sources = {
        "outputs": _by_string(cells.outputs, copies),
        "states": _by_string((cells.rest + cells.slack).plus(cells.centres), copies),
        "inputs": point(np.repeat(driven.u[:, None], copies, axis=1)),
        "constant": point(np.ones((1, copies))),
    }
    shown = laid_out(architecture, sources, lambda values: values * values)
    low = np.concatenate([each.lo for each in shown])
    high = np.concatenate([each.hi for each in shown])
    above, below = np.maximum(weights, 0.0), np.minimum(weights, 0.0)
    least, most, size = above @ low + below @ high, above @ high + below @ low, 0.0
    if architecture.readout_states and cells.slopes.any():  # of one string only
        # What is common to all strings first: the combination may not grow at all.
        seen = weights[:, columns_of(architecture, "states")]
        growing = (seen @ cells.slopes) @ vertices.T  # (K, V)
        least = least + growing.min(axis=1, keepdims=True)
        most = most + growing.max(axis=1, keepdims=True)
        largest = np.abs(cells.slopes) @ np.abs(vertices).max(axis=0)
        size = (np.abs(seen) @ largest)[:, None]
    size = size + np.abs(weights) @ np.maximum(np.abs(low), np.abs(high))
    off = 4.0 * (len(low) + vertices.shape[1] + 6) * UNIT * size + TINY
    found = Interval(down(least - off), up(most + off))
    if not np.isfinite(found.size).all():
        raise Unbounded("an output has no finite bounds")
    return found if copies > 1 else Interval(found.lo[:, 0], found.hi[:, 0])


def _by_string(values: Interval, copies: int) -> Interval:
    """Return (C, N) of (C N,)."""
    shape = (-1, copies)
    return Interval(values.lo.reshape(shape), values.hi.reshape(shape))


def _peeping(net: Interval, gate: int, weights: Array, states: Interval) -> Interval:
    """Return a gate's net input (C,) with what it sees of its own cell's state."""
    own = _row(net, gate)
    if not weights.any():
        return own
    seen = states.times(weights)
    whole = (own + seen).widened(2 * UNIT * (own.size + seen.size))
    _see_that_bounds_hold("net input", whole)
    return whole


def _row(net: Interval, gate: int) -> Interval:
    return Interval(net.lo[gate], net.hi[gate])


def _centred(values: Interval) -> Near:
    middle = values.middle
    return Near(middle, values.plus(-middle))
