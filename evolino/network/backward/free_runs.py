"""Free runs of one network beside each other and their gradient: eight runs in the lanes.

Two groups of eight runs at a time go through all steps, so that what they compute stays
near the processor. All of it is in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.network.backward.features import readout_parts
from evolino.network.backward.matrices import LANES, Gradient, Held, Matrices, padded
from evolino.network.kernels.free_run_gradient import backward_size, run_groups_backward
from evolino.network.kernels.free_run_kept import Course, Network, forward_size, run_groups
from evolino.network.kernels.free_run_weights import weight_rows
from evolino.simd.memory import aligned_copy, shared
from evolino.vocabulary import Array

KEPT = 3 * 2**25  # bytes that the groups together keep for the way back; more are run again


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
    groups = padded(count) // LANES
    sizes = [size * LANES for size in _sizes(network, steps)]
    kept = min(groups, KEPT // (8 * sum(sizes)) // 2 * 2)
    held = held or Held()
    runs = np.minimum(np.arange(groups * LANES), count - 1).reshape(groups, LANES)
    begin = [each[runs] for each in (starts.fed_back, starts.outputs, starts.states)]
    gates, seen, states = (
        held.take(name, min(kept + 2, groups) * size)
        for name, size in zip(("gates", "seen", "states"), sizes, strict=True)
    )
    course = Course(
        aligned_copy(starts.inputs[:, runs].transpose(1, 0, 3, 2)).reshape(-1),
        aligned_copy(np.concatenate(begin, axis=2).swapaxes(1, 2)).reshape(-1),
        gates,
        seen,
        states,
        held.take("sums", groups * steps * network.outputs * LANES),
        steps,
        kept,
    )
    work = held.take("work", _work_size(network))
    run_groups(network, course, groups, work)
    by_group = course.sums.reshape(groups, steps, network.outputs, LANES)
    sums = by_group.transpose(1, 2, 0, 3).reshape(steps, network.outputs, -1)
    return RunsPass(matrices, network, course, sums, count, held)


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
    groups = lanes // LANES
    given = np.zeros((steps, outputs, lanes))
    given[:, :, : passed.count] = to_sums
    by_group = given.reshape(steps, outputs, groups, LANES).transpose(2, 0, 1, 3)
    rows = weight_rows(width + 1 + network.recurrent)
    sizes = 3 * cells, 3 * outputs * cells, outputs * (2 * width + 1)
    to = (
        held.take("to network", sum(sizes) * LANES),
        held.take("to weights", cells * rows * LANES),
        held.take("to begin", groups * 2 * cells * LANES),
    )
    to[0].fill(0.0)
    to[1].fill(0.0)
    run_groups_backward(
        network, passed.course, groups, aligned_copy(by_group).reshape(-1), to,
        held.take("work", _work_size(network)),
    )  # fmt: skip
    by_lane = np.split(to[0].reshape(-1, LANES).sum(axis=1), np.cumsum(sizes)[:-1])
    gradient.peepholes += by_lane[0].reshape(cells, 3).T
    _give(passed.matrices, network, to[1], gradient)
    to_readout = _readout_of(
        passed.matrices,
        by_lane[1].reshape(outputs, cells, 3),
        by_lane[2].reshape(outputs, 2 * width + 1),
    )
    started = to[2].reshape(groups, 2, cells, LANES).transpose(1, 0, 3, 2)
    to_h, to_s = started.reshape(2, lanes, cells)[:, : passed.count]
    return to_readout, to_h, to_s


def _give(matrices: Matrices, network: Network, to_weights: Array, to: Gradient) -> None:
    """Add what weights got to a gradient."""
    cells, width = network.cells, network.width
    parts = to_weights.reshape(cells, -1, 4)[:, : width + 1 + network.recurrent]
    parts = np.moveaxis(parts, 2, 0)
    rows, sources = np.arange(cells)[:, None], matrices.architecture.recurrent_sources()
    to.recurrent[:, rows, sources] += parts[:, :, width + 1 :]
    to.inputs += parts[:, :, :width]
    to.bias += parts[:, :, width]


def _network(matrices: Matrices, readout: Array) -> Network:
    """Return a network and its readout (S, K) as kernels read them."""
    architecture = matrices.architecture
    cells, width = architecture.cells, architecture.input_width
    sources = architecture.recurrent_sources()
    dense = architecture.sources is None
    recurrent = matrices.recurrent
    if not dense:
        recurrent = recurrent[:, np.arange(cells)[:, None], sources]
    parts = matrices.inputs, matrices.bias[:, :, None], recurrent
    to_cells, to_vector = _parts_of(matrices, readout)
    return Network(
        shared(np.moveaxis(np.concatenate(parts, axis=2), 0, 2)),
        np.ascontiguousarray(sources, dtype=np.int64).reshape(-1),
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
    """Return the vectors of gates, seen and states of a group's course."""
    cells, width = network.cells, network.width
    return 4 * cells * steps, (width + 1 + cells) * (steps + 1), (steps + 1) * cells


def _work_size(network: Network) -> int:
    cells, width = network.cells, network.width
    return LANES * max(
        forward_size(cells, width), backward_size(cells, width, network.outputs)
    )
