"""The negative log-likelihood after solving, and its gradient with respect to a genome.

For a genome: the network is driven over all series beside each other, the logistic or
softmax readout is solved on the fitted rows of each fold, and the task's loss is taken of
the probabilities on the scored rows of all folds together. The way back goes through all
of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from evolino.gradient.directions import Driven
from evolino.gradient.likelihood import (
    SolvedLikelihood,
    solve_likelihood,
    solve_likelihood_backward,
)
from evolino.gradient.likelihood_parts import Parts, parts_of
from evolino.gradient.objective import check_loss, reached
from evolino.gradient.passes import Reached
from evolino.network.lstm import LSTM
from evolino.network.stacked import StackedLSTM
from evolino.readout.class_targets import levels_of
from evolino.readout.logistic import Logistic
from evolino.solvers.likelihood import Likelihood, bent
from evolino.task.capabilities import Differentiable
from evolino.task.protocol import Task, name_of
from evolino.task.series import Segment
from evolino.vocabulary import Array, BoolArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """fitted: the readout is solved on their rows. scored: segments that the loss is of."""

    fitted: tuple[Segment, ...]
    scored: tuple[Segment, ...]


@dataclass(frozen=True, eq=False)
class LikelihoodObjective:
    """A loss of probabilities with its gradient.

    penalty: of the readout. Each solution begins at that of the genome before, which is
    close by in a descent; `forget` makes the next one begin anew.
    """

    architecture: LSTM | StackedLSTM
    task: Task
    readout: Logistic
    folds: tuple[Fold, ...]
    penalty: float
    _last: dict[tuple[int, int], Array] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Check that all of it has a gradient. Raises ValueError, saying what has none."""
        check_likelihood(self.architecture, self.task, self.readout)

    def forget(self) -> None:
        """Forget the solutions so far: what follows depends on the genomes alone."""
        self._last.clear()

    def value(self, genome: Array) -> float:
        """Return the loss of a genome (C, G); inf where it is not finite."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            forward = self._forward(genome)
        return forward.loss if np.isfinite(forward.loss) else float("inf")

    def value_and_gradient(self, genome: Array) -> tuple[float, Array]:
        """Return the loss of a genome (C, G), and its gradient (C, G).

        Where one of them is not finite the loss is inf and the gradient 0.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            forward = self._forward(genome)
            if not np.isfinite(forward.loss):
                return float("inf"), np.zeros_like(genome)
            gradient = self._backward(forward)
        if not np.isfinite(gradient).all():
            return float("inf"), np.zeros_like(gradient)
        return forward.loss, gradient

    def _forward(self, genome: Array) -> _Forward:
        rows = self._rows
        driven = Driven.of(self.architecture, genome, rows.vectors)
        features = driven.features
        folds = [self._solve(number, features) for number in range(len(self.folds))]
        weights = [
            self._parts.joined([None if each is None else each.weights for each in fold])
            for fold in folds
        ]
        sums = [
            self._parts.sums(number, features[scored] @ own)
            for number, (scored, own) in enumerate(zip(rows.scored, weights, strict=True))
        ]
        outputs = self.architecture.outputs_of(np.concatenate(sums))
        stacked = np.zeros(rows.expected.shape)
        stacked[rows.there] = outputs
        assert isinstance(self.task, Differentiable)
        loss, to_stacked = self.task.loss_gradient(stacked, rows.expected)
        to_outputs = to_stacked[rows.there]
        exclusive = self.readout.exclusive
        to_sums = np.concatenate(
            [
                bent(to_outputs[:, block], outputs[:, block], exclusive)
                for block in driven.head.blocks()
            ],
            axis=1,
        )
        return _Forward(driven, folds, weights, loss, to_sums)

    def _backward(self, forward: _Forward) -> Array:
        features = forward.driven.features
        to_features = np.zeros_like(features)
        first = 0
        for number, scored in enumerate(self._rows.scored):
            to_sums = forward.to_sums[first : first + len(scored)]
            back = self._parts.spread(number, to_sums)
            first += len(scored)
            to_features[scored] += back @ forward.weights[number].T
            to_weights = features[scored].T @ back
            for part, solved in zip(self._parts.each, forward.folds[number], strict=True):
                if solved is None:
                    continue
                place = np.ix_(part.rows[number], part.columns)
                own = to_weights[np.ix_(part.columns, part.weights)]
                to_features[place] += solve_likelihood_backward(solved, own)
        return forward.driven.backward(to_features)

    def _solve(self, number: int, features: Array) -> list[SolvedLikelihood | None]:
        """Return the solution of each part of a fold's readout; None for one that has
        nothing to fit."""
        readout = self.readout
        likelihood = Likelihood(readout.exclusive, readout.unnormalised)
        found: list[SolvedLikelihood | None] = []
        for k, part in enumerate(self._parts.each):
            rows = part.rows[number]
            if not len(rows):
                found.append(None)
                continue
            solved = solve_likelihood(
                likelihood,
                features[np.ix_(rows, part.columns)],
                self._rows.ones[np.ix_(rows, part.outputs)],
                self.penalty,
                self._last.get((number, k)),
                part.fitted[number] if part.fitted else None,
            )
            if np.isfinite(solved.weights).all():
                self._last[number, k] = solved.weights
            found.append(solved)
        return found

    @cached_property
    def _rows(self) -> _Rows:
        every = [s for fold in self.folds for s in (*fold.fitted, *fold.scored)]
        series = reached(self.architecture, every)
        if isinstance(self.architecture, LSTM):
            series = [each._replace(stop=each.series.steps) for each in series]
        return _rows_of(self.architecture, series, self.folds)

    @cached_property
    def _parts(self) -> Parts:
        """The parts of the readout, or the whole of it as one."""
        rows, relative, fed_back = self._rows, self.readout.relative, None
        parts = self.architecture.driver().readout_parts()
        if relative != "none":
            assert isinstance(self.architecture, LSTM)
            first = self.architecture.inputs
            fed_back = np.concatenate([own[:, first:] for own in rows.vectors])
        return parts_of(
            parts,
            rows.ones,
            rows.fitted,
            rows.scored,
            self.architecture.readout_width,
            relative,
            fed_back,
        )


def check_likelihood(
    architecture: LSTM | StackedLSTM, task: Task, readout: Logistic
) -> None:
    """Raise ValueError for a task or a network that has no gradient with the readout."""
    kind = "logistic, exclusive," if readout.exclusive else "logistic"
    check_loss(architecture, task, "softmax" if readout.exclusive else "logistic", kind)
    if task.generates:
        raise ValueError(
            f"refinement through readout logistic needs a task that is scored one step "
            f"ahead; {name_of(task)} runs freely"
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows of all series, one after another, T together.

    vectors: of each series, the input vectors. ones: (T, K), where a target is the upper of
    its two levels. fitted, scored: of each fold, which rows. expected: (N, L, K), targets
    of all folds' scored segments, NaN past the end of shorter ones; there: (N, L), where a
    row is.
    """

    vectors: tuple[Array, ...]
    ones: Array
    fitted: tuple[IntArray, ...]
    scored: tuple[IntArray, ...]
    expected: Array
    there: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class _Forward:
    """folds: of each, the solutions of the parts; weights: (S, W), these joined. to_sums:
    (T, K), of all folds' scored rows."""

    driven: Driven
    folds: list[list[SolvedLikelihood | None]]
    weights: list[Array]
    loss: float
    to_sums: Array


def _rows_of(
    architecture: LSTM | StackedLSTM, series: Sequence[Reached], folds: Sequence[Fold]
) -> _Rows:
    ends = np.cumsum([0, *(each.stop for each in series[:-1])]).tolist()
    firsts = {id(each.series): end for each, end in zip(series, ends, strict=True)}

    def rows(segments: Sequence[Segment]) -> IntArray:
        ranges = [
            firsts[id(each.series)] + np.arange(each.start, each.stop) for each in segments
        ]
        return np.concatenate(ranges)

    scored = [segment for fold in folds for segment in fold.scored]
    longest = max(each.stop - each.start for each in scored)
    expected = np.full((len(scored), longest, architecture.outputs), np.nan)
    there = np.zeros(expected.shape[:2], dtype=bool)
    for number, segment in enumerate(scored):
        count = segment.stop - segment.start
        expected[number, :count], there[number, :count] = segment.targets, True
    targets = np.concatenate([each.series.targets[: each.stop] for each in series])
    return _Rows(
        tuple(each.vectors[: each.stop] for each in series),
        (targets == levels_of(targets).high).astype(np.float64),
        tuple(rows(fold.fitted) for fold in folds),
        tuple(rows(fold.scored) for fold in folds),
        expected,
        there,
    )
