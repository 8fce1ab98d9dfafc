"""Online training of one network: a step, its real-time derivatives, a correction.

The derivatives of cell outputs and states with respect to the weights into cells go forward
with the cells (real-time recurrent learning), so a stream has no end that must come first.
Full derivatives are exact but for the weights' own change on the way; truncated ones are of
each cell's own weights only, and nothing of them goes through recurrent weights or
peepholes, as in the LSTM papers.

Source: Williams & Zipser 1989, Neural Computation 1(2); Gers, Schraudolph & Schmidhuber
2002, JMLR 3, appendix (truncation; recalled).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from evolino.simd.compiled import compiled
from evolino.solvers.kalman import correct

njit: Any = numba.njit
IDENTITY, TANH, LOGISTIC = range(3)  # squashings of the outputs
GERS, EVOLINO, LINEAR = range(3)  # o*tanh(s), tanh(o*s), o*s
SLOPE = 0.5493061443340549  # artanh(1/2): 2 tanh(SLOPE x) takes 1 to 1


class Network(NamedTuple):
    """What a network is, in numbers.

    sources: (C, R). genes: G. gates: 4, or 3 without a forget gate. bias, peepholes,
    tanh_input, states, inputs, squares, constant: as of the `LSTM` (of the last four the
    features of the readout). cell_output, squashing: constants of this module. full: of the
    derivatives.
    """

    sources: Any
    genes: int
    gates: int
    bias: bool
    peepholes: bool
    tanh_input: bool
    cell_output: int
    states: bool
    inputs: bool
    squares: bool
    constant: bool
    squashing: int
    full: bool


class Rows(NamedTuple):
    """Rows of a string. vectors: (T, U). targets: (T, K). learnt: (T,), whether a row
    corrects the weights. measurement, process: variances of noise."""

    vectors: Any
    targets: Any
    learnt: Any
    measurement: float
    process: float


class Place(NamedTuple):
    """Where a network is in a string. outputs, states: (C,). to_outputs, to_states: (C, W),
    their derivatives with respect to all weights into cells, W = C G; truncated, to the own
    ones, W = G."""

    outputs: Any
    states: Any
    to_outputs: Any
    to_states: Any


class Step(NamedTuple):
    """What a step works in. outputs, states: (C,), to_outputs, to_states: (C, W), after it.
    to_net: (4, W). net: (4,). features: (S,). sums, slopes, error: (K,). derivatives:
    (N, K, n)."""

    outputs: Any
    states: Any
    to_outputs: Any
    to_states: Any
    to_net: Any
    net: Any
    features: Any
    sums: Any
    slopes: Any
    error: Any
    derivatives: Any


@compiled
def present(network: Any, rows: Any, groups: Any, place: Any, step: Any, work: Any,
            failed: Any) -> None:  # fmt: skip
    """Go through the rows of a string; correct the weights after each that is learnt.

    groups: N = C + K, those of the cells (genes), then of the outputs (output weights). A
    correction that is not finite ends it, and failed[0] is the row, else -1.
    """
    failed[0] = -1
    for t in range(len(rows.vectors)):
        for c in range(len(place.outputs)):
            _advance(network, rows.vectors[t], groups.weights[c], place, c, step)
        for c in range(len(place.outputs)):
            place.outputs[c] = step.outputs[c]
            place.states[c] = step.states[c]
            for x in range(place.to_states.shape[1]):
                place.to_outputs[c, x] = step.to_outputs[c, x]
                place.to_states[c, x] = step.to_states[c, x]
        if not rows.learnt[t]:
            continue
        _read_out(network, rows.vectors[t], groups.weights, place, step)
        for k in range(len(step.error)):
            step.error[k] = rows.targets[t, k] - step.sums[k]
        _derive(network, rows.vectors[t], groups.weights, place, step)
        if not correct(
            groups, step.derivatives, step.error, rows.measurement, rows.process, work
        ):
            failed[0] = t
            return


@njit
def sigma(x: float) -> Any:
    """Return 1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + np.exp(-x))


@njit
def _source(network: Any, u: Any, place: Any, c: int, k: int) -> Any:
    """Return the k-th source of cell c: bias, input vector, recurrent."""
    if network.bias:
        if k == 0:
            return 1.0
        k -= 1
    if k < len(u):
        return u[k]
    return place.outputs[network.sources[c, k - len(u)]]


@njit
def _net_inputs(network: Any, u: Any, genes: Any, place: Any, c: int, step: Any) -> None:
    """Write the net inputs of cell c without peepholes, and their derivatives."""
    gates, full, width = network.gates, network.full, place.to_states.shape[1]
    own = c * network.genes if full else 0
    recurrent = int(network.bias) + len(u)
    for g in range(4):
        step.net[g] = 0.0
        for x in range(width):
            step.to_net[g, x] = 0.0
    for k in range(recurrent + network.sources.shape[1]):
        value = _source(network, u, place, c, k)
        for column in range(gates):
            g = column if gates == 4 or column == 0 else column + 1
            weight = genes[k * gates + column]
            step.net[g] += weight * value
            if full and k >= recurrent and weight != 0.0:
                from_cell = network.sources[c, k - recurrent]
                for x in range(width):
                    step.to_net[g, x] += weight * place.to_outputs[from_cell, x]
            step.to_net[g, own + k * gates + column] += value


@njit
def _peep(network: Any, genes: Any, c: int, g: int, state: float, to_state: Any,
          step: Any) -> None:  # fmt: skip
    """Add the peephole into gate g of cell c, from a state and its derivatives."""
    gates = network.gates
    number = g if g < 2 else gates - 2
    place = network.genes - (gates - 1) + number
    own = c * network.genes if network.full else 0
    step.net[g] += genes[place] * state
    if network.full:
        for x in range(len(to_state)):
            step.to_net[g, x] += genes[place] * to_state[x]
    step.to_net[g, own + place] += state


@njit
def _advance(network: Any, u: Any, genes: Any, place: Any, c: int, step: Any) -> None:
    """Write output and state of cell c after a step, and their derivatives."""
    width, before = place.to_states.shape[1], place.states[c]
    _net_inputs(network, u, genes, place, c, step)
    if network.peepholes:
        _peep(network, genes, c, 0, before, place.to_states[c], step)
        if network.gates == 4:
            _peep(network, genes, c, 1, before, place.to_states[c], step)
    gate_in, z, forget, to_forget = sigma(step.net[0]), step.net[2], 1.0, 0.0
    if network.gates == 4:
        forget = sigma(step.net[1])
        to_forget = before * forget * (1.0 - forget)
    to_z = gate_in
    if network.tanh_input:
        z = np.tanh(z)
        to_z = gate_in * (1.0 - z * z)
    to_in = z * gate_in * (1.0 - gate_in)
    state = forget * before + gate_in * z
    for x in range(width):
        step.to_states[c, x] = (
            forget * place.to_states[c, x]
            + to_forget * step.to_net[1, x]
            + to_in * step.to_net[0, x]
            + to_z * step.to_net[2, x]
        )
    if network.peepholes:
        _peep(network, genes, c, 3, state, step.to_states[c], step)
    gate_out = sigma(step.net[3])
    if network.cell_output == GERS:
        squashed = np.tanh(state)
        output = gate_out * squashed
        by_state, by_gate = gate_out * (1.0 - squashed * squashed), squashed
    elif network.cell_output == EVOLINO:
        output = np.tanh(gate_out * state)
        by_state = gate_out * (1.0 - output * output)
        by_gate = state * (1.0 - output * output)
    else:
        output = gate_out * state
        by_state, by_gate = gate_out, state
    by_net = by_gate * gate_out * (1.0 - gate_out)
    for x in range(width):
        step.to_outputs[c, x] = by_state * step.to_states[c, x] + by_net * step.to_net[3, x]
    step.outputs[c], step.states[c] = output, state


@njit
def _read_out(network: Any, u: Any, weights: Any, place: Any, step: Any) -> None:
    """Write the features, the squashed outputs and the slopes of their squashing."""
    cells = len(place.outputs)
    for c in range(cells):
        step.features[c] = place.outputs[c]
    n = cells
    if network.states:
        for c in range(cells):
            step.features[n + c] = place.states[c]
        n += cells
    if network.inputs:
        for k in range(len(u)):
            step.features[n + k] = u[k]
        n += len(u)
    if network.squares:
        for c in range(cells):
            step.features[n + c] = place.outputs[c] ** 2
        n += cells
        for k in range(len(u)):
            step.features[n + k] = u[k] ** 2
        n += len(u)
    if network.constant:
        step.features[n] = 1.0
    for k in range(len(step.sums)):
        total = 0.0
        for x in range(len(step.features)):
            total += step.features[x] * weights[cells + k, x]
        step.sums[k], step.slopes[k] = total, 1.0
        if network.squashing == TANH:
            half = np.tanh(SLOPE * total)
            step.sums[k], step.slopes[k] = 2.0 * half, 2.0 * SLOPE * (1.0 - half * half)
        elif network.squashing == LOGISTIC:
            step.sums[k] = sigma(total)
            step.slopes[k] = step.sums[k] * (1.0 - step.sums[k])


@njit
def _derive(network: Any, u: Any, weights: Any, place: Any, step: Any) -> None:
    """Write the derivatives of the squashed outputs with respect to every weight."""
    cells, genes = len(place.outputs), network.genes
    squares = cells * (2 if network.states else 1) + (len(u) if network.inputs else 0)
    for k in range(len(step.sums)):
        slope, own = step.slopes[k], weights[cells + k]
        for x in range(len(step.features)):
            step.derivatives[cells + k, k, x] = slope * step.features[x]
        for c in range(cells):
            for x in range(genes):
                step.derivatives[c, k, x] = 0.0
        for r in range(cells):
            by_output, by_state = slope * own[r], 0.0
            if network.states:
                by_state = slope * own[cells + r]
            if network.squares:
                by_output += 2.0 * slope * place.outputs[r] * own[squares + r]
            for c in range(cells):
                if not network.full and c != r:
                    continue
                first = c * genes if network.full else 0
                for x in range(genes):
                    step.derivatives[c, k, x] += (
                        by_output * place.to_outputs[r, first + x]
                        + by_state * place.to_states[r, first + x]
                    )
