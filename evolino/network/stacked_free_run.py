"""Free runs of stacked networks, laid out for the kernel `run_stack`.

Networks are in the lanes of a vector. Every network has its own support vectors, so those
with kernel expansions run one after another, in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evolino.network.base import FreeRuns, States
from evolino.network.kernel_expansion import Outputs
from evolino.network.kernels.free_run_lanes import feedback_of, same_in_lanes
from evolino.network.kernels.networks import Networks, layout_of
from evolino.network.kernels.readouts import WeightedSums, expansion_of
from evolino.network.kernels.records import CellStates, Feedback, Runs
from evolino.network.kernels.stack_free_run import Stack, run_stack, workspace_size
from evolino.network.stacked import StackedLSTM
from evolino.simd.memory import Shared, aligned, out_of_lanes, shared, to_lanes
from evolino.vocabulary import Array

# From a precision to the runs in vectors of it.
InPrecision = Callable[[Any], Runs]


class FreeRunsOfStacks:
    """N free runs, the same for all networks of an architecture; made by `laid_out`."""

    def __init__(self, architecture: StackedLSTM, runs: FreeRuns) -> None:
        self.architecture, self._runs = architecture, runs
        self.feedback: Feedback = feedback_of(architecture.layer(0))
        self._made: dict[Any, Runs] = {}

    def runs(self, dtype: Any) -> Runs:
        """Return the runs in vectors of a precision."""
        if dtype not in self._made:
            self._made[dtype] = _runs_in(self._runs, dtype)
        return self._made[dtype]


def laid_out(architecture: StackedLSTM, runs: FreeRuns) -> FreeRunsOfStacks:
    """Return free runs laid out. Raises ValueError for outputs that are probabilities."""
    return FreeRunsOfStacks(architecture, runs)


def run(
    networks: Sequence[Networks], readout: Outputs, states: States, given: FreeRunsOfStacks
) -> Array:
    """Return (P, N, L, K). networks: over the layers. readout: weights (P, S, K), or P
    expansions. states: outputs and states of all cells (P, N, C)."""
    count = networks[0].count
    if isinstance(readout, np.ndarray):
        dtype, columns = networks[0].dtype, readout.shape[1]
        weights = np.concatenate([each.weights_in_lanes for each in networks])
        peepholes = np.concatenate([each.peepholes_in_lanes for each in networks])
        stack = _stack(given.architecture, _aligned(weights), _aligned(peepholes))
        sums = WeightedSums(to_lanes(readout, dtype).reshape(-1), columns, readout.shape[2])
        begin = CellStates(*(to_lanes(each, dtype).reshape(-1) for each in states))
        ran = _run(stack, sums, begin, given, dtype)
        return np.array(out_of_lanes(ran, count), np.float64, order="C")
    made = []
    for p, expansion in enumerate(readout):
        stack = _stack(
            given.architecture,
            shared(np.concatenate([each.weights[p] for each in networks])),
            shared(np.concatenate([each.peepholes[p] for each in networks])),
        )
        begin = CellStates(
            *(same_in_lanes(each[p], np.float64).reshape(-1) for each in states)
        )
        ran = _run(stack, expansion_of(expansion), begin, given, np.dtype(np.float64))
        made.append(ran[..., 0])
    return np.stack(made)


def _run(
    stack: Stack, readout: Any, begin: CellStates, given: FreeRunsOfStacks, dtype: Any
) -> Array:
    """Return (N, L, K, lanes)."""
    runs, outputs = given.runs(dtype), given.architecture.outputs
    lanes = 64 // dtype.itemsize
    result = aligned(runs.number * runs.steps * outputs * lanes, dtype)
    work = aligned(workspace_size(stack, readout.columns, outputs) * lanes, dtype)
    run_stack(stack, readout, begin, runs, given.feedback, result, work)
    return result.reshape(runs.number, runs.steps, outputs, lanes)


def _stack(architecture: StackedLSTM, weights: Any, peepholes: Any) -> Stack:
    layout = layout_of(architecture.layer(0))
    return Stack(
        weights,
        peepholes,
        layout.sources,
        architecture.cells,
        architecture.layers,
        architecture.input_width,
        layout.flags,
        architecture.read_layers[0],
        architecture.readout_states,
        architecture.readout_inputs,
        architecture.readout_squares,
        architecture.readout_constant,
    )


def _runs_in(runs: FreeRuns, dtype: Any) -> Runs:
    wanted = None if np.isinf(runs.tolerance) else runs.targets
    return Runs(
        same_in_lanes(runs.previous, dtype).reshape(-1),
        same_in_lanes(runs.inputs, dtype).reshape(-1),
        aligned(0, dtype) if wanted is None else same_in_lanes(wanted, dtype).reshape(-1),
        float("inf") if wanted is None else float(runs.tolerance),
        Shared(np.zeros(0, dtype)) if runs.noise is None else shared(runs.noise, dtype),
        0 if runs.noise is None else len(runs.noise),
        len(runs.inputs),
        runs.inputs.shape[1],
    )


def _aligned(values: Array) -> Array:
    copy = aligned(values.size, values.dtype)
    copy[:] = values
    return copy
