"""Free runs of one network beside each other and their gradient: runs in the lanes.

A block of sixteen runs at a time, or of the last eight, goes through all steps, so that it
stays near the processor. All of it is in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.network.backward.features import readout_parts
from evolino.network.backward.matrices import LANES, Gradient, Held, Matrices, padded
from evolino.network.kernels.free_run_course import Course, Network
from evolino.network.kernels.free_run_gradient import backward_size, run_blocks_backward
from evolino.network.kernels.free_run_kept import forward_size, run_blocks
from evolino.network.kernels.free_run_weights import weight_vectors
from evolino.simd.memory import shared
from evolino.vocabulary import Array

CACHED = 2**21  # bytes of blocks whose gates stay in the caches, which are shared
KEPT = 3 * 2**25  # bytes that the blocks together keep for the way back; more are run again


@dataclass(frozen=True, slots=True, eq=False)
class RunsPass:
    """What free runs beside each other leave for the way back, which uses it up.

    network, course: as kernels read them. sums: (L, K, N), what the readout summed up, for
    N runs and those that fill the lanes. count: of the runs without those. held: memory.
    """

    matrices: Matrices
    network: Network
    course: Course
    sums: Array
    count: int
    held: Held


@dataclass(frozen=True, slots=True, eq=False)
class RunStarts:
    """Where free runs begin: outputs, states (N, C) of the cells, fed_back (N, K), the
    last output; inputs: (L, N, I), what goes in."""

    outputs: Array
    states: Array
    fed_back: Array
    inputs: Array


def run_freely(
    matrices: Matrices, readout: Array, starts: RunStarts, held: Held | None = None
) -> RunsPass:
    """Let one network with a readout (S, K) run freely from N starts.

    held: memory to use again; what it held of an earlier pass is lost. Raises ValueError
    for outputs that are not fed back as they are summed up.
    """
    architecture = matrices.architecture
    if architecture.output != "identity":
        raise ValueError(
            f"free runs have a gradient for output 'identity', got {architecture.output!r}"
        )
    steps, count = starts.inputs.shape[:2]
    network = _network(matrices, readout)
    lanes = padded(count)
    paired, single = divmod(lanes // LANES, 2)
    sizes = [size * 2 * LANES for size in _sizes(network, steps)]
    kept = min(paired + single, KEPT // (8 * sum(sizes)))
    held = held or Held()
    runs = np.minimum(np.arange(lanes), count - 1)
    gates, seen, states = (
        held.take(name, min(kept + 1, paired + single) * size)
        for name, size in zip(("gates", "seen", "states"), sizes, strict=True)
    )
    course = Course(
        _in_blocks(starts.inputs[:, runs].transpose(0, 2, 1), held, "inputs"),
        _in_blocks(_begin(starts)[runs].T, held, "begin"),
        gates,
        seen,
        states,
        held.take("sums", steps * network.outputs * lanes),
        steps,
        kept,
        paired,
        single,
        max(0, paired - CACHED // (8 * sum(sizes))),
    )
    run_blocks(network, course, held.take("work", _work_size(network)))
    sums = _out_of_blocks(course.sums, steps * network.outputs)
    by_step = sums.reshape(steps, network.outputs, lanes)
    return RunsPass(matrices, network, course, by_step, count, held)


def _begin(starts: RunStarts) -> Array:
    """Return (N, K + 2 C): where runs begin, as kernels read it."""
    return np.concatenate([starts.fed_back, starts.outputs, starts.states], axis=1)


def _in_blocks(values: Array, held: Held, name: str) -> Array:
    """Return values (.., lanes) as blocks of sixteen lanes, then one of the eight that are
    left; in memory by that name."""
    lanes = values.shape[-1]
    rows, paired = values.size // lanes, lanes // (2 * LANES)
    values, blocks = values.reshape(rows, lanes), held.take(name, values.size)
    cut = paired * 2 * LANES
    pairs = blocks[: rows * cut].reshape(paired, rows, 2 * LANES)
    own = values[:, :cut].reshape(rows, paired, 2 * LANES)
    pairs[...] = own.transpose(1, 0, 2)
    blocks[rows * cut :].reshape(rows, lanes - cut)[...] = values[:, cut:]
    return blocks


def _out_of_blocks(blocks: Array, rows: int) -> Array:
    """Return (rows, lanes) of what `_in_blocks` returns."""
    lanes = len(blocks) // rows
    cut = lanes // (2 * LANES) * 2 * LANES
    values = np.empty((rows, lanes))
    pairs = blocks[: rows * cut].reshape(-1, rows, 2 * LANES).transpose(1, 0, 2)
    values[:, :cut] = pairs.reshape(rows, cut)
    values[:, cut:] = blocks[rows * cut :].reshape(rows, lanes - cut)
    return values


def run_freely_backward(
    passed: RunsPass, to_sums: Array, gradient: Gradient
) -> tuple[Array, Array, Array]:
    """Add to a gradient what sums (L, K, N) pass on to it.

    Returns what is passed on to the readout (S, K), and to the cells' outputs and states
    (N, C) at the starts.
    """
    network, held = passed.network, passed.held
    cells, outputs, width = network.cells, network.outputs, network.width
    steps, _, lanes = passed.sums.shape
    given = np.zeros((steps, outputs, lanes))
    given[:, :, : passed.count] = to_sums
    vectors = weight_vectors(width + 1 + network.recurrent, network.dense)
    sizes = 3 * cells, 3 * outputs * cells, outputs * (2 * width + 1)
    to = (
        held.take("to network", 3 * sum(sizes) * LANES),
        held.take("to weights", cells * vectors * LANES),
        held.take("to begin", 2 * cells * lanes),
    )
    to[0].fill(0.0)
    to[1].fill(0.0)
    run_blocks_backward(
        network, passed.course, _in_blocks(given, held, "to sums"), to,
        held.take("work", _work_size(network)),
    )  # fmt: skip
    by_kind = to[0].reshape(3, -1)
    pairs, single = by_kind[:2].reshape(-1, 2 * LANES), by_kind[2].reshape(-1, LANES)
    total = pairs.sum(axis=1) + single.sum(axis=1)
    of_cells, of_vector = total[sizes[0] : -sizes[2]], total[-sizes[2] :]
    gradient.peepholes += total[: sizes[0]].reshape(cells, 3).T
    _give(network, to[1], gradient)
    to_readout = _readout_of(
        passed.matrices,
        of_cells.reshape(outputs, cells, 3),
        of_vector.reshape(outputs, 2 * width + 1),
    )
    started = _out_of_blocks(to[2], 2 * cells)[:, : passed.count]
    return to_readout, started[:cells].T, started[cells:].T


def _give(network: Network, to_weights: Array, to: Gradient) -> None:
    """Add what weights got to a gradient."""
    cells, width = network.cells, network.width
    if network.dense:
        parts = to_weights.reshape(cells, 4, -1).transpose(1, 0, 2)
    else:
        parts = to_weights.reshape(cells, -1, 4).transpose(2, 0, 1)
    parts = parts[:, :, : width + 1 + network.recurrent]
    if network.dense:
        to.recurrent += parts[:, :, width + 1 :]
    else:
        rows, sources = np.arange(cells)[:, None], network.sources.reshape(cells, -1)
        to.recurrent[:, rows, sources] += parts[:, :, width + 1 :]
    to.inputs += parts[:, :, :width]
    to.bias += parts[:, :, width]


def _network(matrices: Matrices, readout: Array) -> Network:
    """Return a network and its readout (S, K) as kernels read them."""
    architecture = matrices.architecture
    cells, width = architecture.cells, architecture.input_width
    dense, recurrent = architecture.sources is None, matrices.recurrent
    sources = np.zeros(0, dtype=np.int64)  # of dense networks all cells are
    if not dense:
        rows = architecture.recurrent_sources()
        recurrent = recurrent[:, np.arange(cells)[:, None], rows]
        sources = np.ascontiguousarray(rows, dtype=np.int64).reshape(-1)
    weights = np.empty((cells, width + 1 + recurrent.shape[2], 4))
    weights[:, :width] = matrices.inputs.transpose(1, 2, 0)
    weights[:, width] = matrices.bias.T
    weights[:, width + 1 :] = recurrent.transpose(1, 2, 0)
    to_cells, to_vector = _parts_of(matrices, readout)
    return Network(
        shared(weights),
        sources,
        shared(matrices.peepholes.T),
        shared(to_cells),
        shared(to_vector),
        cells,
        recurrent.shape[2],
        width,
        architecture.inputs,
        architecture.outputs,
        float(architecture.feedback_scale),
        matrices.flags,
        dense,
    )


def _parts_of(matrices: Matrices, readout: Array) -> tuple[Array, Array]:
    """Return a readout (S, K) as (K, C, 3) and (K, 2 U + 1), 0 where it has no columns."""
    architecture = matrices.architecture
    cells, width, outputs = (
        architecture.cells, architecture.input_width, architecture.outputs
    )  # fmt: skip
    of_h, of_s, of_u, of_hh, of_uu, constant = readout_parts(architecture, readout)
    to_cells = np.zeros((outputs, cells, 3))
    for k, each in enumerate((of_h, of_s, of_hh)):
        to_cells[:, : len(each), k] = each.T
    to_vector = np.zeros((outputs, 2 * width + 1))
    to_vector[:, : len(of_u)] = of_u.T
    to_vector[:, width : width + len(of_uu)] = of_uu.T
    to_vector[:, 2 * width :][:, : len(constant)] = constant.T
    return to_cells, to_vector


def _readout_of(matrices: Matrices, to_cells: Array, to_vector: Array) -> Array:
    """Return (S, K) of what `_parts_of` takes apart; what the readout lacks is dropped."""
    architecture, width = matrices.architecture, (to_vector.shape[1] - 1) // 2
    readout = np.zeros((architecture.readout_width, architecture.outputs))
    given = (
        to_cells[:, :, 0], to_cells[:, :, 1], to_vector[:, :width], to_cells[:, :, 2],
        to_vector[:, width : 2 * width], to_vector[:, 2 * width :],
    )  # fmt: skip
    for part, values in zip(readout_parts(architecture, readout), given, strict=True):
        part[...] = values.T[: len(part)]
    return readout


def _sizes(network: Network, steps: int) -> tuple[int, int, int]:
    """Return the vectors of gates, seen and states of a run's course."""
    cells, width = network.cells, network.width
    return 4 * cells * steps, (width + 1 + cells) * (steps + 1), (steps + 1) * cells


def _work_size(network: Network) -> int:
    cells, width = network.cells, network.width
    return LANES * max(
        forward_size(cells, width),
        backward_size(cells, width, network.outputs, network.dense),
    )
