"""Newton's method for a support vector machine with squared losses, in the primal.

For one output of one network, with x(t) what its readout sees, columns scaled to root mean
square 1, and f(t) = z x(t), this minimises

    sum_t share(t) r(t)^2 + sum_j (root_j z_j)^2

    r = -y max(0, 1 - y f)                       classification, y = -1 or 1
    r = sign(f - y) max(0, |f - y| - epsilon)    regression

While the same rows have r != 0 this is a least squares problem, so a Newton step solves
one, and finitely many of them end in the minimum (Mangasarian 2002; Keerthi & DeCoste 2005,
JMLR 6, section 3; recalled). Each goes through a QR factorisation of the rows themselves,
into which the penalty is folded (Golub & Van Loan 2013, sections 5.2 and 6.5): normal
equations would lose half of the figures.

Eight rows of one network lie in the lanes: a column is T/8 vectors, the last filled with 0.
A network is solved by itself, whatever lies beside it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from evolino.simd.memory import load, part, store
from evolino.simd.vectors import fma, higher, like, sign, within
from evolino.solvers.columns import add_multiple, dot, total

njit: Any = numba.njit
FEW_STEPS, STEPS, HALVINGS, CALM = 30, 100, 40, 2
EASY_PENALTY = 1e-2  # a row, on squared weights: margins are soft
ROUNDING = 1e-13  # of a sum of squares: a step that changes less of it has found nothing


class Problem(NamedTuple):
    """What is minimised: addresses of columns, and numbers.

    x: S columns of `blocks` vectors. y, roots: a column each: targets, square roots of
    shares. epsilon: of regression; classify: which of the two r.
    """

    x: Any
    y: Any
    roots: Any
    blocks: int
    columns: int
    epsilon: float
    classify: bool


@njit
def judged(problem: Any, z: Any, penalty_roots: Any, f: Any, r: Any, scratch: Any) -> Any:
    """Write f and r for weights z (S,); return the sum that is minimised."""
    x, y, roots = problem.x, problem.y, problem.roots
    blocks, columns = problem.blocks, problem.columns
    for k in range(blocks):
        store(f, k, 0.0)
    for j in range(columns):
        add_multiple(f, z[j], part(x, j * blocks), blocks)
    error = like(load(f, 0), 0.0)
    for k in range(blocks):
        if problem.classify:
            minus = 0.0 - load(y, k)
            rest = minus * higher(fma(minus, load(f, k), 1.0), 0.0)
        else:
            distance = load(f, k) - load(y, k)
            side = sign(distance)
            rest = side * higher(fma(side, distance, 0.0 - problem.epsilon), 0.0)
        store(r, k, rest)
        counted = rest * load(roots, k)
        error = fma(counted, counted, error)
    penalty = 0.0
    for j in range(columns):
        penalty += (penalty_roots[j] * z[j]) ** 2
    return total(scratch, error) + penalty


@njit
def newton_step(
    problem: Any, z: Any, penalty_roots: Any, r: Any, work: Any, triangle: Any, scratch: Any
) -> None:
    """Write the Newton step from z to the last column of triangle (S, S + 1).

    It is the d that minimises |sqrt(share) (X d + r)|^2 + |roots (z + d)|^2 over the rows
    with r != 0. work: S + 1 columns.
    """
    x, roots, blocks, columns = problem.x, problem.roots, problem.blocks, problem.columns
    right = part(work, columns * blocks)
    for k in range(blocks):
        root, rest = load(roots, k), load(r, k)
        store(right, k, (0.0 - root) * rest)
        counts = root * within(rest, 0.0, 0.0, 1.0)
        for j in range(columns):
            store(work, j * blocks + k, load(x, j * blocks + k) * counts)
    for j in range(columns):
        for i in range(columns):
            triangle[j, i] = 0.0
        triangle[j, j] = penalty_roots[j]
        triangle[j, columns] = -penalty_roots[j] * z[j]
    for j in range(columns):
        eliminate(work, triangle, j, blocks, columns, scratch)
    for j in range(columns - 1, -1, -1):
        value = triangle[j, columns]
        for i in range(j + 1, columns):
            value -= triangle[j, i] * triangle[i, columns]
        triangle[j, columns] = value / triangle[j, j]


@njit
def eliminate(
    work: Any, triangle: Any, j: int, blocks: int, columns: int, scratch: Any
) -> None:
    """Take column j of work into the triangle's diagonal by a Householder reflection."""
    column, diagonal = part(work, j * blocks), triangle[j, j]
    square = dot(column, column, blocks, scratch)
    if square == 0.0:
        return
    norm = np.sqrt(diagonal * diagonal + square)
    head = diagonal + norm  # both are positive: nothing cancels
    factor = 1.0 / (norm * head)
    triangle[j, j] = -norm
    for i in range(j + 1, columns + 1):
        other = part(work, i * blocks)
        minus = -factor * (head * triangle[j, i] + dot(column, other, blocks, scratch))
        triangle[j, i] += minus * head
        add_multiple(other, minus, column, blocks)


@njit
def changed(before: Any, after: Any, blocks: int, scratch: Any) -> Any:
    """Return whether r != 0 in other rows than before."""
    differing = like(load(before, 0), 0.0)
    for k in range(blocks):
        was, is_now = within(load(before, k), 0.0, 0.0, 1.0), load(after, k)
        differing = differing + within(is_now, 0.0, was, 1.0 - was)
    return total(scratch, differing) != 0.0


@njit
def descend(
    problem: Any,
    z: Any,
    penalty_roots: Any,
    steps: int,
    work: Any,
    triangle: Any,
    scratch: Any,
) -> Any:
    """Take Newton steps from z, halved until they descend; return whether they ended.

    work: S + 4 columns.
    """
    blocks, columns = problem.blocks, problem.columns
    f = part(work, (columns + 1) * blocks)
    r, after = part(f, blocks), part(f, 2 * blocks)
    tried = np.empty(columns)
    lowest = judged(problem, z, penalty_roots, f, r, scratch)
    calm = 0
    for _ in range(steps):
        newton_step(problem, z, penalty_roots, r, work, triangle, scratch)
        length, found = 1.0, np.inf
        for _ in range(HALVINGS):
            for j in range(columns):
                tried[j] = z[j] + length * triangle[j, columns]
            found = judged(problem, tried, penalty_roots, f, after, scratch)
            if found <= lowest * (1.0 + ROUNDING):
                break
            length *= 0.5
        if not found <= lowest * (1.0 + ROUNDING):
            return True
        # The last steps only refine: they change no row, or nothing beyond rounding.
        same = length == 1.0 and not changed(r, after, blocks, scratch)
        calm = calm + 1 if same or found >= lowest * (1.0 - ROUNDING) else 0
        for j in range(columns):
            z[j] = tried[j]
        lowest = found
        r, after = after, r
        if calm == CALM:
            return True
    return False


@njit
def minimise(
    problem: Any,
    z: Any,
    penalty_roots: Any,
    rows: int,
    work: Any,
    triangle: Any,
    scratch: Any,
) -> None:
    """Write the weights (S,) that minimise to z. work: S + 4 columns.

    With many columns and nearly hard margins steps from 0 cross too many rows and become
    short; then the way leads over larger penalties, each solution the next one's start.
    """
    columns, largest = problem.columns, 0.0
    larger = np.empty(columns)
    for j in range(columns):
        largest = max(largest, penalty_roots[j])
    easier = EASY_PENALTY * rows / (largest * largest)
    stages = max(0, int(np.ceil(np.log10(easier))))
    for attempt in range(stages + 2):
        stage = stages + 1 - attempt if attempt else 0
        for j in range(columns):
            z[j] = 0.0 if attempt < 2 else z[j]
            larger[j] = penalty_roots[j] * np.sqrt(10.0**stage)
        steps = STEPS if attempt else FEW_STEPS
        ended = descend(problem, z, larger, steps, work, triangle, scratch)
        if ended and attempt == 0:
            return
