"""A target for every step: one network over the sequences, its readout solved by ridge.

The readout's sums are gathered fold by fold, so that features are never held for more than
a part of the steps. Folds are whole sequences, or stretches of one: rows are time, and what
is held out was never beside what was fitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh

from evolino.estimators.given_readout import cross_solved, folds_of_rows
from evolino.estimators.lagged_inputs import Inputs
from evolino.models.model import Model
from evolino.network.base import Architecture, ForcedRuns
from evolino.readout.base import Readout
from evolino.simd.workspace import Workspace
from evolino.task.scaling import Scaling
from evolino.vocabulary import Array

FOLDS = 5
AT_ONCE = 50_000  # steps that are driven together
BEFORE = 1_000  # steps that drive a network before a part of a long sequence
KEPT = 10_000  # steps of a fold whose held-out outputs are kept
PENALTIES = tuple(np.logspace(-10, 2, 25).tolist())  # times the number of steps
NULL = 1e-14  # eigenvalues below this share of the largest are rounding


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows first .. stop-1 of sequence n, in one fold; those from `begin` on drive it."""

    fold: int
    n: int
    begin: int
    first: int
    stop: int


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A network whose readout is solved.

    outputs, targets: (R, K), on rows held out in turn, by the readout of the other folds;
    standardised as the network's are. penalty: the one that was taken, a step.
    """

    model: Model
    outputs: Array
    targets: Array
    penalty: float

    @property
    def squared_errors(self) -> Array:
        """(R,): of each row held out, its columns' mean."""
        return np.asarray(np.square(self.outputs - self.targets).mean(axis=1))


def solve_steps(
    network: tuple[Architecture, Array],
    scaling: Scaling,
    sequences: Sequence[Inputs],
    targets: Sequence[Array],
    washout: int = 0,
    readout: Readout | None = None,
) -> Solved:
    """Return a network with the readout whose held-out squared error is least.

    network: architecture, genome (C, G). sequences: (T_i, I); targets: (T_i, K), in the
    user's units. washout: rows of each sequence that only drive the network. readout: in
    the place of ridge regression.
    """
    architecture, genome = network
    parts = folds_of([len(x) for x in sequences], washout)
    aims = [scaling.outputs(y) for y in targets]
    if readout is not None:
        driven = [np.array(rows) for _, rows in _driven(network, scaling, sequences, parts)]
        aim = np.concatenate([aims[part.n][part.first : part.stop] for part in parts])
        output, held_out, penalty = cross_solved(
            readout, np.concatenate(driven), aim, folds_of_rows(parts)
        )
        return Solved(Model(architecture, genome, output, scaling), held_out, aim, penalty)
    width, outputs = architecture.readout_width, aims[0].shape[1]
    folds = max(part.fold for part in parts) + 1
    sums = np.zeros((folds, width + outputs, width + outputs))
    counts = np.zeros(folds)
    kept: list[tuple[int, Array, Array]] = []
    for part, features in _driven(network, scaling, sequences, parts):
        aim = aims[part.n][part.first : part.stop]
        both = np.concatenate([features, aim], axis=1)
        sums[part.fold] += both.T @ both
        counts[part.fold] += len(aim)
        held = sum(len(rows) for fold, rows, _ in kept if fold == part.fold)
        if held < KEPT:
            rows = slice(0, KEPT - held)
            kept.append((part.fold, np.array(features[rows]), aim[rows]))
    whole = sums.sum(axis=0)
    penalty = _least(sums, counts, width)
    left = [_weights(whole - each, width, [penalty], counts.sum() - n)[0]
            for each, n in zip(sums, counts, strict=True)]  # fmt: skip
    held_out = np.concatenate([rows @ left[fold] for fold, rows, _ in kept])
    weights = _weights(whole, width, [penalty], counts.sum())[0]
    model = Model(architecture, genome, weights, scaling)
    return Solved(model, held_out, np.concatenate([aim for *_, aim in kept]), penalty)


def folds_of(lengths: Sequence[int], washout: int = 0) -> list[Part]:
    """Return the parts of all sequences, each in one of at most `FOLDS` folds.

    Whole sequences are shared out, in order, where there are as many as folds; else each
    is cut. Raises ValueError for a sequence that is no longer than the washout.
    """
    for n, length in enumerate(lengths):
        if length <= washout:
            raise ValueError(
                f"sequence {n} has {length} steps, no more than the washout of {washout}"
            )
    rows = np.array(lengths) - washout
    total, before = int(rows.sum()), np.concatenate([[0], np.cumsum(rows)])
    if total < 2:
        raise ValueError(
            "a readout needs at least 2 steps that are no washout, got 1 sample "
            f"(n_samples = {total})"
        )
    folds = min(FOLDS, total)
    parts = []
    for n, length in enumerate(lengths):
        if len(lengths) >= FOLDS:
            cuts = [washout, length]
            numbers = [int(before[n] * folds // total)]
        else:
            ends = [-(-total * k // folds) - before[n] + washout for k in range(folds + 1)]
            inside = [k for k in range(folds) if ends[k] < length and ends[k + 1] > washout]
            numbers = inside
            cuts = [max(int(ends[k]), washout) for k in inside] + [length]
        for fold, first, stop in zip(numbers, cuts[:-1], cuts[1:], strict=True):
            for begin in range(first, stop, AT_ONCE):
                end = min(begin + AT_ONCE, stop)
                parts.append(Part(fold, n, max(begin - BEFORE, 0), begin, end))
    used = sorted({part.fold for part in parts})
    return [Part(used.index(p.fold), p.n, p.begin, p.first, p.stop) for p in parts]


def parts_of(length: int) -> list[tuple[int, int, int]]:
    """Return begin, first and stop of the parts of a long sequence: rows first .. stop-1
    are taken, and those from `begin` on drive the network."""
    return [
        (max(first - BEFORE, 0), first, min(first + AT_ONCE, length))
        for first in range(0, length, AT_ONCE)
    ]


def _driven(
    network: tuple[Architecture, Array],
    scaling: Scaling,
    sequences: Sequence[Inputs],
    parts: Sequence[Part],
) -> Iterator[tuple[Part, Array]]:
    """Yield each part with the features (R, S) of its rows."""
    architecture, genome = network
    driver = architecture.driver()
    packed: Any = driver.pack(genome[None])
    workspace = Workspace()
    group: list[Part] = []
    for k, part in enumerate(parts):
        group.append(part)
        steps = sum(p.stop - p.begin for p in group)
        if k + 1 < len(parts) and steps < AT_ONCE:
            continue
        vectors = tuple(scaling.inputs(sequences[p.n][p.begin : p.stop]) for p in group)
        firsts = tuple(p.first - p.begin for p in group)
        drive = driver.teacher_forcing(ForcedRuns(vectors, firsts))
        features, _ = drive(packed, workspace)
        at = 0
        for p in group:
            rows = p.stop - p.first
            yield p, np.asarray(features[0, at : at + rows], np.float64)
            at += rows
        group = []


def _least(sums: Array, counts: Array, width: int) -> float:
    """Return the penalty whose squared error on each fold, by the others, is least.

    Among equals the largest. With one fold, its own error counts.
    """
    whole = sums.sum(axis=0)
    errors = np.zeros(len(PENALTIES))
    for each, count in zip(sums, counts, strict=True):
        fitted, rows = (
            (whole - each, counts.sum() - count) if len(sums) > 1 else (each, count)
        )
        a, b, c = each[:width, :width], each[:width, width:], each[width:, width:]
        for k, weights in enumerate(_weights(fitted, width, PENALTIES, rows)):
            squares = c - 2.0 * weights.T @ b + weights.T @ a @ weights
            errors[k] += float(np.trace(squares))
    # Sums of products give errors to about 1e-14 of the targets' squares.
    floor = NULL * max(float(np.trace(whole[width:, width:])), np.finfo(float).tiny)
    best = np.flatnonzero(errors <= max(errors.min() * (1 + 1e-12), floor))
    return float(PENALTIES[int(best[-1])])


def _weights(
    sums: Array, width: int, penalties: Sequence[float], rows: float
) -> list[Array]:
    """Return the weights (S, K) for each penalty, from sums of products.

    Columns are scaled to a mean square of 1; the last one is the constant, which has no
    penalty.
    """
    a, b = sums[:width, :width], sums[:width, width:]
    constant = width - 1
    mean = a[constant] / rows
    centred = a - rows * np.outer(mean, mean)
    aim = b - np.outer(mean, b[constant])
    spread = np.sqrt(np.maximum(np.diag(centred), 0.0) / rows)
    known = spread > 1e-9 * np.sqrt(np.maximum(np.diag(a), 0.0) / rows)
    known[constant] = False
    spread = spread[known]
    scaled = centred[np.ix_(known, known)] / np.outer(spread, spread) / rows
    aimed = aim[known] / spread[:, None] / rows
    squares, basis = eigh(scaled) if known.any() else (np.zeros(0), np.zeros((0, 0)))
    kept = squares > NULL * max(float(squares.max(initial=0.0)), 1.0)
    squares, basis = squares[kept], basis[:, kept]
    projected = basis.T @ aimed
    found = []
    for penalty in penalties:
        weights = np.zeros((width, b.shape[1]))
        inner = basis @ (projected / (squares + penalty)[:, None])
        weights[known] = inner / spread[:, None]
        weights[constant] = b[constant] / rows - mean @ weights
        found.append(weights)
    return found
