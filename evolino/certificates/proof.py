"""Interval proof that a network accepts every string whose parameters lie in a range.

Strings n_j = base_j + period * m_j, 0 <= m_j <= reach_j, are followed together through
their phases. Of a phase that grows with m: the first half of the base string's rows, then
as many more as a string has, then the second half of the base string's. The rows between
come `period` at a time, and one such stretch is enough: it leads from a set of states into
itself, but for what counting cells add. Where the targets of a phase are a cycle the period
is a multiple of it, so that all stretches, and the rows after them, have the same ones
whatever m is. See docs/certificate.md.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evolino.certificates.cells import (
    Unbounded,
    at_rest,
    step,
)
from evolino.certificates.dense import Dense, Driven, lstm_of
from evolino.certificates.intervals import UNIT, add_exactly
from evolino.certificates.squashing import Arithmetic
from evolino.certificates.stretch import Stretch, Undecided, between_stretches, margin_of
from evolino.task.counted import Phase
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True)
class Margin:
    """How far the outputs of a part of a phase are at least from a wrong decision."""

    phase: int
    part: str
    margin: float


@dataclass(frozen=True, slots=True, eq=False)
class Strings:
    """The strings of one proof. base, reach: J numbers each. period: see the module."""

    phases: Sequence[Phase]
    base: tuple[int, ...]
    reach: tuple[int, ...]
    period: int

    @property
    def vertices(self) -> Array:
        """(V, J): the corners of what m can be."""
        ends = [(0.0, float(m)) if m else (0.0,) for m in self.reach]
        return np.array(list(itertools.product(*ends)))


def prove(network: Dense, strings: Strings, arithmetic: Arithmetic) -> list[Margin]:
    """Return the margins of all phases. Raises Undecided if there is no proof."""
    follow = Follower(network, strings, arithmetic)
    with np.errstate(over="ignore", invalid="ignore"):  # bounds may become endless
        for index, phase in enumerate(strings.phases):
            follow.through(index, phase)
    return follow.margins


class Follower:
    """What is known of the cells after some phases, and the margins in them.

    cells: for every m of the strings, vertices (V, J).
    """

    def __init__(self, network: Dense, strings: Strings, arithmetic: Arithmetic) -> None:
        self._network, self._strings, self._arithmetic = network, strings, arithmetic
        self.vertices = strings.vertices
        self.cells = at_rest(lstm_of(network.model).cells, len(strings.reach))
        self.margins: list[Margin] = []
        self._part = "start"

    def through(self, index: int, phase: Phase) -> None:
        """Follow a phase's rows. Raises Undecided."""
        self._part = "start"
        try:
            self._through(index, phase)
        except Unbounded as unbounded:
            raise Undecided(index, self._part, str(unbounded)) from None

    def _through(self, index: int, phase: Phase) -> None:
        driven = self._network.driven_by(phase.inputs)
        rows = phase.rows(self._strings.base)
        more = self.vertices @ np.array(phase.factors, dtype=np.float64)
        if not more.any():
            self._rows(index, "start", driven, phase, range(rows))
            return
        head = rows // 2
        self._rows(index, "start", driven, phase, range(head))
        self._middle(index, driven, phase, head, more)
        self._rows(index, "end", driven, phase, range(head, rows))

    def _rows(
        self, index: int, part: str, driven: Driven, phase: Phase, rows: range
    ) -> None:
        """Follow rows of the base string, which have the targets of those of every m: the
        rows between are whole stretches."""
        self._part, margin = part, np.inf
        for row in rows:
            self.cells, _ = step(driven, self.cells, self.vertices, self._arithmetic)
            wanted = phase.targets_at(row)
            here = margin_of(driven, wanted, self.cells, self.vertices, self._arithmetic)
            margin = min(margin, here)
            if not margin > 0:
                raise Undecided(index, part, "an output may have the wrong sign")
        if rows:
            self.margins.append(Margin(index, part, margin))

    def _middle(
        self, index: int, driven: Driven, phase: Phase, head: int, more: Array
    ) -> None:
        """Follow the rows beyond the base string's, from row `head` on; more: (V,), in
        stretches."""
        self._part = "middle"
        between = between_stretches(self.vertices, more)
        period = self._strings.period
        stretch = Stretch(driven, phase, between, period, head, self._arithmetic)
        cells, margin = stretch.repeated(self.cells, float(more.max()), index)
        self.margins.append(Margin(index, "middle", margin))
        # Of all i = factors . m stretches the slope becomes one of m.
        added, factors = cells.slopes[:, -1:], np.array(phase.factors, dtype=np.float64)
        steps = added * factors
        slopes, lacking = add_exactly(cells.slopes[:, :-1], steps)
        exact = (factors <= 1) | (added == np.round(added)) & (np.abs(steps) < 2.0**52)
        lacking = np.abs(lacking) + np.where(exact, 0.0, UNIT * np.abs(steps))
        off = lacking @ np.abs(self.vertices).max(axis=0) * (1 + 1e-12)
        self.cells = replace(cells, slopes=slopes, rest=cells.rest.widened(off))
