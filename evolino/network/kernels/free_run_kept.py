"""Free runs of one network that keep what their gradient needs: runs in the lanes.

A group of eight runs goes through all its steps without leaving the processor's near
memory; its weights are shared by the lanes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.network.kernels.cell import FULL_PEEPHOLES
from evolino.network.kernels.cell_gradient import let_out, opened
from evolino.network.kernels.net_input import GATE_COUNT, PEEPHOLE_COUNT
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, copy, load, memory, part, store
from evolino.simd.vectors import fma, like

njit: Any = numba.njit


class Network(NamedTuple):
    """One network and its readout; arrays are `Shared`, or integers.

    weights: over cells, sources and the four gates; the sources are the U input vector, 1,
    then the R cells that `sources` (C, R) names, all of them in their order if `dense`.
    peepholes: (C, 3). to_cells: (K, C, 3), the readout of outputs, states and squared
    outputs. to_vector: (K, 2 U + 1), of the input vector, its squares and the constant.
    inputs: how many of U are not fed back. scale: of the feedback. flags: of the cells.
    """

    weights: Any
    sources: Any
    peepholes: Any
    to_cells: Any
    to_vector: Any
    cells: int
    recurrent: int
    width: int
    inputs: int
    outputs: int
    scale: float
    flags: int
    dense: bool


class Course(NamedTuple):
    """Groups of eight runs of L steps; arrays of lanes, over groups.

    inputs: (L, I). begin: the last output (K), the cells' outputs (C) and states (C).
    gates: (4 C, L), by gate and cell; on the way back they become the gradients of
    their net inputs. seen: (U + 1 + C, L + 1), what drives the
    cells at each step; the last column holds what would drive them next. states:
    (L + 1, C). sums: (L, K) of the readout. kept: groups that have gates, seen and states
    of their own; those beyond share the last ones.
    """

    inputs: Any
    begin: Any
    gates: Any
    seen: Any
    states: Any
    sums: Any
    steps: int
    kept: int


def forward_size(cells: int, width: int) -> int:
    """Return the vectors that `run_group` works in."""
    return width + 1 + 2 * cells


@njit(inline="always")
def of_group(network: Any, runs: Any, group: int) -> Any:
    """Return the course of one group."""
    cells, steps, outputs = network.cells, runs.steps, network.outputs
    place = min(group, runs.kept)
    return Course(
        part(runs.inputs, group * steps * network.inputs),
        part(runs.begin, group * (outputs + 2 * cells)),
        part(runs.gates, place * GATE_COUNT * cells * steps),
        part(runs.seen, place * (network.width + 1 + cells) * (steps + 1)),
        part(runs.states, place * (steps + 1) * cells),
        part(runs.sums, group * steps * outputs),
        steps,
        runs.kept,
    )


@njit(inline="always")
def peepholes(network: Any, c: int) -> Any:
    """Return the three peephole weights of a cell."""
    at = PEEPHOLE_COUNT * c
    own = network.peepholes
    return load(own, at), load(own, at + 1), load(own, at + 2)


@njit(inline="always")
def source(network: Any, c: int, j: int) -> Any:
    """Return the place of a cell's recurrent source among all that drives cells."""
    if network.dense:
        return network.width + 1 + j
    return network.width + 1 + load(network.sources, c * network.recurrent + j)


@njit(inline="always")
def _add(net: Any, weights: Any, at: int, x: Any) -> Any:
    return (
        fma(load(weights, at), x, net[0]),
        fma(load(weights, at + 1), x, net[1]),
        fma(load(weights, at + 2), x, net[2]),
        fma(load(weights, at + 3), x, net[3]),
    )


@njit(inline="always")
def _net_inputs(network: Any, now: Any, c: int, other: int) -> Any:
    """Return the four net inputs of a cell and of another one: eight sums at once keep the
    processor busy. now: what drives the cells."""
    count, first = network.width + 1 + network.recurrent, network.width + 1
    weights = part(network.weights, GATE_COUNT * count * c)
    others = part(network.weights, GATE_COUNT * count * other)
    zero = like(load(now, 0), 0.0)
    net, more = (zero, zero, zero, zero), (zero, zero, zero, zero)
    for j in range(first):
        x = load(now, j)
        net = _add(net, weights, GATE_COUNT * j, x)
        more = _add(more, others, GATE_COUNT * j, x)
    weights, others = part(weights, GATE_COUNT * first), part(others, GATE_COUNT * first)
    if network.dense:
        driving = part(now, first)
        for j in range(network.recurrent):
            x = load(driving, j)
            net = _add(net, weights, GATE_COUNT * j, x)
            more = _add(more, others, GATE_COUNT * j, x)
    else:
        for j in range(network.recurrent):
            x, y = load(now, source(network, c, j)), load(now, source(network, other, j))
            net = _add(net, weights, GATE_COUNT * j, x)
            more = _add(more, others, GATE_COUNT * j, y)
    return net, more


@njit(inline="always")
def _begin_sums(network: Any, now: Any, sums: Any) -> None:
    """Write what the readout sums up of the input vector and the constant."""
    width = network.width
    for k in range(network.outputs):
        own = part(network.to_vector, k * (2 * width + 1))
        total = like(load(now, 0), 1.0) * load(own, 2 * width)
        for j in range(width):
            u = load(now, j)
            total = fma(u, fma(u, load(own, width + j), load(own, j)), total)
        store(sums, k, total)


@njit(inline="always")
def _add_to_sums(network: Any, c: int, h: Any, s: Any, sums: Any) -> None:
    for k in range(network.outputs):
        own = part(network.to_cells, 3 * (k * network.cells + c))
        of_h = fma(h, load(own, 2), load(own, 0))
        store(sums, k, fma(h, of_h, fma(s, load(own, 1), load(sums, k))))


@njit(inline="always")
def _see(network: Any, runs: Any, now: Any, t: int) -> None:
    """Write the input vector of a step, and keep all that drives the cells."""
    width, inputs, columns = network.width, network.inputs, runs.steps + 1
    for j in range(inputs):
        store(now, j, load(runs.inputs, t * inputs + j))
    for j in range(inputs, width):
        k = j - inputs
        before = load(runs.begin, k)
        if t > 0:
            before = load(runs.sums, (t - 1) * network.outputs + k)
        store(now, j, before * network.scale)
    for j in range(width + 1 + network.cells):
        store(runs.seen, j * columns + t, load(now, j))


@njit(inline="always")
def _step_cell(network: Any, runs: Any, c: int, t: int, net: Any, after: Any) -> None:
    """Step a cell from its net inputs; keep its gates and state, add to the sums."""
    cells, steps = network.cells, runs.steps
    peep = peepholes(network, c)
    before = load(runs.states, t * cells + c)
    i, f, g = opened(net, peep, before, network.flags)
    s = fma(f, before, i * g)
    o, h = let_out(net, peep, s, network.flags)
    store(runs.gates, c * steps + t, i)
    store(runs.gates, (cells + c) * steps + t, f)
    store(runs.gates, (2 * cells + c) * steps + t, g)
    store(runs.gates, (3 * cells + c) * steps + t, o)
    store(runs.states, (t + 1) * cells + c, s)
    store(after, c, h)
    _add_to_sums(network, c, h, s, part(runs.sums, t * network.outputs))


@compiled
def run_groups(network: Network, course: Course, groups: int, work: Any) -> None:
    """Let groups run freely; writes gates, seen, states and sums of the course.

    work: `forward_size` vectors.
    """
    network, runs = addresses(network), addresses(course)
    for group in range(groups):
        run_group(network, of_group(network, runs, group), memory(work))


@njit
def run_group(network: Any, runs: Any, now: Any) -> None:
    """Let one group run freely, as `run_groups`. now: the vectors to work in."""
    cells, steps, first = network.cells, runs.steps, network.width + 1
    store(now, network.width, 1.0)
    copy(part(runs.begin, network.outputs), part(now, first), cells)
    copy(part(runs.begin, network.outputs + cells), runs.states, cells)
    if network.flags & FULL_PEEPHOLES:
        copy(runs.states, part(now, first), cells)
    after = part(now, first + cells)
    for t in range(steps):
        _see(network, runs, now, t)
        _begin_sums(network, now, part(runs.sums, t * network.outputs))
        for c in range(0, cells, 2):
            other = min(c + 1, cells - 1)
            net, more = _net_inputs(network, now, c, other)
            _step_cell(network, runs, c, t, net, after)
            if other > c:
                _step_cell(network, runs, other, t, more, after)
        driving = after
        if network.flags & FULL_PEEPHOLES:
            driving = part(runs.states, (t + 1) * cells)
        copy(driving, part(now, first), cells)
    for j in range(first + cells):
        store(runs.seen, j * (steps + 1) + steps, load(now, j))
