"""An echo state network over the segments of a task: its scales, its fit, its free runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from evolino.baselines.reservoir import Reservoir
from evolino.models.driving import distinct_series, stack_rows
from evolino.network.base import EXPLODED
from evolino.task.series import Segment, Series
from evolino.vocabulary import Array

MOST_NUMBERS = 2**26  # of the states of all series: 512 MiB


@dataclass(frozen=True, slots=True, eq=False)
class Scales:
    """Means and deviations, on rows of train, of a task's columns.

    inputs: of the I external inputs, then of the K fed-back outputs if there is feedback.
    outputs: of the K targets. Each is a pair of mean and deviation; a constant column has
    deviation 1.
    """

    inputs: tuple[Array, Array]
    outputs: tuple[Array, Array]
    feedback: bool

    @classmethod
    def of(cls, train: Sequence[Segment], *, feedback: bool) -> Scales:
        """Return those of the series of train, up to the last row that fits a readout."""
        columns, targets = [], []
        for series in distinct_series(train):
            stop = max(each.stop for each in train if each.series is series)
            columns.append(_columns(series, stop, feedback=feedback))
            targets.append(series.targets[:stop])
        return cls(_moments(columns), _moments(targets), feedback)

    @property
    def width(self) -> int:
        """U: the columns that enter the reservoir."""
        return len(self.inputs[0])

    def vectors(self, series: Series, stop: int) -> Array:
        """Return (stop, U): what enters the reservoir at each row, teacher-forced."""
        mean, deviation = self.inputs
        found = _columns(series, stop, feedback=self.feedback)
        return np.asarray((found - mean) / deviation)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Readouts for several penalties: weights (L, F, K) on the F features."""

    weights: Array

    @property
    def count(self) -> int:
        """L."""
        return len(self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class EchoStateNetwork:
    """A reservoir and its readout on 1, the inputs u(t) and the states x(t).

    squares: whether the squares of inputs and states are features too. weights: (F, K);
    empty before a fit. It is a `Predictor`, which a task measures.
    """

    reservoir: Reservoir
    scales: Scales
    squares: bool
    weights: Array = field(default_factory=lambda: np.zeros((0, 0)))

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        """Return the outputs (stop - start, K) on each segment."""
        found = self.outputs(segments, self.weights[None], free_running=free_running)
        return [each[0] for each in found]

    def fit(self, segments: Sequence[Segment], penalties: Sequence[float]) -> Fit:
        """Return ridge readouts on the rows of segments, one for each penalty.

        A penalty is in units of the largest squared singular value of the features, whose
        columns have root mean square 1.
        """
        driven = self._driven(segments)
        rows = np.concatenate([self._rows(driven, each) for each in segments])
        mean, deviation = self.scales.outputs
        targets = np.concatenate([each.targets for each in segments])
        norms = np.sqrt(np.square(rows).mean(axis=0))
        norms[norms == 0] = 1.0
        u, singular, v = np.linalg.svd(rows / norms, full_matrices=False)
        projected = u.T @ ((targets - mean) / deviation)
        largest = singular[0] ** 2
        weights = [
            v.T @ ((singular / (singular**2 + p * largest))[:, None] * projected)
            for p in penalties
        ]
        return Fit(np.stack(weights) / norms[:, None])

    def outputs(
        self, segments: Sequence[Segment], weights: Array, *, free_running: bool
    ) -> list[Array]:
        """Return (L, stop - start, K) for each segment: outputs of L readouts (L, F, K)."""
        if free_running:
            return self._free_runs(segments, weights)
        driven = self._driven(segments)
        mean, deviation = self.scales.outputs
        return [self._rows(driven, x) @ weights * deviation + mean for x in segments]

    def _free_runs(self, segments: Sequence[Segment], weights: Array) -> list[Array]:
        """Return free runs over all segments at once; a lost one gives inf."""
        driven, nothing = self._driven(segments, before=True), np.zeros(self._units)
        states = np.stack(
            [driven[id(s.series)][1][s.start - 1] if s.start else nothing for s in segments]
        )
        previous = np.stack([_output_before(segment) for segment in segments])
        shown = [s.series.input_rows(s.start, s.stop) for s in segments]
        inputs = np.nan_to_num(stack_rows(shown))
        states = np.broadcast_to(states, (len(weights), *states.shape))
        previous = np.broadcast_to(previous, (len(weights), *previous.shape))
        (centre, spread), (mean, deviation) = self.scales.inputs, self.scales.outputs
        found = np.empty((len(weights), *inputs.shape[:2], len(mean)))
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(inputs.shape[1]):
                shape = (*previous.shape[:-1], inputs.shape[2])
                given = [np.broadcast_to(inputs[:, t], shape)]
                given += [previous] if self.scales.feedback else []
                vectors = (np.concatenate(given, axis=-1) - centre) / spread
                states = self.reservoir.step(states, vectors)
                sums = self._features(vectors, states) @ weights
                previous = sums * deviation + mean
                lost = ~(np.abs(previous) <= EXPLODED)  # NaN is lost too
                previous = np.where(lost, np.inf, previous)
                found[:, :, t] = previous
        return [found[:, k, : s.stop - s.start] for k, s in enumerate(segments)]

    @property
    def _units(self) -> int:
        return len(self.reservoir.bias)

    def _driven(
        self, segments: Sequence[Segment], *, before: bool = False
    ) -> dict[int, tuple[Array, Array]]:
        """Return inputs (T, U) and states (T, N) of each series, teacher-forced as far as
        its segments need; before: up to their first rows only."""
        stops: dict[int, int] = {}
        for each in segments:
            stop = each.start if before else each.stop
            stops[id(each.series)] = max(stops.get(id(each.series), 0), stop)
        every = [
            self.scales.vectors(series, stops[id(series)])
            for series in distinct_series(segments)
        ]
        longest = max(len(each) for each in every)
        if longest * len(every) * self._units > MOST_NUMBERS:
            raise ValueError(
                f"the states of {len(every)} series of up to {longest} steps are too many "
                f"for a reservoir of {self._units} units"
            )
        padded = np.nan_to_num(stack_rows(every))
        states = self.reservoir.drive(padded.swapaxes(0, 1))
        return {
            id(series): (rows, states[:, k])
            for k, (series, rows) in enumerate(
                zip(distinct_series(segments), every, strict=True)
            )
        }

    def _rows(self, driven: dict[int, tuple[Array, Array]], segment: Segment) -> Array:
        """Return the features (stop - start, F) of a segment."""
        vectors, states = driven[id(segment.series)]
        rows = slice(segment.start, segment.stop)
        return self._features(vectors[rows], states[rows])

    def _features(self, vectors: Array, states: Array) -> Array:
        """Return (.., F): 1, inputs (.., U), states (.., N), and their squares."""
        seen = [np.ones((*vectors.shape[:-1], 1)), vectors, states]
        if self.squares:
            seen += [np.square(vectors), np.square(states)]
        return np.concatenate(seen, axis=-1)


def _columns(series: Series, stop: int, *, feedback: bool) -> Array:
    """Return (stop, U): inputs, then the outputs of the step before, zeros at row 0."""
    given = [series.input_rows(0, stop)]
    if feedback:
        before = np.zeros_like(series.fed_back[:stop])
        before[1:] = series.fed_back[: stop - 1] if stop else before[1:]
        given.append(before)
    return np.concatenate(given, axis=1)


def _output_before(segment: Segment) -> Array:
    """Return (K,): what is fed back at a segment's first row, zeros at row 0."""
    if segment.start == 0:
        return np.zeros(segment.series.targets.shape[1])
    return np.asarray(segment.series.fed_back[segment.start - 1])


def _moments(rows: Sequence[Array]) -> tuple[Array, Array]:
    joined = np.concatenate(rows)
    deviation = joined.std(axis=0)
    return joined.mean(axis=0), np.where(deviation > 0, deviation, 1.0)
