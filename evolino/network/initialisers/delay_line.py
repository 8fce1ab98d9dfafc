"""Delay-line initialiser: cells that pass the input on, with nonlinear cells beside them.

For series that follow a delay equation, or any function of their own last values: the line
keeps those values unchanged, so evolution has only the function left to find.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.initialisers.base import check_recurrence
from evolino.network.lstm import LSTM
from evolino.vocabulary import Array, check_count, check_number


@dataclass(frozen=True, slots=True)
class DelayLine:
    """The first cells hand the input on, each to the next; the others are drawn at random.

    length: cells of the line; None is three fifths of the cells, rounded.
    lines: so many lines side by side, their cells taking turns; the length is of all.
    amplitude: weight of every input into the first cell of the line; with several lines the
    standard deviation of these weights, so that each line hands on something else.
    openness: biases of a line cell's input and output gates, and minus that of its forget
    gate; each link's weight makes up for what the gates let through.
    deviation: standard deviation of the other cells' weights. taps: expected number of
    recurrent sources of such a cell; weights from the rest are 0.
    line_scale: the scale of a line cell's genes, as a part of the other cells'.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> draw = evolino.DelayLine(length=2).draw
    >>> draw(evolino.LSTM(cells=4), np.random.default_rng(0), 2).shape
    (2, 4, 24)
    """

    name: ClassVar[str] = "delay-line"
    networks: ClassVar[tuple[str, ...]] = ("lstm",)
    level: ClassVar[float] = 0.0

    length: int | None = None
    lines: int = 1
    amplitude: float = 0.5
    openness: float = 6.0
    deviation: float = 1.0
    taps: float = 3.0
    line_scale: float = 0.05

    def __post_init__(self) -> None:
        """Check every field."""
        if self.length is not None:
            check_count("length", self.length)
        check_count("lines", self.lines)
        check_number("amplitude", self.amplitude, above=0)
        check_number("openness", self.openness, least=0)
        check_number("deviation", self.deviation, above=0)
        check_number("taps", self.taps, above=0)
        check_number("line_scale", self.line_scale, least=0)

    def draw(self, architecture: LSTM, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes.

        Raises ValueError for an architecture that cannot hold the line.
        """
        length = self._length(architecture)
        genomes = rng.normal(0.0, self.deviation, (count, *architecture.genome_shape))
        cells = architecture.cells
        for gate in architecture.gates:
            connected = rng.random((count, cells, cells)) < self.taps / cells
            genomes[..., architecture.genes_of("recurrent", gate)] *= connected
        genomes[..., architecture.genes_of("recurrent")] /= np.sqrt(self.taps)
        genomes[:, :length] = self._line(architecture, length)
        if self.lines > 1:
            for source in ("input", "feedback"):
                genes = architecture.genes_of(source, "cell")
                shape = (count, self.lines, len(genes))
                genomes[:, : self.lines, genes] = rng.normal(0.0, self.amplitude, shape)
        return genomes

    def scale(self, architecture: LSTM) -> Array:
        """Return (C, G): the deviation, divided for recurrent weights by the root of C."""
        scale = np.full(architecture.genome_shape, float(self.deviation))
        scale[:, architecture.genes_of("recurrent")] /= np.sqrt(architecture.cells)
        scale[: self._length(architecture)] *= self.line_scale
        return scale

    def family(self, architecture: LSTM) -> None:
        """Return None: the few parameters are not evolved."""

    def _length(self, architecture: LSTM) -> int:
        check_recurrence(self.name, architecture)
        if architecture.sources is not None:
            raise ValueError(
                "a delay line is made of links from cell to cell: "
                f"needs sources=None, got {architecture.sources}"
            )
        if not (architecture.bias and architecture.forget_gate):
            raise ValueError(
                "the cells of a delay line forget at each step by a bias: "
                "needs bias=True and forget_gate=True"
            )
        if self.length is None:
            return round(0.6 * architecture.cells)
        if self.length > architecture.cells:
            raise ValueError(
                f"length must be <= cells ({architecture.cells}), got {self.length}"
            )
        return self.length

    def _line(self, architecture: LSTM, length: int) -> Array:
        """Return (length, G)."""
        line = np.zeros((length, architecture.genes))
        for gate, sign in (("input", 1), ("forget", -1), ("output", 1)):
            line[:, architecture.genes_of("bias", gate)] = sign * self.openness
        for source in ("input", "feedback"):
            line[:1, architecture.genes_of(source, "cell")] = self.amplitude
        passed = 1.0 / (1.0 + np.exp(-self.openness))
        later = np.arange(self.lines, length)
        links = architecture.genes_of("recurrent", "cell")[later - self.lines]
        line[later, links] = 1.0 / passed**2
        return line
