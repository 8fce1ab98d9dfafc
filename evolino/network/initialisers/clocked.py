"""Clocked cells: states change at a fed-back pulse and are held in between.

For patterns that should not depend on the tempo: the memory counts pulses, whatever time
lies between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.initialisers.base import check_recurrence
from evolino.network.initialisers.linear_regime import random_orthogonal
from evolino.network.lstm import LSTM
from evolino.vocabulary import Array, check_count, check_number


@dataclass(frozen=True, slots=True)
class Clocked:
    """Cells whose input gates open at a pulse, and output gates when a clock cell is on.

    Their input gates are open and their forget gates shut where a fed-back output is 1, and
    only there. A pulse then makes one step of s(t) = g(R h(t-1) + W u(t)), u being all
    that is fed back and g the cell input's squashing; without one, s(t) = s(t-1). R is
    random orthogonal times a factor that is drawn for each network. External inputs have
    weight 0.

    lowest_radius, highest_radius: of that factor. pulse: position of the output that is 1.
    clock: the cell whose output above 0.5 opens all output gates a step later. openness,
    sharpness: the biases against that, and half of what the pulse or the clock adds.
    input_scale: standard deviation of W.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> draw = evolino.Clocked().draw
    >>> draw(evolino.LSTM(cells=4, outputs=2), np.random.default_rng(0), 2).shape
    (2, 4, 28)
    """

    name: ClassVar[str] = "clocked"
    networks: ClassVar[tuple[str, ...]] = ("lstm",)
    level: ClassVar[float] = 0.0

    pulse: int = 0
    clock: int = 0
    openness: float = 15.0
    sharpness: float = 60.0
    input_scale: float = 0.2
    lowest_radius: float = 0.8
    highest_radius: float = 0.8

    def __post_init__(self) -> None:
        """Check every field."""
        check_count("pulse", self.pulse, least=0)
        check_count("clock", self.clock, least=0)
        check_number("openness", self.openness, above=0)
        check_number("sharpness", self.sharpness, above=0)
        check_number("input_scale", self.input_scale, above=0)
        check_number("lowest_radius", self.lowest_radius, least=0)
        check_number("highest_radius", self.highest_radius, least=self.lowest_radius)

    def draw(self, architecture: LSTM, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes.

        Raises ValueError for an architecture without a bias, forget gates, feedback or the
        output that is the pulse.
        """
        self._check(architecture)
        genomes = np.zeros((count, *architecture.genome_shape))
        for source, at, gate, sign in (
            ("feedback", self.pulse, "input", 1),
            ("feedback", self.pulse, "forget", -1),
            ("recurrent", self.clock, "output", 1),
        ):
            strength = self.sharpness if gate == "output" else self.openness
            genomes[:, :, architecture.genes_of("bias", gate)] = -sign * strength
            genes = architecture.genes_of(source, gate)
            genomes[:, :, genes[at]] = 2 * sign * strength
        cells = architecture.cells
        sizes = [group.cells for group in architecture.groups] or [cells]
        feedback = architecture.genes_of("feedback", "cell")
        into = architecture.genes_of("recurrent", "cell")
        for genome in genomes:
            genome[:, feedback] = rng.normal(0.0, self.input_scale, (cells, len(feedback)))
            modes, first = np.zeros((cells, cells)), 0
            for size in sizes:  # each group of cells has modes of its own
                rows = slice(first, first + size)
                modes[rows, rows] = random_orthogonal(rng, size)
                first += size
            radius = rng.uniform(self.lowest_radius, self.highest_radius)
            genome[:, into] = radius * modes
        return genomes

    def scale(self, architecture: LSTM) -> Array:
        """Return (C, G); only weights into cell inputs may move."""
        self._check(architecture)
        scale = np.zeros(architecture.genome_shape)
        scale[:, architecture.genes_of("feedback", "cell")] = self.input_scale
        recurrent = self.highest_radius / np.sqrt(max(architecture.recurrent_width, 1))
        scale[:, architecture.genes_of("recurrent", "cell")] = recurrent
        return scale

    def family(self, architecture: LSTM) -> None:
        """Return None: the few parameters are drawn, not evolved."""

    def _check(self, architecture: LSTM) -> None:
        if not (architecture.bias and architecture.forget_gate and architecture.feedback):
            raise ValueError(
                "clocked cells need bias=True, forget_gate=True and feedback=True"
            )
        check_recurrence(self.name, architecture)
        if architecture.sources is not None:
            raise ValueError(f"clocked cells need sources=None, got {architecture.sources}")
        for name, count in (
            ("outputs", architecture.outputs),
            ("cells", architecture.cells),
        ):
            given = self.pulse if name == "outputs" else self.clock
            if given >= count:
                raise ValueError(
                    f"clocked cells need more {name} than {given}, got {count}"
                )
