"""Passes of a network over all series of an objective, its free runs, and the way back.

An `Objective` knows networks by `Passes` alone: an LSTM is driven over one series after
another, a stack of layers over all beside each other; so is an LSTM over many series.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from evolino.gradient.directions import Driven
from evolino.network.backward.features import features_backward, features_of
from evolino.network.backward.free_runs import (
    RunsPass,
    RunStarts,
    run_freely,
    run_freely_backward,
)
from evolino.network.backward.matrices import Gradient, Held, matrices_of
from evolino.network.backward.sequence import (
    drive_sequence,
    drive_sequence_backward,
    zeros_in_lanes,
)
from evolino.network.backward.stack_runs import StackRuns, run_stack_freely
from evolino.network.lstm import LSTM
from evolino.network.stacked import StackedLSTM
from evolino.task.series import Segment, Series
from evolino.vocabulary import Array, IntArray

ROWS = 4096  # of features whose gradients are held at once
MANY = 32  # series from which on they are driven beside each other


class Starts(NamedTuple):
    """Where N free runs begin.

    places: by the id of a series, which of the runs are its, and the rows at which they
    begin. fed_back: (N, K), the output before each. inputs: (L, N, I).
    """

    places: dict[int, tuple[IntArray, IntArray]]
    fed_back: Array
    inputs: Array


class Reached(NamedTuple):
    """A series, its input vectors (T, U), and the row at which the last of its segments
    ends: where cells that go backward begin."""

    series: Series
    stop: int
    vectors: Array


class Passes(Protocol):
    """A network that was driven over series."""

    head: LSTM

    def features(self, segments: Sequence[Segment], name: str) -> Array:
        """Return the features (T, S) of segments, joined, in memory by that name."""
        ...

    def run_freely(self, readout: Array, starts: Starts) -> Array:
        """Return the outputs (N, L, K) of free runs with a readout (S, K)."""
        ...

    def runs_backward(self, to_outputs: Array) -> Array:
        """Return what outputs of the free runs (N, L, K) pass on to the readout (S, K)."""
        ...

    def parts(self, segments: Sequence[Segment]) -> Iterator[tuple[list[Segment], slice]]:
        """Yield segments a few at a time, and which of all their rows these are."""
        ...

    def add_features(self, segments: Sequence[Segment], back: Array) -> None:
        """Add what the features (T, S) of segments, one after another, pass on."""
        ...

    def gradient(self) -> Array:
        """Return all that was passed on, as the gradient (C, G); uses the passes up."""
        ...


def passes_of(
    architecture: LSTM | StackedLSTM,
    genome: Array,
    series: Sequence[Reached],
    held: Held,
    runs: bool,
) -> Passes:
    """Drive a network (C, G) over series. runs: whether it is to run freely too."""
    if isinstance(architecture, StackedLSTM) or (len(series) >= MANY and not runs):
        return InLanes(architecture, genome, series)
    return OneByOne(architecture, genome, series, held)


class OneByOne:
    """Passes of an LSTM over one series after another, its cells in the lanes."""

    def __init__(
        self, architecture: LSTM, genome: Array, series: Sequence[Reached], held: Held
    ) -> None:
        self.head = architecture
        self._matrices = matrices_of(architecture, genome)
        self._held = held
        self._passed = {
            id(each.series): drive_sequence(
                self._matrices, each.vectors, held, str(number), len(series)
            )
            for number, each in enumerate(series)
        }
        self._runs: tuple[RunsPass, Starts] | None = None

    @cached_property
    def _gradient(self) -> Gradient:
        return Gradient(self._matrices)

    @cached_property
    def _into(self) -> dict[int, tuple[Array, Array]]:
        """What outputs and states (T, C) get after each step, by series."""
        return {
            key: (
                zeros_in_lanes(each, self._held, f"to outputs {number}"),
                zeros_in_lanes(each, self._held, f"to states {number}"),
            )
            for number, (key, each) in enumerate(self._passed.items())
        }

    def features(self, segments: Sequence[Segment], name: str) -> Array:
        """As of `Passes`."""
        first, width = 0, self.head.readout_width
        count = sum(segment.stop - segment.start for segment in segments)
        found = self._held.take(name, count * width).reshape(count, width)
        for segment in segments:
            rows, last = _rows(segment), first + segment.stop - segment.start
            passed = self._passed[id(segment.series)]
            h, s = passed.cells()
            seen = h[rows], s[rows], passed.vectors[rows]
            features_of(self.head, *seen, out=found[first:last])
            first = last
        return found

    def run_freely(self, readout: Array, starts: Starts) -> Array:
        """As of `Passes`."""
        outputs, states = np.empty((2, len(starts.fed_back), self.head.cells))
        for key, (places, rows) in starts.places.items():
            outputs[places] = self._passed[key].outputs[rows, : self.head.cells]
            states[places] = self._passed[key].states[rows, : self.head.cells]
        begin = RunStarts(outputs, states, starts.fed_back, starts.inputs)
        runs = run_freely(self._matrices, readout, begin, self._held)
        self._runs = runs, starts
        return runs.sums[:, :, : runs.count].transpose(2, 0, 1)

    def runs_backward(self, to_outputs: Array) -> Array:
        """As of `Passes`."""
        assert self._runs is not None
        runs, starts = self._runs
        to_sums = to_outputs.transpose(1, 2, 0)
        to_readout, to_h, to_s = run_freely_backward(runs, to_sums, self._gradient)
        for key, (places, rows) in starts.places.items():
            add_before(self._into[key], rows, to_h[places], to_s[places])
        return to_readout

    def parts(self, segments: Sequence[Segment]) -> Iterator[tuple[list[Segment], slice]]:
        """As of `Passes`: a segment, or ROWS rows of one, at a time."""
        first = 0
        for segment in segments:
            for start in range(segment.start, segment.stop, ROWS):
                part = replace(segment, start=start, stop=min(start + ROWS, segment.stop))
                last = first + part.stop - part.start
                yield [part], slice(first, last)
                first = last

    def add_features(self, segments: Sequence[Segment], back: Array) -> None:
        """As of `Passes`."""
        first = 0
        for segment in segments:
            last = first + segment.stop - segment.start
            rows, own = _rows(segment), id(segment.series)
            h, _ = self._passed[own].cells()
            to_h, to_s = features_backward(self.head, back[first:last], h[rows])
            self._into[own][0][rows] += to_h
            self._into[own][1][rows] += to_s
            first = last

    def gradient(self) -> Array:
        """As of `Passes`."""
        for key, (to_outputs, to_states) in self._into.items():
            drive_sequence_backward(
                self._passed[key], to_outputs, to_states, self._gradient
            )
        return self._gradient.genome()


class InLanes:
    """Passes of one layer or several, in both directions too, series in the lanes."""

    def __init__(
        self,
        architecture: LSTM | StackedLSTM,
        genome: Array,
        series: Sequence[Reached],
    ) -> None:
        vectors = [each.vectors[: each.stop] for each in series]
        self._driven = Driven.of(architecture, genome, vectors)
        self.head = self._driven.head
        ends = np.cumsum([len(each) for each in vectors]).tolist()
        bounds = zip([0, *ends[:-1]], ends, strict=True)
        self._rows = {
            id(each.series): slice(*own) for each, own in zip(series, bounds, strict=True)
        }
        self._runs: tuple[StackRuns, Starts] | None = None
        self._of_runs: list[Gradient] = []

    @cached_property
    def _into(self) -> tuple[Array, Array]:
        """What outputs and states (T, C) of all cells get after each step."""
        shape = self._driven.outputs.shape
        return np.zeros(shape), np.zeros(shape)

    def features(self, segments: Sequence[Segment], name: str) -> Array:
        """As of `Passes`."""
        parts = [self._driven.features[self._place(each)] for each in segments]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def run_freely(self, readout: Array, starts: Starts) -> Array:
        """As of `Passes`."""
        driven = self._driven
        shape = len(starts.fed_back), driven.outputs.shape[1]
        outputs, states = np.zeros(shape), np.zeros(shape)
        for key, (places, rows) in starts.places.items():
            later, first = rows > 0, self._rows[key].start - 1
            outputs[places[later]] = driven.outputs[first + rows[later]]
            states[places[later]] = driven.states[first + rows[later]]
        begin = RunStarts(outputs, states, starts.fed_back, starts.inputs)
        layers = [way.passed.matrices for (way,) in driven.layers]
        runs = run_stack_freely(layers, self.head, readout, begin)
        self._runs = runs, starts
        return np.moveaxis(runs.sums[:, :, : runs.count], 2, 0)

    def runs_backward(self, to_outputs: Array) -> Array:
        """As of `Passes`."""
        assert self._runs is not None
        runs, starts = self._runs
        to_readout, to_h, to_s, self._of_runs = runs.backward(np.moveaxis(to_outputs, 0, 2))
        for key, (places, rows) in starts.places.items():
            own = self._rows[key]
            into = self._into[0][own], self._into[1][own]
            add_before(into, rows, to_h[places], to_s[places])
        return to_readout

    def parts(self, segments: Sequence[Segment]) -> Iterator[tuple[list[Segment], slice]]:
        """As of `Passes`: all at once."""
        yield list(segments), slice(None)

    def add_features(self, segments: Sequence[Segment], back: Array) -> None:
        """As of `Passes`."""
        rows = np.r_[tuple(self._place(each) for each in segments)]
        h = self._driven.outputs[rows, self._driven.read]
        own = features_backward(self.head, back, h)
        for into, values in zip(self._into, own, strict=True):
            np.add.at(into[:, self._driven.read], rows, values)

    def _place(self, segment: Segment) -> slice:
        """Return the rows of a segment among those of all series."""
        first = self._rows[id(segment.series)].start
        return slice(first + segment.start, first + segment.stop)

    def gradient(self) -> Array:
        """As of `Passes`."""
        found = self._driven.cells_backward(*self._into)
        for gradient, (way,) in zip(self._of_runs, self._driven.layers, strict=False):
            found[way.place] += gradient.genome()
        return found


def _rows(segment: Segment) -> slice:
    return slice(segment.start, segment.stop)


def add_before(
    into: tuple[Array, Array], rows: IntArray, outputs: Array, states: Array
) -> None:
    """Add what is passed on to the cells (N, C) before rows of a series; at rest nothing
    is. into: what its outputs and states (T, C) get."""
    later = rows > 0
    places = rows[later] - 1
    apart = (places[1:] > places[:-1]).all()  # then no row comes twice, which is quicker
    for each, values in ((into[0], outputs[later]), (into[1], states[later])):
        if apart:
            each[places] += values
        else:
            np.add.at(each, places, values)
