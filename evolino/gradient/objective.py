"""The loss after solving, and its gradient with respect to a genome.

For a genome: the network is driven over the series, the readout is solved on the rows of
*train*, the network runs freely over the segments of *validation* (or gives its outputs
there, where the task does not generate), and the task's loss is taken. The way back goes
through all of it: it is the gradient of what evolution selects on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.gradient.readout import Solved, check_differentiable, solve, solve_backward
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
from evolino.network.kernels.dispatch import input_vectors
from evolino.network.lstm import LSTM
from evolino.readout.linear import PseudoInverse, Ridge
from evolino.task.capabilities import Differentiable
from evolino.task.protocol import Task
from evolino.task.series import Segment, Series
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """A loss with its gradient.

    fitted: rows that the readout is solved on. scored: segments that the loss is of; all of
    one length. penalty: of the readout.
    """

    architecture: LSTM
    task: Task
    readout: PseudoInverse | Ridge
    fitted: tuple[Segment, ...]
    scored: tuple[Segment, ...]
    penalty: float

    def __post_init__(self) -> None:
        """Check that all of it has a gradient. Raises ValueError, saying what has none."""
        check_differentiable(self.readout)
        if not isinstance(self.task, Differentiable):
            raise ValueError(f"{self.task.name} has a loss without a gradient")
        if self.architecture.output != "identity":
            raise ValueError(
                f"refinement needs output 'identity', got {self.architecture.output!r}"
            )
        if self.architecture.precision != "float64":
            raise ValueError("refinement needs precision float64")

    def value(self, genome: Array) -> float:
        """Return the loss of a genome (C, G); inf where it is not finite."""
        forward = self._forward(matrices_of(self.architecture, genome))
        return forward.loss if np.isfinite(forward.loss) else float("inf")

    def value_and_gradient(self, genome: Array) -> tuple[float, Array]:
        """Return the loss of a genome (C, G), and its gradient (C, G).

        Where one of them is not finite the loss is inf and the gradient 0.
        """
        matrices = matrices_of(self.architecture, genome)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            forward = self._forward(matrices)
            gradient = self._backward(matrices, forward)
        if not np.isfinite(forward.loss) or not np.isfinite(gradient).all():
            return float("inf"), np.zeros_like(gradient)
        return forward.loss, gradient

    def _forward(self, matrices: Matrices) -> _Forward:
        passes = {
            id(series): drive_sequence(matrices, self._vectors(series))
            for series in distinct(self.fitted + self.scored)
        }
        features = [self._features(passes[id(s.series)], s) for s in self.fitted]
        targets = np.concatenate([segment.targets for segment in self.fitted])
        solved = solve(self.readout, np.concatenate(features), targets, self.penalty)
        runs = run_freely(matrices, solved.weights, self._starts(passes))
        outputs = np.moveaxis(runs.sums[:, :, : runs.count], 2, 0)
        wanted = np.stack([segment.targets for segment in self.scored])
        assert isinstance(self.task, Differentiable)
        loss, to_outputs = self.task.loss_gradient(outputs, wanted)
        return _Forward(passes, solved, runs, loss, np.moveaxis(to_outputs, 0, 2))

    def _backward(self, matrices: Matrices, forward: _Forward) -> Array:
        gradient, cells = Gradient(matrices), self.architecture.cells
        to_readout, to_h, to_s = run_freely_backward(
            forward.runs, forward.to_outputs, gradient
        )
        to_features = solve_backward(forward.solved, to_readout)
        into = {
            key: (
                np.zeros((len(each.vectors), cells)),
                np.zeros((len(each.vectors), cells)),
            )
            for key, each in forward.passes.items()
        }
        first = 0
        for segment in self.fitted:
            rows, own = slice(segment.start, segment.stop), id(segment.series)
            last = first + segment.stop - segment.start
            h, _ = forward.passes[own].cells()
            back = features_backward(self.architecture, to_features[first:last], h[rows])
            into[own][0][rows] += back[0]
            into[own][1][rows] += back[1]
            first = last
        for number, segment in enumerate(self.scored):
            if segment.start:
                into[id(segment.series)][0][segment.start - 1] += to_h[number]
                into[id(segment.series)][1][segment.start - 1] += to_s[number]
        for key, (outputs, states) in into.items():
            drive_sequence_backward(forward.passes[key], outputs, states, gradient)
        return gradient.genome()

    def _vectors(self, series: Series) -> Array:
        return input_vectors(self.architecture, series.inputs, series.fed_back)

    def _features(self, passed: SequencePass, segment: Segment) -> Array:
        h, s = passed.cells()
        rows = slice(segment.start, segment.stop)
        return features_of(self.architecture, h[rows], s[rows], passed.vectors[rows])

    def _starts(self, passes: dict[int, SequencePass]) -> RunStarts:
        cells, scored = self.architecture.cells, self.scored
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
            np.stack([s.series.inputs[s.start : s.stop] for s in scored], axis=1),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Forward:
    passes: dict[int, SequencePass]
    solved: Solved
    runs: RunsPass
    loss: float
    to_outputs: Array


def distinct(segments: Sequence[Segment]) -> list[Series]:
    """Return the series of segments, each once, in the order of their coming."""
    return list({id(segment.series): segment.series for segment in segments}.values())
