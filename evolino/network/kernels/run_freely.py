"""Networks left to themselves: from some cells on they hear their own outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.network.kernels import free_run as feedback
from evolino.network.kernels.networks import CellStates, Networks, room_to_work
from evolino.network.lstm import LSTM, THRESHOLD
from evolino.simd.memory import (
    Shared,
    aligned,
    aligned_copy,
    out_of_lanes,
    to_lanes,
    width_of,
)
from evolino.simd.workspace import Workspace
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class FreeRuns:
    """N free runs over L rows, laid out for the kernels; made by `free_runs_from`.

    With fewer than `block_size` runs the networks are in the lanes, else the runs of one
    network after another, which keeps its weights near the processor; to the same bits.
    count: N. steps: L. previous, inputs, targets: one-dimensional, of (N, K), (N, L, I) and
    (N, L, K) vectors, the same in every lane; with runs in the lanes N counts groups of
    them, the last of which repeats its last run. noise: M rows of 2 C. tolerance: as of
    `free_run`.
    """

    count: int
    steps: int
    in_lanes: bool
    previous: Array
    inputs: Array
    targets: Array
    noise: Shared
    tolerance: float

    def groups(self, width: int) -> int:
        """N as the kernels count."""
        return -(-self.count // width) if self.in_lanes else self.count


def free_runs_from(
    architecture: LSTM,
    previous: Array,
    inputs: Array,
    *,
    targets: Array | None = None,
    tolerance: float = float("inf"),
    noise: Array | None = None,
) -> FreeRuns:
    """Return the runs that `free_run` describes, for any networks of an architecture."""
    dtype = np.dtype(architecture.precision)
    in_lanes = len(inputs) >= width_of(dtype)
    arrange = _by_group if in_lanes else _same_in_lanes
    wanted = targets if targets is not None and not np.isinf(tolerance) else None
    return FreeRuns(
        len(inputs),
        inputs.shape[1],
        in_lanes,
        arrange(previous, dtype).reshape(-1),
        arrange(inputs, dtype).reshape(-1),
        aligned(0, dtype) if wanted is None else arrange(wanted, dtype).reshape(-1),
        Shared(np.zeros(0, dtype) if noise is None else noise.astype(dtype).reshape(-1)),
        float("inf") if wanted is None else tolerance,
    )


def free_run(
    networks: Networks,
    output_weights: Array,
    start: CellStates,
    previous: Array,
    inputs: Array,
    *,
    targets: Array | None = None,
    tolerance: float = float("inf"),
    noise: Array | None = None,
) -> Array:
    """Return (P, N, L, K): outputs of N free runs over L rows.

    output_weights: (P, S, K). start: the cells (P, N, C) before each run. previous: (N, K),
    the output that is heard first. inputs: (N, L, I). targets: (N, L, K), needed for a
    finite tolerance: a run further than that from its target is lost, inf from there on;
    so is one whose output is not finite or beyond 1e12. noise: (M, 2, C), added to all
    cells' outputs and states after each step, row t modulo M after step t of every run.
    """
    runs = free_runs_from(
        networks.architecture,
        previous,
        inputs,
        targets=targets,
        tolerance=tolerance,
        noise=noise,
    )
    return free_runs_of(networks, output_weights, start, runs)


def free_runs_of(
    networks: Networks,
    output_weights: Array,
    start: CellStates,
    runs: FreeRuns,
    workspace: Workspace | None = None,
) -> Array:
    """Return (P, N, L, K), contiguous and its own: outputs of free runs, as `free_run`."""
    room = workspace or Workspace()
    layout, architecture = networks.layout, networks.architecture
    lanes, dtype, outputs = layout.width, layout.dtype, architecture.outputs
    groups, steps = runs.groups(lanes), runs.steps
    each: Any
    if runs.in_lanes:
        count = networks.count
        order = np.minimum(np.arange(groups * lanes), runs.count - 1).reshape(groups, lanes)
        begun = [
            aligned_copy(values[:, order].swapaxes(2, 3), dtype)
            for values in (start.outputs, start.states)
        ]
        each = Shared(networks.weights.reshape(-1)), Shared(networks.peepholes.reshape(-1))
        readout: Any = Shared(np.ascontiguousarray(output_weights, dtype).reshape(-1))
    else:
        count = 1
        begun = [to_lanes(values, dtype) for values in (start.outputs, start.states)]
        each = networks.weights_in_lanes, networks.peepholes_in_lanes
        readout = to_lanes(output_weights, dtype).reshape(-1)
    result = room.take("result", count * groups * steps * outputs * lanes, dtype)
    feedback.run_freely(
        count,
        *each,
        layout.sources,
        readout,
        architecture.readout_width,
        *(values.reshape(-1) for values in begun),
        runs.previous,
        runs.inputs,
        groups,
        steps,
        architecture.inputs,
        outputs,
        architecture.feedback,
        architecture.feedback_scale,
        *thresholds(architecture),
        runs.noise,
        len(runs.noise.values) // (2 * architecture.cells),
        runs.targets,
        runs.tolerance,
        result,
        room_to_work(layout, room),
        layout.flags,
    )
    if not runs.in_lanes:
        ran = result.reshape(groups, steps, outputs, lanes)
        return np.array(out_of_lanes(ran, networks.count), order="C")
    ran = result.reshape(count, groups, steps, outputs, lanes)
    in_order = np.moveaxis(ran, -1, 2).reshape(count, groups * lanes, steps, outputs)
    return np.array(in_order[:, : runs.count], np.float64, order="C")


def thresholds(architecture: LSTM) -> tuple[float, float]:
    """Return where outputs are cut, and where in feedback only; -inf for nowhere.

    Raises ValueError for outputs that are probabilities.
    """
    architecture.check_free_run()
    cut = architecture.output
    return (
        THRESHOLD if cut == "threshold" else -float("inf"),
        THRESHOLD if cut == "threshold in feedback" else -float("inf"),
    )


def _by_group(values: Array, dtype: Any) -> Array:
    """(N, ...) -> (groups, ..., lanes): runs in lanes, empty lanes repeating the last."""
    width = width_of(dtype)
    groups = -(-len(values) // width)
    order = np.minimum(np.arange(groups * width), len(values) - 1).reshape(groups, width)
    return aligned_copy(np.moveaxis(values[order], 1, -1), dtype)


def _same_in_lanes(values: Array, dtype: Any) -> Array:
    """(...) -> (..., lanes), the same in every lane."""
    shape = (*values.shape, width_of(dtype))
    return aligned_copy(np.broadcast_to(values[..., None], shape), dtype)
