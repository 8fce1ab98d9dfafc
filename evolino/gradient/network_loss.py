"""Loss of a whole network, output weights included, by back-propagation through time.

Nothing is solved: the loss is a function of the genome (C, G) and of the output weights
(S, K), and both get their gradient. It is that of the outputs one step ahead, teacher-
forced (mean squared error, or nats where outputs are probabilities), or the task's own loss
of free runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evolino.gradient.objective import check_loss, distinct
from evolino.network.backward.features import features_backward, features_of
from evolino.network.backward.free_runs import (
    RunsPass,
    RunStarts,
    run_freely,
    run_freely_backward,
)
from evolino.network.backward.matrices import Gradient, Matrices, matrices_of
from evolino.network.backward.sequence import (
    SequencePass,
    drive_sequence,
    drive_sequence_backward,
)
from evolino.network.base import input_vectors
from evolino.network.lstm import LSTM, PROBABILITIES
from evolino.task.capabilities import Differentiable
from evolino.task.protocol import Task, name_of
from evolino.task.scaling import Scaling
from evolino.task.series import Segment, Series
from evolino.vocabulary import Array

Passes = dict[int, SequencePass]
Into = dict[int, tuple[Array, Array]]  # to outputs and states (T, C) of each series


@dataclass(frozen=True, eq=False)
class NetworkLoss:
    """A loss of genome and output weights, with its gradient.

    segments: that it is of. free_running: whether these are free runs, all of one length,
    whose loss is the task's; else it is that of `row_loss` over all their rows. scaling: of
    the columns, in which networks are driven.

    Raises ValueError for what has no gradient.
    """

    architecture: LSTM
    task: Task
    segments: tuple[Segment, ...]
    free_running: bool = False
    scaling: Scaling | None = None

    def __post_init__(self) -> None:
        """Check that all of it has a gradient."""
        check_network(self.architecture, self.task, free_running=self.free_running)

    def value_and_gradient(
        self, genome: Array, weights: Array
    ) -> tuple[float, Array, Array]:
        """Return the loss of a genome (C, G) with output weights (S, K), and its gradient
        with respect to each.

        Where one of them is not finite the loss is inf and the gradients are 0.
        """
        matrices = matrices_of(self.architecture, genome)
        gradient = Gradient(matrices)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            passes = {
                id(series): drive_sequence(matrices, self._vectors(series))
                for series in distinct(self._driven)
            }
            into: Into = {key: _zeros(each) for key, each in passes.items()}
            way = self._runs if self.free_running else self._rows
            loss, to_weights = way(matrices, weights, passes, into, gradient)
            for key, (to_h, to_s) in into.items():
                drive_sequence_backward(passes[key], to_h, to_s, gradient)
            to_genome = gradient.genome()
        finite = np.isfinite(to_genome).all() and np.isfinite(to_weights).all()
        if not np.isfinite(loss) or not finite:
            return float("inf"), np.zeros_like(to_genome), np.zeros_like(weights)
        return loss, to_genome, to_weights

    @cached_property
    def _driven(self) -> Sequence[Segment]:
        """The segments, standardised where there is a scaling."""
        if self.scaling is None:
            return self.segments
        return self.scaling.segments(self.segments)

    def _vectors(self, series: Series) -> Array:
        return input_vectors(self.architecture, series.inputs, series.fed_back)

    def _rows(
        self, matrices: Matrices, weights: Array, passes: Passes, into: Into, _: Gradient
    ) -> tuple[float, Array]:
        """Return the loss of all rows and what the output weights get; add to `into`."""
        features = []
        for segment in self._driven:
            passed, rows = passes[id(segment.series)], slice(segment.start, segment.stop)
            h, s = passed.cells()
            features.append(
                features_of(self.architecture, h[rows], s[rows], passed.vectors[rows])
            )
        targets = np.concatenate([segment.targets for segment in self._driven])
        every = np.concatenate(features)
        loss, to_sums = row_loss(self.architecture)(every @ weights, targets)
        to_features, first = to_sums @ weights.T, 0
        for segment in self._driven:
            rows = slice(segment.start, segment.stop)
            last = first + segment.stop - segment.start
            h, _s = passes[id(segment.series)].cells()
            back = features_backward(self.architecture, to_features[first:last], h[rows])
            for total, own in zip(into[id(segment.series)], back, strict=True):
                total[rows] += own
            first = last
        return loss, every.T @ to_sums

    def _runs(
        self,
        matrices: Matrices,
        weights: Array,
        passes: Passes,
        into: Into,
        gradient: Gradient,
    ) -> tuple[float, Array]:
        """Return the loss of free runs and what the output weights get; add to `into`."""
        runs: RunsPass = run_freely(matrices, weights, self._starts(passes))
        outputs = np.moveaxis(runs.sums[:, :, : runs.count], 2, 0)
        expected = np.stack([segment.targets for segment in self.segments])
        assert isinstance(self.task, Differentiable)
        if self.scaling is None:
            loss, back = self.task.loss_gradient(outputs, expected)
        else:
            restored = self.scaling.restored(outputs)
            loss, back = self.task.loss_gradient(restored, expected)
            back = back * self.scaling.output_scale
        to_weights, to_h, to_s = run_freely_backward(
            runs, np.moveaxis(back, 0, 2), gradient
        )
        for number, segment in enumerate(self._driven):
            if segment.start:  # at rest nothing is passed on
                own = into[id(segment.series)]
                own[0][segment.start - 1] += to_h[number]
                own[1][segment.start - 1] += to_s[number]
        return loss, to_weights

    def _starts(self, passes: Passes) -> RunStarts:
        cells, scored = self.architecture.cells, self._driven
        of = [passes[id(segment.series)] for segment in scored]
        before = [
            segment.series.fed_back[segment.start - 1]
            if segment.start
            else np.zeros(self.architecture.outputs)
            for segment in scored
        ]
        return RunStarts(
            np.stack([p.outputs[s.start, :cells] for p, s in zip(of, scored, strict=True)]),
            np.stack([p.states[s.start, :cells] for p, s in zip(of, scored, strict=True)]),
            np.stack(before),
            np.stack([s.series.input_rows(s.start, s.stop) for s in scored], axis=1),
        )


def check_network(architecture: LSTM, task: Task, *, free_running: bool) -> None:
    """Raise ValueError for outputs, or a task's free runs, that have no gradient."""
    if free_running and not task.generates:
        raise ValueError(
            "training by bptt on free runs needs a task that generates, got "
            f"{name_of(task)}"
        )
    if free_running:
        check_loss(architecture, task, what="training by bptt on free runs")
    row_loss(architecture)
    if architecture.precision != "float64":
        raise ValueError(
            f"training by bptt needs precision 'float64', got {architecture.precision!r}"
        )


def row_loss(architecture: LSTM) -> Callable[[Array, Array], tuple[float, Array]]:
    """Return the loss of what a readout sums up (T, K), against targets (T, K), with its
    gradient.

    Output "identity": the mean squared error. Probabilities: the mean of the nats of a row.
    Targets that are NaN do not count. Raises ValueError for other outputs.
    """
    if architecture.output == "identity":
        return _squared_error
    if architecture.output == "logistic":
        return _independent_nats
    if architecture.output == "softmax":
        blocks = architecture.blocks()
        return lambda sums, targets: _exclusive_nats(sums, targets, blocks)
    raise ValueError(
        "training by bptt needs output 'identity' or one of "
        f"{', '.join(PROBABILITIES)}, got {architecture.output!r}"
    )


def _squared_error(sums: Array, targets: Array) -> tuple[float, Array]:
    known = np.isfinite(targets)
    errors = np.where(known, sums - np.where(known, targets, 0.0), 0.0)
    count = max(int(known.sum()), 1)
    return float(np.square(errors).sum()) / count, 2.0 * errors / count


def _independent_nats(sums: Array, targets: Array) -> tuple[float, Array]:
    known = np.isfinite(targets)
    wanted = np.where(known, targets, 0.0)
    nats = np.where(known, np.logaddexp(0.0, sums) - wanted * sums, 0.0)
    away = np.where(known, 1.0 / (1.0 + np.exp(-sums)) - wanted, 0.0)
    return float(nats.sum()) / len(sums), away / len(sums)


def _exclusive_nats(
    sums: Array, targets: Array, blocks: Sequence[slice]
) -> tuple[float, Array]:
    total, back = 0.0, np.zeros_like(sums)
    for block in blocks:
        own, wanted = sums[:, block], np.nan_to_num(targets[:, block])
        weight = wanted.sum(axis=1, keepdims=True)
        away = own - own.max(axis=1, keepdims=True)
        norm = np.log(np.exp(away).sum(axis=1, keepdims=True))
        total += float((weight * norm).sum() - (wanted * away).sum())
        back[:, block] = weight * np.exp(away - norm) - wanted
    return total / len(sums), back / len(sums)


def _zeros(passed: SequencePass) -> tuple[Array, Array]:
    shape = len(passed.vectors), passed.matrices.architecture.cells
    return np.zeros(shape), np.zeros(shape)
