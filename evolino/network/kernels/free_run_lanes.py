"""Free runs of many networks, laid out for the kernel `free_run`.

Readouts are output weights or kernel expansions. Every network has its own support vectors,
so networks with expansions are run one after another, in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.network.kernel_expansion import KernelExpansion, Outputs
from evolino.network.kernels.free_run import run_freely
from evolino.network.kernels.networks import Networks
from evolino.network.kernels.readouts import WeightedSums, expansion_of
from evolino.network.kernels.records import CellStates, Feedback, Runs
from evolino.network.lstm import LSTM, THRESHOLD
from evolino.network.relative_weights import RelativeWeights
from evolino.simd.memory import (
    Shared,
    aligned,
    aligned_copy,
    out_of_lanes,
    shared,
    to_lanes,
    width_of,
)
from evolino.simd.vectors import WIDTH
from evolino.simd.workspace import Workspace
from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class FreeRuns:
    """N free runs over L rows, laid out for the kernels; made by `free_runs_from`.

    With fewer than `block_size` runs the networks are in the lanes, else the runs of one
    network after another, which keeps its weights near the processor; to the same bits.
    count: N. runs, feedback: as the kernel reads them; with runs in the lanes it counts
    groups of them, the last of which repeats its last run.
    """

    count: int
    in_lanes: bool
    runs: Runs
    feedback: Feedback


def free_runs_from(
    architecture: LSTM,
    previous: Array,
    inputs: Array,
    *,
    targets: Array | None = None,
    tolerance: float = float("inf"),
    noise: Array | None = None,
) -> FreeRuns:
    """Return the runs that `free_run` describes, for any networks of an architecture.

    Raises ValueError for outputs that are probabilities.
    """
    dtype = np.dtype(architecture.precision)
    in_lanes = len(inputs) >= width_of(dtype)
    arrange = _by_group if in_lanes else same_in_lanes
    wanted = targets if targets is not None and not np.isinf(tolerance) else None
    runs = Runs(
        arrange(previous, dtype).reshape(-1),
        arrange(inputs, dtype).reshape(-1),
        aligned(0, dtype) if wanted is None else arrange(wanted, dtype).reshape(-1),
        float("inf") if wanted is None else float(tolerance),
        Shared(np.zeros(0, dtype)) if noise is None else shared(noise, dtype),
        0 if noise is None else len(noise),
        -(-len(inputs) // width_of(dtype)) if in_lanes else len(inputs),
        inputs.shape[1],
    )
    return FreeRuns(len(inputs), in_lanes, runs, feedback_of(architecture))


def free_run(
    networks: Networks,
    readout: Outputs,
    start: CellStates,
    previous: Array,
    inputs: Array,
    *,
    targets: Array | None = None,
    tolerance: float = float("inf"),
    noise: Array | None = None,
) -> Array:
    """Return (P, N, L, K): outputs of N free runs over L rows.

    readout: weights (P, S, K), or P expansions. start: the cells (P, N, C) before each run.
    previous: (N, K), the output that is fed back first. inputs: (N, L, I). targets:
    (N, L, K), needed for a finite tolerance: a run further than that from its target is
    lost, inf from there on; so is one whose output is not finite or beyond 1e12. noise:
    (M, 2, C), added to all cells' outputs and states after each step, row t modulo M after
    step t of every run.
    """
    runs = free_runs_from(
        networks.architecture,
        previous,
        inputs,
        targets=targets,
        tolerance=tolerance,
        noise=noise,
    )
    return free_runs_of(networks, readout, start, runs)


def free_runs_of(
    networks: Networks,
    readout: Outputs,
    start: CellStates,
    runs: FreeRuns,
    workspace: Workspace | None = None,
) -> Array:
    """Return (P, N, L, K), contiguous and its own: outputs of free runs, as `free_run`."""
    if isinstance(readout, np.ndarray):
        if runs.in_lanes:
            return _runs_in_lanes(networks, readout, start, runs, workspace or Workspace())
        return _networks_in_lanes(networks, readout, start, runs, workspace or Workspace())
    return _expanded(networks, readout, start, runs)


def feedback_of(architecture: LSTM) -> Feedback:
    """Return how outputs are fed back. Raises ValueError for probabilities."""
    architecture.check_free_run()
    cut, nowhere = architecture.output, -float("inf")
    return Feedback(
        architecture.inputs,
        architecture.feedback,
        float(architecture.feedback_scale),
        THRESHOLD if cut == "threshold" else nowhere,
        THRESHOLD if cut == "threshold in feedback" else nowhere,
    )


def _networks_in_lanes(
    networks: Networks, weights: Array, start: CellStates, given: FreeRuns, held: Workspace
) -> Array:
    layout, runs, outputs = networks.layout, given.runs, weights.shape[2]
    dtype, lanes = layout.dtype, layout.width
    result = held.take("result", runs.number * runs.steps * outputs * lanes, dtype)
    run_freely(
        1,
        networks.layer,
        WeightedSums(to_lanes(weights, dtype).reshape(-1), layout.columns, outputs),
        CellStates(
            to_lanes(start.outputs, dtype).reshape(-1),
            to_lanes(start.states, dtype).reshape(-1),
        ),
        runs,
        given.feedback,
        result,
        held.take("free run", layout.free_run_size * lanes, dtype),
    )
    ran = result.reshape(runs.number, runs.steps, outputs, lanes)
    return np.array(out_of_lanes(ran, networks.count), order="C")


def _runs_in_lanes(
    networks: Networks, weights: Array, start: CellStates, given: FreeRuns, held: Workspace
) -> Array:
    layout, runs, outputs = networks.layout, given.runs, weights.shape[2]
    dtype, lanes, count = layout.dtype, layout.width, networks.count
    order = _groups_of_runs(given, lanes)
    shape = count, runs.number, runs.steps, outputs, lanes
    result = held.take("result", int(np.prod(shape)), dtype)
    run_freely(
        count,
        networks.layer_by_network,
        WeightedSums(shared(weights, dtype), layout.columns, outputs),
        CellStates(
            aligned_copy(start.outputs[:, order].swapaxes(2, 3), dtype).reshape(-1),
            aligned_copy(start.states[:, order].swapaxes(2, 3), dtype).reshape(-1),
        ),
        runs,
        given.feedback,
        result,
        held.take("free run", layout.free_run_size * lanes, dtype),
    )
    in_order = np.moveaxis(result.reshape(shape), -1, 2).reshape(count, -1, *shape[2:4])
    return np.array(in_order[:, : given.count], np.float64, order="C")


def _expanded(
    networks: Networks,
    expansions: Sequence[KernelExpansion | RelativeWeights],
    start: CellStates,
    given: FreeRuns,
) -> Array:
    outputs = networks.architecture.outputs
    order = _groups_of_runs(given, WIDTH)
    runs = _in_doubles(given, networks.width, len(order))
    workspace = aligned(networks.layout.free_run_size * WIDTH)
    shape = len(order), runs.steps, outputs, WIDTH
    made = []
    for p, expansion in enumerate(expansions):
        result = aligned(int(np.prod(shape)))
        run_freely(
            1,
            networks.layer_of(p, np.float64),
            expansion_of(expansion),
            CellStates(
                aligned_copy(start.outputs[p][order].swapaxes(1, 2)).reshape(-1),
                aligned_copy(start.states[p][order].swapaxes(1, 2)).reshape(-1),
            ),
            runs,
            given.feedback,
            result,
            workspace,
        )
        ran = result.reshape(shape)
        if given.in_lanes:
            in_order = np.moveaxis(ran, -1, 1).reshape(-1, *shape[1:3])
            made.append(in_order[: given.count])
        else:
            made.append(ran[..., 0])
    return np.stack(made)


def _groups_of_runs(given: FreeRuns, lanes: int) -> IntArray:
    """Return (groups, lanes), which run is in which lane: where networks are in the lanes
    one run in all of them, else empty lanes repeat the last run."""
    if not given.in_lanes:
        return np.arange(given.count)[:, None].repeat(lanes, axis=1)
    return _in_groups(given.count, lanes)


def _in_groups(count: int, lanes: int) -> IntArray:
    places = np.arange(-(-count // lanes) * lanes)
    return np.minimum(places, count - 1).reshape(-1, lanes)


def _in_doubles(given: FreeRuns, lanes: int, groups: int) -> Runs:
    """Return runs that lie in vectors of `lanes` in so many groups of eight."""
    runs = given.runs
    if lanes == WIDTH:
        return runs

    def split(values: Array) -> Array:
        if not values.size:
            return aligned(0)
        parts = values.reshape(runs.number, -1, lanes // WIDTH, WIDTH).swapaxes(1, 2)
        taken = parts if given.in_lanes else parts[:, :1]
        return aligned_copy(taken.reshape(-1, taken.shape[2], WIDTH)[:groups]).reshape(-1)

    return runs._replace(
        previous=split(runs.previous),
        inputs=split(runs.inputs),
        targets=split(runs.targets),
        noise=shared(runs.noise.values),
        number=groups,
    )


def _by_group(values: Array, dtype: Any) -> Array:
    """(N, ...) -> (groups, ..., lanes): runs in lanes, empty lanes repeating the last."""
    order = _in_groups(len(values), width_of(dtype))
    return aligned_copy(np.moveaxis(values[order], 1, -1), dtype)


def same_in_lanes(values: Array, dtype: Any) -> Array:
    """(...) -> (..., lanes), the same in every lane."""
    shape = (*values.shape, width_of(dtype))
    return aligned_copy(np.broadcast_to(values[..., None], shape), dtype)
