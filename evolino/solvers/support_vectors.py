"""Linear support vector machines of many networks, one network and output at a time.

Each is minimised by `evolino.solvers.newton`, on columns scaled to root mean square 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from evolino.simd.compiled import compiled
from evolino.simd.memory import aligned, memory, part
from evolino.simd.vectors import WIDTH
from evolino.solvers.columns import put_column, scaled
from evolino.solvers.newton import Problem, minimise
from evolino.vocabulary import Array


class Machines(NamedTuple):
    """What P <= WIDTH networks' machines are fitted to, and how.

    states: (T, S, WIDTH). targets, share_roots: (T, K). epsilon, classify: of `Problem`.
    penalties: (L,), on the squared weights of scaled columns, or if absolute of the columns
    as they are.
    """

    states: Any
    targets: Any
    share_roots: Any
    epsilon: float
    classify: bool
    penalties: Any
    absolute: bool


def workspace_size(rows: int, columns: int) -> int:
    """Return the vectors that `solve_all` works in: S columns, as many and six more, and
    one vector."""
    return (2 * columns + 6) * -(-rows // WIDTH) + 1


@compiled
def solve_all(machines: Any, workspace: Any, solved: Any) -> None:
    """Write output weights (L, P, S, K) to solved, NaN for a network whose states are not
    finite. workspace: of `workspace_size`.
    """
    states, targets, shares = machines.states, machines.targets, machines.share_roots
    penalties, absolute = machines.penalties, machines.absolute
    epsilon, classify = machines.epsilon, machines.classify
    rows, columns = states.shape[0], states.shape[1]
    blocks = (rows + WIDTH - 1) // WIDTH
    x = memory(workspace)
    work = part(x, columns * blocks)
    y = part(work, (columns + 4) * blocks)
    roots, scratch = part(y, blocks), part(y, 2 * blocks)
    scales, penalty_roots = np.empty(columns), np.empty(columns)
    triangle, z = np.empty((columns, columns + 1)), np.empty(columns)
    for p in range(solved.shape[1]):
        if not scaled(states, p, x, scales, blocks, scratch):
            solved[:, p] = np.nan
            continue
        for k in range(targets.shape[1]):
            put_column(y, targets, k, blocks)
            put_column(roots, shares, k, blocks)
            problem = Problem(x, y, roots, blocks, columns, epsilon, classify)
            for q in range(len(penalties)):
                for j in range(columns):
                    scale = scales[j] if absolute else 1.0
                    penalty_roots[j] = np.sqrt(penalties[q]) / scale
                minimise(problem, z, penalty_roots, rows, work, triangle, scratch)
                for j in range(columns):
                    solved[q, p, j, k] = z[j] / scales[j]


def support_vectors(
    lanes: Array,
    count: int,
    targets: Array,
    shares: Array,
    penalties: Array,
    *,
    classify: bool,
    epsilon: float = 0.0,
    absolute: bool = False,
) -> Array:
    """Return output weights (L, P, S, K) of P = `count` networks for L penalties.

    lanes: states (T, S, WIDTH), a network in each lane. targets, shares: (T, K); the
    targets of classification are -1 and 1. absolute: the penalties are on the weights of
    columns as they are, not scaled to root mean square 1.
    """
    (rows, columns, _), outputs = lanes.shape, targets.shape[1]
    solved = np.empty((len(penalties), count, columns, outputs))
    machines = Machines(
        lanes,
        np.ascontiguousarray(targets),
        np.sqrt(np.ascontiguousarray(shares)),
        float(epsilon),
        classify,
        np.asarray(penalties, dtype=np.float64),
        absolute,
    )
    solve_all(machines, aligned(workspace_size(rows, columns) * WIDTH), solved)
    return solved
