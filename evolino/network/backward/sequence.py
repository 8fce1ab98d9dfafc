"""A teacher-forced pass of one network over a sequence, and its gradient.

The pass keeps outputs and states of all steps, and the gates as far as memory allows; where
they do not fit, the way back drives the network over a part of the steps again, to the same
bits. All of it is in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.network.backward.matrices import (
    LANES,
    Gradient,
    Held,
    Matrices,
    padded,
    peepholes_of,
)
from evolino.network.backward.sparse_sequence import (
    drive_sparse_sequence,
    sparse_sequence_backward,
)
from evolino.network.kernels.sequence_gradient import (
    PANEL,
    Sequence,
    WayBack,
    drive_backward,
    drive_forward,
)
from evolino.simd.memory import aligned, shared
from evolino.simd.vectors import BYTES
from evolino.vocabulary import Array

GATES_KEPT = 2**25  # bytes of gates of all passes that are held at once
LEAST_KEPT = 64  # steps whose gates are kept at least


@dataclass(frozen=True, slots=True, eq=False)
class SequencePass:
    """What a teacher-forced pass over one sequence leaves for the way back.

    vectors: (T, U). outputs, states: (T + 1, n), of all cells and the lanes beyond them;
    row 0 is before the first step. driving: (T, U + 1), vectors and 1. weights, peepholes:
    as kernels read them. gates: of so many steps as are kept, flat. held: where all of it
    is.
    """

    matrices: Matrices
    vectors: Array
    outputs: Array
    states: Array
    driving: Array
    weights: Array
    peepholes: Array
    gates: Array
    held: Held

    def cells(self) -> tuple[Array, Array]:
        """Return outputs and states (T, C) after each step."""
        count = self.matrices.architecture.cells
        return self.outputs[1:, :count], self.states[1:, :count]


def drive_sequence(
    matrices: Matrices,
    vectors: Array,
    held: Held | None = None,
    name: str = "",
    passes: int = 1,
) -> SequencePass:
    """Drive a network over input vectors (T, U), from cells at rest.

    held: memory to use again; what it held of an earlier pass of this name is lost. passes:
    that are held at once; they share what is kept of gates.
    """
    held = held or Held()
    steps, cells = len(vectors), matrices.architecture.cells
    n = padded(cells)
    outputs, states = (
        held.take(f"{each} {name}", (steps + 1) * n).reshape(-1, n)
        for each in ("outputs", "states")
    )
    outputs[0] = states[0] = 0.0
    if matrices.architecture.sources is not None:
        drive_sparse_sequence(matrices, vectors, outputs, states, held)
        none = np.empty(0)
        return SequencePass(
            matrices, vectors, outputs, states, none, none, none, none, held
        )
    most = max(GATES_KEPT // passes // (4 * n * outputs.itemsize), LEAST_KEPT)
    gates = held.take(f"gates {name}", min(steps, most) * 4 * n)
    driving = np.ones((steps, vectors.shape[1] + 1))
    driving[:, :-1] = vectors
    weights, peepholes = _weights(matrices, n, held, name), peepholes_of(matrices, n)
    passed = SequencePass(
        matrices, vectors, outputs, states, driving, weights, peepholes, gates, held
    )
    for part in _parts(passed):
        _drive(passed, part)
    return passed


def drive_sequence_backward(
    passed: SequencePass, to_outputs: Array, to_states: Array, gradient: Gradient
) -> None:
    """Add to a gradient what outputs and states (T, C) after each step pass on to it.

    The pass is used up: its gates become gradients.
    """
    matrices, held = passed.matrices, passed.held
    if matrices.architecture.sources is not None:
        kept = passed.outputs, passed.states
        own = to_outputs, to_states
        sparse_sequence_backward(matrices, passed.vectors, kept, own, gradient, held)
        return
    cells, width = matrices.architecture.cells, passed.vectors.shape[1] + 1
    n = padded(cells)
    turned, to_weights, to_peepholes, carry = (
        held.take(name, size)
        for name, size in (
            ("turned", 4 * cells * n), ("to weights of a sequence", passed.weights.size),
            ("to peepholes", 3 * n), ("carry", 2 * n),
        )
    )  # fmt: skip
    from_gates = np.zeros((cells, 4, n))
    from_gates[:, :, :cells] = matrices.recurrent.transpose(1, 0, 2)
    _in_panels(from_gates, (4, 1), turned)
    for each in (to_weights, to_peepholes, carry):
        each.fill(0.0)
    own_h, own_s = _in_lanes(to_outputs, n), _in_lanes(to_states, n)
    parts = _parts(passed)
    for part in reversed(parts):
        if part is not parts[-1]:
            _drive(passed, part)
        way = WayBack(
            turned, own_h[part].reshape(-1), own_s[part].reshape(-1), carry, to_weights,
            to_peepholes,
        )  # fmt: skip
        drive_backward(
            _sequence(passed, part), way, part.stop - part.start, cells, width, n // LANES,
            matrices.flags,
        )  # fmt: skip
    parts_of = to_weights.reshape(-1, 4, n)[:, :, :cells].transpose(1, 2, 0)
    gradient.recurrent += parts_of[:, :, :cells]
    gradient.inputs += parts_of[:, :, cells:-1]
    gradient.bias += parts_of[:, :, -1]
    gradient.peepholes += to_peepholes.reshape(3, n)[:, :cells]


def zeros_in_lanes(passed: SequencePass, held: Held, name: str) -> Array:
    """Return zeros (T, C) whose rows lie as kernels read them, in memory by that name."""
    n = padded(passed.matrices.architecture.cells)
    values = held.take(name, len(passed.vectors) * n)
    values.fill(0.0)
    return values.reshape(-1, n)[:, : passed.matrices.architecture.cells]


def _in_lanes(values: Array, n: int) -> Array:
    """Return values (T, C) as (T, n), aligned; no copy of `zeros_in_lanes`."""
    if (
        values.base is not None
        and values.strides == (8 * n, 8)
        and values.ctypes.data % BYTES == 0
    ):
        return np.lib.stride_tricks.as_strided(values, (len(values), n))
    copy = aligned(len(values) * n).reshape(-1, n)
    copy[:, : values.shape[1]] = values
    return copy


def _parts(passed: SequencePass) -> list[slice]:
    """Return the parts of the steps whose gates are kept at once."""
    steps, n = len(passed.vectors), passed.outputs.shape[1]
    most = max(len(passed.gates) // (4 * n), 1)
    return [slice(k, min(k + most, steps)) for k in range(0, steps, most)]


def _drive(passed: SequencePass, part: slice) -> None:
    """Drive over a part of the steps."""
    matrices, width = passed.matrices, passed.vectors.shape[1] + 1
    drive_forward(
        _sequence(passed, part), part.stop - part.start, matrices.architecture.cells, width,
        passed.outputs.shape[1] // LANES, matrices.flags,
    )  # fmt: skip


def _sequence(passed: SequencePass, part: slice) -> Sequence:
    rows = slice(part.start, part.stop + 1)
    return Sequence(
        shared(passed.driving[part]),
        passed.weights,
        passed.peepholes,
        passed.gates,
        passed.outputs[rows].reshape(-1),
        passed.states[rows].reshape(-1),
    )


def _weights(matrices: Matrices, n: int, held: Held, name: str) -> Array:
    """Return (C + U + 1, 4 n), in panels: from cells, input vector, 1 to all net inputs."""
    cells, width = matrices.architecture.cells, matrices.inputs.shape[2]
    parts = np.zeros((cells + width + 1, 4, n))
    parts[:cells, :, :cells] = matrices.recurrent.transpose(2, 0, 1)
    parts[cells:-1, :, :cells] = matrices.inputs.transpose(2, 0, 1)
    parts[-1, :, :cells] = matrices.bias
    panels = held.take(f"weights {name}", parts.size)
    _in_panels(parts.reshape(len(parts), 1, 4 * n), (PANEL, PANEL // 2), panels)
    return panels


def _in_panels(values: Array, widths: tuple[int, int], panels: Array) -> None:
    """Write the columns of values (R, N, columns) panel after panel, each (R, N, width).

    widths: of the panels, in vectors, and of those of the columns that are left.
    """
    first = values.shape[2] // (widths[0] * LANES) * widths[0] * LANES
    place = 0
    for part, width in (values[:, :, :first], widths[0]), (values[:, :, first:], widths[1]):
        own = part.reshape(*values.shape[:2], -1, width * LANES).transpose(2, 0, 1, 3)
        panels[place : place + part.size].reshape(own.shape)[...] = own
        place += part.size
