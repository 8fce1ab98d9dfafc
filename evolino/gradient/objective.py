"""The loss after solving, and its gradient with respect to a genome.

For a genome: the network is driven over the series, the readout is solved on the rows of
*train*, the network runs freely over the segments of *validation* (or gives its outputs
there, where the task does not generate), and the task's loss is taken. The way back goes
through all of it: it is the gradient of what evolution selects on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evolino.gradient.passes import Passes, Reached, Starts, passes_of
from evolino.gradient.readout import (
    Solved,
    adjoint,
    check_differentiable,
    solve,
    to_features,
)
from evolino.network.backward.matrices import Held
from evolino.network.base import input_vectors
from evolino.network.lstm import LSTM
from evolino.network.stacked import StackedLSTM
from evolino.readout.linear import PseudoInverse, Ridge
from evolino.task.capabilities import Differentiable
from evolino.task.protocol import Task, name_of
from evolino.task.scaling import Scaling
from evolino.task.series import Segment, Series
from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, eq=False)
class Objective:
    """A loss with its gradient.

    fitted: rows that the readout is solved on. scored: segments that the loss is of; all of
    one length. penalty: of the readout. scaling: of the columns, in which networks are
    driven; the task's loss is given outputs in its own units.
    """

    architecture: LSTM | StackedLSTM
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
            forward = self._forward(genome)
        return forward.loss if np.isfinite(forward.loss) else float("inf")

    def value_and_gradient(self, genome: Array) -> tuple[float, Array]:
        """Return the loss of a genome (C, G), and its gradient (C, G).

        Where one of them is not finite the loss is inf and the gradient 0.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            forward = self._forward(genome)
            gradient = self._backward(forward)
        if not np.isfinite(forward.loss) or not np.isfinite(gradient).all():
            return float("inf"), np.zeros_like(gradient)
        return forward.loss, gradient

    @cached_property
    def _held(self) -> Held:
        """Memory of passes, from one genome to the next; an objective serves one thread."""
        return Held()

    @cached_property
    def _loss_gradient(self) -> Callable[[Array, Array], tuple[float, Array]]:
        # Checked once: it takes as long as a short free run.
        assert isinstance(self.task, Differentiable)
        return self.task.loss_gradient

    @cached_property
    def _reached(self) -> list[Reached]:
        """The series of all segments."""
        every = [each for part in self._segments for each in part]
        return reached(self.architecture, every)

    @cached_property
    def _segments(self) -> tuple[Sequence[Segment], Sequence[Segment]]:
        """The fitted and the scored segments, standardised where there is a scaling."""
        if self.scaling is None:
            return self.fitted, self.scored
        both = self.scaling.segments([*self.fitted, *self.scored])
        return both[: len(self.fitted)], both[len(self.fitted) :]

    def _forward(self, genome: Array) -> _Forward:
        fitted, scored = self._segments
        passes = passes_of(
            self.architecture,
            genome,
            self._reached,
            self._held,
            runs=self.task.generates,
        )
        whole = passes.features(fitted, "fitted")
        targets, expected = self._targets
        solved = solve(self.readout, whole, targets, self.penalty)
        seen: Array = np.empty(0)
        if self.task.generates:
            outputs = passes.run_freely(solved.weights, self._starts)
        else:
            rows = passes.features(scored, "scored")
            seen = rows.reshape(len(scored), -1, rows.shape[1])
            outputs = seen @ solved.weights
        if self.scaling is None:
            loss, to_outputs = self._loss_gradient(outputs, expected)
        else:
            restored = self.scaling.restored(outputs)
            loss, to_outputs = self._loss_gradient(restored, expected)
            to_outputs = to_outputs * self.scaling.output_scale
        return _Forward(passes, solved, seen, loss, to_outputs)

    def _backward(self, forward: _Forward) -> Array:
        fitted, scored = self._segments
        passes = forward.passes
        if self.task.generates:
            to_readout = passes.runs_backward(forward.to_outputs)
        else:
            readout = forward.solved.weights
            seen, back = forward.scored, forward.to_outputs
            to_readout = (seen.transpose(0, 2, 1) @ back).sum(axis=0)
            passes.add_features(scored, back.reshape(-1, back.shape[2]) @ readout.T)
        g = adjoint(forward.solved, to_readout)
        for part, rows in passes.parts(fitted):
            passes.add_features(part, to_features(forward.solved, g, rows, self._held))
        return passes.gradient()

    @cached_property
    def _starts(self) -> Starts:
        """Where the free runs over the scored segments begin."""
        _, scored = self._segments
        places: dict[int, tuple[IntArray, IntArray]] = {}
        for series in distinct(scored):
            own = [k for k, segment in enumerate(scored) if segment.series is series]
            places[id(series)] = np.array(own), np.array([scored[k].start for k in own])
        rest = np.zeros(self.architecture.outputs)
        before = [s.series.fed_back[s.start - 1] if s.start else rest for s in scored]
        inputs = [s.series.input_rows(s.start, s.stop) for s in scored]
        return Starts(places, np.stack(before), np.stack(inputs, axis=1))

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
    """scored: features (N, L, S) of scored segments, where the task does not generate.
    to_outputs: (N, L, K)."""

    passes: Passes
    solved: Solved
    scored: Array
    loss: float
    to_outputs: Array


def check_loss(
    architecture: LSTM | StackedLSTM,
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


def reached(architecture: LSTM | StackedLSTM, segments: Sequence[Segment]) -> list[Reached]:
    """Return the series of segments, each with its input vectors and the row at which the
    last of them ends."""
    stops: dict[int, int] = {}
    for segment in segments:
        own = id(segment.series)
        stops[own] = max(stops.get(own, 0), segment.stop)
    return [
        Reached(
            series,
            stops[id(series)],
            input_vectors(architecture, series.inputs, series.fed_back),
        )
        for series in distinct(segments)
    ]


def distinct(segments: Sequence[Segment]) -> list[Series]:
    """Return the series of segments, each once, in the order of their coming."""
    return list({id(segment.series): segment.series for segment in segments}.values())
