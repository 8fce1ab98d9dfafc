"""The loss after solving, and its gradient with respect to a genome.

For a genome: the network is driven over the series, the readout is solved on the rows of
*train*, the network runs freely over the segments of *validation* (or gives its outputs
there, where the task does not generate), and the task's loss is taken. The way back goes
through all of it: it is the gradient of what evolution selects on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from evolino.gradient.readout import (
    Solved,
    adjoint,
    check_differentiable,
    solve,
    to_features,
)
from evolino.network.backward.features import features_backward, features_of
from evolino.network.backward.free_runs import (
    RunsPass,
    RunStarts,
    run_freely,
    run_freely_backward,
)
from evolino.network.backward.matrices import Gradient, Held, Matrices, matrices_of
from evolino.network.backward.sequence import (
    SequencePass,
    drive_sequence,
    drive_sequence_backward,
    zeros_in_lanes,
)
from evolino.network.base import input_vectors
from evolino.network.lstm import LSTM
from evolino.readout.linear import PseudoInverse, Ridge
from evolino.task.capabilities import Differentiable
from evolino.task.protocol import Task, name_of
from evolino.task.scaling import Scaling
from evolino.task.series import Segment, Series
from evolino.vocabulary import Array, IntArray

ROWS = 4096  # of features whose gradients are held at once


@dataclass(frozen=True, eq=False)
class Objective:
    """A loss with its gradient.

    fitted: rows that the readout is solved on. scored: segments that the loss is of; all of
    one length. penalty: of the readout. scaling: of the columns, in which networks are
    driven; the task's loss is given outputs in its own units.
    """

    architecture: LSTM
    task: Task
    readout: PseudoInverse | Ridge
    fitted: tuple[Segment, ...]
    scored: tuple[Segment, ...]
    penalty: float
    scaling: Scaling | None = None

    def __post_init__(self) -> None:
        """Check that all of it has a gradient. Raises ValueError, saying what has none."""
        check_differentiable(self.readout)
        check_loss(self.architecture, self.task)

    def value(self, genome: Array) -> float:
        """Return the loss of a genome (C, G); inf where it is not finite."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
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

    @cached_property
    def _held(self) -> Held:
        """Memory of passes, from one genome to the next; an objective serves one thread."""
        return Held()

    @cached_property
    def _segments(self) -> tuple[Sequence[Segment], Sequence[Segment]]:
        """The fitted and the scored segments, standardised where there is a scaling."""
        if self.scaling is None:
            return self.fitted, self.scored
        both = self.scaling.segments([*self.fitted, *self.scored])
        return both[: len(self.fitted)], both[len(self.fitted) :]

    def _forward(self, matrices: Matrices) -> _Forward:
        fitted, driven = self._segments
        passes = {
            key: drive_sequence(
                matrices, vectors, self._held, str(number), len(self._vectors)
            )
            for number, (key, vectors) in enumerate(self._vectors.items())
        }
        features = [self._features(passes[id(s.series)], s) for s in fitted]
        whole = features[0] if len(features) == 1 else np.concatenate(features)
        targets, expected = self._targets
        solved = solve(self.readout, whole, targets, self.penalty)
        scored: tuple[Array, ...] = ()
        runs = None
        if self.task.generates:
            runs = run_freely(matrices, solved.weights, self._starts(passes), self._held)
            outputs = np.moveaxis(runs.sums[:, :, : runs.count], 2, 0)
        else:
            scored = tuple(self._features(passes[id(s.series)], s) for s in driven)
            outputs = np.stack([rows @ solved.weights for rows in scored])
        assert isinstance(self.task, Differentiable)
        if self.scaling is None:
            loss, to_outputs = self.task.loss_gradient(outputs, expected)
        else:
            restored = self.scaling.restored(outputs)
            loss, to_outputs = self.task.loss_gradient(restored, expected)
            to_outputs = to_outputs * self.scaling.output_scale
        return _Forward(passes, solved, runs, scored, loss, to_outputs)

    def _backward(self, matrices: Matrices, forward: _Forward) -> Array:
        gradient = Gradient(matrices)
        fitted, scored = self._segments
        into = {
            key: _Into.zeros(each, self._held, str(number))
            for number, (key, each) in enumerate(forward.passes.items())
        }
        if forward.runs is not None:
            to_readout, to_h, to_s = run_freely_backward(
                forward.runs, np.moveaxis(forward.to_outputs, 0, 2), gradient
            )
            for key, (places, rows) in self._places.items():
                into[key].add_starts(rows, to_h[places], to_s[places])
        else:
            readout = forward.solved.weights
            pairs = list(zip(forward.scored, forward.to_outputs, strict=True))
            to_readout = np.sum([each.T @ back for each, back in pairs], axis=0)
            for segment, (_, back) in zip(scored, pairs, strict=True):
                self._add_features(forward, into, segment, back @ readout.T)
        g, first = adjoint(forward.solved, to_readout), 0
        for segment in fitted:
            for start in range(segment.start, segment.stop, ROWS):
                part = replace(segment, start=start, stop=min(start + ROWS, segment.stop))
                last = first + part.stop - part.start
                back = to_features(forward.solved, g, slice(first, last))
                self._add_features(forward, into, part, back)
                first = last
        for key, each in into.items():
            drive_sequence_backward(
                forward.passes[key], each.outputs, each.states, gradient
            )
        return gradient.genome()

    def _add_features(
        self, forward: _Forward, into: dict[int, _Into], segment: Segment, back: Array
    ) -> None:
        """Add what the features (L, S) of a segment pass on."""
        rows, own = slice(segment.start, segment.stop), id(segment.series)
        h, _ = forward.passes[own].cells()
        to_h, to_s = features_backward(self.architecture, back, h[rows])
        into[own].outputs[rows] += to_h
        into[own].states[rows] += to_s

    @cached_property
    def _vectors(self) -> dict[int, Array]:
        """The input vectors (T, U) of each series, as it is driven over them."""
        return {
            id(series): input_vectors(self.architecture, series.inputs, series.fed_back)
            for series in distinct([*self._segments[0], *self._segments[1]])
        }

    def _features(self, passed: SequencePass, segment: Segment) -> Array:
        h, s = passed.cells()
        rows = slice(segment.start, segment.stop)
        return features_of(self.architecture, h[rows], s[rows], passed.vectors[rows])

    def _starts(self, passes: dict[int, SequencePass]) -> RunStarts:
        cells, (_, scored) = self.architecture.cells, self._segments
        outputs, states = np.empty((2, len(scored), cells))
        for key, (places, rows) in self._places.items():
            outputs[places] = passes[key].outputs[rows, :cells]
            states[places] = passes[key].states[rows, :cells]
        return RunStarts(outputs, states, *self._given)

    @cached_property
    def _places(self) -> dict[int, tuple[IntArray, IntArray]]:
        """By series: which of the scored segments are its, and their first rows."""
        _, scored = self._segments
        found: dict[int, tuple[IntArray, IntArray]] = {}
        for series in distinct(scored):
            own = [k for k, segment in enumerate(scored) if segment.series is series]
            found[id(series)] = np.array(own), np.array([scored[k].start for k in own])
        return found

    @cached_property
    def _given(self) -> tuple[Array, Array]:
        """Output before each scored segment (N, K), external inputs (L, N, I)."""
        _, scored = self._segments
        rest = np.zeros(self.architecture.outputs)
        before = [s.series.fed_back[s.start - 1] if s.start else rest for s in scored]
        inputs = [s.series.input_rows(s.start, s.stop) for s in scored]
        return np.stack(before), np.stack(inputs, axis=1)

    @cached_property
    def _targets(self) -> tuple[Array, Array]:
        """Targets of the fitted rows, standardised (T, K); of scored segments (N, L, K)."""
        fitted, _ = self._segments
        return (
            np.concatenate([segment.targets for segment in fitted]),
            np.stack([segment.targets for segment in self.scored]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Forward:
    """runs: where the task generates. scored: features of each scored segment, elsewhere.
    to_outputs: (N, L, K)."""

    passes: dict[int, SequencePass]
    solved: Solved
    runs: RunsPass | None
    scored: tuple[Array, ...]
    loss: float
    to_outputs: Array


@dataclass(frozen=True, slots=True, eq=False)
class _Into:
    """What is passed on to outputs and states (T, C) after each step of a series."""

    outputs: Array
    states: Array

    @classmethod
    def zeros(cls, passed: SequencePass, held: Held, name: str) -> _Into:
        """Return it before anything is passed on, in memory by that name."""
        names = f"to outputs {name}", f"to states {name}"
        return cls(*(zeros_in_lanes(passed, held, each) for each in names))

    def add_starts(self, rows: IntArray, outputs: Array, states: Array) -> None:
        """Add what is passed on to the cells (N, C) before rows; at rest nothing is."""
        later = rows > 0
        places = rows[later] - 1
        for each, values in ((self.outputs, outputs[later]), (self.states, states[later])):
            if len(np.unique(places)) == len(places):
                each[places] += values
            else:
                np.add.at(each, places, values)


def check_loss(
    architecture: LSTM,
    task: Task,
    output: str = "identity",
    readout: str = "",
    what: str = "refinement",
) -> None:
    """Raise ValueError for a task or a network that has no gradient, naming it.

    output: what the readout, whose name is for the error, has a gradient with. what: needs
    the gradient.
    """
    there = getattr(task, "differentiable", True)
    if not isinstance(task, Differentiable) or not there:
        raise ValueError(
            f"{what} needs a loss with a gradient; {name_of(task)} has none"
            + ("" if there else " with these parameters")
        )
    if architecture.output != output:
        readout = readout and f" through readout {readout}"
        raise ValueError(
            f"{what}{readout} needs output {output!r}, got {architecture.output!r}"
        )
    if architecture.precision != "float64":
        raise ValueError(
            f"{what} needs precision 'float64', got {architecture.precision!r}"
        )


def distinct(segments: Sequence[Segment]) -> list[Series]:
    """Return the series of segments, each once, in the order of their coming."""
    return list({id(segment.series): segment.series for segment in segments}.values())
