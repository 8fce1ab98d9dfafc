"""Passes of a network over all series of an objective, its free runs, and the way back.

An `Objective` knows networks by `Passes` alone: an LSTM is driven over one series after
another, a stack of layers over all beside each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from evolino.gradient.directions import Driven
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
from evolino.network.base import input_vectors
from evolino.network.lstm import LSTM
from evolino.network.stacked import StackedLSTM
from evolino.task.series import Segment, Series
from evolino.vocabulary import Array, IntArray


class Starts(NamedTuple):
    """Where N free runs begin.

    places: by the id of a series, which of the runs are its, and the rows at which they
    begin. fed_back: (N, K), the output before each. inputs: (L, N, I).
    """

    places: dict[int, tuple[IntArray, IntArray]]
    fed_back: Array
    inputs: Array


class Reached(NamedTuple):
    """A series, and the row at which the last of its segments ends: where cells that go
    backward begin."""

    series: Series
    stop: int


class Passes(Protocol):
    """A network that was driven over series."""

    head: LSTM

    def cells(self, series: Series) -> tuple[Array, Array, Array]:
        """Return outputs and states (T, C) of the cells that the readout sees, and the
        input vectors (T, U)."""
        ...

    def run_freely(self, readout: Array, starts: Starts) -> Array:
        """Return the outputs (N, L, K) of free runs with a readout (S, K)."""
        ...

    def runs_backward(self, to_outputs: Array) -> Array:
        """Return what outputs of the free runs (N, L, K) pass on to the readout (S, K)."""
        ...

    def add(self, segment: Segment, to_h: Array, to_s: Array) -> None:
        """Add what is passed on to the cells that the readout sees, at a segment's rows."""
        ...

    def gradient(self) -> Array:
        """Return all that was passed on, as the gradient (C, G); uses the passes up."""
        ...


def passes_of(
    architecture: LSTM | StackedLSTM, genome: Array, series: Sequence[Reached], held: Held
) -> Passes:
    """Drive a network (C, G) over series. held: memory to use again."""
    if isinstance(architecture, StackedLSTM):
        return StackPasses(architecture, genome, series)
    return LSTMPasses(architecture, genome, [each.series for each in series], held)


class LSTMPasses:
    """Passes of an LSTM, its cells in the lanes."""

    def __init__(
        self, architecture: LSTM, genome: Array, series: Sequence[Series], held: Held
    ) -> None:
        self.head = architecture
        self._matrices = matrices_of(architecture, genome)
        self._held = held
        self._passed = {
            id(each): drive_sequence(
                self._matrices,
                input_vectors(architecture, each.inputs, each.fed_back),
                held,
                str(number),
                len(series),
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

    def cells(self, series: Series) -> tuple[Array, Array, Array]:
        """As of `Passes`."""
        passed = self._passed[id(series)]
        return *passed.cells(), passed.vectors

    def run_freely(self, readout: Array, starts: Starts) -> Array:
        """As of `Passes`."""
        outputs, states = np.empty((2, len(starts.fed_back), self.head.cells))
        for key, (places, rows) in starts.places.items():
            outputs[places] = self._passed[key].outputs[rows, : self.head.cells]
            states[places] = self._passed[key].states[rows, : self.head.cells]
        begin = RunStarts(outputs, states, starts.fed_back, starts.inputs)
        runs = run_freely(self._matrices, readout, begin, self._held)
        self._runs = runs, starts
        return np.moveaxis(runs.sums[:, :, : runs.count], 2, 0)

    def runs_backward(self, to_outputs: Array) -> Array:
        """As of `Passes`."""
        assert self._runs is not None
        runs, starts = self._runs
        to_sums = np.moveaxis(to_outputs, 0, 2)
        to_readout, to_h, to_s = run_freely_backward(runs, to_sums, self._gradient)
        for key, (places, rows) in starts.places.items():
            add_before(self._into[key], rows, to_h[places], to_s[places])
        return to_readout

    def add(self, segment: Segment, to_h: Array, to_s: Array) -> None:
        """As of `Passes`."""
        outputs, states = self._into[id(segment.series)]
        outputs[segment.start : segment.stop] += to_h
        states[segment.start : segment.stop] += to_s

    def gradient(self) -> Array:
        """As of `Passes`."""
        for key, (to_outputs, to_states) in self._into.items():
            drive_sequence_backward(
                self._passed[key], to_outputs, to_states, self._gradient
            )
        return self._gradient.genome()


class StackPasses:
    """Passes of stacked layers and both directions, series in the lanes."""

    def __init__(
        self, architecture: StackedLSTM, genome: Array, series: Sequence[Reached]
    ) -> None:
        vectors = [
            input_vectors(architecture, each.inputs, each.fed_back)[:stop]
            for each, stop in series
        ]
        self.head = architecture.head()
        self._driven = Driven.of(architecture, genome, vectors)
        ends = np.cumsum([len(each) for each in vectors]).tolist()
        bounds = zip([0, *ends[:-1]], ends, strict=True)
        self._rows = {
            id(each): slice(*own) for (each, _), own in zip(series, bounds, strict=True)
        }
        self._runs: tuple[StackRuns, Starts] | None = None
        self._of_runs: list[Gradient] = []

    @cached_property
    def _into(self) -> tuple[Array, Array]:
        """What outputs and states (T, C) of all cells get after each step."""
        shape = self._driven.outputs.shape
        return np.zeros(shape), np.zeros(shape)

    def cells(self, series: Series) -> tuple[Array, Array, Array]:
        """As of `Passes`."""
        rows, driven = self._rows[id(series)], self._driven
        own = driven.outputs[rows, driven.read], driven.states[rows, driven.read]
        return *own, driven.vectors[rows]

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

    def add(self, segment: Segment, to_h: Array, to_s: Array) -> None:
        """As of `Passes`."""
        first = self._rows[id(segment.series)].start
        rows = slice(first + segment.start, first + segment.stop)
        self._into[0][rows, self._driven.read] += to_h
        self._into[1][rows, self._driven.read] += to_s

    def gradient(self) -> Array:
        """As of `Passes`."""
        found = self._driven.cells_backward(*self._into)
        for gradient, (way,) in zip(self._of_runs, self._driven.layers, strict=False):
            found[way.place] += gradient.genome()
        return found


def add_before(
    into: tuple[Array, Array], rows: IntArray, outputs: Array, states: Array
) -> None:
    """Add what is passed on to the cells (N, C) before rows of a series; at rest nothing
    is. into: what its outputs and states (T, C) get."""
    later = rows > 0
    places = rows[later] - 1
    apart = (np.diff(places) > 0).all()  # then no row comes twice, which is quicker
    for each, values in ((into[0], outputs[later]), (into[1], states[later])):
        if apart:
            each[places] += values
        else:
            np.add.at(each, places, values)
